package python

import (
	"math/big"
	"strconv"
	"strings"
)

// maxDigits is how many digits a decimal int may have, as in Python.
const maxDigits = 4300

// number reads a number literal.
func (l *lexer) number() (Value, error) {
	if l.peek(0) == '0' {
		switch l.peek(1) | 0x20 {
		case 'x':
			return l.radix(16)
		case 'o':
			return l.radix(8)
		case 'b':
			return l.radix(2)
		}
	}
	start := l.pos
	whole, ok := l.digits()
	float := false
	if ok && l.peek(0) == '.' {
		float = true
		l.pos++
		if isDigit(l.peek(0), 10) {
			_, ok = l.digits()
		}
	}
	if ok && l.peek(0)|0x20 == 'e' {
		sign := 1
		if c := l.peek(1); c == '+' || c == '-' {
			sign = 2
		}
		if isDigit(l.peek(sign), 10) {
			float = true
			l.pos += sign
			_, ok = l.digits()
		}
	}
	text := strings.ReplaceAll(l.text[start:l.pos], "_", "")
	imaginary := ok && l.peek(0)|0x20 == 'j'
	if imaginary {
		l.pos++
	}
	if !ok || l.inName() {
		return nil, l.fail("invalid decimal literal")
	}
	if float || imaginary {
		// Out of range gives infinity or zero, as in Python.
		f, _ := strconv.ParseFloat(text, 64)
		if imaginary {
			return complex(0, f), nil
		}
		return f, nil
	}
	if len(whole) > 1 && whole[0] == '0' && strings.Trim(text, "0") != "" {
		return nil, l.fail("leading zeros in decimal integer literals are not permitted")
	}
	if len(text) > maxDigits {
		return nil, l.fail("an int of more than %d digits", maxDigits)
	}
	return parseInt(text, 10), nil
}

// digits steps over decimal digits with single underscores between them. It reports whether they are well formed.
func (l *lexer) digits() (string, bool) {
	start := l.pos
	for {
		if isDigit(l.peek(0), 10) {
			l.pos++
		} else if l.peek(0) == '_' && l.pos > start && isDigit(l.peek(1), 10) {
			l.pos += 2
		} else {
			return l.text[start:l.pos], l.peek(0) != '_'
		}
	}
}

// radix reads an int with a prefix.
func (l *lexer) radix(base int) (Value, error) {
	l.pos += 2
	start := l.pos
	for {
		if isDigit(l.peek(0), base) {
			l.pos++
		} else if l.peek(0) == '_' && isDigit(l.peek(1), base) {
			l.pos += 2
		} else {
			break
		}
	}
	if l.pos == start || l.inName() {
		return nil, l.fail("invalid literal of base %d", base)
	}
	return parseInt(strings.ReplaceAll(l.text[start:l.pos], "_", ""), base), nil
}

// inName reports whether the next character belongs to an identifier. Python lets some keywords follow a number without a space;
// the subset does not.
func (l *lexer) inName() bool {
	for _, r := range l.text[l.pos:] {
		return nameRune(r, false)
	}
	return false
}

func isDigit(c byte, base int) bool {
	switch {
	case c >= '0' && c <= '9':
		return int(c-'0') < base
	case base == 16:
		return c|0x20 >= 'a' && c|0x20 <= 'f'
	}
	return false
}

func parseInt(digits string, base int) Value {
	if i, err := strconv.ParseInt(digits, base, 64); err == nil {
		return i
	}
	i, _ := new(big.Int).SetString(digits, base)
	return i
}
