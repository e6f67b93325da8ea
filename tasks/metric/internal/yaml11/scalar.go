package yaml11

import (
	"encoding/base64"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// maxDigits is the longest decimal integer that is read or written, as in Python.
const maxDigits = 4300

// scalarValue builds the value of a scalar's text. A class other than "" is upstream's exception.
func scalarValue(tag, s string) (v any, class string) {
	switch tag {
	case TagString:
		return s, ""
	case TagNull:
		return nil, ""
	case TagBool:
		switch strings.ToLower(s) {
		case "yes", "true", "on":
			return true, ""
		case "no", "false", "off":
			return false, ""
		}
		return nil, "KeyError"
	case TagInt:
		return parseInt(s)
	case TagFloat:
		return parseFloat(s)
	case TagTimestamp:
		t, class := parseTimestamp(s)
		if class != "" {
			return nil, class
		}
		return t, ""
	}
	return parseBinary(s)
}

func parseInt(s string) (any, string) {
	if len(s) < 18 { // the usual case
		if n, err := strconv.ParseInt(s, 10, 64); err == nil && s[0] != '0' && s[0] != '+' && s[0] != '-' {
			return n, ""
		}
	}
	s = strings.ReplaceAll(s, "_", "")
	if s == "" {
		return nil, "IndexError"
	}
	negative := s[0] == '-'
	if s[0] == '+' || s[0] == '-' {
		s = s[1:]
	}
	var n *big.Int
	class := ""
	switch {
	case s == "":
		return nil, "IndexError"
	case s == "0":
		return int64(0), ""
	case strings.HasPrefix(s, "0b"):
		n, class = pythonInt(s[2:], 2)
	case strings.HasPrefix(s, "0x"):
		n, class = pythonInt(s[2:], 16)
	case s[0] == '0':
		n, class = pythonInt(s, 8)
	case strings.Contains(s, ":"):
		parts := strings.Split(s, ":")
		if len(parts) > maxDigits {
			return nil, "ValueError"
		}
		n = new(big.Int)
		for _, p := range parts {
			d, class := pythonInt(p, 10)
			if class != "" {
				return nil, class
			}
			n.Add(n.Mul(n, big.NewInt(60)), d)
		}
	default:
		n, class = pythonInt(s, 10)
	}
	if class != "" {
		return nil, class
	}
	if negative {
		n.Neg(n)
	}
	if n.IsInt64() {
		return n.Int64(), ""
	}
	return n, ""
}

// pythonInt is Python's int(): blanks around, a sign, a prefix that fits the base, digits of any script.
func pythonInt(s string, base int) (*big.Int, string) {
	s = strings.TrimFunc(LatinDigits(s), unicode.IsSpace)
	sign := ""
	if s != "" && (s[0] == '+' || s[0] == '-') {
		sign, s = s[:1], s[1:]
	}
	if prefix := map[int]string{2: "b", 8: "o", 16: "x"}[base]; prefix != "" && len(s) > 2 && s[0] == '0' && strings.ToLower(s[1:2]) == prefix {
		s = s[2:]
	}
	if s == "" || span(s, base) != len(s) || strings.Contains(s, "_") || base == 10 && len(strings.TrimLeft(s, "0")) > maxDigits || len(s) > 4*maxDigits {
		return nil, "ValueError"
	}
	n, ok := new(big.Int).SetString(sign+s, base)
	if !ok {
		return nil, "ValueError"
	}
	return n, ""
}

// LatinDigits replaces decimal digits of other scripts by 0 to 9, as Python's number readers take them.
func LatinDigits(s string) string {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return strings.Map(latinDigit, s)
		}
	}
	return s
}

func latinDigit(r rune) rune {
	const mathematical = 0x1d7ce // five sets of digits without a gap
	switch {
	case r < 0x80 || !unicode.Is(unicode.Nd, r):
		return r
	case r >= mathematical && r < mathematical+50:
		return '0' + (r-mathematical)%10
	}
	zero := r // other sets begin where digits begin
	for unicode.Is(unicode.Nd, zero-1) && r-zero < 9 {
		zero--
	}
	return '0' + r - zero
}

func parseFloat(s string) (any, string) {
	s = strings.ToLower(strings.ReplaceAll(s, "_", ""))
	if s == "" {
		return nil, "IndexError"
	}
	sign := 1.0
	if s[0] == '-' {
		sign = -1
	}
	if s[0] == '+' || s[0] == '-' {
		s = s[1:]
	}
	switch {
	case s == ".inf":
		return math.Inf(int(sign)), ""
	case s == ".nan":
		return math.NaN(), ""
	case strings.Contains(s, ":"):
		parts := strings.Split(s, ":")
		sum, base := 0.0, 1.0
		for i := len(parts) - 1; i >= 0; i-- {
			d, ok := PythonFloat(parts[i])
			if !ok {
				return nil, "ValueError"
			}
			sum += d * base
			if base *= 60; math.IsInf(base, 0) {
				return nil, "OverflowError"
			}
		}
		return sign * sum, ""
	}
	f, ok := PythonFloat(s)
	if !ok {
		return nil, "ValueError"
	}
	return sign * f, ""
}

// PythonFloat is Python's float(): blanks around, a sign, decimal digits of any script, inf, infinity and nan in any case.
func PythonFloat(s string) (float64, bool) {
	s = strings.TrimFunc(LatinDigits(s), unicode.IsSpace)
	if strings.ContainsAny(s, "xXpP_") {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil && !math.IsInf(f, 0) { // out of range is infinite, as in Python
		return 0, false
	}
	return f, true
}

// parseBinary decodes base64 as Python does: characters outside the alphabet are skipped.
func parseBinary(s string) (any, string) {
	var data []byte
	pads := 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 0x80:
			return nil, "ConstructorError"
		case c == '=':
			if pads++; len(data)%4+pads >= 4 {
				pads = 4
			}
		case c == '+' || c == '/' || wordByte(c) && c != '-' && c != '_':
			if pads < 4 {
				data = append(data, c)
				pads = 0
			}
		}
	}
	if rest := len(data) % 4; rest == 1 || rest > 1 && rest+pads < 4 {
		return nil, "ConstructorError"
	}
	out, err := base64.RawStdEncoding.DecodeString(string(data))
	if err != nil {
		return nil, "ConstructorError"
	}
	return Bytes(out), ""
}
