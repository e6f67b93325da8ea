package datastore

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// appendFloat appends a formatted float.
func (f *formatSpec) appendFloat(dst []byte, x float64) ([]byte, error) {
	if f == nil {
		return appendFloatRepr(dst, x), nil
	}
	switch f.verb {
	case 0, 'e', 'E', 'f', 'F', 'g', 'G', 'n', '%':
	default:
		return dst, f.unknown("float")
	}
	if f.verb == 'n' && f.group != 0 {
		return dst, fmt.Errorf("cannot specify %q with %q", f.group, f.verb)
	}
	if f.verb == '%' {
		x *= 100
	}
	text := f.floatDigits(math.Abs(x))
	negative := math.Signbit(x) && !math.IsNaN(x)
	if f.z && negative && strings.Trim(text, "0.") == "" {
		negative = false
	}
	if f.verb == '%' {
		text += "%"
	}
	// Only the digits before the point are grouped.
	whole := 0
	for whole < len(text) && text[whole] >= '0' && text[whole] <= '9' {
		whole++
	}
	return f.number(dst, negative, "", text[:whole], text[whole:], 3), nil
}

// floatDigits are the digits of a number that is not negative.
func (f *formatSpec) floatDigits(x float64) string {
	upper := f.verb == 'E' || f.verb == 'F' || f.verb == 'G'
	var s string
	switch {
	case math.IsInf(x, 0):
		s = "inf"
	case math.IsNaN(x):
		s = "nan"
	case f.verb == 0 && f.precision < 0:
		s = string(appendFloatRepr(nil, x))
		if f.alt && !strings.Contains(s, ".") {
			s = addPoint(s)
		}
	default:
		precision := f.precision
		if precision < 0 {
			precision = 6
		}
		switch f.verb {
		case 'e', 'E':
			s = strconv.FormatFloat(x, 'e', precision, 64)
		case 'f', 'F', '%':
			s = strconv.FormatFloat(x, 'f', precision, 64)
		default:
			s = f.general(x, max(precision, 1))
		}
		if f.alt && !strings.Contains(s, ".") {
			s = addPoint(s)
		}
	}
	if upper {
		s = strings.ToUpper(s)
	}
	return s
}

func addPoint(s string) string {
	if e := strings.IndexByte(s, 'e'); e >= 0 {
		return s[:e] + "." + s[e:]
	}
	return s + "."
}

// general is the g form: scientific for small and large exponents, without trailing zeros. Without a type the number keeps one
// digit after the point, and becomes scientific one digit earlier.
func (f *formatSpec) general(x float64, precision int) string {
	s := strconv.FormatFloat(x, 'e', precision-1, 64)
	e := strings.IndexByte(s, 'e')
	exponent, _ := strconv.Atoi(s[e+1:])
	limit := precision
	if f.verb == 0 {
		limit--
	}
	if exponent < -4 || exponent >= limit {
		if !f.alt {
			s = trimZeros(s[:e]) + s[e:]
		}
		return s
	}
	s = strconv.FormatFloat(x, 'f', max(precision-1-exponent, 0), 64)
	if !f.alt {
		s = trimZeros(s)
	}
	if f.verb == 0 && !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

func trimZeros(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// appendFloatRepr appends the shortest text that reads back as x, as Python's repr shows it.
func appendFloatRepr(dst []byte, x float64) []byte {
	switch {
	case math.IsInf(x, 1):
		return append(dst, "inf"...)
	case math.IsInf(x, -1):
		return append(dst, "-inf"...)
	case math.IsNaN(x):
		return append(dst, "nan"...)
	}
	if a := math.Abs(x); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.AppendFloat(dst, x, 'e', -1, 64)
	}
	start := len(dst)
	dst = strconv.AppendFloat(dst, x, 'f', -1, 64)
	for _, c := range dst[start:] {
		if c == '.' {
			return dst
		}
	}
	return append(dst, ".0"...)
}

// number puts sign, prefix, grouped digits and the rest of a number together and pads it.
func (f *formatSpec) number(dst []byte, negative bool, prefix, digits, tail string, every int) []byte {
	head := prefix
	switch {
	case negative:
		head = "-" + prefix
	case f.sign == '+' || f.sign == ' ':
		head = string(f.sign) + prefix
	}
	align := f.align
	if align == 0 && f.zero {
		align = '='
	}
	if f.group != 0 && digits != "" {
		// Zeros that fill the width are grouped too, so they are put in before.
		if align == '=' && f.fill == '0' {
			room := f.width - len(head) - utf8.RuneCountInString(tail)
			for grouped(len(digits), every) < room {
				digits = "0" + digits
			}
		}
		digits = group(digits, f.group, every)
	}
	g := *f
	g.align = align
	return g.pad(dst, head, digits+tail, '>')
}

// grouped is the length of n digits with separators.
func grouped(n, every int) int { return n + (n-1)/every }

func group(digits string, separator byte, every int) string {
	out := make([]byte, 0, grouped(len(digits), every))
	for i := range len(digits) {
		if i > 0 && (len(digits)-i)%every == 0 {
			out = append(out, separator)
		}
		out = append(out, digits[i])
	}
	return string(out)
}

// pad appends head and body, filled up to the width. The align of the receiver counts, otherwise the given default; = fills between
// head and body.
func (f *formatSpec) pad(dst []byte, head, body string, align byte) []byte {
	if f.align != 0 {
		align = f.align
	}
	missing := 0
	if f.width > 0 {
		missing = max(f.width-len(head)-utf8.RuneCountInString(body), 0)
	}
	left, between, right := 0, 0, 0
	switch align {
	case '<':
		right = missing
	case '>':
		left = missing
	case '^':
		left = missing / 2
		right = missing - left
	case '=':
		between = missing
	}
	fill := func(n int) {
		for range n {
			dst = utf8.AppendRune(dst, f.fill)
		}
	}
	fill(left)
	dst = append(dst, head...)
	fill(between)
	dst = append(dst, body...)
	fill(right)
	return dst
}
