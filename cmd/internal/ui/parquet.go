package ui

import (
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// parquetRows writes a Parquet file. Every column is optional; a list is a repeated column, where null and empty are the same.
type parquetRows struct {
	w       *parquet.GenericWriter[any]
	columns []Column
	leaves  []Column
	flat    []Cell
	row     parquet.Row
	rows    int
}

// rowGroup is the number of rows that a reader may take at once. They are in memory, encoded, until written.
const rowGroup = 1 << 17

func newParquetRows(w io.Writer, columns []Column) *parquetRows {
	r := &parquetRows{columns: columns, leaves: flatColumns(columns)}
	schema := parquet.NewSchema("valet", orderedGroup(r.leaves))
	r.w = parquet.NewGenericWriter[any](w, schema, parquet.Compression(&parquet.Zstd), parquet.CreatedBy("valet", "", ""))
	return r
}

func (r *parquetRows) Row(cells ...Cell) error {
	if err := checkCells(r.columns, cells); err != nil {
		return err
	}
	r.flat = flatCells(r.flat[:0], r.columns, cells)
	r.row = r.row[:0]
	for i, c := range r.flat {
		r.row = appendValues(r.row, i, c)
	}
	if _, err := r.w.WriteRows([]parquet.Row{r.row}); err != nil {
		return err
	}
	if r.rows++; r.rows%rowGroup == 0 {
		return r.w.Flush()
	}
	return nil
}

func (r *parquetRows) Close() error { return r.w.Close() }

// appendValues appends the values of a cell with their repetition and definition levels.
func appendValues(row parquet.Row, column int, c Cell) parquet.Row {
	if c.kind == textsCell && len(c.texts) > 0 {
		for i, s := range c.texts {
			repeated := 0
			if i > 0 {
				repeated = 1
			}
			row = append(row, parquet.ByteArrayValue([]byte(strings.ToValidUTF8(s, "\ufffd"))).Level(repeated, 1, column))
		}
		return row
	}
	var v parquet.Value
	switch c.kind {
	case textCell, jsonCell:
		// Readers refuse strings that are no UTF-8, and JSON columns they do not know: those are strings.
		v = parquet.ByteArrayValue([]byte(strings.ToValidUTF8(c.text, "\ufffd")))
	case intCell:
		v = parquet.Int64Value(c.num)
	case floatCell:
		v = parquet.DoubleValue(c.float)
	case boolCell:
		v = parquet.BooleanValue(c.num != 0)
	case timeCell:
		v = parquet.Int64Value(c.time.UnixMicro())
	default:
		return append(row, parquet.NullValue().Level(0, 0, column))
	}
	return append(row, v.Level(0, 1, column))
}

func parquetNode(c Column) parquet.Node {
	switch c.Kind {
	case Int:
		return parquet.Optional(parquet.Int(64))
	case Float:
		return parquet.Optional(parquet.Leaf(parquet.DoubleType))
	case Bool:
		return parquet.Optional(parquet.Leaf(parquet.BooleanType))
	case Time:
		return parquet.Optional(parquet.Timestamp(parquet.Microsecond))
	case Texts:
		return parquet.Repeated(parquet.String())
	}
	return parquet.Optional(parquet.String())
}

// columnGroup is a parquet.Group, which sorts its fields by name, in the order of the columns.
type columnGroup struct {
	parquet.Group
	order map[string]int
}

func orderedGroup(columns []Column) columnGroup {
	g := columnGroup{parquet.Group{}, map[string]int{}}
	for i, c := range columns {
		g.Group[c.Name] = parquetNode(c)
		g.order[c.Name] = i
	}
	return g
}

// Fields are the columns in their order.
func (g columnGroup) Fields() []parquet.Field {
	fields := g.Group.Fields()
	slices.SortFunc(fields, func(a, b parquet.Field) int {
		if d := g.order[a.Name()] - g.order[b.Name()]; d != 0 {
			return d
		}
		return strings.Compare(a.Name(), b.Name())
	})
	return fields
}
