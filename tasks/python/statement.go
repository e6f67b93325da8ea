package python

import (
	"slices"
	"strings"
)

// block is the execution of one text: the imports of one are unknown to another.
type block struct {
	*run
	parser *parser
	path   string
	// imports are the names that imports bind: np to the module numpy, join to os.path.join.
	imports map[string]binding
	// everything tells that "from x import *" may have bound any name.
	everything bool
}

// binding is what an imported name means.
type binding struct {
	path   string
	module bool
}

// statement executes the simple statement at the parser's position and steps over the end of it.
func (b *block) statement() error {
	p := b.parser
	var err error
	switch {
	case p.isWord("pass"):
		err = p.advance()
	case p.isWord("import"):
		err = b.importStatement()
	case p.isWord("from"):
		err = b.fromStatement()
	case p.isWord("assert"):
		err = b.assertStatement()
	case p.is("@"):
		return p.unsupported("a decorator")
	case p.tok.kind == nameToken && keywords[p.tok.text] && !slices.Contains([]string{"True", "False", "None", "not", "lambda"}, p.tok.text):
		return p.unsupported("the statement " + p.tok.text)
	default:
		err = b.simple()
	}
	if err != nil {
		return err
	}
	return b.end()
}

// end steps over the end of a statement.
func (b *block) end() error {
	if err := b.ends(); err != nil || b.parser.tok.kind == endToken {
		return err
	}
	return b.parser.advance()
}

// ends checks that the statement is at its end.
func (b *block) ends() error {
	p := b.parser
	if p.tok.kind != newlineToken && p.tok.kind != endToken && !p.is(";") {
		return p.fail("invalid syntax at %s", p.found())
	}
	return nil
}

// simple executes an assignment, a method call or a docstring.
func (b *block) simple() error {
	p := b.parser
	n, err := p.expressions()
	if err != nil {
		return err
	}
	switch {
	case p.is("="):
		return b.assign(n)
	case p.is("+="):
		return b.augment(n)
	case p.is(":"):
		return p.unsupported("an annotation")
	case p.tok.kind == opToken && strings.HasSuffix(p.tok.text, "=") && len(p.tok.text) > 1:
		return p.unsupported("arithmetic with " + p.tok.text)
	case n.kind == nameNode && p.tok.kind == nameToken && (n.name() == "match" || n.name() == "type"):
		return n.unsupported("the statement " + n.name())
	}
	if err := b.ends(); err != nil {
		return err
	}
	switch {
	case n.kind == constantNode:
		return nil
	case n.kind == callNode && n.args[0].kind == nameNode:
		return b.method(n)
	}
	return n.unsupported(n.describe())
}

// field is the config field that an assignment or a method call is about.
func field(n *node) (string, error) {
	if n.kind != nameNode {
		return "", n.unsupported("an assignment to " + n.describe())
	}
	if n.segments[0] != "config" || len(n.segments) == 1 {
		return "", n.unsupported("an assignment to the name " + n.name())
	}
	return strings.Join(n.segments[1:], "."), nil
}

// right reads and evaluates what is right of an assignment operator.
func (b *block) right() (Value, error) {
	p := b.parser
	if err := p.advance(); err != nil {
		return nil, err
	}
	n, err := p.expressions()
	if err != nil {
		return nil, err
	}
	if p.is("=") {
		return nil, p.unsupported("a chained assignment")
	}
	if err := b.ends(); err != nil {
		// Nothing is changed by half a statement.
		return nil, err
	}
	return b.value(n)
}

func (b *block) assign(n *node) error {
	name, err := field(n)
	if err != nil {
		return err
	}
	v, err := b.right()
	if err != nil {
		return err
	}
	return b.target.Set(name, plainValue(v))
}

// augment executes +=: a list takes the items of anything that can be looped over, a text takes a text.
func (b *block) augment(n *node) error {
	name, err := field(n)
	if err != nil {
		return err
	}
	old, err := b.target.Get(name)
	if err != nil {
		return err
	}
	v, err := b.right()
	if err != nil {
		return err
	}
	if list, ok := old.([]Value); ok {
		return b.extend(name, list, v)
	}
	sum, ok, err := add(old, v)
	if err != nil {
		return err
	}
	if !ok {
		return n.unsupported("arithmetic with +=")
	}
	return b.target.Set(name, plainValue(sum))
}

func (b *block) extend(name string, list []Value, more Value) error {
	items, ok := Iterate(more)
	if !ok {
		return typeError("'%s' object is not iterable", TypeName(more))
	}
	sum, _, err := add(list, items)
	if err != nil {
		return err
	}
	return b.target.Set(name, sum)
}

// method executes config.load(...) and the methods of lists.
func (b *block) method(call *node) error {
	callee := call.args[0]
	last := len(callee.segments) - 1
	if callee.segments[0] != "config" || last == 0 {
		return call.unsupported(call.describe())
	}
	method := callee.segments[last]
	switch {
	case method == "load" && last == 1:
	case last >= 2 && (method == "append" || method == "extend" || method == "remove"):
	default:
		return call.unsupported(call.describe())
	}
	if len(call.args) != 2 || call.keywords[0] != "" && (method != "load" || call.keywords[0] != "filename") {
		return typeError("%s() takes one argument, %d were given", method, len(call.args)-1)
	}
	arg, err := b.value(call.args[1])
	if err != nil {
		return err
	}
	if method == "load" {
		name, ok := arg.(string)
		if !ok {
			return &OperationError{"ValueError", "load() takes a file name, not " + TypeName(arg)}
		}
		return b.load(name, b.path)
	}
	name := strings.Join(callee.segments[1:last], ".")
	old, err := b.target.Get(name)
	if err != nil {
		return err
	}
	list, ok := old.([]Value)
	if !ok {
		return &OperationError{"AttributeError", "'" + TypeName(old) + "' object has no attribute '" + method + "'"}
	}
	switch method {
	case "append":
		return b.extend(name, list, []Value{plainValue(arg)})
	case "extend":
		return b.extend(name, list, arg)
	}
	i := slices.IndexFunc(list, func(item Value) bool { return Equal(item, arg) })
	if i < 0 {
		return &OperationError{"ValueError", Repr(arg) + " is not in " + name}
	}
	return b.target.Set(name, slices.Delete(slices.Clone(list), i, i+1))
}
