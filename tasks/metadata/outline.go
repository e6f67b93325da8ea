package metadata

// outline says where the items of a text stand, so that searches for several tasks go over the text once. It is made by the fast reader, and
// only of texts that it understands whole; what depends on the search it leaves to find, which gives up where scan would.
type outline struct {
	nodes []outlinedNode
	items []outlinedItem
	paths []byte
}

// outlinedNode is one object of scalars or arrays: the full name of its node and its items, both as ends in the lists.
type outlinedNode struct{ path, pathEnd, items, itemsEnd int }

// outlinedItem is a scalar, or an array of which the last element counts.
type outlinedItem struct {
	name []byte
	// at is where the value begins; -1 for an empty array.
	at int
	// texts says that an array has several texts.
	texts bool
}

// newOutline goes over the text once; nil if it is unusual.
func newOutline(text []byte) *outline {
	// Most items of real files take less than a line of 32 characters.
	o := &outline{items: make([]outlinedItem, 0, len(text)/32+1), nodes: make([]outlinedNode, 0, 32)}
	s := &scanner{b: text, outline: o}
	s.path = s.scratch[:0]
	i, ok := s.node(skipSpace(text, 0))
	if !ok || skipSpace(text, i) != len(text) {
		return nil
	}
	return o
}

// begin enters an object of items of the node with the given full name.
func (o *outline) begin(path []byte) {
	start := len(o.paths)
	o.paths = append(o.paths, path...)
	o.nodes = append(o.nodes, outlinedNode{start, len(o.paths), len(o.items), len(o.items)})
}

// add enters an item of the last object.
func (o *outline) add(item outlinedItem) {
	o.items = append(o.items, item)
	o.nodes[len(o.nodes)-1].itemsEnd = len(o.items)
}

// find answers all fragments as scan does, or gives up.
func (o *outline) find(text []byte, dst []Value, fragments []string) (answers []Value, ok bool) {
	if len(fragments) > maxFragments {
		return dst, false
	}
	s := scanner{b: text}
	s.want(fragments)
	for n := range o.nodes {
		node := &o.nodes[n]
		s.path = o.paths[node.path:node.pathEnd]
		if !s.relate() {
			continue
		}
		for k := node.items; k < node.itemsEnd; k++ {
			item := &o.items[k]
			set, ok := s.matches(item.name)
			if !ok {
				return dst, false
			}
			if set == 0 {
				continue
			}
			if item.at < 0 {
				return dst, false
			}
			v, _, _ := s.token(item.at)
			value, ok := v.value()
			if !ok || item.texts && value.Kind == Number {
				return dst, false
			}
			s.answer(set, value)
		}
	}
	return s.answers(dst), true
}
