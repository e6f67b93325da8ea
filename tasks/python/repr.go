package python

import (
	"math"
	"math/big"
	"strconv"

	"valet/registry/dimension"
)

// AppendRepr appends the Python repr of v. An Object is its name.
func AppendRepr(dst []byte, v Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "None"...)
	case bool:
		if v {
			return append(dst, "True"...)
		}
		return append(dst, "False"...)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case *big.Int:
		return v.Append(dst, 10)
	case float64:
		return AppendFloat(dst, v)
	case complex128:
		return appendComplex(dst, v)
	case string:
		return append(dst, dimension.Quote(v)...)
	case Bytes:
		return appendBytes(dst, v)
	case []Value:
		return append(appendItems(append(dst, '['), v), ']')
	case fieldList:
		return append(appendItems(append(dst, '['), v), ']')
	case Tuple:
		dst = appendItems(append(dst, '('), v)
		if len(v) == 1 {
			dst = append(dst, ',')
		}
		return append(dst, ')')
	case Set:
		if len(v) == 0 {
			return append(dst, "set()"...)
		}
		return append(appendItems(append(dst, '{'), v), '}')
	case *Mapping:
		dst = append(dst, '{')
		for i, p := range v.Pairs {
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(AppendRepr(dst, p.Key), ": "...)
			dst = AppendRepr(dst, p.Value)
		}
		return append(dst, '}')
	case Ellipsis:
		return append(dst, "Ellipsis"...)
	case Object:
		return append(dst, v.Name...)
	}
	return append(dst, "<unknown value>"...)
}

// Repr is the Python repr of v, for example 'text', 1e-05, ['a', True, None].
func Repr(v Value) string { return string(AppendRepr(nil, v)) }

// Str is the Python str of v: a string is itself, anything else its repr.
func Str(v Value) string {
	if s, ok := v.(string); ok {
		return s
	}
	return Repr(v)
}

// TypeName is the name of the Python type of v, for example NoneType, int, str.
func TypeName(v Value) string {
	switch v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case complex128:
		return "complex"
	case string:
		return "str"
	case Bytes:
		return "bytes"
	case []Value:
		return "list"
	case fieldList:
		return "List"
	case Tuple:
		return "tuple"
	case Set:
		return "set"
	case *Mapping:
		return "dict"
	case Ellipsis:
		return "ellipsis"
	}
	return "object"
}

func appendItems(dst []byte, items []Value) []byte {
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = AppendRepr(dst, item)
	}
	return dst
}

// AppendFloat appends the shortest text that reads back as f, as Python prints it: 1.0, 1e-05, 1e+16, inf, nan.
func AppendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, "nan"...)
	case math.IsInf(f, 1):
		return append(dst, "inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-inf"...)
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(dst, f, 'e', -1, 64)
	}
	dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
	if f == math.Trunc(f) {
		dst = append(dst, ".0"...)
	}
	return dst
}

func appendComplex(dst []byte, c complex128) []byte {
	// Parts print like floats, but whole ones without ".0".
	part := func(f float64) string {
		text := string(AppendFloat(nil, f))
		if n := len(text) - 2; n > 0 && text[n:] == ".0" {
			return text[:n]
		}
		return text
	}
	re, im := real(c), imag(c)
	if re == 0 && !math.Signbit(re) {
		return append(append(dst, part(im)...), 'j')
	}
	dst = append(append(dst, '('), part(re)...)
	if text := part(im); text[0] == '-' {
		dst = append(dst, text...)
	} else {
		dst = append(append(dst, '+'), text...)
	}
	return append(dst, "j)"...)
}

func appendBytes(dst []byte, b Bytes) []byte {
	single, double := false, false
	for i := range len(b) {
		single = single || b[i] == '\''
		double = double || b[i] == '"'
	}
	quote := byte('\'')
	if single && !double {
		quote = '"'
	}
	dst = append(dst, 'b', quote)
	for i := range len(b) {
		switch c := b[i]; {
		case c == quote || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < 0x20 || c >= 0x7f:
			const hex = "0123456789abcdef"
			dst = append(dst, '\\', 'x', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, quote)
}
