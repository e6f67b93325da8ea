package query

import (
	"strconv"
	"strings"
)

// simple reads a literal, name, call, signed operand, parentheses or tuple.
func (p *parser) simple() (Expr, error) {
	t := p.tok
	var e Expr
	switch t.kind {
	case tokenNumber:
		e = &Number{t.text, t.span}
	case tokenString:
		e = &Text{t.text, t.span}
	case tokenQualified:
		e = &Identifier{t.text, t.span}
	case tokenBind:
		e = &BindName{t.text, t.span}
	case tokenRange:
		n, err := readRange(t)
		if err != nil {
			return nil, err
		}
		e = n
	case tokenTime:
		return p.time()
	case tokenIdentifier:
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.is(tokenOperator, "(") {
			return p.call(t)
		}
		return &Identifier{t.text, t.span}, nil
	case tokenOperator:
		if sums[t.text] {
			return p.prefixed(p.simple)
		}
		if t.text == "(" {
			return p.parens()
		}
		return nil, p.unexpected()
	default:
		return nil, p.unexpected()
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	return e, nil
}

func readRange(t token) (*RangeLiteral, error) {
	text := strings.Map(func(r rune) rune {
		if r == '.' || r == ':' || r == '-' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, t.text)
	start, rest, _ := strings.Cut(text, "..")
	stop, stride, _ := strings.Cut(rest, ":")
	n := &RangeLiteral{At: t.span}
	for _, part := range []struct {
		text string
		to   *int64
	}{{start, &n.Start}, {stop, &n.Stop}, {stride, &n.Stride}} {
		if part.text == "" {
			continue
		}
		v, err := strconv.ParseInt(part.text, 10, 64)
		if err != nil {
			return nil, &Error{Kind: BadArgument, At: t.span, Reason: "the range has a number that does not fit in 64 bits",
				Remedy: "dimension values are 64-bit integers"}
		}
		*part.to = v
	}
	return n, nil
}

func (p *parser) time() (Expr, error) {
	t := p.tok
	if err := p.advance(); err != nil {
		return nil, err
	}
	if !p.mayFollow() {
		return nil, p.unexpected()
	}
	value, err := ParseTime(t.text)
	if err != nil {
		return nil, &Error{Kind: UnexpectedToken, At: t.span, Reason: err.Error(),
			Remedy: "times are like T'2026-08-02T10:00:00' (UTC), T'61254.5' (MJD, TAI) or T'mjd/61254.5/utc'"}
	}
	return &TimeLiteral{Text: t.text, Value: value, At: t.span}, nil
}

func (p *parser) parens() (Expr, error) {
	at := p.tok.span
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	var y Expr
	if p.tok.is(tokenOperator, ",") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if y, err = p.expression(); err != nil {
			return nil, err
		}
	}
	at = at.to(p.tok.span)
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if y != nil {
		return &Tuple{x, y, at}, nil
	}
	return &Parens{x, at}, nil
}

// call reads the arguments of a call from its opening parenthesis on. Upstream's grammar lets a comma precede the first argument.
func (p *parser) call(name token) (Expr, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	n := &Call{Name: name.text}
	more := !p.tok.is(tokenOperator, ")")
	if p.tok.is(tokenOperator, ",") {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	for more {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		n.Args = append(n.Args, x)
		if more = p.tok.is(tokenOperator, ","); more {
			if err := p.advance(); err != nil {
				return nil, err
			}
		}
	}
	n.At = name.span.to(p.tok.span)
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if !p.mayFollow() {
		return nil, p.unexpected()
	}
	return n.check()
}
