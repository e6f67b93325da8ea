package python

import (
	"slices"
	"strings"
)

// importStatement reads import a.b.c as d, e. It imports nothing, it only remembers what the names mean.
func (b *block) importStatement() error {
	p := b.parser
	for {
		if err := p.advance(); err != nil {
			return err
		}
		module, err := b.dotted()
		if err != nil {
			return err
		}
		bound, _, _ := strings.Cut(module, ".")
		meaning := bound
		if as, err := b.alias(); err != nil {
			return err
		} else if as != "" {
			bound, meaning = as, module
		}
		b.imports[bound] = binding{meaning, true}
		if !p.is(",") {
			return nil
		}
	}
}

// fromStatement reads from a.b import c as d, e, with or without parentheses, and from a import *.
func (b *block) fromStatement() error {
	p := b.parser
	if err := p.advance(); err != nil {
		return err
	}
	if p.is(".") || p.is("...") {
		return p.unsupported("a relative import")
	}
	module, err := b.dotted()
	if err != nil {
		return err
	}
	if !p.isWord("import") {
		return p.fail("expected 'import', found %s", p.found())
	}
	if err := p.advance(); err != nil {
		return err
	}
	if p.is("*") {
		b.everything = true
		return p.advance()
	}
	parentheses, err := p.accept("(")
	if err != nil {
		return err
	}
	for {
		name, err := b.identifier()
		if err != nil {
			return err
		}
		bound := name
		if as, err := b.alias(); err != nil {
			return err
		} else if as != "" {
			bound = as
		}
		b.imports[bound] = binding{module + "." + name, false}
		more, err := p.accept(",")
		if err != nil {
			return err
		}
		if parentheses && p.is(")") {
			return p.advance()
		}
		if !more {
			break
		}
	}
	if parentheses {
		return p.expect(")")
	}
	return nil
}

func (b *block) dotted() (string, error) {
	var parts []string
	for {
		part, err := b.identifier()
		if err != nil {
			return "", err
		}
		parts = append(parts, part)
		if more, err := b.parser.accept("."); err != nil || !more {
			return strings.Join(parts, "."), err
		}
	}
}

func (b *block) alias() (string, error) {
	if !b.parser.isWord("as") {
		return "", nil
	}
	if err := b.parser.advance(); err != nil {
		return "", err
	}
	return b.identifier()
}

func (b *block) identifier() (string, error) {
	p := b.parser
	if p.tok.kind != nameToken || keywords[p.tok.text] {
		return "", p.fail("expected a name, found %s", p.found())
	}
	name := p.tok.text
	return name, p.advance()
}

// assertStatement compares the class in "assert type(config) is class, message" with that of the config.
func (b *block) assertStatement() error {
	p := b.parser
	start := p.tok
	if err := p.advance(); err != nil {
		return err
	}
	n, err := p.expression()
	if err != nil {
		return err
	}
	if comma, err := p.accept(","); err != nil {
		return err
	} else if comma {
		if _, err := p.expression(); err != nil {
			return err
		}
	}
	class, ok := assertedClass(n)
	if !ok {
		return &UnsupportedError{start.line, start.column, "an assertion"}
	}
	// The text decides, imported or not: an earlier block may have imported it.
	full := b.full(class)
	if len(b.env.Classes) == 0 || slices.Contains(b.env.Classes, full) {
		return nil
	}
	if _, ok := b.imports[class.segments[0]]; !ok && b.everything {
		// What "import *" bound is unknown: the class's own name decides.
		if slices.ContainsFunc(b.env.Classes, func(known string) bool { return known[strings.LastIndexByte(known, '.')+1:] == full }) {
			return nil
		}
	}
	return &OperationError{"AssertionError", "config is of type " + b.env.Classes[0] + " instead of " + full}
}

// assertedClass is the class in type(config) is class.
func assertedClass(n *node) (*node, bool) {
	if n.kind != compareNode || len(n.ops) != 1 || n.ops[0] != "is" && n.ops[0] != "==" {
		return nil, false
	}
	call, class := n.args[0], n.args[1]
	ok := call.kind == callNode && len(call.args) == 2 && class.kind == nameNode &&
		call.args[0].kind == nameNode && call.args[0].name() == "type" &&
		call.args[1].kind == nameNode && call.args[1].name() == "config"
	return class, ok
}
