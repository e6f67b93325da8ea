package python

import "strings"

// Contract is a parsed contract of a pipeline. It is immutable.
type Contract struct{ root *node }

// Reference is a name in a contract. With neither Field nor Connection it is the bare label.
type Reference struct {
	Label string
	// Field is the dotted field of the config of the label, for example connections.package.
	Field string
	// Connection is the connection whose dataset type name is meant, as in
	// label.connections.ConnectionsClass(config=label).connection.name.
	Connection string
}

// String is the reference as a contract writes it.
func (r Reference) String() string {
	switch {
	case r.Connection != "":
		return r.Label + ".connections.ConnectionsClass(config=" + r.Label + ")." + r.Connection + ".name"
	case r.Field != "":
		return r.Label + "." + r.Field
	}
	return r.Label
}

// ParseContract parses a contract (pipelines.md 1.10): comparisons, in, is, and, or, not, parentheses, literals, and fields of labels.
// The error is a *SyntaxError, or an *UnsupportedError for what only Python can evaluate.
func ParseContract(text string) (*Contract, error) {
	p, err := newParser(strings.TrimLeft(text, " \t"), 1, false)
	if err != nil {
		return nil, err
	}
	root, err := p.whole()
	if err != nil {
		return nil, err
	}
	return &Contract{root}, checkContract(root)
}

// checkContract refuses a contract before it is needed, also where evaluation might not come.
func checkContract(n *node) error {
	switch n.kind {
	case formatNode:
		return n.unsupported(n.describe())
	case attributeNode, callNode, indexNode:
		if _, ok := n.reference(); !ok {
			return n.unsupported(n.describe())
		}
		return nil
	}
	for _, arg := range n.args {
		if err := checkContract(arg); err != nil {
			return err
		}
	}
	return nil
}

// reference is what a name, or the way to a connection's name, refers to.
func (n *node) reference() (r Reference, ok bool) {
	switch n.kind {
	case nameNode:
		return Reference{Label: n.segments[0], Field: strings.Join(n.segments[1:], ".")}, true
	case attributeNode:
		call := n.args[0]
		if len(n.segments) != 2 || n.segments[1] != "name" || call.kind != callNode || len(call.args) != 2 || call.keywords[0] != "config" {
			return r, false
		}
		class, config := call.args[0], call.args[1]
		if class.kind != nameNode || len(class.segments) != 3 || class.segments[1] != "connections" || class.segments[2] != "ConnectionsClass" {
			return r, false
		}
		// A config of another label would need connections that no task has.
		label := class.segments[0]
		if config.kind != nameNode || len(config.segments) != 1 || config.segments[0] != label {
			return r, false
		}
		return Reference{Label: label, Connection: n.segments[0]}, true
	}
	return r, false
}

// References lists what the contract refers to, in the order of the text, duplicates included.
func (c *Contract) References() []Reference {
	var all []Reference
	var walk func(n *node)
	walk = func(n *node) {
		if r, ok := n.reference(); ok {
			all = append(all, r)
			return
		}
		for _, arg := range n.args {
			walk(arg)
		}
	}
	walk(c.root)
	return all
}

// Eval tells whether the contract holds. Only what Python would evaluate is looked up; lists must come as []Value. Errors of lookup
// stop the evaluation and are returned as they are. Others are an *OperationError (TypeError) for values that cannot be compared, or
// an *UnsupportedError.
func (c *Contract) Eval(lookup func(Reference) (Value, error)) (bool, error) {
	find := func(n *node) (Value, error) {
		r, ok := n.reference()
		if !ok {
			return nil, n.unsupported(n.describe())
		}
		v, err := lookup(r)
		return fieldValue(v), err
	}
	e := evaluator{name: find, other: find, negate: negate, sums: true, logic: true}
	v, err := e.eval(c.root)
	return err == nil && truth(v), err
}
