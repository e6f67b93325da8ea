package metadata

import (
	"encoding/binary"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The lexer knows the tokens of JSON as the Python stack's reader (pydantic's) takes them: standard JSON, and the constants
// NaN, Infinity and -Infinity. Both readers of the package are built on it, so that they refuse the same texts.

// maxDepth is how deep objects and arrays may be nested; the next level is refused.
const maxDepth = 201

// skipSpace is the offset of the first byte from i on that is not a blank.
func skipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' {
		switch b[i] {
		case ' ', '\t', '\r', '\n':
			i++
		default:
			return i
		}
	}
	return i
}

// stringToken finds the end of the string whose first byte after the quote is b[i]: end is the offset of the closing quote.
// escaped says that the string holds a backslash, and reason is not empty if the string is bad at offset end.
func stringToken(b []byte, i int) (end int, escaped bool, reason string) {
	start, ascii := i, true
	for {
		// Eight bytes at a time as long as all are plain: a word is, if in no byte the high bit is set, it is no control
		// character, no quote and no backslash.
		for i+8 <= len(b) {
			w := binary.LittleEndian.Uint64(b[i:])
			const ones, highs = 0x0101010101010101, 0x8080808080808080
			quote, slash := w^(ones*'"'), w^(ones*'\\')
			special := (w - ones*0x20) | (quote - ones) | (slash - ones) | w
			if special &= highs; special != 0 {
				i += bits.TrailingZeros64(special) / 8
				break
			}
			i += 8
		}
		if i >= len(b) {
			return i, escaped, "the text ends inside a string"
		}
		switch c := b[i]; {
		case c == '"':
			if !ascii && !utf8.Valid(b[start:i]) {
				return start + invalidUTF8(b[start:i]), escaped, "invalid UTF-8 in a string"
			}
			return i, escaped, ""
		case c == '\\':
			escaped = true
			n, reason := escapeToken(b, i)
			if reason != "" {
				return i, escaped, reason
			}
			i += n
		case c < ' ':
			return i, escaped, "a control character in a string must be escaped"
		default:
			ascii = ascii && c < utf8.RuneSelf
			i++
		}
	}
}

func invalidUTF8(b []byte) int {
	i := 0
	for i < len(b) {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			break
		}
		i += n
	}
	return i
}

// escapeToken checks the escape sequence at b[i], which is a backslash, and gives its length. Half of a surrogate pair is refused.
func escapeToken(b []byte, i int) (n int, reason string) {
	if i+1 >= len(b) {
		return 0, "the text ends inside a string"
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2, ""
	case 'u':
	default:
		return 0, "unknown escape sequence in a string"
	}
	r, ok := hex4(b, i+2)
	if !ok {
		return 0, "\\u needs four hexadecimal digits"
	}
	if !utf16.IsSurrogate(r) {
		return 6, ""
	}
	if i+7 < len(b) && b[i+6] == '\\' && b[i+7] == 'u' {
		if low, ok := hex4(b, i+8); ok && utf16.DecodeRune(r, low) != utf8.RuneError {
			return 12, ""
		}
	}
	return 0, "half of a surrogate pair in a string"
}

func hex4(b []byte, i int) (r rune, ok bool) {
	if i+4 > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// appendString appends the value of the content of a string that stringToken accepted.
func appendString(dst, content []byte) []byte {
	for i := 0; i < len(content); {
		c := content[i]
		if c != '\\' {
			dst = append(dst, c)
			i++
			continue
		}
		n := 2
		switch e := content[i+1]; e {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r, _ := hex4(content, i+2)
			n = 6
			if utf16.IsSurrogate(r) {
				low, _ := hex4(content, i+8)
				r = utf16.DecodeRune(r, low)
				n = 12
			}
			dst = utf8.AppendRune(dst, r)
		default:
			dst = append(dst, e)
		}
		i += n
	}
	return dst
}

// numberToken finds the end of the number that starts at b[i]. digits counts those of the integer part, and whole says that
// there is no more than that. ok is false if there is no number up to offset end.
func numberToken(b []byte, i int) (end, digits int, whole, ok bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	first := i
	i = digitsFrom(b, i)
	digits = i - first
	if digits == 0 || digits > 1 && b[first] == '0' || digits > maxIntDigits {
		return min(first+1, len(b)), digits, true, false
	}
	whole = true
	if i < len(b) && b[i] == '.' {
		whole = false
		fraction := i + 1
		if i = digitsFrom(b, fraction); i == fraction {
			return i, digits, false, false
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		whole = false
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		exponent := i
		if i = digitsFrom(b, exponent); i == exponent {
			return i, digits, false, false
		}
	}
	return i, digits, whole, true
}

func digitsFrom(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}

// wordToken tells whether one of the constants starts at b[i].
func wordToken(b []byte, i int) (word string, ok bool) {
	rest := b[i:]
	switch rest[0] {
	case 't':
		word = "true"
	case 'f':
		word = "false"
	case 'n':
		word = "null"
	case 'N':
		word = "NaN"
	case 'I':
		word = "Infinity"
	case '-':
		word = "-Infinity"
	default:
		return "", false
	}
	return word, len(rest) >= len(word) && string(rest[:len(word)]) == word
}

// exactDigits is how many decimal digits always fit a float64 without rounding.
const exactDigits = 15

// numberValue gives the float64 nearest to a number that numberToken accepted. A whole number that is too large for one is
// not ok: Python cannot convert it, while 1e400 is infinite.
func numberValue(token []byte, digits int, whole bool) (f float64, ok bool) {
	if whole && digits <= exactDigits {
		var n int64
		for _, c := range token[len(token)-digits:] {
			n = n*10 + int64(c-'0')
		}
		if token[0] == '-' {
			n = -n // -0 is the integer 0 and not the float -0.0
		}
		return float64(n), true
	}
	f, err := strconv.ParseFloat(string(token), 64)
	return f, err == nil || !whole
}
