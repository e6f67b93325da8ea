package metadata

import "bytes"

// scalars goes over the object of scalars of the present node.
func (s *scanner) scalars(i int) (end int, ok bool) {
	i, empty, ok := s.open(i, '{')
	if !ok || empty {
		return i, ok
	}
	s.relate()
	if s.outline != nil {
		s.outline.begin(s.path)
	}
	for more := true; more; {
		var (
			name []byte
			set  uint8
			v    token
		)
		if name, i, ok = s.name(i); !ok || bytes.IndexByte(name, '.') >= 0 {
			return i, false
		}
		if set, ok = s.matches(name); !ok {
			return i, false
		}
		at := i
		if v, i, ok = s.token(i); !ok {
			return i, false
		}
		if s.outline != nil {
			s.outline.add(outlinedItem{name: name, at: at})
		}
		if set != 0 {
			value, ok := v.value()
			if !ok {
				return i, false
			}
			s.answer(set, value)
		}
		if i, more, ok = s.next(i, '{'); !ok {
			return i, false
		}
	}
	return i, true
}

// arrays goes over the object of arrays of the present node.
func (s *scanner) arrays(i int) (end int, ok bool) {
	i, empty, ok := s.open(i, '{')
	if !ok || empty {
		return i, ok
	}
	s.relate()
	if s.outline != nil {
		s.outline.begin(s.path)
	}
	for more := true; more; {
		var (
			name []byte
			set  uint8
		)
		if name, i, ok = s.name(i); !ok || bytes.IndexByte(name, '.') >= 0 {
			return i, false
		}
		if set, ok = s.matches(name); !ok {
			return i, false
		}
		if i, ok = s.list(i, name, set); !ok {
			return i, false
		}
		if i, more, ok = s.next(i, '{'); !ok {
			return i, false
		}
	}
	return i, true
}

// list goes over an array, whose last element answers the fragments of the set.
func (s *scanner) list(i int, name []byte, set uint8) (end int, ok bool) {
	i, empty, ok := s.open(i, '[')
	if !ok || empty {
		if s.outline != nil {
			s.outline.add(outlinedItem{name: name, at: -1})
		}
		return i, ok && set == 0
	}
	var v token
	last := i
	texts, numbers := 0, 0
	for more := true; more; {
		last = i
		if v, i, ok = s.token(i); !ok {
			return i, false
		}
		if v.text {
			texts++
		} else {
			numbers++
		}
		if i, more, ok = s.next(i, '['); !ok {
			return i, false
		}
	}
	if texts > 0 && numbers > 0 {
		return i, false
	}
	if s.outline != nil {
		s.outline.add(outlinedItem{name: name, at: last, texts: texts > 1})
	}
	if set == 0 {
		return i, true
	}
	value, ok := v.value()
	if !ok || texts > 1 && value.Kind == Number {
		// The text stays one if another text of the list is no number.
		return i, false
	}
	s.answer(set, value)
	return i, true
}

// token is a scalar value as it stands in the text.
type token struct {
	// raw is the content of a text, or a number or constant.
	raw           []byte
	text, escaped bool
	// digits and whole are those of numberToken; word is set for a constant.
	digits int
	whole  bool
	word   string
}

// wideDigits is from how many digits on a whole number may be too large for a float64.
const wideDigits = 308

// token goes over a scalar value.
func (s *scanner) token(i int) (v token, end int, ok bool) {
	if i >= len(s.b) {
		return v, i, false
	}
	c := s.b[i]
	if c == '"' {
		end, escaped, reason := stringToken(s.b, i+1)
		if reason != "" {
			return v, end, false
		}
		return token{raw: s.b[i+1 : end], text: true, escaped: escaped}, end + 1, true
	}
	if '0' <= c && c <= '9' || c == '-' && i+1 < len(s.b) && s.b[i+1] != 'I' {
		end, digits, whole, ok := numberToken(s.b, i)
		return token{raw: s.b[i:end], digits: digits, whole: whole}, end, ok && digits <= wideDigits
	}
	word, ok := wordToken(s.b, i)
	return token{word: word}, i + len(word), ok
}

// value is what the slow reader makes of the token alone.
func (v *token) value() (Value, bool) {
	switch {
	case v.text:
		var text string
		if v.escaped {
			text = string(appendString(nil, v.raw))
		} else {
			if len(v.raw) > 0 && plainText(v.raw) {
				return Value{Kind: Text, Text: string(v.raw)}, true
			}
			text = string(v.raw)
		}
		if f, ok := ParseFloat(text); ok {
			return NumberValue(f), true
		}
		return Value{Kind: Text, Text: text}, true
	case v.word != "":
		return NumberValue(wordValue(v.word).number), true
	}
	f, ok := numberValue(v.raw, v.digits, v.whole)
	return NumberValue(f), ok
}

// plainText sees quickly that a text is a date or a name and no number: it has a character that no number has.
func plainText(b []byte) bool {
	for _, c := range b {
		switch c {
		case ':', '/':
			return true
		}
	}
	return false
}

// anything goes over any value of a name that means nothing.
func (s *scanner) anything(i int) (end int, ok bool) {
	if i >= len(s.b) {
		return i, false
	}
	opening := s.b[i]
	if opening != '{' && opening != '[' {
		_, i, ok = s.token(i)
		return i, ok
	}
	i, empty, ok := s.open(i, opening)
	if !ok || empty {
		return i, ok
	}
	for more := true; more; {
		if opening == '{' {
			if _, i, ok = s.name(i); !ok {
				return i, false
			}
		}
		if i, ok = s.anything(i); !ok {
			return i, false
		}
		if i, more, ok = s.next(i, opening); !ok {
			return i, false
		}
	}
	return i, true
}
