package query

import (
	"fmt"
	"slices"

	"valet/registry/dimension"
)

// ApplyGovernors applies the governor rule (queries.md 4) to the whole condition p of a query with dimensions q: it adds governor
// = default where the rule says so and reports dimensions that need a governor which is neither constrained nor has a default.
// Defaults are by governor name. What p mentions counts among the dimensions of the query.
func ApplyGovernors(p Predicate, q *dimension.Group, defaults map[string]dimension.Value) (Predicate, error) {
	m := Mentions(p)
	governors := slices.Clone(m.Governors)
	for _, g := range q.Union(m.Dimensions(q.Universe)).Governors() {
		add(&governors, g)
	}
	parts := []Predicate{p}
	for _, g := range governors {
		if slices.Contains(m.constrained, g) {
			continue
		}
		if v, ok := defaults[g.Name]; ok {
			l, _ := literalOf(v)
			parts = append(parts, &Compare{Equal, &DimensionKey{g}, &l})
			continue
		}
		if x := m.needs[g]; x != nil {
			return nil, &Error{Kind: Invalid, Reason: fmt.Sprintf("the where expression uses %s, which means nothing without %s, but does not constrain %s", x, g, g),
				Remedy: fmt.Sprintf("add %s = '...' to the expression, or give a default %s", g, g)}
		}
	}
	return Conjunction(parts...), nil
}

// CheckOverlaps refuses spatial tests under OR and NOT, and tests between two elements of one family, which are related already
// (queries.md 6). Upstream finds these after the governor rule.
func CheckOverlaps(p Predicate) error { return checkOverlaps(p, false) }

// checkOverlaps finds what is wrong first in the order of the expression; nested is what stands under OR or NOT.
func checkOverlaps(p Predicate, nested bool) error {
	operands := func(list []Predicate, nested bool) error {
		for _, x := range list {
			if err := checkOverlaps(x, nested); err != nil {
				return err
			}
		}
		return nil
	}
	switch n := p.(type) {
	case *And:
		return operands(n.Operands, nested)
	case *Or:
		return operands(n.Operands, true)
	case *Not:
		return checkOverlaps(n.X, true)
	case *Overlaps:
		if n.IsSpatial() && nested {
			return &Error{Kind: Unimplemented, At: n.At, Reason: "a spatial OVERLAPS cannot stand under OR or NOT",
				Remedy: "join it with AND, or ask several queries"}
		}
		return n.checkFamily()
	}
	return nil
}

// checkFamily refuses an overlap between elements of one family.
func (o *Overlaps) checkFamily() error {
	x, isX := o.X.(*Field)
	y, isY := o.Y.(*Field)
	if !isX || !isY || x.Type() != y.Type() {
		return nil
	}
	f, g := x.Element.Temporal, y.Element.Temporal
	if o.IsSpatial() {
		f, g = x.Element.Spatial, y.Element.Spatial
	}
	if f != g {
		return nil
	}
	return &Error{Kind: Invalid, At: o.At, Reason: fmt.Sprintf("a join of %s and %s by OVERLAPS is not necessary: both describe one thing", x.Element, y.Element),
		Remedy: "drop this condition"}
}
