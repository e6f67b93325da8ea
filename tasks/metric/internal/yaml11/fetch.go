package yaml11

// fetch scans one more token into the queue.
func (s *scanner) fetch() error {
	s.skipToToken()
	if err := s.dropStale(); err != nil {
		return err
	}
	s.unwind(s.at.col)
	c := s.peek(0)
	switch {
	case s.endAt(0):
		return s.fetchEnd()
	case c == '%' && s.at.col == 0:
		return s.fetchDirective()
	case (c == '-' || c == '.') && s.separatorAhead():
		return s.fetchSeparator(c)
	case c == '[':
		return s.fetchFlowStart(tokFlowSequence)
	case c == '{':
		return s.fetchFlowStart(tokFlowMapping)
	case c == ']':
		return s.fetchFlowEnd(tokFlowSequenceEnd)
	case c == '}':
		return s.fetchFlowEnd(tokFlowMappingEnd)
	case c == ',':
		return s.fetchFlowEntry()
	case c == '-' && s.blankAt(1):
		return s.fetchBlockEntry()
	case c == '?' && (s.flow > 0 || s.blankAt(1)):
		return s.fetchKey()
	case c == ':' && (s.flow > 0 || s.blankAt(1)):
		return s.fetchValue()
	case c == '*' || c == '&' || c == '!' || c == '\'' || c == '"':
		return s.fetchNodePart(c)
	case (c == '|' || c == '>') && s.flow == 0:
		s.mayKey = true
		if err := s.removeKey(); err != nil {
			return err
		}
		return s.scanBlockScalar(c == '>')
	case s.plainStarts(c):
		if err := s.saveKey(); err != nil {
			return err
		}
		s.mayKey = false
		s.scanPlain()
		return nil
	}
	return s.at.fail("ScannerError", "%q cannot start a value", rune0(s.text[s.pos:]))
}

func (s *scanner) plainStarts(c byte) bool {
	switch c {
	case '-':
		return !s.blankAt(1)
	case '?', ':':
		return s.flow == 0 && !s.blankAt(1)
	case ' ', '\t', ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	}
	return s.breakAt(0) == 0
}

// skipToToken skips blanks, comments and line breaks. Tabs are not blanks here: upstream refuses them.
func (s *scanner) skipToToken() {
	for {
		for s.peek(0) == ' ' {
			s.advance(1)
		}
		if s.peek(0) == '#' {
			s.skipLine()
		}
		if s.breakAt(0) == 0 {
			return
		}
		s.takeBreak()
		if s.flow == 0 {
			s.mayKey = true
		}
	}
}

func (s *scanner) skipLine() {
	n := 0
	for !s.endAt(n) && s.breakAt(n) == 0 {
		n++
	}
	s.advance(n)
}

func (s *scanner) fetchEnd() error {
	s.unwind(-1)
	if err := s.removeKey(); err != nil {
		return err
	}
	s.mayKey = false
	s.keys = s.keys[:1]
	s.keys[0].possible, s.openKeys = false, 0
	s.push(token{kind: tokStreamEnd, at: s.at})
	s.done = true
	return nil
}

func (s *scanner) fetchDirective() error {
	s.unwind(-1)
	if err := s.removeKey(); err != nil {
		return err
	}
	s.mayKey = false
	return s.scanDirective()
}

func (s *scanner) fetchSeparator(c byte) error {
	s.unwind(-1)
	if err := s.removeKey(); err != nil {
		return err
	}
	s.mayKey = false
	kind := tokDocumentStart
	if c == '.' {
		kind = tokDocumentEnd
	}
	s.push(token{kind: kind, at: s.at})
	s.advance(3)
	return nil
}

func (s *scanner) fetchFlowStart(kind tokenKind) error {
	if err := s.saveKey(); err != nil {
		return err
	}
	s.flow++
	s.keys = append(s.keys, simpleKey{})
	s.mayKey = true
	s.push(token{kind: kind, at: s.at})
	s.advance(1)
	return nil
}

func (s *scanner) fetchFlowEnd(kind tokenKind) error {
	if err := s.removeKey(); err != nil {
		return err
	}
	if s.flow > 0 { // without an opening bracket the parser refuses the token
		s.flow--
		s.keys = s.keys[:len(s.keys)-1]
	}
	s.mayKey = false
	s.push(token{kind: kind, at: s.at})
	s.advance(1)
	return nil
}

func (s *scanner) fetchFlowEntry() error {
	s.mayKey = true
	if err := s.removeKey(); err != nil {
		return err
	}
	s.push(token{kind: tokFlowEntry, at: s.at})
	s.advance(1)
	return nil
}

func (s *scanner) fetchBlockEntry() error {
	if s.flow == 0 {
		if !s.mayKey {
			return s.at.fail("ScannerError", "a sequence entry is not allowed here")
		}
		if s.addIndent(s.at.col) {
			s.push(token{kind: tokBlockSequence, at: s.at})
		}
	}
	s.mayKey = true
	if err := s.removeKey(); err != nil {
		return err
	}
	s.push(token{kind: tokBlockEntry, at: s.at})
	s.advance(1)
	return nil
}

func (s *scanner) fetchKey() error {
	if s.flow == 0 {
		if !s.mayKey {
			return s.at.fail("ScannerError", "a mapping key is not allowed here")
		}
		if s.addIndent(s.at.col) {
			s.push(token{kind: tokBlockMapping, at: s.at})
		}
	}
	s.mayKey = s.flow == 0
	if err := s.removeKey(); err != nil {
		return err
	}
	s.push(token{kind: tokKey, at: s.at})
	s.advance(1)
	return nil
}

func (s *scanner) fetchValue() error {
	if k := &s.keys[len(s.keys)-1]; k.possible {
		k.possible = false
		s.openKeys--
		s.insert(k.number, token{kind: tokKey, at: k.at})
		if s.flow == 0 && s.addIndent(k.at.col) {
			s.insert(k.number, token{kind: tokBlockMapping, at: k.at})
		}
		s.mayKey = false
	} else {
		if s.flow == 0 {
			if !s.mayKey {
				return s.at.fail("ScannerError", "a mapping value is not allowed here")
			}
			if s.addIndent(s.at.col) {
				s.push(token{kind: tokBlockMapping, at: s.at})
			}
		}
		s.mayKey = s.flow == 0
		if err := s.removeKey(); err != nil {
			return err
		}
	}
	s.push(token{kind: tokValue, at: s.at})
	s.advance(1)
	return nil
}

// fetchNodePart scans what may begin a key: alias, anchor, tag, quoted scalar.
func (s *scanner) fetchNodePart(c byte) error {
	if err := s.saveKey(); err != nil {
		return err
	}
	s.mayKey = false
	switch c {
	case '*':
		return s.scanAnchor(tokAlias)
	case '&':
		return s.scanAnchor(tokAnchor)
	case '!':
		return s.scanTag()
	}
	return s.scanQuoted(c)
}
