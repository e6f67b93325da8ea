package python

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// stringPrefix is the prefix of a string literal at the position, or empty.
func (l *lexer) stringPrefix() string {
	for n := 1; n <= 2; n++ {
		if q := l.peek(n); q != '\'' && q != '"' {
			continue
		}
		switch prefix := l.text[l.pos : l.pos+n]; strings.ToLower(prefix) {
		case "r", "u", "b", "f", "rb", "br", "rf", "fr":
			return prefix
		}
		return ""
	}
	return ""
}

// stringLiteral reads a string literal whose prefix has been read.
func (l *lexer) stringLiteral(prefix string) (tokenKind, Value, error) {
	prefix = strings.ToLower(prefix)
	lit := literal{
		raw:    strings.Contains(prefix, "r"),
		bytes:  strings.Contains(prefix, "b"),
		format: strings.Contains(prefix, "f"),
	}
	begin, beginLine, beginStart := l.pos, l.line, l.lineStart
	body, ok := l.quoted()
	if !ok {
		l.pos, l.line, l.lineStart = begin, beginLine, beginStart
		return 0, nil, l.fail("unterminated string literal")
	}
	v, err := lit.decode(body)
	if err != "" {
		l.pos, l.line, l.lineStart = begin, beginLine, beginStart
		if err == namedCharacter {
			p := l.place()
			return 0, nil, &UnsupportedError{p.line, p.column, err}
		}
		return 0, nil, l.fail("%s", err)
	}
	if lit.format {
		return formatToken, v, nil
	}
	return stringToken, v, nil
}

// quoted steps over a string literal that begins with its quote. It returns what is between the quotes.
func (l *lexer) quoted() (body string, ok bool) {
	quote := l.text[l.pos : l.pos+1]
	if strings.HasPrefix(l.text[l.pos+1:], quote+quote) {
		quote = quote + quote + quote
	}
	l.pos += len(quote)
	start := l.pos
	for l.pos < len(l.text) {
		switch c := l.text[l.pos]; {
		case c == '\\':
			l.pos++
			if l.pos == len(l.text) {
				return "", false
			}
			if l.text[l.pos] == '\n' {
				l.newline()
			} else {
				l.pos++
			}
		case c == '\n':
			if len(quote) == 1 {
				return "", false
			}
			l.newline()
		case c == quote[0] && strings.HasPrefix(l.text[l.pos:], quote):
			body = l.text[start:l.pos]
			l.pos += len(quote)
			return body, true
		default:
			l.pos++
		}
	}
	return "", false
}

const namedCharacter = `a character by name (\N)`

// literal says how the body of a string literal is read.
type literal struct{ raw, bytes, format bool }

// decode returns the value: a string, Bytes, or nil for an f-string with expressions. A non-empty message is a fault.
func (lit literal) decode(body string) (v Value, message string) {
	if lit.bytes && strings.IndexFunc(body, func(r rune) bool { return r >= utf8.RuneSelf }) >= 0 {
		return nil, "bytes can only contain ASCII literal characters"
	}
	out := make([]byte, 0, len(body))
	for i := 0; i < len(body); {
		c := body[i]
		switch {
		case lit.format && (c == '{' || c == '}'):
			if i+1 == len(body) || body[i+1] != c {
				if c == '}' {
					return nil, "f-string: single '}' is not allowed"
				}
				return nil, ""
			}
			out = append(out, c)
			i += 2
		case c == '\\' && !lit.raw:
			var n int
			if out, n, message = lit.escape(out, body[i:]); message != "" {
				return nil, message
			}
			i += n
		case c == '\\' && !lit.format:
			// The next character cannot end the literal; in a raw one both stay.
			out = append(out, c, body[i+1])
			i += 2
		default:
			out = append(out, c)
			i++
		}
	}
	if lit.bytes {
		return Bytes(out), ""
	}
	return string(out), ""
}

var plainEscapes = map[byte]byte{
	'\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v',
}

// escape appends the character of the escape at the start of s, which begins with a backslash and has at least two bytes. It
// returns how many bytes the escape has.
func (lit literal) escape(dst []byte, s string) (out []byte, n int, message string) {
	c := s[1]
	if r, ok := plainEscapes[c]; ok {
		return append(dst, r), 2, ""
	}
	switch {
	case c == '\n':
		return dst, 2, ""
	case isDigit(c, 8):
		n = 2
		for n < 4 && n < len(s) && isDigit(s[n], 8) {
			n++
		}
		code, _ := strconv.ParseUint(s[1:n], 8, 16)
		if lit.bytes {
			return append(dst, byte(code)), n, ""
		}
		return utf8.AppendRune(dst, rune(code)), n, ""
	case c == 'x':
		return lit.hexEscape(dst, s, 2)
	case c == 'u' && !lit.bytes:
		return lit.hexEscape(dst, s, 4)
	case c == 'U' && !lit.bytes:
		return lit.hexEscape(dst, s, 8)
	case c == 'N' && !lit.bytes:
		return dst, 0, namedCharacter
	}
	// Python keeps an escape that it does not know.
	return append(dst, '\\'), 1, ""
}

func (lit literal) hexEscape(dst []byte, s string, digits int) (out []byte, n int, message string) {
	n = 2 + digits
	if len(s) < n {
		return dst, 0, "truncated escape in string literal"
	}
	code, err := strconv.ParseUint(s[2:n], 16, 32)
	switch {
	case err != nil:
		return dst, 0, "bad escape in string literal"
	case lit.bytes:
		return append(dst, byte(code)), n, ""
	case code > utf8.MaxRune:
		return dst, 0, "illegal Unicode character in string literal"
	case !utf8.ValidRune(rune(code)):
		// Python allows half of a surrogate pair, but can write it nowhere.
		return dst, 0, "surrogate in string literal"
	}
	return utf8.AppendRune(dst, rune(code)), n, ""
}
