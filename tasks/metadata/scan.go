package metadata

import (
	"bytes"
	"strings"
)

// The fast reader answers a search in one pass over the text, without making a tree. It checks the whole text with the lexer of
// the slow reader and knows the ordinary case only; at anything else (an error, a repeated name, an escape or a period in a name,
// a second match, an empty list that matches, a list of numbers and texts) it gives up, and Document asks the slow reader. So the
// slow reader alone defines what is unusual, and the two agree.
//
//	node      = { "scalars": { name: scalar }, "arrays": { name: list }, "metadata": { name: node }, other: anything }
//	full name = the names of the nodes from the top, each followed by a period, then the name of the scalar or list
//
// Names without periods make matching cheap. Split the fragment at its last period: the tail must begin the name of the item and
// the head must end the full name of its node, which is known once for all items of the node. A fragment without a period must
// be within the name of the item. Beside this the fragment can lie in the full name of the node alone: then every item matches.

// maxFragments is how many fragments the fast reader takes.
const maxFragments = 8

// scanner is the state of one pass.
type scanner struct {
	b     []byte
	depth int
	// path is the full name of the present node with its final period.
	path []byte
	// wanted are the fragments, in order.
	wanted []wanted
	// matched counts the fragments that have their answer.
	matched int
	// outline, if set, is being made: then nothing is wanted.
	outline *outline

	// The slices above begin in these, so that a scan allocates once.
	wants   [maxFragments]wanted
	scratch [512]byte
}

// wanted is a fragment and its answer.
type wanted struct {
	text []byte
	// cut is the length of the head, which ends with the last period; 0 if there is none.
	cut    int
	value  Value
	found  bool
	within relation
}

// relation is how a fragment relates to the present node.
type relation uint8

const (
	noItem relation = iota
	everyItem
	itemsWithTail
	itemsContaining
)

// scan answers all fragments, or gives up.
func scan(text []byte, dst []Value, fragments []string) (answers []Value, ok bool) {
	if len(fragments) > maxFragments {
		return dst, false
	}
	s := &scanner{b: text}
	s.want(fragments)
	i, ok := s.node(skipSpace(text, 0))
	if !ok || skipSpace(text, i) != len(text) {
		return dst, false
	}
	return s.answers(dst), true
}

// want sets the fragments that are looked for.
func (s *scanner) want(fragments []string) {
	scratch := s.scratch[:0]
	for i, f := range fragments {
		start := len(scratch)
		scratch = append(scratch, f...)
		s.wants[i].text = scratch[start:]
		s.wants[i].cut = strings.LastIndexByte(f, '.') + 1
	}
	s.path, s.wanted = scratch[len(scratch):], s.wants[:len(fragments)]
}

func (s *scanner) answers(dst []Value) []Value {
	for i := range s.wanted {
		dst = append(dst, s.wanted[i].value)
	}
	return dst
}

// relate works out how the fragments relate to the node of the present path. It reports false if none can match an item of it.
func (s *scanner) relate() bool {
	any := false
	for i := range s.wanted {
		w := &s.wanted[i]
		switch {
		case bytes.Contains(s.path, w.text):
			w.within = everyItem
		case w.cut == 0:
			w.within = itemsContaining
		case len(s.path) >= w.cut && string(s.path[len(s.path)-w.cut:]) == string(w.text[:w.cut]):
			w.within = itemsWithTail
		default:
			w.within = noItem
			continue
		}
		any = true
	}
	return any
}

// matches finds the fragments that the full name of an item contains, as a set of bits. It is not ok if one has a match already.
func (s *scanner) matches(name []byte) (set uint8, ok bool) {
	for i := range s.wanted {
		w := &s.wanted[i]
		hit := false
		switch w.within {
		case everyItem:
			hit = true
		case itemsWithTail:
			tail := len(w.text) - w.cut
			hit = len(name) >= tail && string(name[:tail]) == string(w.text[w.cut:])
		case itemsContaining:
			hit = len(name) >= len(w.text) && bytes.Contains(name, w.text)
		}
		if !hit {
			continue
		}
		if w.found {
			return 0, false
		}
		w.found = true
		s.matched++
		set |= 1 << i
	}
	return set, true
}

