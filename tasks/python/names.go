package python

import (
	"math"
	"path"
	"slices"
	"strings"
)

// value evaluates an expression of a statement.
func (b *block) value(n *node) (Value, error) {
	e := evaluator{name: b.name, negate: negate, sums: true, other: b.call}
	return e.eval(n)
}

// name gives the value of config.field, parameters.name or __file__. An imported module is an Object; what is in it only Python knows.
func (b *block) name(n *node) (Value, error) {
	rest := strings.Join(n.segments[1:], ".")
	root := n.segments[0]
	imported, ok := b.imports[root]
	switch {
	case ok && imported.module && rest == "":
		return Object{imported.path}, nil
	case ok:
		return nil, n.unsupported("the imported name " + n.name())
	case root == "config":
		if rest == "" {
			return Object{"config"}, nil
		}
		v, err := b.target.Get(rest)
		return fieldValue(v), err
	case root == "parameters":
		if rest == "" {
			return Object{"parameters"}, nil
		}
		if b.env.Parameter != nil {
			if v, ok := b.env.Parameter(rest); ok {
				return v, nil
			}
		}
		return nil, &OperationError{"AttributeError", "the pipeline has no parameter " + rest}
	case root == "__file__" && rest == "" && b.path != "":
		return b.path, nil
	case b.everything:
		return nil, n.unsupported("the name " + n.name())
	default:
		return nil, &OperationError{"NameError", "name '" + root + "' is not defined"}
	}
}

// full is the dotted name with its imported beginning replaced by what it means.
func (b *block) full(n *node) string {
	root := n.segments[0]
	if imported, ok := b.imports[root]; ok {
		root = imported.path
	}
	return strings.Join(append([]string{root}, n.segments[1:]...), ".")
}

// call evaluates the few calls and indices that configs use: float('nan') as saved configs write it, os.environ['name'], os.path.join
// and os.path.dirname.
func (b *block) call(n *node) (Value, error) {
	if n.kind == attributeNode || n.args[0].kind != nameNode {
		return nil, n.unsupported(n.describe())
	}
	args := make([]string, len(n.args)-1)
	text := func() error {
		for i, arg := range n.args[1:] {
			v, err := b.value(arg)
			if err != nil {
				return err
			}
			s, ok := v.(string)
			if !ok || n.kind == callNode && n.keywords[i] != "" {
				return typeError("%s takes texts, not %s", n.args[0].name(), TypeName(v))
			}
			args[i] = s
		}
		return nil
	}
	full := b.full(n.args[0])
	_, imported := b.imports[n.args[0].segments[0]]
	if strings.HasPrefix(full, "os.") && !imported {
		return nil, &OperationError{"NameError", "name 'os' is not defined"}
	}
	switch {
	case n.kind == indexNode && full == "os.environ" && len(args) == 1:
		if err := text(); err != nil {
			return nil, err
		}
		if b.env.Getenv != nil {
			if v, ok := b.env.Getenv(args[0]); ok {
				return v, nil
			}
		}
		return nil, &OperationError{"KeyError", "the environment has no variable " + Repr(args[0])}
	case n.kind == callNode && full == "os.path.join" && len(args) > 0:
		err := text()
		return joinPaths(args), err
	case n.kind == callNode && full == "os.path.dirname" && len(args) == 1:
		err := text()
		dir, _ := path.Split(args[0])
		if trimmed := strings.TrimRight(dir, "/"); trimmed != "" {
			dir = trimmed
		}
		return dir, err
	case n.kind == callNode && full == "float" && len(args) == 1 && n.args[1].kind == constantNode:
		if err := text(); err != nil {
			return nil, err
		}
		switch args[0] {
		case "nan":
			return math.NaN(), nil
		case "inf":
			return math.Inf(1), nil
		case "-inf":
			return math.Inf(-1), nil
		}
	}
	return nil, n.unsupported(n.describe())
}

// joinPaths joins as Python does: an absolute part drops what is before it.
func joinPaths(parts []string) string {
	all := ""
	for _, part := range parts {
		switch {
		case strings.HasPrefix(part, "/") || all == "":
			all = part
		case strings.HasSuffix(all, "/"):
			all += part
		default:
			all += "/" + part
		}
	}
	return all
}

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
