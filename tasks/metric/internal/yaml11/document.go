package yaml11

import "strings"

func (p *parser) document() (*Node, error) {
	root, found, err := p.oneDocument(true)
	if err != nil || !found {
		return nil, err
	}
	t, err := p.look()
	if err != nil {
		return nil, err
	}
	if t.kind == tokDocumentEnd {
		if _, err = p.next(); err != nil {
			return nil, err
		}
	}
	more, err := p.documentStart()
	if err != nil {
		return nil, err
	}
	if more {
		return nil, root.Fail("ComposerError", "another document follows the one that begins here")
	}
	return root, nil
}

func (p *parser) oneDocument(first bool) (*Node, bool, error) {
	marked, err := p.is(tokDirective, tokDocumentStart, tokStreamEnd)
	if err != nil {
		return nil, false, err
	}
	p.handles = nil
	if marked {
		if found, err := p.documentStart(); err != nil || !found {
			return nil, false, err
		}
		empty, err := p.is(tokDirective, tokDocumentStart, tokDocumentEnd, tokStreamEnd)
		if err != nil {
			return nil, false, err
		}
		if empty {
			n, err := p.empty()
			return n, true, err
		}
	}
	n, err := p.node(true, false)
	return n, true, err
}

// documentStart takes the directives and the '---' of a document; false at the end of the text.
func (p *parser) documentStart() (bool, error) {
	for {
		ok, err := p.accept(tokDocumentEnd)
		if err != nil {
			return false, err
		}
		if !ok {
			break
		}
	}
	if end, err := p.is(tokStreamEnd); err != nil || end {
		return false, err
	}
	p.handles = nil
	version := false
	for {
		t, err := p.look()
		if err != nil {
			return false, err
		}
		if t.kind != tokDirective {
			break
		}
		if _, err = p.next(); err != nil {
			return false, err
		}
		switch t.text {
		case "YAML":
			if version {
				return false, t.at.fail("ParserError", "a second %%YAML directive")
			}
			version = true
			if major, _, _ := strings.Cut(t.other, "."); strings.TrimLeft(major, "0") != "1" {
				return false, t.at.fail("ParserError", "YAML version %s is not known: 1.1 is needed", t.other)
			}
		case "TAG":
			if _, ok := p.handles[t.other]; ok {
				return false, t.at.fail("ParserError", "a second %%TAG directive for %s", t.other)
			}
			if p.handles == nil {
				p.handles = map[string]string{}
			}
			p.handles[t.other] = t.last
		}
	}
	t, err := p.next()
	if err != nil {
		return false, err
	}
	if t.kind != tokDocumentStart {
		return false, t.at.fail("ParserError", "'---' is needed, not %s", t.kind)
	}
	return true, nil
}
