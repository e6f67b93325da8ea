package cli

import (
	"cmp"
	"slices"
	"strings"

	"valet/quantum/values"
)

// sortGroups orders groups by the terms of --order-by: the keys and the names of statistics, with - in front the other way round.
func sortGroups(groups []*values.Group, stats map[*values.Group]values.Statistics, keys, terms []string) error {
	var compare []func(a, b *values.Group) int
	for _, term := range terms {
		name, descending := strings.CutPrefix(term, "-")
		by, err := groupOrder(name, stats, keys)
		if err != nil {
			return err
		}
		compare = append(compare, func(a, b *values.Group) int {
			if descending {
				return by(b, a)
			}
			return by(a, b)
		})
	}
	slices.SortStableFunc(groups, func(a, b *values.Group) int {
		for _, f := range compare {
			if c := f(a, b); c != 0 {
				return c
			}
		}
		return 0
	})
	return nil
}

func groupOrder(name string, stats map[*values.Group]values.Statistics, keys []string) (func(a, b *values.Group) int, error) {
	if i := slices.Index(keys, name); i >= 0 {
		return func(a, b *values.Group) int { return a.Keys[i].Compare(b.Keys[i]) }, nil
	}
	number := func(of func(st values.Statistics) float64) func(a, b *values.Group) int {
		return func(a, b *values.Group) int { return cmp.Compare(of(stats[a]), of(stats[b])) }
	}
	switch name {
	case "metric":
		return func(a, b *values.Group) int { return strings.Compare(a.Metric, b.Metric) }, nil
	case "unit":
		return func(a, b *values.Group) int { return strings.Compare(a.Unit.String(), b.Unit.String()) }, nil
	case "missing":
		return func(a, b *values.Group) int { return cmp.Compare(a.Missing, b.Missing) }, nil
	case "count":
		return number(func(st values.Statistics) float64 { return float64(st.Count) }), nil
	case "mean":
		return number(func(st values.Statistics) float64 { return st.Mean }), nil
	case "std":
		return number(func(st values.Statistics) float64 { return st.Std }), nil
	case "min":
		return number(func(st values.Statistics) float64 { return st.Min }), nil
	case "p5":
		return number(func(st values.Statistics) float64 { return st.P5 }), nil
	case "median":
		return number(func(st values.Statistics) float64 { return st.Median }), nil
	case "p95":
		return number(func(st values.Statistics) float64 { return st.P95 }), nil
	case "p99":
		return number(func(st values.Statistics) float64 { return st.P99 }), nil
	case "max":
		return number(func(st values.Statistics) float64 { return st.Max }), nil
	}
	known := append(append([]string{"metric"}, keys...), append([]string{"unit"}, statisticNames...)...)
	e := &classError{class: "InvalidQueryError", reason: "--order-by: there is no column \"" + name + "\" in these statistics", hint: "columns are " + strings.Join(known, ", ")}
	if near := nearest(name, known); near != "" {
		e.hint = "did you mean " + near + "?"
	}
	return nil, e
}
