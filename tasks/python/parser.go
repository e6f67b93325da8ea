package python

import (
	"fmt"
	"strings"
)

// maxDepth bounds how deep expressions nest: deeper than brackets can, less than a stack holds.
const maxDepth = 2 * maxBrackets

// maxTerms bounds a sum: each term copies what is before it.
const maxTerms = 1000

// parser reads expressions. What Python has and the subset has not is refused as soon as it is seen.
type parser struct {
	lex   *lexer
	tok   token
	depth int
}

func newParser(text string, line int, block bool) (*parser, error) {
	l, err := newLexer(text, line, block)
	if err != nil {
		return nil, err
	}
	p := &parser{lex: l}
	return p, p.advance()
}

func (p *parser) advance() (err error) {
	p.tok, err = p.lex.next()
	return err
}

func (p *parser) is(op string) bool { return p.tok.kind == opToken && p.tok.text == op }

func (p *parser) isWord(word string) bool { return p.tok.kind == nameToken && p.tok.text == word }

// accept steps over an operator if it is next.
func (p *parser) accept(op string) (bool, error) {
	if !p.is(op) {
		return false, nil
	}
	return true, p.advance()
}

func (p *parser) expect(op string) error {
	if !p.is(op) {
		return p.fail("expected '%s', found %s", op, p.found())
	}
	return p.advance()
}

func (p *parser) found() string {
	if p.tok.kind == endToken || p.tok.kind == newlineToken {
		return p.tok.text
	}
	if len(p.tok.text) > 40 {
		return "a long token"
	}
	return "'" + p.tok.text + "'"
}

func (p *parser) fail(format string, args ...any) error {
	return &SyntaxError{Line: p.tok.line, Column: p.tok.column, Message: fmt.Sprintf(format, args...)}
}

func (p *parser) unsupported(what string) error {
	return &UnsupportedError{p.tok.line, p.tok.column, what}
}

// deeper counts a level of nesting.
func (p *parser) deeper() error {
	if p.depth++; p.depth > maxDepth {
		return p.fail("expression nests too deep")
	}
	return nil
}

// whole reads an expression that is all of the text.
func (p *parser) whole() (*node, error) {
	for p.tok.kind == newlineToken {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	n, err := p.expressions()
	if err != nil {
		return nil, err
	}
	for p.tok.kind == newlineToken {
		if err := p.advance(); err != nil {
			return nil, err
		}
	}
	if p.tok.kind != endToken {
		return nil, p.fail("invalid syntax at %s", p.found())
	}
	return n, nil
}

// expressions reads one expression, or a tuple without parentheses.
func (p *parser) expressions() (*node, error) {
	start := p.tok.place
	first, err := p.expression()
	if err != nil || !p.is(",") {
		return first, err
	}
	items := []*node{first}
	for p.is(",") {
		if err := p.advance(); err != nil {
			return nil, err
		}
		if !p.startsExpression() {
			break
		}
		item, err := p.expression()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return &node{kind: tupleNode, place: start, args: items}, nil
}

// startsExpression reports whether an expression may begin here; it tells a trailing comma from a separating one.
func (p *parser) startsExpression() bool {
	switch p.tok.kind {
	case endToken, newlineToken:
		return false
	case opToken:
		return strings.Contains("( [ { - + ~ * ** ...", p.tok.text)
	}
	return true
}

// expression reads a single expression without commas.
func (p *parser) expression() (*node, error) {
	if err := p.deeper(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	switch {
	case p.isWord("lambda"):
		return nil, p.unsupported("a lambda")
	case p.isWord("yield"), p.isWord("await"):
		return nil, p.unsupported(p.tok.text)
	case p.is("*"), p.is("**"):
		return nil, p.unsupported("unpacking")
	}
	n, err := p.chain("or", orNode, func() (*node, error) { return p.chain("and", andNode, p.inversion) })
	if err != nil {
		return nil, err
	}
	switch {
	case p.isWord("if"):
		return nil, p.unsupported("a conditional expression")
	case p.isWord("for"), p.isWord("async"):
		return nil, p.unsupported("a comprehension")
	case p.is(":="):
		return nil, p.unsupported("an assignment expression")
	}
	return n, nil
}

// chain reads operands separated by a word.
func (p *parser) chain(word string, kind nodeKind, operand func() (*node, error)) (*node, error) {
	start := p.tok.place
	n, err := operand()
	if err != nil || !p.isWord(word) {
		return n, err
	}
	all := &node{kind: kind, place: start, args: []*node{n}}
	for p.isWord(word) {
		if err := p.advance(); err != nil {
			return nil, err
		}
		n, err := operand()
		if err != nil {
			return nil, err
		}
		all.args = append(all.args, n)
	}
	return all, nil
}