func (s *scanner) answer(set uint8, v Value) {
	for i := range s.wanted {
		if set&(1<<i) != 0 {
			s.wanted[i].value = v
		}
	}
}

// open goes over the opening bracket at i, to the first item or to what follows the empty list.
func (s *scanner) open(i int, opening byte) (next int, empty, ok bool) {
	if i >= len(s.b) || s.b[i] != opening || s.depth >= maxDepth {
		return i, false, false
	}
	i = skipSpace(s.b, i+1)
	if i < len(s.b) && s.b[i] == opening+2 { // both closing brackets are two after the opening one
		return i + 1, true, true
	}
	s.depth++
	return i, false, true
}

// next goes over the comma to the following item, or over the closing bracket.
func (s *scanner) next(i int, opening byte) (next int, more, ok bool) {
	i = skipSpace(s.b, i)
	if i >= len(s.b) {
		return i, false, false
	}
	switch s.b[i] {
	case ',':
		return skipSpace(s.b, i+1), true, true
	case opening + 2:
		s.depth--
		return i + 1, false, true
	}
	return i, false, false
}

// name goes over a name and its colon. It is not ok for a name with an escape or a period.
func (s *scanner) name(i int) (name []byte, next int, ok bool) {
	if i >= len(s.b) || s.b[i] != '"' {
		return nil, i, false
	}
	end, escaped, reason := stringToken(s.b, i+1)
	if reason != "" || escaped {
		return nil, i, false
	}
	name = s.b[i+1 : end]
	if i = skipSpace(s.b, end+1); i >= len(s.b) || s.b[i] != ':' {
		return nil, i, false
	}
	return name, skipSpace(s.b, i+1), true
}

// node goes over the node that begins at i.
func (s *scanner) node(i int) (end int, ok bool) {
	i, empty, ok := s.open(i, '{')
	if !ok || empty {
		return i, ok
	}
	// Items follow their node's name directly in ordinary files, but children may come before them.
	var seen [3]bool
	for more := true; more; {
		var name []byte
		if name, i, ok = s.name(i); !ok {
			return i, false
		}
		part := -1
		switch string(name) {
		case "scalars":
			part = 0
			i, ok = s.scalars(i)
		case "arrays":
			part = 1
			i, ok = s.arrays(i)
		case "metadata":
			part = 2
			i, ok = s.children(i)
		default:
			i, ok = s.anything(i)
		}
		if !ok {
			return i, false
		}
		if part >= 0 {
			if seen[part] {
				return i, false
			}
			seen[part] = true
		}
		if i, more, ok = s.next(i, '{'); !ok {
			return i, false
		}
	}
	return i, true
}

// children goes over the object of child nodes.
func (s *scanner) children(i int) (end int, ok bool) {
	i, empty, ok := s.open(i, '{')
	if !ok || empty {
		return i, ok
	}
	// A later child of the same name replaces the earlier one and what was found in it.
	var (
		holders [maxFragments][]byte
		held    int
		room    [16][]byte
		names   = room[:0]
	)
	for more := true; more; {
		var name []byte
		if name, i, ok = s.name(i); !ok || bytes.IndexByte(name, '.') >= 0 {
			return i, false
		}
		for _, h := range holders[:held] {
			if bytes.Equal(h, name) {
				return i, false
			}
		}
		if s.outline != nil {
			// Which of two children of one name counts depends on what is found in them: such a text gets no outline.
			for _, other := range names {
				if bytes.Equal(other, name) {
					return i, false
				}
			}
			names = append(names, name)
		}
		length, matched := len(s.path), s.matched
		s.path = append(append(s.path, name...), '.')
		if i, ok = s.node(i); !ok {
			return i, false
		}
		s.path = s.path[:length]
		if s.matched > matched {
			holders[held] = name
			held++
		}
		if i, more, ok = s.next(i, '{'); !ok {
			return i, false
		}
	}
	return i, true
}
