package yaml11

import (
	"math"
	"strings"
	"unicode/utf8"
)

// scanPlain scans a scalar without quotes: it ends at ": ", " #", a smaller indent, a document separator or, in flow, at a bracket or comma.
func (s *scanner) scanPlain() {
	t := token{kind: tokScalar, plain: true, at: s.at}
	indent := s.indent + 1
	var out []byte // nil while the scalar is one piece of the text
	var one, spaces []byte
	for s.peek(0) != '#' {
		n := 0
		for !s.blankAt(n) {
			c := s.peek(n)
			if c == ':' && (s.blankAt(n+1) || s.flow > 0 && strings.IndexByte(",[]{}", s.peek(n+1)) >= 0) {
				break
			}
			if s.flow > 0 && strings.IndexByte(",?[]{}", c) >= 0 {
				break
			}
			n++
		}
		if n == 0 {
			break
		}
		s.mayKey = false
		piece := s.text[s.pos : s.pos+n]
		if one == nil && out == nil {
			one = piece
		} else {
			if out == nil {
				out = append(out, one...)
			}
			out = append(append(out, spaces...), piece...)
		}
		s.advance(n)
		spaces = s.plainSpaces(spaces[:0])
		if len(spaces) == 0 || s.peek(0) == '#' || s.flow == 0 && s.at.col < indent {
			break
		}
	}
	if out == nil {
		out = one
	}
	t.text = string(out)
	s.push(t)
}

// plainSpaces moves over the blanks and breaks behind a piece of a plain scalar and appends what they stand for if another piece follows.
func (s *scanner) plainSpaces(dst []byte) []byte {
	n := 0
	for s.peek(n) == ' ' {
		n++
	}
	blanks := s.text[s.pos : s.pos+n]
	s.advance(n)
	if s.breakAt(0) == 0 {
		return append(dst, blanks...)
	}
	first := s.takeBreak()
	s.mayKey = true
	if s.separatorAhead() {
		return dst
	}
	if first != "\n" {
		dst = append(dst, first...)
	}
	breaks := 0
	for {
		if s.peek(0) == ' ' {
			s.advance(1)
			continue
		}
		if s.breakAt(0) == 0 {
			break
		}
		dst = append(dst, s.takeBreak()...)
		breaks++
		if s.separatorAhead() {
			return dst[:0]
		}
	}
	if first == "\n" && breaks == 0 {
		dst = append(dst, ' ')
	}
	return dst
}

var escapes = map[byte]string{'0': "\x00", 'a': "\a", 'b': "\b", 't': "\t", '\t': "\t", 'n': "\n", 'v': "\v", 'f': "\f", 'r': "\r", 'e': "\x1b",
	' ': " ", '"': "\"", '\\': "\\", '/': "/", 'N': "\u0085", '_': "\u00a0", 'L': "\u2028", 'P': "\u2029"}

func (s *scanner) scanQuoted(quote byte) error {
	t := token{kind: tokScalar, at: s.at}
	s.advance(1)
	var out []byte
	for {
		n := 0
		for !s.blankAt(n) && s.peek(n) != quote && (quote == '\'' || s.peek(n) != '\\') {
			n++
		}
		out = append(out, s.text[s.pos:s.pos+n]...)
		s.advance(n)
		switch c := s.peek(0); {
		case s.endAt(0):
			return t.at.fail("ScannerError", "the quoted text has no end")
		case c == quote && quote == '\'' && s.peek(1) == '\'':
			out = append(out, '\'')
			s.advance(2)
		case c == quote:
			s.advance(1)
			t.text = string(out)
			s.push(t)
			return nil
		case c == '\\' && quote == '"':
			var err error
			if out, err = s.scanEscape(out); err != nil {
				return err
			}
		default:
			var err error
			if out, err = s.quotedSpaces(out, t.at); err != nil {
				return err
			}
		}
	}
}

func (s *scanner) scanEscape(out []byte) ([]byte, error) {
	at := s.at
	c := s.peek(1)
	if text, ok := escapes[c]; ok {
		s.advance(2)
		return append(out, text...), nil
	}
	digits := 0
	switch c {
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	default:
		if s.breakAt(1) > 0 {
			s.advance(1)
			s.takeBreak()
			return s.quotedBreaks(out, at)
		}
		return nil, at.fail("ScannerError", "unknown escape '\\' and %s", s.found(1))
	}
	var r uint32
	for i := range digits {
		d := hexDigit(s.peek(2 + i))
		if d < 0 {
			return nil, at.fail("ScannerError", "'\\%c' needs %d hexadecimal digits, not %s", c, digits, s.found(2+i))
		}
		r = r<<4 | uint32(d)
	}
	if r > utf8.MaxRune {
		class := "ValueError"
		if r > math.MaxInt32 {
			class = "OverflowError"
		}
		return nil, at.fail(class, "'\\%c' stands for no character: %X is beyond the last", c, r)
	}
	s.advance(2 + digits)
	return appendRune(out, rune(r)), nil
}

// appendRune is utf8.AppendRune that keeps half a surrogate pair, which an escape can write, in the three bytes UTF-8 would give it.
func appendRune(dst []byte, r rune) []byte {
	if r >= 0xd800 && r <= 0xdfff {
		return append(dst, 0xed, 0x80|byte(r>>6)&0x3f, 0x80|byte(r)&0x3f)
	}
	return utf8.AppendRune(dst, r)
}

func (s *scanner) quotedSpaces(out []byte, start mark) ([]byte, error) {
	n := 0
	for s.peek(n) == ' ' || s.peek(n) == '\t' {
		n++
	}
	blanks := s.text[s.pos : s.pos+n]
	s.advance(n)
	if s.endAt(0) {
		return nil, start.fail("ScannerError", "the quoted text has no end")
	}
	if s.breakAt(0) == 0 {
		return append(out, blanks...), nil
	}
	first := s.takeBreak()
	if first != "\n" {
		out = append(out, first...)
	}
	n = len(out)
	out, err := s.quotedBreaks(out, start)
	if err == nil && first == "\n" && len(out) == n {
		out = append(out, ' ')
	}
	return out, err
}

func (s *scanner) quotedBreaks(out []byte, start mark) ([]byte, error) {
	for {
		if s.separatorAhead() {
			return nil, start.fail("ScannerError", "a document separator stands within the quoted text")
		}
		for s.peek(0) == ' ' || s.peek(0) == '\t' {
			s.advance(1)
		}
		if s.breakAt(0) == 0 {
			return out, nil
		}
		out = append(out, s.takeBreak()...)
	}
}
