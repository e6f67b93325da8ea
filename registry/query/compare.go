package query

import "fmt"

// comparison binds = != < <= > >= and OVERLAPS (queries.md 2.4).
func (b *binder) comparison(n *Binary) (Predicate, error) {
	x, err := b.meaning(n.X)
	if err != nil {
		return nil, err
	}
	y, err := b.meaning(n.Y)
	if err != nil {
		return nil, err
	}
	if n.Op == "OVERLAPS" {
		return b.overlap(n, x, y)
	}
	op := Operator(0)
	for operatorTexts[op] != n.Op {
		op++
	}
	return b.compare(op, x, y, n)
}

func (b *binder) disagree(n Expr, op string, x, y meaning) *Error {
	e := &Error{Kind: Invalid, At: n.Span(), Reason: fmt.Sprintf("%s cannot compare a %s with a %s in %s", op, x.typeName(), y.typeName(), n)}
	switch isTime := func(m meaning) bool {
		t := m.typeName()
		return t == "datetime" || t == "ingest_date" || t == "timespan"
	}; {
	case isTime(x) && y.typeName() == "string", isTime(y) && x.typeName() == "string":
		e.Remedy = "write times as T'2026-08-02', with a T before the quote"
	case x.condition() != nil, y.condition() != nil:
		e.Remedy = "a boolean column is a condition by itself: write column, NOT column or column = NULL"
	case x.isNull(), y.isNull():
		e.Remedy = "test for missing values with column = NULL or column != NULL"
	case x.sequence != nil, y.sequence != nil, x.interval != nil, y.interval != nil:
		e.Remedy = "lists and ranges stand only in IN (...)"
	case x.typeName() == "string" || y.typeName() == "string":
		e.Remedy = "strings stand in quotes, numbers do not"
	default:
		e.Remedy = "compare values of one type"
	}
	return e
}

// compare makes a comparison or NULL test of two meanings; n is what they come from.
func (b *binder) compare(op Operator, x, y meaning, n Expr) (Predicate, error) {
	if x.isNull() && !y.isNull() {
		// Only equality is left, which is symmetric; anything else is refused below.
		x, y = y, x
	}
	if y.isNull() {
		if x.operand == nil || op != Equal && op != NotEqual {
			return nil, b.disagree(n, op.String(), x, y)
		}
		p := Predicate(&IsNull{x.operand})
		if _, ok := x.operand.(*Literal); ok {
			p = Constant(false)
		}
		if op == NotEqual {
			p = negate(p)
		}
		return p, nil
	}
	if !x.scalar() || !y.scalar() || !comparable(op, x.operand.Type(), y.operand.Type()) {
		return nil, b.disagree(n, op.String(), x, y)
	}
	return &Compare{op, x.operand, y.operand}, nil
}

func comparable(op Operator, s, t Type) bool {
	isEquality := op == Equal || op == NotEqual
	switch {
	case s == Timespan:
		return false
	case s == t:
		return isEquality || s == Int || s == Float || s == String || s == DateTime || s == IngestDate
	}
	pair := func(u, v Type) bool { return s == u && t == v || s == v && t == u }
	return pair(Int, Float) || pair(DateTime, IngestDate)
}

func (b *binder) overlap(n *Binary, x, y meaning) (Predicate, error) {
	s, t := Null, Null
	if x.operand != nil && y.operand != nil {
		s, t = x.operand.Type(), y.operand.Type()
	}
	isInstant := func(t Type) bool { return t == DateTime || t == IngestDate }
	switch {
	case s == Region && t == Region:
		_, columnX := x.operand.(*Field)
		_, columnY := y.operand.(*Field)
		if !columnX && !columnY {
			return nil, &Error{Kind: Invalid, At: n.At, Reason: "OVERLAPS of two given regions", Remedy: "compare the region of a dimension, as in visit.region OVERLAPS POINT(10, -30)"}
		}
	case s == Timespan && t == Timespan, s == Timespan && isInstant(t), isInstant(s) && t == Timespan:
	default:
		e := b.disagree(n, n.Op, x, y)
		if s == Timespan && t == String || s == String && t == Timespan {
			return nil, e
		}
		e.Remedy = "OVERLAPS takes two regions, two timespans, or a timespan and a time"
		return nil, e
	}
	return &Overlaps{X: x.operand, Y: y.operand, At: n.At}, nil
}

// membership binds IN and NOT IN: the Or of what its items mean, with the literals among them gathered into one list.
func (b *binder) membership(n *Membership) (Predicate, error) {
	x, err := b.meaning(n.X)
	if err != nil {
		return nil, err
	}
	if !x.scalar() {
		return nil, &Error{Kind: Invalid, At: n.X.Span(), Reason: fmt.Sprintf("the left side of IN is a %s, not a column or value", x.typeName()),
			Remedy: "boolean columns are conditions by themselves; test for missing values with column = NULL"}
	}
	var parts []Predicate
	var gathered *InList
	for _, item := range n.Items {
		p, err := b.member(x, item, n)
		if err != nil {
			return nil, err
		}
		if c, ok := p.(*Compare); ok && c.Y.Type() != Region {
			if l, ok := c.Y.(*Literal); ok {
				if gathered == nil {
					gathered = &InList{X: x.operand, Written: true}
					parts = append(parts, gathered)
				}
				gathered.Values = append(gathered.Values, *l)
				continue
			}
		}
		parts = append(parts, p)
	}
	if gathered != nil && len(gathered.Values) == 1 {
		for i := range parts {
			if parts[i] == Predicate(gathered) {
				parts[i] = &Compare{Equal, x.operand, &gathered.Values[0]}
			}
		}
	}
	p := disjunction(parts)
	if n.Not {
		p = negate(p)
	}
	return p, nil
}

func (b *binder) member(x meaning, item Expr, n *Membership) (Predicate, error) {
	y, err := b.meaning(item)
	if err != nil {
		return nil, err
	}
	switch t := x.operand.Type(); {
	case y.interval != nil:
		r := y.interval
		switch {
		case t != Int:
			return nil, &Error{Kind: Invalid, At: r.At, Reason: fmt.Sprintf("a range cannot hold %s, which is a %s", n.X, t), Remedy: "ranges are for integers"}
		case r.Stop < r.Start && r.Start-r.Stop != 1:
			return nil, &Error{Kind: Invalid, At: r.At, Reason: fmt.Sprintf("the range %s stops before it starts", r), Remedy: "write the smaller number first"}
		case r.Start == r.Stop:
			return &Compare{Equal, x.operand, &Literal{Int, r.Start}}, nil
		}
		return &InRange{X: x.operand, Start: r.Start, Stop: r.Stop, Stride: max(r.Stride, 1)}, nil
	case y.sequence != nil:
		switch {
		case t == Timespan || t == Region:
			return nil, &Error{Kind: Invalid, At: n.X.Span(), Reason: fmt.Sprintf("IN cannot look for a %s in a list", t), Remedy: "use OVERLAPS"}
		case len(y.sequence.values) > 0 && y.sequence.of != t:
			return nil, &Error{Kind: Invalid, At: item.Span(), Reason: fmt.Sprintf("the list %s holds values of type %s, but %s is a %s", item, y.sequence.of, n.X, t),
				Remedy: "give values of the column's own type"}
		}
		return &InList{X: x.operand, Values: y.sequence.values}, nil
	}
	return b.compare(Equal, x, y, item)
}
