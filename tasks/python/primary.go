package python

// primary reads an atom and the attributes, calls and indices behind it.
func (p *parser) primary() (*node, error) {
	n, err := p.atom()
	if err != nil {
		return nil, err
	}
	depth := p.depth
	defer func() { p.depth = depth }()
	for {
		switch {
		case p.is("."):
			n, err = p.attribute(n)
		case p.is("("):
			n, err = p.call(n)
		case p.is("["):
			n, err = p.index(n)
		default:
			return n, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (p *parser) attribute(of *node) (*node, error) {
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind != nameToken || keywords[p.tok.text] {
		return nil, p.fail("expected a name after '.', found %s", p.found())
	}
	name := p.tok.text
	if err := p.advance(); err != nil {
		return nil, err
	}
	// A dotted name stays one node, however long it is.
	if of.kind == nameNode || of.kind == attributeNode {
		of.segments = append(of.segments, name)
		return of, nil
	}
	if err := p.deeper(); err != nil {
		return nil, err
	}
	return &node{kind: attributeNode, place: of.place, segments: []string{name}, args: []*node{of}}, nil
}

func (p *parser) call(of *node) (*node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	n := &node{kind: callNode, place: of.place, args: []*node{of}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for !p.is(")") {
		keyword := ""
		arg, err := p.expression()
		if err != nil {
			return nil, err
		}
		if arg.kind == nameNode && len(arg.segments) == 1 && p.is("=") {
			keyword = arg.segments[0]
			if err := p.advance(); err != nil {
				return nil, err
			}
			if arg, err = p.expression(); err != nil {
				return nil, err
			}
		} else if len(n.keywords) > 0 && n.keywords[len(n.keywords)-1] != "" {
			return nil, p.fail("positional argument follows keyword argument")
		}
		n.args = append(n.args, arg)
		n.keywords = append(n.keywords, keyword)
		if more, err := p.accept(","); err != nil {
			return nil, err
		} else if !more {
			break
		}
	}
	return n, p.expect(")")
}

func (p *parser) index(of *node) (*node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is(":") {
		return nil, p.unsupported("a slice")
	}
	key, err := p.expressions()
	if err != nil {
		return nil, err
	}
	if p.is(":") {
		return nil, p.unsupported("a slice")
	}
	return &node{kind: indexNode, place: of.place, args: []*node{of, key}}, p.expect("]")
}

func (p *parser) atom() (*node, error) {
	t := p.tok
	switch t.kind {
	case numberToken:
		return &node{kind: constantNode, place: t.place, value: t.value}, p.advance()
	case stringToken, formatToken:
		return p.strings()
	case nameToken:
		return p.name()
	case opToken:
		switch t.text {
		case "...":
			return &node{kind: constantNode, place: t.place, value: Ellipsis{}}, p.advance()
		case "(":
			return p.parenthesis()
		case "[":
			return p.list()
		case "{":
			return p.braces()
		}
	}
	return nil, p.fail("invalid syntax at %s", p.found())
}

func (p *parser) name() (*node, error) {
	n := &node{kind: constantNode, place: p.tok.place}
	switch p.tok.text {
	case "True":
		n.value = true
	case "False":
		n.value = false
	case "None":
	default:
		if keywords[p.tok.text] {
			return nil, p.fail("invalid syntax at %s", p.found())
		}
		n.kind, n.segments = nameNode, []string{p.tok.text}
	}
	return n, p.advance()
}

// strings reads adjacent string literals as one.
func (p *parser) strings() (*node, error) {
	n := &node{kind: constantNode, place: p.tok.place}
	_, bytes := p.tok.value.(Bytes)
	var all []byte
	for p.tok.kind == stringToken || p.tok.kind == formatToken {
		n.format = n.format || p.tok.kind == formatToken
		switch v := p.tok.value.(type) {
		case Bytes:
			all = append(all, v...)
		case string:
			all = append(all, v...)
		default:
			n.kind = formatNode
		}
		if _, b := p.tok.value.(Bytes); b != bytes {
			return nil, p.fail("cannot mix bytes and nonbytes literals")
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if bytes {
		n.value = Bytes(all)
	} else {
		n.value = string(all)
	}
	return n, nil
}

func (p *parser) parenthesis() (*node, error) {
	start := p.tok.place
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.is(")") {
		return &node{kind: tupleNode, place: start}, p.advance()
	}
	n, err := p.expressions()
	if err != nil {
		return nil, err
	}
	if n.kind == nameNode {
		// (a).b and f((a)=1) are no dotted name and no keyword; the subset has no use for either.
		if err := p.expect(")"); err != nil {
			return nil, err
		}
		if p.is(".") || p.is("=") {
			return nil, p.unsupported("a name in parentheses")
		}
		return n, nil
	}
	return n, p.expect(")")
}

func (p *parser) list() (*node, error) {
	n := &node{kind: listNode, place: p.tok.place}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return n, p.items(n, "]")
}

// items reads expressions and commas up to the closing bracket.
func (p *parser) items(n *node, closing string) error {
	for !p.is(closing) {
		item, err := p.expression()
		if err != nil {
			return err
		}
		n.args = append(n.args, item)
		if more, err := p.accept(","); err != nil {
			return err
		} else if !more {
			break
		}
	}
	return p.expect(closing)
}

// braces reads a set or a dict.
func (p *parser) braces() (*node, error) {
	n := &node{kind: dictNode, place: p.tok.place}
	if err := p.advance(); err != nil {
		return nil, err
	}
	for !p.is("}") {
		key, err := p.expression()
		if err != nil {
			return nil, err
		}
		if len(n.args) == 0 && !p.is(":") {
			n.kind, n.args = setNode, []*node{key}
			if more, err := p.accept(","); err != nil {
				return nil, err
			} else if more {
				return n, p.items(n, "}")
			}
			return n, p.expect("}")
		}
		if err := p.expect(":"); err != nil {
			return nil, err
		}
		value, err := p.expression()
		if err != nil {
			return nil, err
		}
		n.args = append(n.args, key, value)
		if more, err := p.accept(","); err != nil {
			return nil, err
		} else if !more {
			break
		}
	}
	return n, p.expect("}")
}
