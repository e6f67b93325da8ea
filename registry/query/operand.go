package query

import (
	"valet/registry/dimension"
)

// Operand is a bound, typed value: *DimensionKey, *Field, *DatasetField, *TimespanBound, *Literal, *Negative or *Arithmetic, and *ExtraColumn
// where the context has extra columns.
type Operand interface {
	Type() Type
	String() string
	operand()
}

// DimensionKey is the value of a dimension, whichever table provides it.
type DimensionKey struct{ Dimension *dimension.Element }

// Field is a column of an element's table that is no dimension key: alternate key, metadata, region or timespan. The region of a
// skypix element is computed, it has no table.
type Field struct {
	Element *dimension.Element
	Column  dimension.Column
}

// DatasetField is a column of a dataset search: dataset_id (UUID), ingest_date (IngestDate), run, collection (String), timespan
// (the validity range).
type DatasetField struct{ DatasetType, Name string }

// TimespanBound is the begin or end of a timespan column, a *Field or a *DatasetField. The bound of a NULL timespan is 0, not
// NULL (queries.md 3).
type TimespanBound struct {
	Of  Operand
	End bool
}

// Literal is a constant. Value is by Type: Int int64, Float float64, String string, UUID dataset.ID, Hash []byte, DateTime Time,
// Timespan dimension.Timespan, Region sphere.Region. NULL is never a Literal in a bound tree.
type Literal struct {
	Of    Type
	Value any
}

// Negative is -X for an Int or Float X.
type Negative struct{ X Operand }

// ExtraColumn is one of Context.Extra.
type ExtraColumn struct {
	Name string
	Of   Type
}

// ArithmeticOp is one of + - * / %.
type ArithmeticOp byte

// Arithmetic combines two Ints or two Floats and has their type. Still, / is true division also for Ints, so the value of an Int
// need not be whole. % takes Ints, the sign of the result is that of the dividend.
type Arithmetic struct {
	Op   ArithmeticOp
	X, Y Operand
}

func (*DimensionKey) operand()  {}
func (*Field) operand()         {}
func (*DatasetField) operand()  {}
func (*TimespanBound) operand() {}
func (*Literal) operand()       {}
func (*ExtraColumn) operand()   {}
func (*Negative) operand()      {}
func (*Arithmetic) operand()    {}
