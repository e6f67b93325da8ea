package yaml11

// maxDocuments bounds the documents of one text; real ones have hundreds.
const maxDocuments = 1 << 16

// ParseAll reads all documents of a text. A document of which nothing is written is a null scalar.
func ParseAll(text []byte) ([]*Node, error) {
	text, err := decode(text)
	if err != nil {
		return nil, err
	}
	p := &parser{scanner: newScanner(text)}
	var out []*Node
	for {
		if len(out) > 0 {
			if more, err := p.another(); err != nil || !more {
				return out, err
			}
		}
		// Anchors are of one document.
		p.anchors = nil
		n, found, err := p.oneDocument(len(out) == 0)
		if err != nil || !found {
			return out, err
		}
		if out = append(out, n); len(out) > maxDocuments {
			return nil, n.Fail("MemoryError", "more than %d documents", maxDocuments)
		}
	}
}

// another tells whether a document follows one that ended.
func (p *parser) another() (bool, error) {
	ended := false
	for {
		ok, err := p.accept(tokDocumentEnd)
		if err != nil {
			return false, err
		}
		if !ok {
			break
		}
		ended = true
	}
	if end, err := p.is(tokStreamEnd); err != nil || end {
		return false, err
	}
	marked, err := p.is(tokDirective, tokDocumentStart)
	if err != nil {
		return false, err
	}
	if !marked {
		t, err := p.look()
		if err != nil {
			return false, err
		}
		if ended {
			return false, t.at.fail("ParserError", "a document after the first must begin with '---', not with %s", t.kind)
		}
		return false, t.at.fail("ParserError", "'---' is needed, not %s", t.kind)
	}
	return true, nil
}
