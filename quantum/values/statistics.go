package values

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"valet/registry/dimension"
	"valet/tasks/metric"
)

// Group are the measurements of one metric that share the values of some keys.
type Group struct {
	Metric string
	// Keys are values of the keys that the groups were asked by, in that order; none where a data ID has no such dimension.
	Keys []dimension.Value
	// Unit is that of Values.
	Unit metric.Unit
	// Values are sorted. Missing counts measurements that are NaN or have no quantity, which are not among them.
	Values  []float64
	Missing int
}

// KeyError says that there are no groups by a key.
type KeyError struct {
	Key string
	// Known are the keys that there are.
	Known []string
}

func (e *KeyError) Error() string { return fmt.Sprintf("group by %q: it is no key", e.Key) }

// Hint lists the keys.
func (e *KeyError) Hint() string { return "keys are " + strings.Join(e.Known, ", ") }

// Groups parts the measurements by metric and by keys, which are run and names of dimensions; metric may be named too. They are sorted by
// metric, then keys. Values of one group in different units are converted to the unit of its first; if they do not convert the error is a
// *UnitError.
func (s *Set) Groups(u *dimension.Universe, keys ...string) ([]*Group, error) {
	var by []string
	for _, k := range keys {
		switch {
		case k == "metric":
		case k == "run" || u.Dimension(k) != nil:
			by = append(by, k)
		default:
			return nil, &KeyError{k, append([]string{"metric", "run"}, s.Group(u).Names()...)}
		}
	}
	groups := map[string]*Group{}
	units := map[*Group]int32{}
	var order []*Group
	var key []byte
	values := make([]dimension.Value, len(by))
	for i := range s.rows {
		r := &s.rows[i]
		c := &s.candidates[r.candidate]
		for k, name := range by {
			if name == "run" {
				values[k] = dimension.StringValue(s.runs[c.run])
			} else {
				values[k] = s.key(c, name)
			}
		}
		kind := &s.kinds[r.kind]
		key = dimension.AppendKey(append(append(key[:0], kind.metric...), 0), values)
		g := groups[string(key)]
		if g == nil {
			g = &Group{Metric: kind.metric, Keys: slices.Clone(values)}
			groups[string(key)] = g
			order = append(order, g)
			units[g] = -1
		}
		if !r.has || r.value != r.value {
			g.Missing++
			continue
		}
		v := r.value
		switch first := units[g]; {
		case first < 0:
			units[g], g.Unit = r.kind, kind.unit
		case first != r.kind:
			f, err := kind.unit.FactorTo(g.Unit)
			if err != nil {
				return nil, &UnitError{Metric: kind.metric, Count: 1, Cause: err}
			}
			v *= f
		}
		g.Values = append(g.Values, v)
	}
	slices.SortFunc(order, func(a, b *Group) int {
		if c := strings.Compare(a.Metric, b.Metric); c != 0 {
			return c
		}
		for i := range a.Keys {
			if c := a.Keys[i].Compare(b.Keys[i]); c != 0 {
				return c
			}
		}
		return 0
	})
	for _, g := range order {
		slices.Sort(g.Values)
	}
	return order, nil
}

// Statistics describe the values of a group.
type Statistics struct {
	Count int
	// Std is the standard deviation of a sample (divided by n-1), NaN of less than two values. All are NaN without values. P5 to P99 are
	// percentiles with linear interpolation.
	Mean, Std, Min, P5, Median, P95, P99, Max float64
}

// Describe computes the statistics of sorted values without NaN.
func Describe(sorted []float64) Statistics {
	n := len(sorted)
	st := Statistics{Count: n}
	nan := math.NaN()
	if n == 0 {
		st.Mean, st.Std, st.Min, st.P5, st.Median, st.P95, st.P99, st.Max = nan, nan, nan, nan, nan, nan, nan, nan
		return st
	}
	// The mean of differences to the first value loses no digits to a large offset.
	base := sorted[n/2]
	sum := 0.0
	for _, v := range sorted {
		sum += v - base
	}
	st.Mean = base + sum/float64(n)
	if math.IsInf(base, 0) || math.IsNaN(st.Mean) {
		st.Mean = 0
		for _, v := range sorted {
			st.Mean += v
		}
		st.Mean /= float64(n)
	}
	st.Std = nan
	if n > 1 {
		squares := 0.0
		for _, v := range sorted {
			d := v - st.Mean
			squares += d * d
		}
		st.Std = math.Sqrt(squares / float64(n-1))
	}
	st.Min, st.Max = sorted[0], sorted[n-1]
	st.P5, st.Median, st.P95, st.P99 = Percentile(sorted, 0.05), Percentile(sorted, 0.5), Percentile(sorted, 0.95), Percentile(sorted, 0.99)
	return st
}

// Percentile interpolates linearly between the two nearest of sorted values, as numpy does; q is from 0 to 1.
func Percentile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	low := int(math.Floor(at))
	if low+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	a, b := sorted[low], sorted[low+1]
	t := at - float64(low)
	switch {
	case a == b || t == 0:
		return a
	case math.IsInf(a, 0):
		return a + b // not a number between the two infinities
	case math.IsInf(b, 0):
		return b
	}
	if t >= 0.5 {
		return b - (b-a)*(1-t)
	}
	return a + (b-a)*t
}
