package python

import "strings"

type nodeKind uint8

const (
	constantNode  nodeKind = iota
	nameNode               // segments a, b, c of a.b.c
	attributeNode          // segments of args[0], which is no name
	callNode               // args[0] called with the others; keywords are parallel to these
	indexNode              // args[0][args[1]]
	listNode
	tupleNode
	setNode
	dictNode // keys and values in turn
	formatNode
	negateNode
	plusNode
	notNode
	addNode     // all args added up from the left
	compareNode // args[0] ops[0] args[1] ops[1] args[2] ...
	andNode
	orNode
)

// node is a part of an expression. Chains of one operator are one node, so that depth follows the nesting of the text.
type node struct {
	kind  nodeKind
	place place
	// segments of a dotted name, in which no part is empty.
	segments []string
	value    Value
	args     []*node
	// keywords of a call's arguments, empty for positional ones; ops of a comparison.
	keywords, ops []string
	// format tells that a constant is an f-string: value expressions refuse it.
	format bool
}

// unsupported is the refusal of a node.
func (n *node) unsupported(what string) error {
	return &UnsupportedError{n.place.line, n.place.column, what}
}

// describe says what a node is, for messages.
func (n *node) describe() string {
	switch n.kind {
	case nameNode:
		return "the name " + n.name()
	case attributeNode:
		return "the attribute " + n.name()
	case callNode:
		if n.args[0].kind == nameNode {
			return "a call of " + n.args[0].name()
		}
		return "a call"
	case indexNode:
		return "an index"
	case formatNode:
		return "an f-string with expressions"
	case negateNode, plusNode, addNode:
		return "arithmetic"
	case notNode, andNode, orNode:
		return "logic"
	case compareNode:
		return "a comparison"
	}
	return "an expression"
}

// name is the dotted name.
func (n *node) name() string { return strings.Join(n.segments, ".") }
