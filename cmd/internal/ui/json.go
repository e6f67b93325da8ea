package ui

import (
	"io"
	"math"
	"unicode/utf8"
)

// jsonRows writes one object a row: as one array, or one a line.
type jsonRows struct {
	w       io.Writer
	columns []Column
	array   bool
	rows    int
	buf     []byte
}

// flushSize is how much is gathered before it is written.
const flushSize = 1 << 16

func newJSONRows(w io.Writer, columns []Column, array bool) *jsonRows {
	return &jsonRows{w: w, columns: columns, array: array}
}

func (r *jsonRows) Row(cells ...Cell) error {
	if err := checkCells(r.columns, cells); err != nil {
		return err
	}
	switch {
	case r.array && r.rows == 0:
		r.buf = append(r.buf, "[\n"...)
	case r.array:
		r.buf = append(r.buf, ",\n"...)
	}
	r.rows++
	r.buf = AppendObject(r.buf, r.columns, cells)
	if !r.array {
		r.buf = append(r.buf, '\n')
	}
	if len(r.buf) >= flushSize {
		return r.flush()
	}
	return nil
}

func (r *jsonRows) flush() error {
	_, err := r.w.Write(r.buf)
	r.buf = r.buf[:0]
	return err
}

func (r *jsonRows) Close() error {
	switch {
	case r.array && r.rows == 0:
		r.buf = append(r.buf, "[]\n"...)
	case r.array:
		r.buf = append(r.buf, "\n]\n"...)
	}
	return r.flush()
}

// AppendObject appends a JSON object with a name for each column.
func AppendObject(dst []byte, columns []Column, cells []Cell) []byte {
	dst = append(dst, '{')
	first := true
	for i, c := range columns {
		if cells[i].kind == absentCell {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(AppendJSONText(dst, c.Name), ':')
		if c.Kind == Object && !cells[i].IsNull() {
			dst = AppendObject(dst, c.Fields, cells[i].cells)
		} else {
			dst = cells[i].appendJSON(dst)
		}
	}
	return append(dst, '}')
}

func (c Cell) appendJSON(dst []byte) []byte {
	switch c.kind {
	case nullCell, absentCell:
		return append(dst, "null"...)
	case textCell:
		return AppendJSONText(dst, c.text)
	case textsCell:
		dst = append(dst, '[')
		for i, s := range c.texts {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = AppendJSONText(dst, s)
		}
		return append(dst, ']')
	case timeCell:
		return append(appendTime(append(dst, '"'), c.time), '"')
	case floatCell:
		return AppendJSONFloat(dst, c.float)
	}
	return c.appendText(dst)
}

// AppendJSONFloat appends a float; what JSON has no number for is one of the strings "NaN", "Infinity", "-Infinity".
func AppendJSONFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(appendFloat(append(dst, '"'), f), '"')
	}
	return appendFloat(dst, f)
}

// AppendJSONText appends a JSON string. Bytes that are no UTF-8 become U+FFFD.
func AppendJSONText(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				dst = append(append(dst, s[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		if b >= ' ' && b != '"' && b != '\\' {
			i++
			continue
		}
		dst = append(dst, s[start:i]...)
		switch b {
		case '"', '\\':
			dst = append(dst, '\\', b)
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[b>>4], hex[b&15])
		}
		i++
		start = i
	}
	return append(append(dst, s[start:]...), '"')
}
