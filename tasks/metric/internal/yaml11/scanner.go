package yaml11

// scanner turns the text into tokens. Block structure comes from indentation: opening and closing tokens are put in where the indent
// changes, and a key token is put before a scalar only when its ':' is met, so tokens wait in a queue while a key is possible.
type scanner struct {
	text  []byte
	pos   int
	at    mark
	index int // characters read

	indent   int
	indents  []int
	flow     int // depth of [ and {
	mayKey   bool
	keys     []simpleKey // one per flow depth
	openKeys int         // how many of keys are possible

	queue []token
	head  int // first waiting token
	taken int // tokens handed out
	done  bool
}

func newScanner(text []byte) *scanner {
	return &scanner{text: text, indent: -1, mayKey: true, keys: make([]simpleKey, 1, 8), queue: make([]token, 0, 32)}
}

// peek gives the byte n places ahead, 0 behind the end (the text holds no NUL).
func (s *scanner) peek(n int) byte {
	if s.pos+n < len(s.text) {
		return s.text[s.pos+n]
	}
	return 0
}

// breakAt gives the length in bytes of the line break n bytes ahead, or 0. A carriage return with a line feed is one break.
func (s *scanner) breakAt(n int) int {
	switch s.peek(n) {
	case '\n':
		return 1
	case '\r':
		if s.peek(n+1) == '\n' {
			return 2
		}
		return 1
	case 0xc2:
		if s.peek(n+1) == 0x85 {
			return 2
		}
	case 0xe2:
		if s.peek(n+1) == 0x80 && (s.peek(n+2) == 0xa8 || s.peek(n+2) == 0xa9) {
			return 3
		}
	}
	return 0
}

func (s *scanner) endAt(n int) bool { return s.pos+n >= len(s.text) }

// blankAt tells whether a blank, tab, line break or the end is n bytes ahead.
func (s *scanner) blankAt(n int) bool {
	c := s.peek(n)
	return c == ' ' || c == '\t' || s.breakAt(n) > 0 || s.endAt(n)
}

// advance moves over n bytes that hold no line break.
func (s *scanner) advance(n int) {
	for _, c := range s.text[s.pos : s.pos+n] {
		if c < 0x80 || c >= 0xc0 {
			s.at.col++
			s.index++
		}
	}
	s.pos += n
}

// takeBreak moves over a line break and gives the character it stands for.
func (s *scanner) takeBreak() string {
	n := s.breakAt(0)
	out := "\n"
	if n == 3 {
		out = string(s.text[s.pos : s.pos+3])
	}
	s.index++
	if n == 2 && s.text[s.pos] == '\r' {
		s.index++
	}
	s.pos += n
	s.at = mark{s.at.line + 1, 0}
	return out
}

func (s *scanner) separatorAhead() bool {
	if s.at.col != 0 || s.pos+3 > len(s.text) {
		return false
	}
	p := string(s.text[s.pos : s.pos+3])
	return (p == "---" || p == "...") && s.blankAt(3)
}

// next hands out the next token.
func (s *scanner) next() (token, error) {
	t, err := s.look()
	if err == nil && t.kind != tokStreamEnd {
		s.head++
		s.taken++
		if s.head == len(s.queue) {
			s.queue, s.head = s.queue[:0], 0
		}
	}
	return t, err
}

// look gives the next token and leaves it.
func (s *scanner) look() (token, error) {
	for {
		need, err := s.needMore()
		if err != nil {
			return token{}, err
		}
		if !need {
			return s.queue[s.head], nil
		}
		if err := s.fetch(); err != nil {
			return token{}, err
		}
	}
}

func (s *scanner) needMore() (bool, error) {
	if s.done {
		return false, nil
	}
	if s.head == len(s.queue) {
		return true, nil
	}
	if s.openKeys == 0 {
		return false, nil
	}
	if err := s.dropStale(); err != nil {
		return false, err
	}
	for i := range s.keys {
		if s.keys[i].possible {
			return s.keys[i].number == s.taken, nil // keys of outer depths come first
		}
	}
	return false, nil
}

func (s *scanner) push(t token) { s.queue = append(s.queue, t) }

// insert puts a token before the waiting token of the given number.
func (s *scanner) insert(number int, t token) {
	i := s.head + number - s.taken
	s.queue = append(s.queue, token{})
	copy(s.queue[i+1:], s.queue[i:])
	s.queue[i] = t
}

// dropStale gives up keys whose ':' can no longer come: keys end in their line and within 1024 characters.
func (s *scanner) dropStale() error {
	if s.openKeys == 0 {
		return nil
	}
	for i := range s.keys {
		k := &s.keys[i]
		if k.possible && (k.at.line != s.at.line || s.index-k.index > maxSimpleKey) {
			if k.required {
				return k.at.fail("ScannerError", "a key without its ':'")
			}
			k.possible = false
			s.openKeys--
		}
	}
	return nil
}

func (s *scanner) saveKey() error {
	required := s.flow == 0 && s.indent == s.at.col
	if !s.mayKey {
		return nil
	}
	if err := s.removeKey(); err != nil {
		return err
	}
	s.keys[len(s.keys)-1] = simpleKey{true, required, s.taken + len(s.queue) - s.head, s.index, s.at}
	s.openKeys++
	return nil
}

func (s *scanner) removeKey() error {
	k := &s.keys[len(s.keys)-1]
	if k.possible {
		if k.required {
			return k.at.fail("ScannerError", "a key without its ':'")
		}
		k.possible = false
		s.openKeys--
	}
	return nil
}

// unwind closes the blocks deeper than col.
func (s *scanner) unwind(col int) {
	if s.flow > 0 {
		return
	}
	for s.indent > col {
		s.indent = s.indents[len(s.indents)-1]
		s.indents = s.indents[:len(s.indents)-1]
		s.push(token{kind: tokBlockEnd, at: s.at})
	}
}

// addIndent opens a block at col and tells whether one was needed.
func (s *scanner) addIndent(col int) bool {
	if s.indent >= col {
		return false
	}
	s.indents = append(s.indents, s.indent)
	s.indent = col
	return true
}
