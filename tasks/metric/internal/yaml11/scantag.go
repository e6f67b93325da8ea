package yaml11

import (
	"strings"
	"unicode/utf8"
)

func rune0(b []byte) rune {
	r, _ := utf8.DecodeRune(b)
	return r
}

// found describes the character n bytes ahead in an error.
func (s *scanner) found(n int) string {
	if s.endAt(n) {
		return "the end of the text"
	}
	return "'" + string(rune0(s.text[s.pos+n:])) + "'"
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-' || c == '_'
}

func (s *scanner) word(n int) int {
	for wordByte(s.peek(n)) {
		n++
	}
	return n
}

func (s *scanner) scanAnchor(kind tokenKind) error {
	at := s.at
	n := s.word(1)
	if n == 1 {
		return at.fail("ScannerError", "%s without a name, but with %s", kind, s.found(1))
	}
	if !s.blankAt(n) && strings.IndexByte("?:,]}%@`", s.peek(n)) < 0 {
		return at.fail("ScannerError", "%s is not allowed in the name of %s", s.found(n), kind)
	}
	s.push(token{kind: kind, at: at, text: string(s.text[s.pos+1 : s.pos+n])})
	s.advance(n)
	return nil
}

// spaceAt is blankAt without tabs.
func (s *scanner) spaceAt(n int) bool { return s.peek(n) == ' ' || s.breakAt(n) > 0 || s.endAt(n) }

func (s *scanner) scanTag() error {
	t := token{kind: tokTag, at: s.at}
	var err error
	switch {
	case s.peek(1) == '<':
		s.advance(2)
		if t.text, err = s.scanURI("tag"); err != nil {
			return err
		}
		if s.peek(0) != '>' {
			return s.at.fail("ScannerError", "a tag needs '>' at its end, not %s", s.found(0))
		}
		s.advance(1)
	case s.blankAt(1):
		t.text = "!"
		s.advance(1)
	default:
		t.other = "!"
		n := 1
		for !s.spaceAt(n) && s.peek(n) != '!' {
			n++
		}
		if s.peek(n) == '!' {
			if t.other, err = s.scanTagHandle("tag"); err != nil {
				return err
			}
		} else {
			s.advance(1)
		}
		if t.text, err = s.scanURI("tag"); err != nil {
			return err
		}
	}
	if !s.spaceAt(0) {
		return s.at.fail("ScannerError", "a tag needs a blank behind it, not %s", s.found(0))
	}
	s.push(t)
	return nil
}

func (s *scanner) scanTagHandle(what string) (string, error) {
	if s.peek(0) != '!' {
		return "", s.at.fail("ScannerError", "the %s needs '!', not %s", what, s.found(0))
	}
	n := 1
	if s.peek(1) != ' ' {
		n = s.word(1)
		if s.peek(n) != '!' {
			return "", s.at.fail("ScannerError", "the %s needs '!', not %s", what, s.found(n))
		}
		n++
	}
	h := string(s.text[s.pos : s.pos+n])
	s.advance(n)
	return h, nil
}

func (s *scanner) scanURI(what string) (string, error) {
	var out []byte
	for {
		c := s.peek(0)
		switch {
		case c == '%':
			b, err := s.scanURIEscapes(what)
			if err != nil {
				return "", err
			}
			out = append(out, b...)
			continue
		case c != 0 && (wordByte(c) || strings.IndexByte(";/?:@&=+$,.!~*'()[]", c) >= 0):
			out = append(out, c)
			s.advance(1)
			continue
		}
		if len(out) == 0 {
			return "", s.at.fail("ScannerError", "the %s needs a name, not %s", what, s.found(0))
		}
		return string(out), nil
	}
}

func (s *scanner) scanURIEscapes(what string) ([]byte, error) {
	at := s.at
	var out []byte
	for s.peek(0) == '%' {
		hi, lo := hexDigit(s.peek(1)), hexDigit(s.peek(2))
		if hi < 0 || lo < 0 {
			return nil, s.at.fail("ScannerError", "'%%' in a %s needs two hexadecimal digits", what)
		}
		out = append(out, byte(hi<<4|lo))
		s.advance(3)
	}
	if !utf8.Valid(out) {
		return nil, at.fail("ScannerError", "the escapes in the %s are not UTF-8", what)
	}
	return out, nil
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (s *scanner) scanDirective() error {
	t := token{kind: tokDirective, at: s.at}
	n := s.word(1)
	if n == 1 || !s.spaceAt(n) {
		return s.at.fail("ScannerError", "a directive needs a name, not %s", s.found(n))
	}
	t.text = string(s.text[s.pos+1 : s.pos+n])
	s.advance(n)
	var err error
	switch t.text {
	case "YAML":
		s.skipBlanks()
		if t.other, err = s.scanVersion(); err != nil {
			return err
		}
	case "TAG":
		s.skipBlanks()
		if t.other, err = s.scanTagHandle("directive"); err != nil {
			return err
		}
		if s.peek(0) != ' ' {
			return s.at.fail("ScannerError", "a directive needs a blank behind the tag handle, not %s", s.found(0))
		}
		s.skipBlanks()
		if t.last, err = s.scanURI("directive"); err != nil {
			return err
		}
		if !s.spaceAt(0) {
			return s.at.fail("ScannerError", "a directive needs a blank behind the tag prefix, not %s", s.found(0))
		}
	default:
		s.skipLine()
	}
	if err := s.endOfLine(); err != nil {
		return err
	}
	s.push(t)
	return nil
}

func (s *scanner) skipBlanks() {
	for s.peek(0) == ' ' {
		s.advance(1)
	}
}

func (s *scanner) scanVersion() (string, error) {
	from := s.pos
	for part := range 2 {
		if c := s.peek(0); c < '0' || c > '9' {
			return "", s.at.fail("ScannerError", "a version needs a digit, not %s", s.found(0))
		}
		for s.peek(0) >= '0' && s.peek(0) <= '9' {
			s.advance(1)
		}
		if part == 0 {
			if s.peek(0) != '.' {
				return "", s.at.fail("ScannerError", "a version needs '.', not %s", s.found(0))
			}
			s.advance(1)
		}
	}
	if !s.spaceAt(0) {
		return "", s.at.fail("ScannerError", "a version needs a digit or a blank, not %s", s.found(0))
	}
	return string(s.text[from:s.pos]), nil
}

// endOfLine moves over the rest of a line that may hold only a comment.
func (s *scanner) endOfLine() error {
	s.skipBlanks()
	if s.peek(0) == '#' {
		s.skipLine()
	}
	if s.endAt(0) {
		return nil
	}
	if s.breakAt(0) == 0 {
		return s.at.fail("ScannerError", "a comment or a line break is needed, not %s", s.found(0))
	}
	s.takeBreak()
	return nil
}
