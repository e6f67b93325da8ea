package python

import (
	"math"
	"path"
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
