package values

import (
	"fmt"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
)

// ownColumns are the names that a where has beside those of the registry.
var ownColumns = map[string]query.Type{"value": query.Float, "unit": query.String, "metric": query.String}

// condition is a where, split into what the registry evaluates and what is evaluated here.
type condition struct {
	registry query.Expr
	own      query.Expr
	binds    query.Binds
	// text is own as it was written.
	text string
	// bound are own for each dataset type of the Set, in order; columns the fields of dimensions that it needs, in the order of Set.columns.
	bound   []query.Predicate
	columns [][]string
}

func newCondition(q *Query) *condition {
	c := &condition{binds: q.Binds}
	if q.Where == nil {
		return c
	}
	var theirs, ours []query.Expr
	for _, e := range conjuncts(q.Where) {
		if mentionsOwn(e, q.Binds) {
			ours = append(ours, e)
		} else {
			theirs = append(theirs, e)
		}
	}
	c.registry, c.own = conjunction(theirs, q.Where), conjunction(ours, q.Where)
	texts := make([]string, len(ours))
	for i, e := range ours {
		texts[i] = e.String()
	}
	c.text = strings.Join(texts, " AND ")
	return c
}

// conjuncts are the operands of the outermost ANDs.
func conjuncts(e query.Expr) []query.Expr {
	switch n := e.(type) {
	case *query.Parens:
		if l, ok := n.X.(*query.Logical); ok && l.Op == "AND" {
			return conjuncts(l)
		}
	case *query.Logical:
		if n.Op == "AND" {
			var out []query.Expr
			for _, x := range n.Operands {
				out = append(out, conjuncts(x)...)
			}
			return out
		}
	}
	return []query.Expr{e}
}

func conjunction(parts []query.Expr, of query.Expr) query.Expr {
	switch len(parts) {
	case 0:
		return nil
	case 1:
		return parts[0]
	}
	return &query.Logical{Op: "AND", Operands: parts, At: of.Span()}
}

// mentionsOwn reports whether an expression names one of the own columns.
func mentionsOwn(e query.Expr, binds query.Binds) bool {
	any := func(list []query.Expr) bool {
		return slices.ContainsFunc(list, func(x query.Expr) bool { return mentionsOwn(x, binds) })
	}
	switch n := e.(type) {
	case *query.Identifier:
		_, bound := binds[n.Name]
		return ownColumns[n.Name] != query.Null && !bound
	case *query.Unary:
		return mentionsOwn(n.X, binds)
	case *query.Binary:
		return mentionsOwn(n.X, binds) || mentionsOwn(n.Y, binds)
	case *query.Logical:
		return any(n.Operands)
	case *query.Membership:
		return mentionsOwn(n.X, binds) || any(n.Items)
	case *query.Parens:
		return mentionsOwn(n.X, binds)
	case *query.Tuple:
		return mentionsOwn(n.Begin, binds) || mentionsOwn(n.End, binds)
	case *query.Call:
		return any(n.Args)
	}
	return false
}

// bind gives the own part its meaning for a dataset type. It returns the fields of dimensions that are needed for it.
func (c *condition) bind(u *dimension.Universe, t *dataset.Type) ([]string, error) {
	if c.own == nil {
		return nil, nil
	}
	p, err := query.Bind(c.own, query.Context{Universe: u, Dimensions: t.Dimensions, Datasets: []string{t.Name}, Binds: c.binds, Extra: ownColumns})
	if err != nil {
		return nil, err
	}
	m := query.Mentions(p)
	var columns []string
	for _, f := range m.Fields {
		if !slices.Contains(t.Dimensions.Elements, f.Element) {
			continue // NULL, as are keys of such dimensions
		}
		switch f.Type() {
		case query.Int, query.Float, query.String, query.Bool:
		default:
			return nil, c.refuse(fmt.Sprintf("%s is a %s", f, f.Type()))
		}
		columns = append(columns, f.String())
	}
	for _, d := range m.Datasets {
		if d.DatasetType != t.Name || d.Name != "run" && d.Name != "dataset_id" {
			return nil, c.refuse(fmt.Sprintf("%s cannot be had here", d))
		}
	}
	if len(m.Spatial)+len(m.Temporal)+len(m.Nested) > 0 {
		return nil, c.refuse("it tests an overlap")
	}
	c.bound, c.columns = append(c.bound, p), append(c.columns, columns)
	return columns, nil
}

func (c *condition) refuse(why string) error {
	return &query.Error{Kind: query.Unimplemented, At: c.own.Span(), Reason: "a condition on value, unit or metric cannot be evaluated: " + why,
		Remedy: "join conditions on values to the others by AND only, outside of NOT and OR"}
}
