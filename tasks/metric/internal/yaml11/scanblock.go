package yaml11

// scanBlockScalar scans a literal or folded block.
func (s *scanner) scanBlockScalar(folded bool) error {
	t := token{kind: tokScalar, at: s.at}
	s.advance(1)
	chomp, step := byte(0), 0
	for range 2 {
		switch c := s.peek(0); {
		case (c == '+' || c == '-') && chomp == 0:
			chomp = c
			s.advance(1)
		case c >= '0' && c <= '9' && step == 0:
			if c == '0' {
				return s.at.fail("ScannerError", "the indent of a block is 1 to 9, not 0")
			}
			step = int(c - '0')
			s.advance(1)
		}
	}
	if !s.spaceAt(0) { // not even a comment may follow at once
		return s.at.fail("ScannerError", "'|' or '>' needs a line break behind it, not %s", s.found(0))
	}
	if err := s.endOfLine(); err != nil {
		return err
	}
	indent := max(s.indent+1, 1)
	var out, breaks []byte
	if step > 0 {
		indent += step - 1
		breaks = s.blockBreaks(breaks, indent)
	} else {
		widest := 0
		for s.peek(0) == ' ' || s.breakAt(0) > 0 {
			if s.peek(0) == ' ' {
				s.advance(1)
				widest = max(widest, s.at.col)
				continue
			}
			breaks = append(breaks, s.takeBreak()...)
		}
		indent = max(indent, widest)
	}
	last := ""
	for s.at.col == indent && !s.endAt(0) {
		out = append(out, breaks...)
		text := s.peek(0) != ' ' && s.peek(0) != '\t'
		from := s.pos
		s.skipLine()
		out = append(out, s.text[from:s.pos]...)
		last = ""
		if s.breakAt(0) > 0 {
			last = s.takeBreak()
		}
		breaks = s.blockBreaks(breaks[:0], indent)
		if s.at.col != indent || s.endAt(0) {
			break
		}
		if folded && last == "\n" && text && s.peek(0) != ' ' && s.peek(0) != '\t' {
			if len(breaks) == 0 {
				out = append(out, ' ')
			}
		} else {
			out = append(out, last...)
		}
	}
	if chomp != '-' {
		out = append(out, last...)
	}
	if chomp == '+' {
		out = append(out, breaks...)
	}
	t.text = string(out)
	s.push(t)
	return nil
}

func (s *scanner) blockBreaks(dst []byte, indent int) []byte {
	for {
		for s.at.col < indent && s.peek(0) == ' ' {
			s.advance(1)
		}
		if s.breakAt(0) == 0 {
			return dst
		}
		dst = append(dst, s.takeBreak()...)
	}
}
