package ui

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Format is a form in which rows are written.
type Format string

// The formats.
const (
	TableFormat   Format = "table"
	JSONFormat    Format = "json"
	JSONLFormat   Format = "jsonl"
	CSVFormat     Format = "csv"
	ParquetFormat Format = "parquet"
)

// Formats are all formats.
var Formats = []Format{TableFormat, JSONFormat, JSONLFormat, CSVFormat, ParquetFormat}

// ParseFormat reads the name of a format, in any case.
func ParseFormat(name string) (Format, error) {
	if f := Format(strings.ToLower(name)); slices.Contains(Formats, f) {
		return f, nil
	}
	return "", fmt.Errorf("unknown format %q: table, json, jsonl, csv or parquet expected", name)
}

// Rows writes rows in one format. The cells of a row may be reused after Row returns. It is not safe for concurrent use.
type Rows interface {
	// Row writes a row: a cell for each column, in order.
	Row(cells ...Cell) error
	// Close writes what is left. It does not close the writer below.
	Close() error
}

// NewRows returns the writer of a format for the columns. null is how tables show a null.
func NewRows(w io.Writer, f Format, null string, columns []Column) (Rows, error) {
	switch f {
	case TableFormat:
		return newTableRows(w, null, columns), nil
	case JSONFormat:
		return newJSONRows(w, columns, true), nil
	case JSONLFormat:
		return newJSONRows(w, columns, false), nil
	case CSVFormat:
		return newCSVRows(w, columns), nil
	case ParquetFormat:
		return newParquetRows(w, columns), nil
	}
	return nil, fmt.Errorf("unknown format %q", f)
}

// flatColumns replaces objects by their fields, which keep their names unless another column has the same.
func flatColumns(columns []Column) []Column {
	var flat []Column
	taken := map[string]bool{}
	for _, c := range columns {
		if c.Kind != Object {
			taken[c.Name] = true
		}
	}
	for _, c := range columns {
		if c.Kind != Object {
			flat = append(flat, c)
			continue
		}
		for _, field := range c.Fields {
			if taken[field.Name] {
				field.Name = c.Name + "." + field.Name
			}
			taken[field.Name] = true
			flat = append(flat, field)
		}
	}
	return flat
}

// flatCells appends the cells with objects replaced by their fields.
func flatCells(dst []Cell, columns []Column, cells []Cell) []Cell {
	for i, c := range columns {
		switch {
		case c.Kind != Object:
			dst = append(dst, cells[i])
		case cells[i].IsNull():
			for range c.Fields {
				dst = append(dst, Null)
			}
		default:
			dst = append(dst, cells[i].cells...)
		}
	}
	return dst
}

// checkCells guards the invariant of Row.
func checkCells(columns []Column, cells []Cell) error {
	if len(cells) != len(columns) {
		return fmt.Errorf("row of %d cells for %d columns", len(cells), len(columns))
	}
	for i, c := range columns {
		if c.Kind == Object && !cells[i].IsNull() && len(cells[i].cells) != len(c.Fields) {
			return fmt.Errorf("column %s: %d cells for %d fields", c.Name, len(cells[i].cells), len(c.Fields))
		}
	}
	return nil
}
