package yaml11

func (p *parser) blockSequence(n *Node) error {
	if _, err := p.next(); err != nil {
		return err
	}
	for {
		ok, err := p.accept(tokBlockEntry)
		if err != nil {
			return err
		}
		if !ok {
			return p.close(n, tokBlockEnd, "sequence")
		}
		if err := p.child(n, true, false, tokBlockEntry, tokBlockEnd); err != nil {
			return err
		}
	}
}

// indentless reads a sequence whose dashes stand at the indent of its key: no token opens or closes it.
func (p *parser) indentless(n *Node) error {
	for {
		ok, err := p.accept(tokBlockEntry)
		if err != nil || !ok {
			return err
		}
		if err := p.child(n, true, false, tokBlockEntry, tokKey, tokValue, tokBlockEnd); err != nil {
			return err
		}
	}
}

func (p *parser) blockMapping(n *Node) error {
	if _, err := p.next(); err != nil {
		return err
	}
	for {
		ok, err := p.accept(tokKey)
		if err != nil {
			return err
		}
		if !ok {
			return p.close(n, tokBlockEnd, "mapping")
		}
		if err := p.child(n, true, true, tokKey, tokValue, tokBlockEnd); err != nil {
			return err
		}
		if err := p.mappingValue(n, true, tokKey, tokValue, tokBlockEnd); err != nil {
			return err
		}
	}
}

// mappingValue reads the ':' and the value behind a key; without ':' the value is empty.
func (p *parser) mappingValue(n *Node, block bool, unless ...tokenKind) error {
	ok, err := p.accept(tokValue)
	if err != nil {
		return err
	}
	if !ok {
		c, err := p.empty()
		n.Items = append(n.Items, c)
		return err
	}
	return p.child(n, block, block, unless...)
}

// flowEntry tells, before each element, whether there is one, and takes the comma before it.
func (p *parser) flowEntry(n *Node, end tokenKind, what string) (bool, error) {
	if closed, err := p.is(end); err != nil || closed {
		return false, err
	}
	if len(n.Items) > 0 {
		t, err := p.look()
		if err != nil {
			return false, err
		}
		if t.kind != tokFlowEntry {
			return false, t.at.fail("ParserError", "in the %s that begins in line %d: ',' or %s is needed, not %s", what, n.Line, end, t.kind)
		}
		if _, err := p.next(); err != nil {
			return false, err
		}
		closed, err := p.is(end) // a comma may stand at the end
		return err == nil && !closed, err
	}
	return true, nil
}

func (p *parser) flowSequence(n *Node) error {
	if _, err := p.next(); err != nil {
		return err
	}
	for {
		more, err := p.flowEntry(n, tokFlowSequenceEnd, "sequence")
		if err != nil {
			return err
		}
		if !more {
			return p.close(n, tokFlowSequenceEnd, "sequence")
		}
		t, err := p.look()
		if err != nil {
			return err
		}
		if t.kind != tokKey {
			if err := p.child(n, false, false); err != nil {
				return err
			}
			continue
		}
		pair := &Node{Kind: MappingNode, Tag: TagMapping, Line: t.at.line + 1, Column: t.at.col + 1}
		if _, err := p.next(); err != nil {
			return err
		}
		if err := p.child(pair, false, false, tokValue, tokFlowEntry, tokFlowSequenceEnd); err != nil {
			return err
		}
		if err := p.mappingValue(pair, false, tokFlowEntry, tokFlowSequenceEnd); err != nil {
			return err
		}
		n.Items = append(n.Items, pair)
	}
}

func (p *parser) flowMapping(n *Node) error {
	if _, err := p.next(); err != nil {
		return err
	}
	for {
		more, err := p.flowEntry(n, tokFlowMappingEnd, "mapping")
		if err != nil {
			return err
		}
		if !more {
			return p.close(n, tokFlowMappingEnd, "mapping")
		}
		key, err := p.accept(tokKey)
		if err != nil {
			return err
		}
		if !key { // a key alone
			if err := p.child(n, false, false); err != nil {
				return err
			}
			c, err := p.empty()
			if err != nil {
				return err
			}
			n.Items = append(n.Items, c)
			continue
		}
		if err := p.child(n, false, false, tokValue, tokFlowEntry, tokFlowMappingEnd); err != nil {
			return err
		}
		if err := p.mappingValue(n, false, tokFlowEntry, tokFlowMappingEnd); err != nil {
			return err
		}
	}
}
