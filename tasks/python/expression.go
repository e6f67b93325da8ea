package python

// Expression evaluates text as pipetask evaluates the strings of config pairs (pipelines.md 1.5): literals, list, tuple, set and dict
// displays, unary minus, and bare names. names gives the object of a bare name; a name that it does not know, or any name if it is nil,
// is its own text. The minus multiplies by -1, so that a text becomes empty.
//
// On an error the caller keeps the original text, as pipetask does; it is a *SyntaxError, an *UnsupportedError or an *OperationError.
//
// Weak spots: names are not normalized (pipetask turns ligatures and other compatibility characters into plain ones), characters by
// name (\N{...}) and halves of surrogate pairs are refused.
func Expression(text string, names func(name string) (Value, bool)) (Value, error) {
	p, err := newParser(text, 1, false)
	if err != nil {
		return nil, err
	}
	n, err := p.whole()
	if err != nil {
		return nil, err
	}
	e := evaluator{
		name: func(n *node) (Value, error) {
			if len(n.segments) > 1 {
				return nil, n.unsupported("a dotted name")
			}
			if names != nil {
				if v, ok := names(n.segments[0]); ok {
					return v, nil
				}
			}
			return n.segments[0], nil
		},
		negate: timesMinusOne,
	}
	return e.eval(n)
}
