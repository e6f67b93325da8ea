// Package ui owns what people and programs read of valet's answers: rows as table, JSON, CSV and Parquet, progress, and plots made
// of characters. It knows no repository: rows are cells of declared columns.
//
// Weak spot: the table format holds all rows in memory, because widths depend on every row; the other formats stream.
package ui

import (
	"math"
	"strconv"
	"time"

	"valet/registry/dimension"
)

// Kind is the type of the values of a column.
type Kind uint8

// The kinds. An Object has named fields: JSON shows it as an object, the other formats as one column per field.
const (
	Text   Kind = iota + 1
	Int         // int64
	Float       // float64
	Bool        //
	Time        // an instant, shown in UTC
	Texts       // a list of texts
	JSON        // any JSON value, given as its text
	Object      //
)

// Column declares a column of rows.
type Column struct {
	Name string
	Kind Kind
	// Left aligns the table column to the left; values stand at the right otherwise, as Butler's do.
	Left bool
	// Title is the head of the table column if it is not Name.
	Title string
	// Fields of an Object. They may not be objects.
	Fields []Column
}

// DataIDColumn is an object column with the dimensions of a group in data ID order.
func DataIDColumn(name string, g *dimension.Group) Column {
	return Column{Name: name, Kind: Object, Fields: DataIDColumns(g)}
}

// DataIDColumns are a column for each dimension of a group in data ID order: required ones, then implied ones.
func DataIDColumns(g *dimension.Group) []Column {
	elements := g.Dimensions()
	columns := make([]Column, len(elements))
	for i, e := range elements {
		kind := Text
		if e.KeyType() == dimension.Int {
			kind = Int
		}
		columns[i] = Column{Name: e.Name, Kind: kind}
	}
	return columns
}

// Cell is a value of a column. The zero Cell is null.
type Cell struct {
	kind  cellKind
	num   int64
	float float64
	text  string
	texts []string
	cells []Cell
	time  time.Time
}

type cellKind uint8

const (
	nullCell cellKind = iota
	absentCell
	textCell
	intCell
	floatCell
	boolCell
	timeCell
	textsCell
	jsonCell
	objectCell
)

// Null is no value.
var Null = Cell{}

// Absent is no field: JSON leaves its name out, the other formats show a null.
var Absent = Cell{kind: absentCell}

// TextCell makes a cell of a Text column.
func TextCell(s string) Cell { return Cell{kind: textCell, text: s} }

// IntCell makes a cell of an Int column.
func IntCell(n int64) Cell { return Cell{kind: intCell, num: n} }

// FloatCell makes a cell of a Float column. Not-a-number and the infinities are the texts NaN, Infinity and -Infinity in JSON.
func FloatCell(f float64) Cell { return Cell{kind: floatCell, float: f} }

// BoolCell makes a cell of a Bool column.
func BoolCell(b bool) Cell {
	c := Cell{kind: boolCell}
	if b {
		c.num = 1
	}
	return c
}

// TimeCell makes a cell of a Time column.
func TimeCell(t time.Time) Cell { return Cell{kind: timeCell, time: t} }

// TextsCell makes a cell of a Texts column. The slice must not change before the row is written.
func TextsCell(list []string) Cell { return Cell{kind: textsCell, texts: list} }

// JSONCell makes a cell of a JSON column of valid JSON text.
func JSONCell(text string) Cell { return Cell{kind: jsonCell, text: text} }

// ObjectCell makes a cell of an Object column: a cell for each field, in order.
func ObjectCell(fields ...Cell) Cell { return Cell{kind: objectCell, cells: fields} }

// ValueCell makes a cell of a dimension's value.
func ValueCell(v dimension.Value) Cell {
	switch {
	case v.IsZero():
		return Null
	case v.IsInt():
		return IntCell(v.Int())
	}
	return TextCell(v.Text())
}

// DataIDCells appends a cell for each dimension of the group of the data ID; unknown implied values are null.
func DataIDCells(dst []Cell, id dimension.DataID) []Cell {
	values := id.Values()
	for i := range id.Group().Dimensions() {
		if i < len(values) {
			dst = append(dst, ValueCell(values[i]))
		} else {
			dst = append(dst, Null)
		}
	}
	return dst
}

// IsNull reports whether the cell has no value.
func (c Cell) IsNull() bool { return c.kind <= absentCell }

// appendText appends the cell as tables and CSV show it; nothing if it is null.
func (c Cell) appendText(dst []byte) []byte {
	switch c.kind {
	case textCell, jsonCell:
		return append(dst, c.text...)
	case intCell:
		return strconv.AppendInt(dst, c.num, 10)
	case floatCell:
		return appendFloat(dst, c.float)
	case boolCell:
		return strconv.AppendBool(dst, c.num != 0)
	case timeCell:
		return appendTime(dst, c.time)
	case textsCell:
		for i, s := range c.texts {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = append(dst, s...)
		}
	}
	return dst
}

// appendFloat appends the shortest text that reads back as f, always recognizable as a float: 1.0, 0.0001, 1e-05, 1e+16.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(f, -1):
		return append(dst, "-Infinity"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	for _, b := range dst[start:] {
		if b == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// appendTime appends an instant in UTC, with the digits of the second that it has.
func appendTime(dst []byte, t time.Time) []byte {
	return t.UTC().AppendFormat(dst, "2006-01-02T15:04:05.999999999Z")
}
