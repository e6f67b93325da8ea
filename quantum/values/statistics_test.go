package values_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"valet/quantum/values"
)

// TestDescribe compares with what numpy and pandas give for the same numbers.
func TestDescribe(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		values []float64
		want   values.Statistics
	}{
		{"nothing", nil, values.Statistics{Mean: nan, Std: nan, Min: nan, P5: nan, Median: nan, P95: nan, P99: nan, Max: nan}},
		{"one", []float64{3}, values.Statistics{Count: 1, Mean: 3, Std: nan, Min: 3, P5: 3, Median: 3, P95: 3, P99: 3, Max: 3}},
		{"four", []float64{1, 2, 3, 10}, values.Statistics{Count: 4, Mean: 4, Std: 4.08248290463863, Min: 1, P5: 1.15, Median: 2.5, P95: 8.95, P99: 9.79, Max: 10}},
		{"far from zero", []float64{1e15, 1e15 + 1, 1e15 + 2}, values.Statistics{Count: 3, Mean: 1e15 + 1, Std: 1, Min: 1e15, P5: 1e15 + 0.1, Median: 1e15 + 1, P95: 1e15 + 1.9, P99: 1e15 + 1.98, Max: 1e15 + 2}},
	} {
		got := values.Describe(c.values)
		a := []float64{got.Mean, got.Std, got.Min, got.P5, got.Median, got.P95, got.P99, got.Max}
		b := []float64{c.want.Mean, c.want.Std, c.want.Min, c.want.P5, c.want.Median, c.want.P95, c.want.P99, c.want.Max}
		same := slices.EqualFunc(a, b, func(x, y float64) bool { return x == y || x != x && y != y || math.Abs(x-y) <= 1e-13*math.Abs(y) })
		if got.Count != c.want.Count || !same {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
	infinite := values.Describe([]float64{1, 2, math.Inf(1)})
	if !math.IsInf(infinite.Mean, 1) || infinite.Median != 2 {
		t.Errorf("%+v", infinite)
	}
}

// TestPercentileStaysBetween holds for any values.
func TestPercentileStaysBetween(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(-1e300, 1e300), 1, 50).Draw(t, "values")
		slices.Sort(v)
		q := rapid.Float64Range(0, 1).Draw(t, "q")
		r := rapid.Float64Range(q, 1).Draw(t, "r")
		a, b := values.Percentile(v, q), values.Percentile(v, r)
		if a < v[0] || b > v[len(v)-1] || a > b+1e-9*math.Abs(b) {
			t.Fatalf("%v: %v at %v, %v at %v", v, a, q, b, r)
		}
	})
}

// TestGroups converts units within a group, and counts what is no number.
func TestGroups(t *testing.T) {
	r := newRepository(t)
	r.put("a", 1, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 90, "s"), "metricvalue_p_n": yaml(t, "p.n", 1, "byte")})
	r.put("a", 2, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 1, "min")})
	r.put("b", 3, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", math.NaN(), "s")})
	s := ask(t, r.index(nil), values.Query{Collections: []string{"a", "b"}}, "")
	u := r.Registry.Universe()
	show := func(keys ...string) []string {
		groups, err := s.Groups(u, keys...)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, g := range groups {
			out = append(out, fmt.Sprintf("%s%v%v%s%d", g.Metric, g.Keys, g.Values, g.Unit, g.Missing))
		}
		return out
	}
	if got, want := show(), []string{"p.m[][60 90]s1", "p.n[][1]byte0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := show("run", "metric", "detector"), []string{"p.m['a' 1][90]s0", "p.m['a' 2][1]min0", "p.m['b' 3][]1", "p.n['a' 1][1]byte0"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	var key *values.KeyError
	if _, err := s.Groups(u, "value"); !errors.As(err, &key) || !slices.Contains(key.Known, "detector") {
		t.Error(err)
	}
	r.put("c", 1, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 1, "ct")})
	s = ask(t, r.index(nil), values.Query{Collections: []string{"a", "c"}, All: true}, "")
	var unit *values.UnitError
	if _, err := s.Groups(u); !errors.As(err, &unit) {
		t.Error(err)
	}
}

// TestJoin joins on data ID, with units converted and gaps.
func TestJoin(t *testing.T) {
	r := newRepository(t)
	r.put("a", 1, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 1, "min")})
	r.put("b", 1, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 90, "s")})
	r.put("b", 2, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 3, "s")})
	r.put("c", 1, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 3, "ct")})
	x := r.index(nil)
	var sets []*values.Set
	for _, c := range []string{"a", "b", "c"} {
		sets = append(sets, ask(t, x, values.Query{Collections: []string{c}}, ""))
	}
	joined := values.Join(sets[:2]...)
	if len(joined) != 2 || joined[1][0] != -1 || joined[1].Missing() != 1 || joined[1].DataID(sets[:2]...).Get("detector").Int() != 2 || joined[0].Metric(sets[:2]...) != "p.m" {
		t.Fatalf("%+v", joined)
	}
	compare := values.NewComparer(sets[:2]...)
	c, err := compare.Compare(joined[0])
	if err != nil || c.Unit.String() != "min" || c.Values[1] != 1.5 || !c.Has[0] {
		t.Errorf("%+v %v", c, err)
	}
	if c, err = compare.Compare(joined[1]); err != nil || c.Has[0] || c.Values[1] != 3 || c.Unit.String() != "s" {
		t.Errorf("%+v %v", c, err)
	}
	var unit *values.UnitError
	if _, err := values.NewComparer(sets...).Compare(values.Join(sets...)[0]); !errors.As(err, &unit) {
		t.Error(err)
	}
}
