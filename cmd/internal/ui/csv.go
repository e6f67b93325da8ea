package ui

import (
	"encoding/csv"
	"io"
)

// csvRows writes a line with the column names, then a line a row. Objects are columns by field; a null is empty.
type csvRows struct {
	w       *csv.Writer
	columns []Column
	flat    []Cell
	record  []string
	buf     []byte
	err     error
}

func newCSVRows(w io.Writer, columns []Column) *csvRows {
	r := &csvRows{w: csv.NewWriter(w), columns: columns}
	for _, c := range flatColumns(columns) {
		r.record = append(r.record, c.Name)
	}
	r.err = r.w.Write(r.record)
	return r
}

func (r *csvRows) Row(cells ...Cell) error {
	if r.err != nil {
		return r.err
	}
	if err := checkCells(r.columns, cells); err != nil {
		return err
	}
	r.flat = flatCells(r.flat[:0], r.columns, cells)
	for i, c := range r.flat {
		if c.kind == textCell || c.kind == jsonCell {
			r.record[i] = c.text
			continue
		}
		r.buf = c.appendText(r.buf[:0])
		r.record[i] = string(r.buf)
	}
	r.err = r.w.Write(r.record)
	return r.err
}

func (r *csvRows) Close() error {
	r.w.Flush()
	if r.err != nil {
		return r.err
	}
	return r.w.Error()
}
