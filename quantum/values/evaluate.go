package values

import (
	"cmp"
	"math"
	"slices"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/query"
)

// truth is a value of three-valued logic.
type truth int8

const (
	no truth = iota - 1
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// evaluation evaluates a condition. column gives the value of a column: int64, float64, string, bool, dataset.ID, or nil for NULL.
type evaluation struct{ column func(x query.Operand) any }

// Holds reports whether a bound condition is true where column gives the values of its columns: int64, float64, string, bool, dataset.ID, or nil
// for NULL. NaN satisfies no comparison but !=. A nil condition is true; tests of overlaps are unknown, and so not true.
func Holds(p query.Predicate, column func(x query.Operand) any) bool {
	v := evaluation{column}
	return v.predicate(p) == yes
}

// holds reports whether the row satisfies the own part of the condition.
func (c *condition) holds(s *Set, r *row) bool {
	t := s.candidates[r.candidate].typ
	columns := c.columns[t]
	return Holds(c.bound[t], func(x query.Operand) any { return s.column(r, columns, x) })
}

// column is the value of a column for a row; columns are the fields in Set.columns.
func (s *Set) column(r *row, columns []string, x query.Operand) any {
	c := &s.candidates[r.candidate]
	switch n := x.(type) {
	case *query.ExtraColumn:
		k := &s.kinds[r.kind]
		switch {
		case n.Name == "metric":
			return k.metric
		case !r.has:
			return nil
		case n.Name == "unit":
			return k.unitText
		}
		return r.value
	case *query.DimensionKey:
		return s.key(c, n.Dimension.Name).Any()
	case *query.Field:
		if i := slices.Index(columns, n.String()); i >= 0 {
			return s.columns[c.columns][i]
		}
	case *query.DatasetField:
		if n.Name == "run" {
			return s.runs[c.run]
		}
		return c.id
	}
	return nil
}

func (v *evaluation) predicate(p query.Predicate) truth {
	switch n := p.(type) {
	case nil:
		return yes
	case *query.And:
		out := yes
		for _, x := range n.Operands {
			out = min(out, v.predicate(x))
		}
		return out
	case *query.Or:
		out := no
		for _, x := range n.Operands {
			out = max(out, v.predicate(x))
		}
		return out
	case *query.Not:
		return -v.predicate(n.X)
	case query.Constant:
		return truthOf(bool(n))
	case *query.Compare:
		return compare(n.Op, v.operand(n.X), v.operand(n.Y))
	case *query.IsNull:
		return truthOf(v.operand(n.X) == nil)
	case *query.InList:
		return v.inList(n)
	case *query.InRange:
		x, ok := v.operand(n.X).(int64)
		if !ok {
			return unknown
		}
		return truthOf(x >= n.Start && x <= n.Stop && (x-n.Start)%n.Stride == 0)
	case *query.Glob:
		x, ok := v.operand(n.X).(string)
		if !ok {
			return truthOf(n.Pattern == "*")
		}
		return truthOf(registry.MatchPattern(n.Pattern, x))
	case *query.BoolColumn:
		x, ok := v.operand(n.X).(bool)
		if !ok {
			return unknown
		}
		return truthOf(x)
	}
	return unknown
}

func (v *evaluation) inList(n *query.InList) truth {
	x := v.operand(n.X)
	if x == nil {
		return unknown
	}
	out := no
	for i := range n.Values {
		out = max(out, compare(query.Equal, x, n.Values[i].Value))
	}
	return out
}

// operand is a value: int64, float64, string, bool, dataset.ID, or nil for NULL.
func (v *evaluation) operand(x query.Operand) any {
	switch n := x.(type) {
	case *query.Literal:
		return n.Value
	case *query.Negative:
		switch a := v.operand(n.X).(type) {
		case int64:
			return -a
		case float64:
			return -a
		}
	case *query.Arithmetic:
		return arithmetic(n.Op, v.operand(n.X), v.operand(n.Y))
	default:
		return v.column(x)
	}
	return nil
}

// compare is a comparison of two operands of comparable types. Numbers compare as floats unless both are integers; NaN compares false but
// for !=.
func compare(op query.Operator, x, y any) truth {
	if x == nil || y == nil {
		return unknown
	}
	var c int
	switch a := x.(type) {
	case int64:
		if b, ok := y.(int64); ok {
			c = cmp.Compare(a, b)
			break
		}
		return compareFloats(op, float64(a), y)
	case float64:
		return compareFloats(op, a, y)
	case string:
		b, ok := y.(string)
		if !ok {
			return unknown
		}
		c = cmp.Compare(a, b)
	case dataset.ID:
		b, ok := y.(dataset.ID)
		if !ok {
			return unknown
		}
		c = slices.Compare(a[:], b[:])
	default:
		return unknown
	}
	return ordered(op, c)
}

func compareFloats(op query.Operator, a float64, y any) truth {
	var b float64
	switch t := y.(type) {
	case int64:
		b = float64(t)
	case float64:
		b = t
	default:
		return unknown
	}
	if a != a || b != b {
		return truthOf(op == query.NotEqual)
	}
	return ordered(op, cmp.Compare(a, b))
}

func ordered(op query.Operator, c int) truth {
	switch op {
	case query.Equal:
		return truthOf(c == 0)
	case query.NotEqual:
		return truthOf(c != 0)
	case query.Less:
		return truthOf(c < 0)
	case query.LessEqual:
		return truthOf(c <= 0)
	case query.Greater:
		return truthOf(c > 0)
	}
	return truthOf(c >= 0)
}

// arithmetic follows the registry: / is true division, division by zero gives NULL, and % has the sign of the dividend.
func arithmetic(op query.ArithmeticOp, x, y any) any {
	a, aInt := x.(int64)
	b, bInt := y.(int64)
	if aInt && bInt && op != '/' {
		switch op {
		case '+':
			return a + b
		case '-':
			return a - b
		case '*':
			return a * b
		}
		if b == 0 {
			return nil
		}
		return a % b
	}
	f, okF := asFloat(x)
	g, okG := asFloat(y)
	if !okF || !okG {
		return nil
	}
	switch op {
	case '+':
		return f + g
	case '-':
		return f - g
	case '*':
		return f * g
	case '/':
		if g == 0 {
			return nil
		}
		return f / g
	}
	return math.Mod(f, g)
}

func asFloat(x any) (float64, bool) {
	switch t := x.(type) {
	case int64:
		return float64(t), true
	case float64:
		return t, true
	}
	return 0, false
}
