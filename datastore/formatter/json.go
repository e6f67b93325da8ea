package formatter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"valet/tasks/metric"
)

// JSONError says why a file is not JSON, or why a value cannot become some.
type JSONError struct {
	// Offset is the byte at fault, -1 if none can be named.
	Offset int64
	Reason string
}

func (e *JSONError) Error() string {
	if e.Offset < 0 {
		return "JSON file " + e.Reason
	}
	return fmt.Sprintf("JSON file at byte %d: %s", e.Offset, e.Reason)
}

// ClassName is upstream's name of the error.
func (e *JSONError) ClassName() string { return "ValueError" }

// ParseJSON reads a plain JSON file (repository.md 10.4). Whole numbers that do not fit in 64 bits become floats. The error is a
// *JSONError or an *EncodingError.
func ParseJSON(text []byte) (Value, error) {
	if err := checkText("JSON", text); err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	v, err := decodeJSON(d, 0)
	if err == nil {
		if _, end := d.Token(); end != io.EOF {
			err = fmt.Errorf("has something behind its end")
		}
	}
	if err != nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = fmt.Errorf("ends in the middle")
		}
		return nil, &JSONError{d.InputOffset(), err.Error()}
	}
	return v, nil
}

func decodeJSON(d *json.Decoder, depth int) (Value, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("is nested more than %d deep", maxDepth)
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(string(t), 10, 64); err == nil {
			return n, nil
		}
		f, err := strconv.ParseFloat(string(t), 64)
		if err != nil && !math.IsInf(f, 0) {
			return nil, err
		}
		return f, nil
	case json.Delim:
		if t == '[' {
			out := []Value{}
			for d.More() {
				v, err := decodeJSON(d, depth+1)
				if err != nil {
					return nil, err
				}
				out = append(out, v)
			}
			_, err := d.Token()
			return out, err
		}
		out, index := Mapping{}, map[string]int{}
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decodeJSON(d, depth+1)
			if err != nil {
				return nil, err
			}
			out = out.set(index, key.(string), v)
		}
		_, err := d.Token()
		return out, err
	}
	return token, nil
}

// AppendJSON appends a value as Python's json.dumps writes it, with ", " and ": " between things and text beyond ASCII as it is. The
// error is a *JSONError.
func AppendJSON(dst []byte, v Value) ([]byte, error) { return appendJSON(dst, v, 0) }

func appendJSON(dst []byte, v Value, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, &JSONError{-1, fmt.Sprintf("would be nested more than %d deep", maxDepth)}
	}
	var err error
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int64:
		return strconv.AppendInt(dst, v, 10), nil
	case int:
		return strconv.AppendInt(dst, int64(v), 10), nil
	case float64:
		switch {
		case math.IsNaN(v):
			return append(dst, "NaN"...), nil
		case math.IsInf(v, 0):
			return append(dst, "-Infinity"[boolInt(v > 0):]...), nil
		}
		return metric.AppendFloatRepr(dst, v), nil
	case string:
		return AppendString(dst, v), nil
	case []Value:
		dst = append(dst, '[')
		for i, x := range v {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			if dst, err = appendJSON(dst, x, depth+1); err != nil {
				return dst, err
			}
		}
		return append(dst, ']'), nil
	case Mapping:
		dst = append(dst, '{')
		for i, m := range v {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(AppendString(dst, m.Key), ": "...)
			if dst, err = appendJSON(dst, m.Value, depth+1); err != nil {
				return dst, err
			}
		}
		return append(dst, '}'), nil
	}
	return dst, &JSONError{-1, fmt.Sprintf("cannot hold a value of type %T", v)}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}
