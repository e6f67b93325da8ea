package query

import (
	"fmt"

	"valet/registry/dimension"
)

// Context gives names their meaning (queries.md 2.2).
type Context struct {
	Universe *dimension.Universe
	// Dimensions is the group of the result. For a where given before the result type is chosen, it is the group of all joined
	// dimensions.
	Dimensions *dimension.Group
	// Datasets are the names of the dataset types whose fields may be named without qualification: the type of the result of a
	// dataset query; for a where given before the result type is chosen, all joined types.
	Datasets []string
	Binds    Binds
	// Extra are names of columns that the caller has beside those of the repository. They mean *ExtraColumn, which no planner knows.
	Extra map[string]Type
}

// Bind gives every name in e its meaning and checks all types. A nil e gives a nil Predicate. Errors are *Error. A qualified
// field of any dataset type is accepted; whether the query searches that type is for the planner to check.
func Bind(e Expr, c Context) (Predicate, error) {
	if e == nil {
		return nil, nil
	}
	b := &binder{c}
	m, err := b.meaning(e)
	if err != nil {
		return nil, err
	}
	if p := m.condition(); p != nil {
		return p, nil
	}
	return nil, &Error{Kind: Invalid, At: e.Span(), Reason: fmt.Sprintf("the expression is a %s, not a condition", m.typeName()),
		Remedy: "compare it with something, for example visit > 42"}
}

type binder struct{ Context }

// meaning is what an expression stands for: exactly one of the fields is set, or none for NULL.
type meaning struct {
	predicate Predicate
	operand   Operand
	interval  *RangeLiteral
	// sequence is not nil for a bound list, even an empty one.
	sequence *sequence
}

// condition is the meaning as a predicate, nil if it is none. A Bool column is one.
func (m meaning) condition() Predicate {
	if m.operand != nil && m.operand.Type() == Bool {
		return &BoolColumn{X: m.operand}
	}
	return m.predicate
}

func (m meaning) isNull() bool {
	return m.predicate == nil && m.operand == nil && m.interval == nil && m.sequence == nil
}

func (m meaning) typeName() string {
	switch {
	case m.predicate != nil:
		return "bool"
	case m.operand != nil:
		return m.operand.Type().String()
	case m.interval != nil:
		return "range"
	case m.sequence != nil:
		return "sequence"
	}
	return "null"
}

// scalar reports whether m is a single value that is no condition.
func (m meaning) scalar() bool { return m.operand != nil && m.operand.Type() != Bool }

func (b *binder) meaning(e Expr) (meaning, error) {
	switch n := e.(type) {
	case *Parens:
		return b.meaning(n.X)
	case *Logical:
		p, err := b.logical(n)
		return meaning{predicate: p}, err
	case *Unary:
		return b.unary(n)
	case *Binary:
		if sums[n.Op] || products[n.Op] {
			x, err := b.arithmetic(n)
			return meaning{operand: x}, err
		}
		p, err := b.comparison(n)
		return meaning{predicate: p}, err
	case *Membership:
		p, err := b.membership(n)
		return meaning{predicate: p}, err
	case *Identifier:
		return b.identifier(n)
	case *BindName:
		return b.bound(n.Name, n.At)
	case *Number:
		x, err := readNumber(n)
		return meaning{operand: x}, err
	case *Text:
		return literal(String, n.Value), nil
	case *TimeLiteral:
		return literal(DateTime, n.Value), nil
	case *UUIDLiteral:
		return literal(UUID, n.Value), nil
	case *RangeLiteral:
		return meaning{interval: n}, nil
	case *Tuple:
		x, err := b.timespan(n)
		return meaning{operand: x}, err
	case *Call:
		return b.call(n)
	}
	return meaning{}, &Error{Kind: Invalid, At: e.Span(), Reason: fmt.Sprintf("%s has no meaning", e)}
}

func literal(of Type, value any) meaning { return meaning{operand: &Literal{of, value}} }

