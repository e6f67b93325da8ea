package yaml11

// MaxDepth is the deepest nesting that is read. Upstream's loader stops at a depth of the same order.
const MaxDepth = 200

type parser struct {
	*scanner
	anchors map[string]*Node
	handles map[string]string
	depth   int
}

// Parse reads the only document of a text. The node is nil for a text without any document.
func Parse(text []byte) (*Node, error) {
	text, err := decode(text)
	if err != nil {
		return nil, err
	}
	p := &parser{scanner: newScanner(text)}
	return p.document()
}

// is tells whether the next token is of one of the kinds.
func (p *parser) is(kinds ...tokenKind) (bool, error) {
	t, err := p.look()
	if err != nil {
		return false, err
	}
	for _, k := range kinds {
		if t.kind == k {
			return true, nil
		}
	}
	return false, nil
}

// accept takes the next token if it is of the kind.
func (p *parser) accept(kind tokenKind) (bool, error) {
	ok, err := p.is(kind)
	if ok {
		_, err = p.next()
	}
	return ok, err
}

// empty is the node of a place where nothing is written.
func (p *parser) empty() (*Node, error) {
	t, err := p.look()
	if err != nil {
		return nil, err
	}
	return &Node{Tag: TagNull, Plain: true, Line: t.at.line + 1, Column: t.at.col + 1}, nil
}

// node reads one node. In a block it may be a block collection; indentless allows a sequence at the indent of its key.
func (p *parser) node(block, indentless bool) (*Node, error) {
	t, err := p.look()
	if err != nil {
		return nil, err
	}
	if p.depth++; p.depth > MaxDepth {
		return nil, t.at.fail("RecursionError", "nesting deeper than %d", MaxDepth)
	}
	defer func() { p.depth-- }()
	if t.kind == tokAlias {
		n := p.anchors[t.text]
		if n == nil {
			return nil, t.at.fail("ComposerError", "unknown alias %q", t.text)
		}
		_, err = p.next()
		return n, err
	}
	n := &Node{Line: t.at.line + 1, Column: t.at.col + 1}
	var anchor string
	var hasTag bool
	for range 2 {
		switch {
		case t.kind == tokAnchor && anchor == "":
			anchor = t.text
		case t.kind == tokTag && !hasTag:
			hasTag = true
			if n.Tag, err = p.tag(t); err != nil {
				return nil, err
			}
		default:
			continue
		}
		if _, err = p.next(); err != nil {
			return nil, err
		}
		if t, err = p.look(); err != nil {
			return nil, err
		}
	}
	if anchor != "" {
		if p.anchors == nil {
			p.anchors = map[string]*Node{}
		}
		if first := p.anchors[anchor]; first != nil {
			return nil, n.Fail("ComposerError", "a second anchor %q; the first is in line %d", anchor, first.Line)
		}
		p.anchors[anchor] = n
	}
	return n, p.content(n, t, block, indentless, hasTag || anchor != "")
}

func (p *parser) tag(t token) (string, error) {
	if t.other == "" {
		return t.text, nil
	}
	if prefix, ok := p.handles[t.other]; ok {
		return prefix + t.text, nil
	}
	switch t.other {
	case "!":
		return "!" + t.text, nil
	case "!!":
		return tagPrefix + t.text, nil
	}
	return "", t.at.fail("ParserError", "unknown tag handle %q", t.other)
}

// content reads what follows a node's properties.
func (p *parser) content(n *Node, t token, block, indentless, properties bool) error {
	implicit := n.Tag == "" || n.Tag == "!"
	n.Kind = SequenceNode
	switch {
	case indentless && t.kind == tokBlockEntry:
		return p.collection(n, TagSequence, implicit, p.indentless)
	case t.kind == tokScalar:
		if _, err := p.next(); err != nil {
			return err
		}
		n.Kind, n.Value = ScalarNode, t.text
		n.Plain = t.plain && n.Tag == ""
		switch {
		case t.plain && implicit || n.Tag == "!":
			n.Tag = resolve(t.text)
		case implicit:
			n.Tag = TagString
		}
		return nil
	case t.kind == tokFlowSequence:
		return p.collection(n, TagSequence, implicit, p.flowSequence)
	case t.kind == tokFlowMapping:
		return p.collection(n, TagMapping, implicit, p.flowMapping)
	case block && t.kind == tokBlockSequence:
		return p.collection(n, TagSequence, implicit, p.blockSequence)
	case block && t.kind == tokBlockMapping:
		return p.collection(n, TagMapping, implicit, p.blockMapping)
	case properties:
		n.Kind = ScalarNode
		if implicit {
			n.Tag, n.Plain = TagNull, true
		}
		return nil
	}
	return t.at.fail("ParserError", "a value is needed, not %s", t.kind)
}

func (p *parser) collection(n *Node, tag string, implicit bool, read func(*Node) error) error {
	if implicit {
		n.Tag = tag
	}
	if tag == TagMapping {
		n.Kind = MappingNode
	}
	return read(n)
}

// child reads a node, or an empty one if a token of the kinds follows, and appends it.
func (p *parser) child(n *Node, block, indentless bool, unless ...tokenKind) error {
	none, err := p.is(unless...)
	if err != nil {
		return err
	}
	var c *Node
	if none {
		c, err = p.empty()
	} else {
		c, err = p.node(block, indentless)
	}
	n.Items = append(n.Items, c)
	return err
}

// close takes the token that ends a collection.
func (p *parser) close(n *Node, kind tokenKind, what string) error {
	t, err := p.next()
	if err != nil {
		return err
	}
	if t.kind != kind {
		return t.at.fail("ParserError", "in the %s that begins in line %d: %s is needed, not %s", what, n.Line, kind, t.kind)
	}
	return nil
}
