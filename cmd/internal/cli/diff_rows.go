package cli

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"valet/quantum/values"
	"valet/registry/dimension"
	"valet/registry/query"
)

// diffRow is a metric at a data ID in all collections.
type diffRow struct {
	at values.Joined
	values.Compared
	// missing counts the collections without the measurement.
	missing int32
}

// comparable reports whether both the first and the last collection have a value.
func (r *diffRow) comparable() bool { return r.Has[0] && r.Has[len(r.Has)-1] }

// difference is the last value minus the first.
func (r *diffRow) difference() float64 { return r.Values[len(r.Values)-1] - r.Values[0] }

// ratio is the last value divided by the first; ok is false if that is no number.
func (r *diffRow) ratio() (float64, bool) {
	q := r.Values[len(r.Values)-1] / r.Values[0]
	return q, !math.IsNaN(q) && (r.Values[0] != 0)
}

// change is the size of the difference as a part of the first value: infinite from zero and between a number and NaN, 0 between NaN and NaN.
func (r *diffRow) change() float64 {
	first, last := r.Values[0], r.Values[len(r.Values)-1]
	switch {
	case first == last || math.IsNaN(first) && math.IsNaN(last):
		return 0
	case math.IsNaN(first) || math.IsNaN(last) || first == 0:
		return math.Inf(1)
	}
	if c := math.Abs((last - first) / first); !math.IsNaN(c) {
		return c
	}
	return math.Inf(1)
}

// same reports whether all collections have the value, and the same.
func (r *diffRow) same() bool {
	if r.missing > 0 {
		return false
	}
	for i := range r.Values {
		if r.Has[i] != r.Has[0] || r.Has[0] && r.Values[i] != r.Values[0] && !(math.IsNaN(r.Values[i]) && math.IsNaN(r.Values[0])) {
			return false
		}
	}
	return true
}

// join joins the Sets and sorts the rows: by change, largest first, then what is not comparable. Units that do not convert are told of, and their
// rows left out.
func (d *diff) join() ([]diffRow, error) {
	var rows []diffRow
	told := map[string]bool{}
	compare := values.NewComparer(d.sets...)
	for _, j := range values.Join(d.sets...) {
		r := diffRow{at: j, missing: int32(j.Missing())}
		var err error
		if r.Compared, err = compare.Compare(j); err != nil {
			var unit *values.UnitError
			if !errors.As(err, &unit) {
				return nil, err
			}
			d.faults++
			if name := j.Metric(d.sets...); !told[name] {
				told[name] = true
				fmt.Fprintf(d.app.Stderr, "error: %s\n", errorText(err))
			}
			continue
		}
		if !d.options.changed || !r.same() {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b diffRow) int {
		if x, y := a.comparable(), b.comparable(); x != y {
			if x {
				return -1
			}
			return 1
		} else if !x {
			return 0
		}
		return cmp.Compare(b.change(), a.change())
	})
	return rows, nil
}

// failColumns are the names of --fail-on.
var failColumns = map[string]query.Type{"ratio": query.Float, "difference": query.Float, "change": query.Float, "first": query.Float, "last": query.Float,
	"missing": query.Int, "metric": query.String, "unit": query.String}

// bindFailOn gives an expression its meaning; nil is none.
func bindFailOn(e query.Expr, u *dimension.Universe, binds query.Binds) (query.Predicate, error) {
	if e == nil {
		return nil, nil
	}
	p, err := query.Bind(e, query.Context{Universe: u, Binds: binds, Extra: failColumns})
	if err != nil {
		var wrong *query.Error
		if errors.As(err, &wrong) && wrong.Kind == query.Invalid && strings.HasPrefix(wrong.Reason, "unknown name") {
			wrong.Remedy = "names are ratio, difference, change, first, last, missing, metric, unit, and dimensions"
		}
		return nil, err
	}
	if m := query.Mentions(p); len(m.Fields)+len(m.Datasets)+len(m.Spatial)+len(m.Temporal)+len(m.Nested) > 0 {
		return nil, &query.Error{Kind: query.Unimplemented, At: e.Span(), Reason: "it names something that a comparison does not have",
			Remedy: "names are ratio, difference, change, first, last, missing, metric, unit, and dimensions"}
	}
	return p, nil
}

// failing counts the rows that satisfy --fail-on, and tells of them.
func (d *diff) failing(rows []diffRow) int {
	if d.failOn == nil {
		return 0
	}
	n := 0
	for i := range rows {
		r := &rows[i]
		if !values.Holds(d.failOn, func(x query.Operand) any { return d.column(r, x) }) {
			continue
		}
		if n++; n <= 3 {
			fmt.Fprintf(d.app.Stderr, "%s %s: %s\n", r.at.Metric(d.sets...), r.at.DataID(d.sets...), r.describe())
		}
	}
	if n > 3 {
		fmt.Fprintf(d.app.Stderr, "... and %d more\n", n-3)
	}
	if n > 0 {
		fmt.Fprintf(d.app.Stderr, "error: %d of %d comparisons satisfy %s\n", n, len(rows), d.options.failOn)
	}
	return n
}

// describe is a row in words.
func (r *diffRow) describe() string {
	last := len(r.Values) - 1
	text := func(i int) string {
		if !r.Has[i] {
			return "nothing"
		}
		return fmt.Sprintf("%.6g %s", r.Values[i], r.Unit)
	}
	out := strings.TrimSpace(text(0)) + " -> " + strings.TrimSpace(text(last))
	if q, ok := r.ratio(); ok && r.comparable() {
		out += fmt.Sprintf(" (ratio %.4g)", q)
	}
	return out
}

// column is the value of a column of --fail-on.
func (d *diff) column(r *diffRow, x query.Operand) any {
	switch n := x.(type) {
	case *query.DimensionKey:
		return r.at.DataID(d.sets...).Get(n.Dimension.Name).Any()
	case *query.ExtraColumn:
		last := len(r.Values) - 1
		switch n.Name {
		case "metric":
			return r.at.Metric(d.sets...)
		case "missing":
			return int64(r.missing)
		case "unit":
			if !slices.Contains(r.Has, true) {
				return nil
			}
			return r.Unit.String()
		case "first":
			if r.Has[0] {
				return r.Values[0]
			}
			return nil
		case "last":
			if r.Has[last] {
				return r.Values[last]
			}
			return nil
		}
		if !r.comparable() {
			return nil
		}
		switch n.Name {
		case "difference":
			return r.difference()
		case "change":
			return r.change()
		case "ratio":
			if q, ok := r.ratio(); ok {
				return q
			}
		}
	}
	return nil
}
