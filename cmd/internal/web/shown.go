package web

import (
	"math"
	"strconv"

	"valet/cmd/internal/figure"
	"valet/tasks/metric"
)

// shown is how a page shows values: in a unit that is easy to read unless one was asked for. Data keep the unit that they have.
type shown struct {
	factor float64
	in     string
}

func newShown(q *question, unit metric.Unit, middle float64) shown {
	s := shown{1, unit.String()}
	if q.unit != nil {
		return s
	}
	handy := figure.Handy(unit, middle)
	if f, err := unit.FactorTo(handy); err == nil && f != 1 {
		s = shown{f, handy.String()}
	}
	return s
}

// In is the unit of Show.
func (s shown) In() string { return s.in }

// Show is a value in five digits.
func (s shown) Show(n number) string { return (n * number(s.factor)).Text() }

// Brief is a value in four digits, for tables with many columns.
func (s shown) Brief(n number) string {
	text := (n * number(s.factor)).Text()
	if f := float64(n) * s.factor; len(text) > 5 && f != math.Trunc(f) {
		return strconv.FormatFloat(f, 'g', 4, 64)
	}
	return text
}
