package python

// inversion reads a comparison with any number of "not" before it.
func (p *parser) inversion() (*node, error) {
	if !p.isWord("not") {
		return p.comparison()
	}
	n := &node{kind: notNode, place: p.tok.place}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p.wrap(n, p.inversion)
}

// wrap reads the single operand of n, one level deeper.
func (p *parser) wrap(n *node, operand func() (*node, error)) (*node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	arg, err := operand()
	if err != nil {
		return nil, err
	}
	n.args = []*node{arg}
	return n, nil
}

func (p *parser) comparison() (*node, error) {
	start := p.tok.place
	n, err := p.sum()
	if err != nil {
		return nil, err
	}
	all := &node{kind: compareNode, place: start, args: []*node{n}}
	for {
		op, err := p.comparator()
		if err != nil {
			return nil, err
		}
		if op == "" {
			break
		}
		n, err := p.sum()
		if err != nil {
			return nil, err
		}
		all.ops = append(all.ops, op)
		all.args = append(all.args, n)
	}
	if len(all.ops) == 0 {
		return n, nil
	}
	return all, nil
}

// comparator steps over a comparison operator and returns it, or empty.
func (p *parser) comparator() (string, error) {
	if p.tok.kind == opToken {
		switch op := p.tok.text; op {
		case "<", ">", "<=", ">=", "==", "!=":
			return op, p.advance()
		}
		return "", nil
	}
	switch {
	case p.isWord("in"):
		return "in", p.advance()
	case p.isWord("is"):
		if err := p.advance(); err != nil || !p.isWord("not") {
			return "is", err
		}
		return "is not", p.advance()
	case p.isWord("not"):
		if err := p.advance(); err != nil {
			return "", err
		}
		if !p.isWord("in") {
			return "", p.fail("expected 'in' after 'not', found %s", p.found())
		}
		return "not in", p.advance()
	}
	return "", nil
}

func (p *parser) sum() (*node, error) {
	start := p.tok.place
	n, err := p.unary()
	if err != nil {
		return nil, err
	}
	all := &node{kind: addNode, place: start, args: []*node{n}}
	for p.tok.kind == opToken {
		switch p.tok.text {
		case "+":
			if err := p.advance(); err != nil {
				return nil, err
			}
			n, err := p.unary()
			if err != nil {
				return nil, err
			}
			all.args = append(all.args, n)
			if len(all.args) > maxTerms {
				return nil, p.unsupported("a sum of so many terms")
			}
			continue
		case "-", "*", "/", "//", "%", "@", "**", "&", "|", "^", "<<", ">>":
			return nil, p.unsupported("arithmetic with " + p.tok.text)
		}
		break
	}
	if len(all.args) == 1 {
		return n, nil
	}
	return all, nil
}

func (p *parser) unary() (*node, error) {
	kind := negateNode
	switch {
	case p.is("+"):
		kind = plusNode
	case p.is("~"):
		return nil, p.unsupported("arithmetic with ~")
	case !p.is("-"):
		return p.primary()
	}
	n := &node{kind: kind, place: p.tok.place}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return p.wrap(n, p.unary)
}
