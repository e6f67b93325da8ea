package yaml11

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"strconv"
)

// Float writes a number as PyYAML does.
func (w *Writer) Float(x float64) {
	w.space()
	w.Out = AppendFloat(w.Out, x)
}

// AppendFloat appends a float in YAML form: Python's shortest digits, with a point always, so that it reads as a float again.
func AppendFloat(dst []byte, x float64) []byte {
	switch {
	case x != x:
		return append(dst, ".nan"...)
	case math.IsInf(x, 1):
		return append(dst, ".inf"...)
	case math.IsInf(x, -1):
		return append(dst, "-.inf"...)
	}
	from := len(dst)
	dst = AppendRepr(dst, x)
	for i := from; i < len(dst); i++ {
		switch dst[i] {
		case '.':
			return dst
		case 'e':
			dst = append(dst, ".0"...)
			copy(dst[i+2:], dst[i:len(dst)-2])
			copy(dst[i:], ".0")
			return dst
		}
	}
	return dst
}

// AppendRepr appends a float as Python's repr writes it: the shortest digits that read back, with an exponent below 1e-4 and from 1e16 on.
func AppendRepr(dst []byte, x float64) []byte {
	switch {
	case x != x:
		return append(dst, "nan"...)
	case math.IsInf(x, 1):
		return append(dst, "inf"...)
	case math.IsInf(x, -1):
		return append(dst, "-inf"...)
	}
	if a := math.Abs(x); a != 0 && a < 1e-4 || a >= 1e16 {
		return strconv.AppendFloat(dst, x, 'e', -1, 64)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, x, 'f', -1, 64)
	for _, c := range dst[from:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// Value writes a value behind a key or dash of a collection that stands at column col; inMapping tells which. It fails for a value of no known kind.
func (w *Writer) Value(v any, col int, inMapping bool) error {
	switch v := v.(type) {
	case nil:
		w.Word("null")
	case bool:
		w.Word(strconv.FormatBool(v))
	case int64:
		w.space()
		w.Out = strconv.AppendInt(w.Out, v, 10)
	case *big.Int:
		s := v.String()
		if len(s) > maxDigits+1 || len(s) > maxDigits && s[0] != '-' {
			return &Error{Class: "ValueError", Problem: fmt.Sprintf("an integer of %d digits cannot be written", len(s))}
		}
		w.Word(s)
	case float64:
		w.Float(v)
	case string:
		w.String(v, col+2)
	case Bytes:
		w.binary(v, col)
	case *Timestamp:
		if !w.Anchor(v) {
			w.Word(v.Text)
		}
	case *Sequence:
		if !w.Anchor(v) {
			return w.sequence(v.Items, col, inMapping)
		}
	case *Tuple:
		if !w.Anchor(v) {
			w.Word("!!python/tuple")
			return w.sequence(v.Items, col, inMapping)
		}
	case *Set:
		if !w.Anchor(v) {
			w.Word("!!set")
			return w.mapping(v.Items, nil, col)
		}
	case *Mapping:
		if !w.Anchor(v) {
			return w.mapping(v.Keys, v.Values, col)
		}
	default:
		return &Error{Class: "RepresenterError", Problem: fmt.Sprintf("a value of type %T cannot be written", v)}
	}
	return nil
}

func (w *Writer) sequence(items []any, col int, inMapping bool) error {
	if len(items) == 0 {
		w.Word("[]")
		return nil
	}
	at := col + 2
	if inMapping && !w.inden { // behind its key a sequence is not indented
		at = col
	}
	for _, x := range items {
		w.Indent(at)
		w.Dash()
		if err := w.Value(x, at, false); err != nil {
			return err
		}
	}
	return nil
}

// mapping writes a mapping inside a collection at column col; values nil stands for nulls.
func (w *Writer) mapping(keys, values []any, col int) error {
	if len(keys) == 0 {
		w.Word("{}")
		return nil
	}
	for i, k := range keys {
		var v any
		if values != nil {
			v = values[i]
		}
		if err := w.Entry(k, v, col+2); err != nil {
			return err
		}
	}
	return nil
}

// Entry writes one key and value of a mapping whose keys stand at column col.
func (w *Writer) Entry(key, value any, col int) error {
	if err := w.EntryKey(key, col); err != nil {
		return err
	}
	return w.Value(value, col, true)
}

// EntryKey writes a key of any kind and its colon. Long, empty and multi-line keys stand behind a question mark.
func (w *Writer) EntryKey(key any, col int) error {
	w.Indent(col)
	simple := true
	switch k := key.(type) {
	case string:
		if w.keyString(k) {
			w.Colon()
			return nil
		}
		simple = false
	case Bytes:
		simple = false
	case *big.Int:
		simple = len(k.String())+len("!!int") < maxKey
	case *Tuple:
		simple = len(k.Items) == 0
	}
	if !simple {
		w.structure('?')
		if err := w.Value(key, col, true); err != nil {
			return err
		}
		w.Indent(col)
		w.structure(':')
		return nil
	}
	if err := w.Value(key, col, true); err != nil {
		return err
	}
	w.Colon()
	return nil
}

// binary writes a literal block of base64 in lines of 76 characters.
func (w *Writer) binary(b Bytes, col int) {
	w.Word("!!binary")
	if b == "" {
		w.Word("\"\"")
		return
	}
	w.Word("|")
	text := base64.StdEncoding.EncodeToString([]byte(b))
	for len(text) > 0 {
		n := min(76, len(text))
		w.newline()
		for range col + 2 {
			w.Out = append(w.Out, ' ')
		}
		w.Out = append(w.Out, text[:n]...)
		text = text[n:]
	}
	w.blank, w.inden = false, false
}

// AppendDocument appends a whole document: a mapping or sequence.
func AppendDocument(dst []byte, v any) ([]byte, error) {
	w := NewWriter(dst)
	w.Share(new(Shared), v)
	if err := w.Value(v, -2, false); err != nil {
		return dst, err
	}
	return w.End(), nil
}
