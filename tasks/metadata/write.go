package metadata

import (
	"math"
	"strconv"
)

// AppendJSON appends the tree as the Python stack writes it: compact, the three parts of each node in fixed order, no final newline.
func (m *Metadata) AppendJSON(dst []byte) []byte {
	dst = append(dst, `{"scalars":{`...)
	for i, name := range m.scalars.names {
		dst = appendName(dst, i, name)
		dst = appendValue(dst, m.scalars.items[i])
	}
	dst = append(dst, `},"arrays":{`...)
	for i, name := range m.arrays.names {
		dst = append(appendName(dst, i, name), '[')
		for j, v := range m.arrays.items[i] {
			if j > 0 {
				dst = append(dst, ',')
			}
			dst = appendValue(dst, v)
		}
		dst = append(dst, ']')
	}
	dst = append(dst, `},"metadata":{`...)
	for i, name := range m.children.names {
		dst = m.children.items[i].AppendJSON(appendName(dst, i, name))
	}
	return append(dst, "}}"...)
}

func appendName(dst []byte, i int, name string) []byte {
	if i > 0 {
		dst = append(dst, ',')
	}
	return append(AppendText(dst, name), ':')
}

func appendValue(dst []byte, v Value) []byte {
	if v.Kind == Text {
		return AppendText(dst, v.Text)
	}
	return AppendNumber(dst, v.Number)
}

// AppendNumber appends a number as metadata files hold it: the shortest text that gives it again, with a fraction or an exponent,
// or NaN, Infinity, -Infinity.
func AppendNumber(dst []byte, f float64) []byte {
	switch size := math.Abs(f); {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 0):
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "Infinity"...)
	case size != 0 && size < 1e-5 || size >= 1e16:
		start := len(dst)
		dst = strconv.AppendFloat(dst, f, 'e', -1, 64)
		// strconv writes two digits at least: 1e-07.
		if n := len(dst); n-start >= 4 && dst[n-2] == '0' && (dst[n-3] == '-' || dst[n-3] == '+') {
			dst = append(dst[:n-2], dst[n-1])
		}
		return dst
	case size == math.Trunc(size):
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		return append(dst, ".0"...)
	}
	return strconv.AppendFloat(dst, f, 'f', -1, 64)
}
