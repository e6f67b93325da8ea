package metric

import (
	"fmt"
	"math"
)

// Quantity is a number with its unit.
type Quantity struct {
	Value float64
	Unit  Unit
}

// Q makes a quantity.
func Q(value float64, unit Unit) Quantity { return Quantity{value, unit} }

// String prints value, blank and unit with the full digits, and without unit the value alone (metrics.md 2.2).
func (q Quantity) String() string { return string(q.Append(nil, AppendFloatRepr)) }

// Append prints the quantity with the given form of the number.
func (q Quantity) Append(dst []byte, number func([]byte, float64) []byte) []byte {
	dst = number(dst, q.Value)
	if u := q.Unit.String(); u != "" {
		dst = append(append(dst, ' '), u...)
	}
	return dst
}

// Four prints with four significant digits, as the timing listing does.
func Four(dst []byte, x float64) []byte { return AppendSignificant(dst, x, 4) }

// Five prints with five significant digits, as the memory listing does.
func Five(dst []byte, x float64) []byte { return AppendSignificant(dst, x, 5) }

// In converts to a unit by one multiplication. The error is a *ConversionError.
func (q Quantity) In(u Unit) (Quantity, error) {
	f, err := q.Unit.FactorTo(u)
	if err != nil {
		return Quantity{}, err
	}
	if f == 1 {
		return Quantity{q.Value, u}, nil
	}
	return Quantity{q.Value * f, u}, nil
}

// Sub subtracts r, converted to the unit of q.
func (q Quantity) Sub(r Quantity) (Quantity, error) {
	r, err := r.In(q.Unit)
	if err != nil {
		return Quantity{}, fmt.Errorf("subtract %s from %s: %w", r, q, err)
	}
	return Quantity{q.Value - r.Value, q.Unit}, nil
}

// Operator is a comparison of a specification.
type Operator string

// The six comparisons.
const (
	Less         Operator = "<"
	LessEqual    Operator = "<="
	Greater      Operator = ">"
	GreaterEqual Operator = ">="
	Equal        Operator = "=="
	NotEqual     Operator = "!="
)

// OperatorError is a word that is no comparison.
type OperatorError struct{ Text string }

// Error names the word.
func (e *OperatorError) Error() string { return fmt.Sprintf("%q is not a comparison", e.Text) }

// Hint lists the comparisons.
func (e *OperatorError) Hint() string { return "use one of < <= > >= == !=" }

// ClassName is upstream's exception.
func (e *OperatorError) ClassName() string { return "TypeError" }

// ParseOperator reads a comparison.
func ParseOperator(s string) (Operator, error) {
	switch op := Operator(s); op {
	case Less, LessEqual, Greater, GreaterEqual, Equal, NotEqual:
		return op, nil
	}
	return "", &OperatorError{s}
}

// Compare tells whether "q op r" holds. r is converted to the unit of q and the floats are compared exactly; NaN compares false with everything
// except by !=. Where the units are incompatible == is false and != is true, and the other operators fail (metrics.md 2.3).
func (q Quantity) Compare(op Operator, r Quantity) (bool, error) {
	f, err := r.Unit.FactorTo(q.Unit)
	if err != nil {
		switch op {
		case Equal:
			return false, nil
		case NotEqual:
			return true, nil
		}
		return false, fmt.Errorf("compare %s %s %s: %w", q, op, r, err)
	}
	b := r.Value
	if f != 1 {
		b *= f
	}
	switch a := q.Value; op {
	case Less:
		return a < b, nil
	case LessEqual:
		return a <= b, nil
	case Greater:
		return a > b, nil
	case GreaterEqual:
		return a >= b, nil
	case Equal:
		return a == b, nil
	case NotEqual:
		return a != b, nil
	}
	return false, &OperatorError{string(op)}
}

// near tells whether two values are equal but for a relative difference of 1e-5, as the equality of measurements has it.
func near(a, b float64) bool {
	if math.IsInf(a, 0) || math.IsInf(b, 0) {
		return a == b
	}
	return math.Abs(a-b) <= 1e-5*math.Abs(b)
}