func (b *binder) logical(n *Logical) (Predicate, error) {
	parts := make([]Predicate, 0, len(n.Operands))
	for i, x := range n.Operands {
		m, err := b.meaning(x)
		if err != nil {
			return nil, err
		}
		p := m.condition()
		if p == nil {
			return nil, &Error{Kind: Invalid, At: x.Span(), Reason: fmt.Sprintf("operand %d of %s is a %s, not a condition", i+1, n.Op, m.typeName()),
				Remedy: "AND, OR and NOT join comparisons, memberships and boolean columns"}
		}
		parts = append(parts, p)
	}
	if n.Op == "AND" {
		return Conjunction(parts...), nil
	}
	return disjunction(parts), nil
}

func (b *binder) unary(n *Unary) (meaning, error) {
	if x, ok := n.X.(*Number); ok && n.Op == "-" {
		// Read with its sign, because the least integer has no positive counterpart.
		y, err := readNumber(&Number{Text: "-" + x.Text, At: n.At})
		return meaning{operand: y}, err
	}
	m, err := b.meaning(n.X)
	if err != nil {
		return meaning{}, err
	}
	if n.Op == "NOT" {
		p := m.condition()
		if p == nil {
			return meaning{}, b.wrongType(n, "NOT", m)
		}
		return meaning{predicate: negate(p)}, nil
	}
	if m.operand == nil || m.operand.Type() != Int && m.operand.Type() != Float {
		return meaning{}, b.wrongType(n, n.Op, m)
	}
	if n.Op == "+" {
		return m, nil
	}
	if l, ok := m.operand.(*Literal); ok {
		if l.Of == Int {
			return literal(Int, -l.Value.(int64)), nil
		}
		return literal(Float, -l.Value.(float64)), nil
	}
	return meaning{operand: &Negative{m.operand}}, nil
}

func (b *binder) wrongType(n Expr, op string, m meaning) error {
	e := &Error{Kind: Invalid, At: n.Span(), Reason: fmt.Sprintf("%s cannot be applied to a %s", op, m.typeName())}
	if op == "NOT" {
		e.Remedy = "NOT takes a condition; to test for a missing value write column = NULL"
	} else {
		e.Remedy = "signs and arithmetic take int and float columns and numbers"
	}
	return e
}

func (b *binder) arithmetic(n *Binary) (Operand, error) {
	x, err := b.meaning(n.X)
	if err != nil {
		return nil, err
	}
	y, err := b.meaning(n.Y)
	if err != nil {
		return nil, err
	}
	for _, m := range []meaning{x, y} {
		if m.operand == nil || m.operand.Type() != Int && m.operand.Type() != Float {
			return nil, b.wrongType(n, n.Op, m)
		}
	}
	switch t := x.operand.Type(); {
	case t != y.operand.Type():
		return nil, &Error{Kind: Invalid, At: n.At, Reason: fmt.Sprintf("%s joins a %s and a %s in %s", n.Op, t, y.operand.Type(), n),
			Remedy: "both operands must be int or both float: write 2.0 instead of 2 beside a float column"}
	case n.Op == "%" && t != Int:
		return nil, &Error{Kind: Invalid, At: n.At, Reason: "% takes integers only"}
	}
	return &Arithmetic{Op: ArithmeticOp(n.Op[0]), X: x.operand, Y: y.operand}, nil
}

// timespan binds a tuple of times.
func (b *binder) timespan(n *Tuple) (Operand, error) {
	bounds := [2]int64{dimension.MinTime, dimension.MaxTime}
	for i, x := range []Expr{n.Begin, n.End} {
		m, err := b.meaning(x)
		if err != nil {
			return nil, err
		}
		if m.isNull() {
			continue
		}
		l, ok := m.operand.(*Literal)
		if !ok || l.Of != DateTime {
			return nil, &Error{Kind: Invalid, At: x.Span(), Reason: fmt.Sprintf("%s cannot bound a timespan", x),
				Remedy: "write (T'2026-08-01', T'2026-08-02'), with NULL for no bound; times need the T before the quote"}
		}
		bounds[i] = int64(l.Value.(Time))
	}
	if bounds[0] == bounds[1] {
		// Upstream takes an instant for the nanosecond after it, except at the ends of time.
		if bounds[0] == dimension.MinTime || bounds[0] == dimension.MaxTime {
			return nil, &Error{Kind: BadValue, At: n.At, Reason: "the timespan begins and ends at an end of time"}
		}
		bounds[1]++
	}
	return &Literal{Timespan, dimension.NewTimespan(bounds[0], bounds[1])}, nil
}
