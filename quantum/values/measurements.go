package values

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"valet/registry"
	"valet/tasks/metric"
)

// Measurements answers a query. The result is in the order of dataset type, then data ID, unless OrderBy says otherwise.
//
// In Where, value, unit and metric are columns of every measurement, as it is shown, that is after conversion to Unit. The expression is
// split at its outermost ANDs: operands that name none of the three are the registry's (governor rule, regions and all); the others are
// evaluated here for each measurement, and may compare these columns with keys and fields of dimensions, which are NULL where the data ID has no
// such dimension, run and dataset_id, but test no overlaps. A measurement without quantity has NULL for value and unit. A value that is NaN satisfies no comparison but !=.
//
// Errors are *UnknownMetricError, *UnitError, *query.Error, and those of the registry. Measurements that cannot be read are no errors but
// Faults of the Set.
func (x *Index) Measurements(ctx context.Context, q Query) (*Set, error) {
	r := x.butler.Registry
	c := newCondition(&q)
	o, err := newOrder(q.OrderBy, r.Universe())
	if err != nil {
		return nil, err
	}
	s := &Set{}
	if s.types, err = x.typesOf(ctx, q.Metrics); err != nil {
		return nil, err
	}
	if err := x.search(ctx, s, &q, c, o); err != nil {
		return nil, err
	}
	col := newCollector(x, s, &q)
	if err := col.lookUp(ctx); err != nil {
		return nil, err
	}
	if err := col.readMissing(ctx); err != nil {
		return nil, err
	}
	col.finish()
	if err := s.choose(&q, c); err != nil {
		return nil, err
	}
	if o != nil {
		s.sort(o)
	}
	if q.Limit > 0 && len(s.rows) > q.Limit {
		s.rows = s.rows[:q.Limit]
	}
	return s, nil
}

// finish puts the rows into the Set and converts values.
func (c *collector) finish() {
	s := c.set
	s.rows = slices.DeleteFunc(c.rows, func(r row) bool { return r.kind < 0 })
	if len(c.more) > 0 {
		s.rows = append(s.rows, c.more...)
		slices.SortStableFunc(s.rows, func(a, b row) int { return int(a.candidate) - int(b.candidate) })
	}
	for i := range s.kinds {
		k := &s.kinds[i]
		k.matches = len(c.names) == 0 || slices.ContainsFunc(c.names, func(n string) bool {
			return registry.MatchGlob(n, k.metric) || !strings.Contains(k.metric, ".") && registry.MatchGlob(n, "."+k.metric)
		})
	}
	for i := range s.rows {
		if f := s.kinds[s.rows[i].kind].factor; f != 1 && f != 0 {
			s.rows[i].value *= f
		}
	}
}

// UnitError says that measurements do not convert to the unit that was asked for.
type UnitError struct {
	Metric string
	Count  int
	Cause  error
}

func (e *UnitError) Error() string { return fmt.Sprintf("measurements of %s: %v", e.Metric, e.Cause) }

// Unwrap gives the cause.
func (e *UnitError) Unwrap() error { return e.Cause }

// ClassName is upstream's exception.
func (e *UnitError) ClassName() string { return "UnitConversionError" }

// Hint says how to go on.
func (e *UnitError) Hint() string {
	return "ask only for metrics whose unit converts, by name or with a condition on metric"
}

// choose keeps the rows that are asked for.
func (s *Set) choose(q *Query, c *condition) error {
	// A dataset type that is named itself brings all its metrics.
	named := make([]bool, len(s.types))
	for i, t := range s.types {
		named[i] = slices.ContainsFunc(q.Metrics, func(m string) bool { return registry.MatchGlob(m, t.Name) })
	}
	found := 0
	s.rows = slices.DeleteFunc(s.rows, func(r row) bool {
		if !s.kinds[r.kind].matches && !named[s.candidates[r.candidate].typ] {
			return true
		}
		found++
		return c.own != nil && !c.holds(s, &r)
	})
	if len(s.rows) == 0 && found > 0 {
		s.Why = append(s.Why, fmt.Sprintf("%d measurements were found, and none of them satisfies %s", found, c.text))
	}
	if len(s.rows) == 0 && found == 0 && len(s.candidates) > 0 && len(s.Faults) < len(s.candidates) {
		s.Why = append(s.Why, fmt.Sprintf("%d datasets were found, and none of them is of a metric that was asked for", len(s.candidates)))
	}
	for i := range s.rows {
		k := &s.kinds[s.rows[i].kind]
		if s.rows[i].has && k.err != nil {
			e := &UnitError{Metric: k.metric, Cause: k.err}
			for _, r := range s.rows {
				if r.kind == s.rows[i].kind {
					e.Count++
				}
			}
			return e
		}
	}
	return nil
}

// Unit is the unit that most measurements of a metric have, and whether all with a quantity have it or one that converts to it.
func (s *Set) Unit(metricName string) (unit metric.Unit, uniform bool) {
	counts := make([]int, len(s.kinds))
	for i := range s.rows {
		if s.rows[i].has && s.kinds[s.rows[i].kind].metric == metricName {
			counts[s.rows[i].kind]++
		}
	}
	best := -1
	for i, n := range counts {
		if n > 0 && (best < 0 || n > counts[best]) {
			best = i
		}
	}
	if best < 0 {
		return unit, true
	}
	unit, uniform = s.kinds[best].unit, true
	for i, n := range counts {
		uniform = uniform && (n == 0 || s.kinds[i].unit.Compatible(unit))
	}
	return unit, uniform
}
