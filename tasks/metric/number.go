package metric

import (
	"bytes"
	"math"
	"strconv"

	"valet/tasks/metric/internal/yaml11"
)

// AppendFloatRepr appends a float as Python's repr writes it: the shortest digits that read back, with a point or an exponent always; the
// exponent form below 1e-4 and from 1e16 on; nan, inf, -inf.
func AppendFloatRepr(dst []byte, x float64) []byte { return yaml11.AppendRepr(dst, x) }

// AppendFloatYAML appends a float as upstream's YAML writer does: like AppendFloatRepr, but 1.0e+16, .nan, .inf, -.inf.
func AppendFloatYAML(dst []byte, x float64) []byte { return yaml11.AppendFloat(dst, x) }

// AppendSignificant appends a float with at most so many significant digits, as Python's format(x, ".4") does without a type letter: trailing
// zeros are dropped but for one decimal, and the exponent form begins when the digits would not reach beyond the point (metrics.md 5.1).
func AppendSignificant(dst []byte, x float64, digits int) []byte {
	return appendDigits(dst, x, digits, true)
}

// appendGeneral is C's %g.
func appendGeneral(dst []byte, x float64, digits int) []byte {
	return appendDigits(dst, x, digits, false)
}

func appendDigits(dst []byte, x float64, digits int, point bool) []byte {
	if x != x || math.IsInf(x, 0) {
		return AppendFloatRepr(dst, x)
	}
	from := len(dst)
	dst = strconv.AppendFloat(dst, x, 'e', digits-1, 64)
	e := from + bytes.LastIndexByte(dst[from:], 'e')
	exp, _ := strconv.Atoi(string(dst[e+1:]))
	limit := digits
	if point && x != 0 {
		limit--
	}
	if exp < -4 || exp >= limit {
		mantissa := trimZeros(dst[from:e])
		return append(dst[:from+len(mantissa)], dst[e:]...)
	}
	decimals := digits - 1 - exp
	dst = strconv.AppendFloat(dst[:from], x, 'f', decimals, 64)
	if decimals > 0 {
		dst = dst[:from+len(trimZeros(dst[from:]))]
	}
	if point && bytes.IndexByte(dst[from:], '.') < 0 {
		dst = append(dst, ".0"...)
	}
	return dst
}

// trimZeros drops zeros at the end of a number that has a point, and the point if nothing follows it.
func trimZeros(b []byte) []byte {
	if bytes.IndexByte(b, '.') < 0 {
		return b
	}
	return bytes.TrimSuffix(bytes.TrimRight(b, "0"), []byte("."))
}

// AppendInspect appends a float as inspect_job prints it: two decimals and an exponent below 0.01 (negative numbers too), else rounded to four
// decimals (metrics.md 3.4).
func AppendInspect(dst []byte, x float64) []byte {
	switch {
	case x != x || math.IsInf(x, 0):
		return AppendFloatRepr(dst, x)
	case x < 0.01:
		return strconv.AppendFloat(dst, x, 'e', 2, 64)
	}
	var b [512]byte
	rounded, _ := strconv.ParseFloat(string(strconv.AppendFloat(b[:0], x, 'f', 4, 64)), 64)
	return AppendFloatRepr(dst, rounded)
}
