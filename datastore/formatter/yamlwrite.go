package formatter

import (
	"fmt"
	"strconv"

	"valet/tasks/metric"
)

// AppendYAML appends a value as block YAML that upstream reads back as the same value. The error is a *YAMLError.
func AppendYAML(dst []byte, v Value) ([]byte, error) {
	start := len(dst)
	dst, err := appendYAML(dst, v, 0, false, 0)
	if err != nil {
		return dst, err
	}
	dst = append(dst, '\n')
	switch v.(type) {
	case []Value, Mapping:
		return dst, nil
	}
	if c := dst[start]; c != '\'' && c != '"' {
		// A document that is one plain scalar ends so that it cannot run on.
		dst = append(dst, "...\n"...)
	}
	return dst, nil
}

// appendYAML appends a value; inLine says that something stands on the line already.
func appendYAML(dst []byte, v Value, indent int, inLine bool, depth int) ([]byte, error) {
	if depth > maxDepth {
		return dst, &YAMLError{0, fmt.Sprintf("would be nested more than %d deep", maxDepth)}
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
		return metric.AppendFloatYAML(dst, v), nil
	case string:
		return appendYAMLText(dst, v), nil
	case []Value:
		if len(v) == 0 {
			return append(dst, "[]"...), nil
		}
		for i, x := range v {
			if i > 0 || inLine {
				dst = newLine(dst, indent)
			}
			dst = append(dst, "- "...)
			if dst, err = appendYAML(dst, x, indent+2, false, depth+1); err != nil {
				return dst, err
			}
		}
		return dst, nil
	case Mapping:
		if len(v) == 0 {
			return append(dst, "{}"...), nil
		}
		for i, m := range v {
			if i > 0 || inLine {
				dst = newLine(dst, indent)
			}
			// Keys of more than 128 characters or of several lines need a form of their own.
			if len(m.Key) > 120 {
				dst = append(dst, "? "...)
				dst = appendYAMLText(dst, m.Key)
				dst = newLine(dst, indent)
				dst = append(dst, ':')
			} else {
				dst = append(appendYAMLText(dst, m.Key), ':')
			}
			inner, block := indent+2, false
			switch x := m.Value.(type) {
			case []Value:
				// Lists stand under their key without indentation.
				inner, block = indent, len(x) > 0
			case Mapping:
				block = len(x) > 0
			}
			if !block {
				dst = append(dst, ' ')
			}
			if dst, err = appendYAML(dst, m.Value, inner, block, depth+1); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	return dst, &YAMLError{0, fmt.Sprintf("cannot hold a value of type %T", v)}
}

func newLine(dst []byte, indent int) []byte {
	dst = append(dst, '\n')
	for range indent {
		dst = append(dst, ' ')
	}
	return dst
}
