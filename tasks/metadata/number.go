package metadata

import (
	"math/big"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ParseFloat reads a text as Python's float() does: blanks of any script around it, a sign, decimal digits of any script with
// single underscores between digits, a fraction, an exponent, or inf, infinity and nan in any case. Numbers too large are
// infinite. It is false for any other text.
func ParseFloat(s string) (float64, bool) {
	s, ok := asciiNumber(s)
	if !ok {
		return 0, false
	}
	digits, ok := floatLiteral(s)
	if !ok {
		return 0, false
	}
	// The only error that is left is of range, and comes with the infinity that Python gives.
	f, _ := strconv.ParseFloat(digits, 64)
	return f, true
}

// ParseInt reads a text as Python's int() does in base ten. It is false for any other text, also for one of more than 4300
// digits, which Python refuses as a ValueError too.
func ParseInt(s string) (*big.Int, bool) {
	s, ok := asciiNumber(s)
	if !ok {
		return nil, false
	}
	sign := strings.TrimLeft(s, "+-")
	if len(s)-len(sign) > 1 {
		return nil, false
	}
	n, clean := digitRun(sign, 0)
	if n == 0 || n != len(sign) {
		return nil, false
	}
	digits := sign
	if !clean {
		digits = strings.ReplaceAll(sign, "_", "")
	}
	if len(digits) > maxIntDigits {
		return nil, false
	}
	i, ok := new(big.Int).SetString(digits, 10)
	if ok && s[0] == '-' {
		i.Neg(i)
	}
	return i, ok
}

// maxIntDigits is Python's limit for the text of an integer, which its JSON reader shares.
const maxIntDigits = 4300

// asciiNumber turns decimal digits of all scripts into those of ASCII and strips blanks. The separators U+001C to U+001F, which
// are blanks elsewhere in Python, are none here.
func asciiNumber(s string) (string, bool) {
	if isASCII(s) {
		return strings.Trim(s, " \t\n\v\f\r"), true
	}
	s = strings.TrimFunc(s, unicode.IsSpace)
	if isASCII(s) {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for _, r := range s {
		switch d, ok := decimalDigit(r); {
		case r < utf8.RuneSelf:
			out = append(out, byte(r))
		case ok:
			out = append(out, '0'+d)
		default:
			return "", false
		}
	}
	return string(out), true
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// decimalDigit gives the value of a digit of any script: Unicode keeps the ten digits of a script together, so that the
// distance from the start of its range tells the value, also in the one range that holds five sets.
func decimalDigit(r rune) (byte, bool) {
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10), true
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return byte((r - rune(t.Lo)) % 10), true
		}
	}
	return 0, false
}

// floatLiteral checks the grammar of a float and drops the underscores, so that strconv reads it in the same way.
func floatLiteral(s string) (string, bool) {
	i := 0
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	switch word := s[i:]; {
	case strings.EqualFold(word, "nan"):
		return "nan", true // strconv takes no sign here
	case strings.EqualFold(word, "inf"), strings.EqualFold(word, "infinity"):
		return s, true
	}
	whole, cleanWhole := digitRun(s, i)
	i += whole
	fraction, cleanFraction := 0, true
	if i < len(s) && s[i] == '.' {
		fraction, cleanFraction = digitRun(s, i+1)
		i += 1 + fraction
	}
	if whole+fraction == 0 {
		return "", false
	}
	clean := cleanWhole && cleanFraction
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		exponent, cleanExponent := digitRun(s, i)
		if exponent == 0 {
			return "", false
		}
		i += exponent
		clean = clean && cleanExponent
	}
	if i != len(s) {
		return "", false
	}
	if !clean {
		s = strings.ReplaceAll(s, "_", "")
	}
	return s, true
}

// digitRun measures the digits from i on, with single underscores between digits; clean says that it met none.
func digitRun(s string, i int) (n int, clean bool) {
	clean = true
	for j := i; j < len(s); j++ {
		switch {
		case '0' <= s[j] && s[j] <= '9':
			n = j + 1 - i
		case s[j] == '_' && j > i && s[j-1] != '_':
			if j+1 < len(s) && '0' <= s[j+1] && s[j+1] <= '9' {
				clean = false
				continue
			}
			return n, clean
		default:
			return n, clean
		}
	}
	return n, clean
}
