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
	err, _ := checkOverlaps(p, false)
	return err
}

// checkOverlaps finds the error that comes first in conjunctive normal form, and whether it is in the first of its disjunctions;
// nested is what stands under OR or NOT. An Or of conjunctions is normalized to disjunctions that take one operand from each, the
// last varying fastest: so an error in a first disjunction comes first, and else that of the last operand which has one.
func checkOverlaps(p Predicate, nested bool) (problem error, first bool) {
	switch n := p.(type) {
	case *And:
		for i, x := range n.Operands {
			if err, first := checkOverlaps(x, nested); err != nil {
				return err, first && i == 0
			}
		}
	case *Or:
		var last error
		for _, x := range n.Operands {
			err, first := checkOverlaps(x, true)
			if first {
				return err, true
			}
			if err != nil {
				last = err
			}
		}
		return last, false
	case *Not:
		return checkOverlaps(n.X, true)
	case *Overlaps:
		if n.IsSpatial() && nested {
			return &Error{Kind: Unimplemented, At: n.At, Reason: "a spatial OVERLAPS cannot stand under OR or NOT",
				Remedy: "join it with AND, or ask several queries"}, true
		}
		if err := n.checkFamily(); err != nil {
			return err, true
		}
	}
	return nil, false
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
