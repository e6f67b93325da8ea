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
func CheckOverlaps(p Predicate) error {
	m := Mentions(p)
	for _, o := range m.Nested {
		if o.IsSpatial() {
			return &Error{Kind: Unimplemented, At: o.At, Reason: "a spatial OVERLAPS cannot stand under OR or NOT",
				Remedy: "join it with AND, or ask several queries"}
		}
	}
	for _, o := range slices.Concat(m.Spatial, m.Temporal, m.Nested) {
		x, isX := o.X.(*Field)
		y, isY := o.Y.(*Field)
		if !isX || !isY {
			continue
		}
		family := func(e *dimension.Element) *dimension.Family {
			if o.IsSpatial() {
				return e.Spatial
			}
			return e.Temporal
		}
		if x.Type() == y.Type() && family(x.Element) == family(y.Element) {
			return &Error{Kind: Invalid, At: o.At, Reason: fmt.Sprintf("a join of %s and %s by OVERLAPS is not necessary: both describe one thing", x.Element, y.Element),
				Remedy: "drop this condition"}
		}
	}
	return nil
}
