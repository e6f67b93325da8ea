package query

import (
	"fmt"
	"strings"
)

// maxDepth bounds how deep the nodes of a tree are nested, so that no walk over a tree can exhaust the stack.
const maxDepth = 1000

// Parse reads a where text. Blank text gives nil. The error is an *Error.
func Parse(text string) (Expr, error) {
	p := &parser{lex: lexer{source: text}}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if p.tok.kind == tokenEnd {
		return nil, nil
	}
	e, err := p.expression()
	if err != nil {
		return nil, err
	}
	if p.tok.kind != tokenEnd {
		return nil, p.unexpected()
	}
	return e, nil
}

// parser descends recursively, one method per level of the grammar of queries.md 1.2. It looks one token ahead, as upstream's
// does, and checks times and calls after that look: of two mistakes in a text both report the same one.
type parser struct {
	lex   lexer
	tok   token
	depth int
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

// deeper counts one more level of nesting; the caller takes it back.
func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return &Error{Kind: BadArgument, At: p.tok.span, Reason: fmt.Sprintf("the expression is nested more than %d levels deep", maxDepth),
			Remedy: "use IN (...) or a bound list instead of long chains"}
	}
	return nil
}

func (p *parser) unexpected() error {
	if p.tok.kind == tokenEnd {
		end := len(p.lex.source)
		return &Error{Kind: UnexpectedEnd, At: Span{p.lex.source, end, end}, Reason: "the expression is incomplete",
			Remedy: "add what is missing at the end: an operand or a closing parenthesis"}
	}
	e := &Error{Kind: UnexpectedToken, At: p.tok.span, Reason: "unexpected " + p.tok.span.Text()}
	before := p.lex.source[:p.tok.span.start]
	switch last := strings.TrimRight(before, " \t\n"); {
	case p.tok.is(tokenOperator, "=") && strings.HasSuffix(before, "="):
		e.Remedy = "write a single = for equality"
	case p.tok.is(tokenOperator, ">") && strings.HasSuffix(before, "<"):
		e.Remedy = "write != for inequality"
	case p.tok.kind == tokenString && strings.HasSuffix(before, "'"):
		e.Remedy = "a string cannot contain a quote; give it as a bind value"
	case p.tok.kind == tokenString && (strings.HasSuffix(last, "T") || strings.HasSuffix(last, "t")):
		e.Remedy = "a time is T'...' with nothing between the T and the quote"
	case p.tok.kind == tokenRange:
		e.Remedy = "ranges stand only in IN (...); set a minus off by blanks"
	case p.tok.kind == tokenQualified && strings.HasSuffix(last, "("), p.tok.is(tokenOperator, ")") && strings.HasSuffix(last, "("):
		e.Remedy = "IN takes one or more values, ranges or bind names in parentheses"
	default:
		e.Remedy = "comparisons are joined by AND or OR, and names like a keyword must be qualified"
	}
	return e
}

func (p *parser) expression() (Expr, error) { return p.logical("OR", p.conjunction) }

func (p *parser) conjunction() (Expr, error) { return p.logical("AND", p.negation) }

func (p *parser) logical(op string, operand func() (Expr, error)) (Expr, error) {
	x, err := operand()
	if err != nil || !p.tok.is(tokenKeyword, op) {
		return x, err
	}
	n := &Logical{Op: op, Operands: []Expr{x}}
	for p.tok.is(tokenKeyword, op) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if x, err = operand(); err != nil {
			return nil, err
		}
		n.Operands = append(n.Operands, x)
	}
	n.At = n.Operands[0].Span().to(x.Span())
	return n, nil
}

func (p *parser) negation() (Expr, error) {
	if !p.tok.is(tokenKeyword, "NOT") {
		return p.comparison()
	}
	return p.prefixed(p.negation)
}

