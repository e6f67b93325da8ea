package metric

import (
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode"

	"valet/tasks/metric/internal/yaml11"
)

// unitFrom makes a unit of what stands for one: text, or a number as a pure scale.
func unitFrom(v Value) (Unit, error) {
	switch v := v.(type) {
	case string:
		return ParseUnit(v)
	case Bytes:
		return ParseUnit(string(v))
	case bool:
		if v {
			return Unit{}, nil
		}
		return ScaleUnit(0)
	case int64, *big.Int, float64:
		size, err := floatFrom(v)
		if err != nil {
			return Unit{}, err
		}
		return ScaleUnit(size)
	case nil:
		return Unit{}, problem("TypeError", "the unit is missing: '' stands for none")
	}
	return Unit{}, problem("TypeError", "the unit is neither text nor number")
}

// floatFrom converts a number.
func floatFrom(v Value) (float64, error) {
	switch v := v.(type) {
	case int64:
		return float64(v), nil
	case *big.Int:
		f, _ := new(big.Float).SetInt(v).Float64()
		if math.IsInf(f, 0) {
			return 0, problem("OverflowError", "the integer is too large")
		}
		return f, nil
	case float64:
		return v, nil
	}
	return 0, problem("TypeError", "the value is no number")
}

// setQuantity sets the quantity of a value in a unit. Text is a number with an optional unit of its own, which is converted.
func (m *Measurement) setQuantity(v Value, unit Unit) error {
	if unit.Logarithmic() {
		return &logarithmicError{unit}
	}
	switch v := v.(type) {
	case bool:
		m.Quantity, m.Boolean = &Quantity{Unit: unit}, true
		if v {
			m.Quantity.Value = 1
		}
		return nil
	case int64, *big.Int, float64:
		x, err := floatFrom(v)
		m.Quantity = &Quantity{x, unit}
		return err
	case *Sequence:
		a, err := arrayFrom(v.Items)
		if err == nil {
			a.Unit = unit
		}
		m.Array = a
		return err
	case string:
		return m.setText(v, unit)
	}
	return problem("TypeError", "the value is no number")
}

type logarithmicError struct{ unit Unit }

func (e *logarithmicError) Error() string {
	return fmt.Sprintf("the unit %q is logarithmic, which no measurement may have", e.unit.String())
}
func (e *logarithmicError) ClassName() string { return "UnitTypeError" }
func (e *logarithmicError) Hint() string {
	return fmt.Sprintf("use %q", e.unit.def().function)
}

// ParseQuantity reads a number and an optional unit behind it: 5, 1e3, 2.5 min, nan. Without unit it is dimensionless.
func ParseQuantity(s string) (Quantity, error) {
	x, rest, err := splitQuantity(s)
	if err != nil {
		return Quantity{}, err
	}
	u, err := ParseUnit(rest)
	if err == nil && u.Logarithmic() {
		err = &logarithmicError{u}
	}
	return Quantity{x, u}, err
}

// splitQuantity separates the number from what follows.
func splitQuantity(s string) (x float64, rest string, err error) {
	t := strings.TrimLeftFunc(yaml11.LatinDigits(s), unicode.IsSpace)
	n := 0
	if n < len(t) && (t[n] == '+' || t[n] == '-') {
		n++
	}
	switch body := strings.ToLower(t[n:min(len(t), n+8)]); {
	case strings.HasPrefix(body, "nan"):
		n += len("nan")
	case strings.HasPrefix(body, "infinity"):
		n += len("infinity")
	case strings.HasPrefix(body, "inf"):
		n += len("inf")
	default:
		end := number(t, n)
		if end == n {
			return 0, "", problem("TypeError", "%q does not begin with a number", clipText(s))
		}
		n = end
	}
	x, ok := yaml11.PythonFloat(t[:n])
	// A sign or point right behind the number belongs to it in upstream's eyes; so does an exponent behind nan.
	if !ok || n < len(t) && strings.IndexByte("+-.", t[n]) >= 0 || n+1 < len(t) && (t[n-1] == 'n' || t[n-1] == 'N') && (t[n] == 'e' || t[n] == 'E') && exponentAt(t, n+1) {
		return 0, "", problem("TypeError", "%q does not begin with a number", clipText(s))
	}
	return x, strings.TrimSpace(t[n:]), nil
}

func exponentAt(s string, i int) bool {
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	return digitAt(s, i)
}

func clipText(s string) string {
	if len(s) > 60 {
		return s[:60] + "..."
	}
	return s
}

func (m *Measurement) setText(s string, unit Unit) error {
	if t := strings.TrimSpace(s); strings.HasPrefix(t, "[") {
		return m.setListText(t, unit)
	}
	x, rest, err := splitQuantity(s)
	if err != nil {
		return err
	}
	q := Quantity{x, unit}
	if rest != "" {
		if q, err = inUnit(q, rest, unit); err != nil {
			return err
		}
	}
	m.Quantity = &q
	return nil
}

func inUnit(q Quantity, own string, unit Unit) (Quantity, error) {
	u, err := ParseUnit(own)
	if err != nil {
		return Quantity{}, err
	}
	if u.Logarithmic() {
		return Quantity{}, &logarithmicError{u}
	}
	q.Unit = u
	return q.In(unit)
}

// setListText reads a list of numbers in brackets, separated by commas or blanks, with an optional unit behind.
func (m *Measurement) setListText(s string, unit Unit) error {
	list, rest, found := strings.Cut(s[1:], "]")
	items := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || unicode.IsSpace(r) })
	if !found || len(items) == 0 {
		return problem("TypeError", "%q is no list of numbers", clipText(s))
	}
	a := &Array{Shape: []int{len(items)}, Unit: unit}
	for _, item := range items {
		x, ok := yaml11.PythonFloat(item)
		if !ok {
			return problem("TypeError", "%q is no list of numbers", clipText(s))
		}
		a.Data = append(a.Data, x)
	}
	if rest = strings.TrimSpace(rest); rest != "" {
		for i := range a.Data {
			q, err := inUnit(Quantity{Value: a.Data[i]}, rest, unit)
			if err != nil {
				return err
			}
			a.Data[i] = q.Value
		}
	}
	m.Array = a
	return nil
}
