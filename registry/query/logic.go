package query

// Conjunction is the And of predicates, any of which may be nil.
func Conjunction(parts ...Predicate) Predicate {
	var all []Predicate
	for _, p := range parts {
		switch n := p.(type) {
		case nil:
		case *And:
			all = append(all, n.Operands...)
		default:
			all = append(all, p)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return &And{all}
}

// disjunction is the Or of one or more predicates.
func disjunction(parts []Predicate) Predicate {
	if len(parts) == 1 {
		return parts[0]
	}
	var all []Predicate
	for _, p := range parts {
		if n, ok := p.(*Or); ok {
			all = append(all, n.Operands...)
		} else {
			all = append(all, p)
		}
	}
	return &Or{all}
}

var opposite = [...]Operator{Equal: NotEqual, NotEqual: Equal, Less: GreaterEqual, GreaterEqual: Less, Greater: LessEqual, LessEqual: Greater}

// negate is the negation with NOT on the leaves only.
func negate(p Predicate) Predicate {
	negated := func(operands []Predicate) []Predicate {
		out := make([]Predicate, len(operands))
		for i, x := range operands {
			out[i] = negate(x)
		}
		return out
	}
	switch n := p.(type) {
	case *And:
		return disjunction(negated(n.Operands))
	case *Or:
		return Conjunction(negated(n.Operands)...)
	case *Not:
		return n.X
	case Constant:
		return !n
	case *Compare:
		return &Compare{opposite[n.Op], n.X, n.Y}
	}
	return &Not{p}
}