// prefixed reads NOT or a sign and its operand.
func (p *parser) prefixed(operand func() (Expr, error)) (Expr, error) {
	at, op := p.tok.span, p.tok.text
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	if err := p.advance(); err != nil {
		return nil, err
	}
	x, err := operand()
	if err != nil {
		return nil, err
	}
	return &Unary{Op: op, X: x, At: at.to(x.Span())}, nil
}

var (
	comparisons = map[string]bool{"=": true, "!=": true, "<": true, "<=": true, ">": true, ">=": true, "OVERLAPS": true}
	sums        = map[string]bool{"+": true, "-": true}
	products    = map[string]bool{"*": true, "/": true, "%": true}
)

func (p *parser) comparison() (Expr, error) { return p.chain(comparisons, p.predicate) }
func (p *parser) sum() (Expr, error)        { return p.chain(sums, p.product) }
func (p *parser) product() (Expr, error)    { return p.chain(products, p.simple) }

// chain reads operands joined by operators of one level, which associate to the left.
func (p *parser) chain(ops map[string]bool, operand func() (Expr, error)) (Expr, error) {
	depth := p.depth
	defer func() { p.depth = depth }()
	x, err := operand()
	for err == nil && (p.tok.kind == tokenOperator || p.tok.kind == tokenKeyword) && ops[p.tok.text] {
		op := p.tok.text
		if err = p.deeper(); err != nil {
			break
		}
		if err = p.advance(); err != nil {
			break
		}
		var y Expr
		if y, err = operand(); err == nil {
			x = &Binary{Op: op, X: x, Y: y, At: x.Span().to(y.Span())}
		}
	}
	if err != nil {
		return nil, err
	}
	return x, nil
}

func (p *parser) predicate() (Expr, error) {
	x, err := p.sum()
	if err != nil {
		return nil, err
	}
	n := &Membership{X: x}
	if p.tok.is(tokenKeyword, "NOT") {
		n.Not = true
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if !p.tok.is(tokenKeyword, "IN") {
		if n.Not {
			return nil, p.unexpected()
		}
		return x, nil
	}
	if err := p.advance(); err != nil {
		return nil, err
	}
	if err := p.expect("("); err != nil {
		return nil, err
	}
	for {
		item, err := p.item()
		if err != nil {
			return nil, err
		}
		n.Items = append(n.Items, item)
		if !p.tok.is(tokenOperator, ",") {
			break
		}
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n.At = x.Span().to(p.tok.span)
	if err := p.expect(")"); err != nil {
		return nil, err
	}
	if !p.mayFollow() {
		return nil, p.unexpected()
	}
	for _, item := range n.Items {
		if c, ok := item.(*Call); ok {
			return nil, &Error{Kind: BadItem, At: c.At, Reason: c.Name + "() cannot be in a list",
				Remedy: "IN takes literals, ranges, bind names and UUID('...'); for regions use OVERLAPS"}
		}
	}
	return n, nil
}

func (p *parser) expect(operator string) error {
	if !p.tok.is(tokenOperator, operator) {
		return p.unexpected()
	}
	return p.advance()
}

// item reads a member of an IN list, where a sign is part of the number.
func (p *parser) item() (Expr, error) {
	at := p.tok.span
	switch {
	case p.tok.kind == tokenOperator && sums[p.tok.text]:
		sign := p.tok.text
		if err := p.advance(); err != nil {
			return nil, err
		}
		if p.tok.kind != tokenNumber {
			return nil, p.unexpected()
		}
		n := &Number{Text: sign + p.tok.text, At: at.to(p.tok.span)}
		return n, p.advance()
	case p.tok.kind == tokenOperator, p.tok.kind == tokenQualified:
		return nil, p.unexpected()
	}
	return p.simple()
}

// mayFollow reports whether the next token can stand after a complete operand.
func (p *parser) mayFollow() bool {
	return p.tok.kind == tokenEnd || p.tok.kind == tokenKeyword || p.tok.kind == tokenOperator && p.tok.text != "("
}
