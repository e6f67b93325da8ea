package values

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
)

// typePrefix begins the names of dataset types that metric tasks write: metricvalue_<package>_<metric>.
const typePrefix = "metricvalue_"

// UnknownMetricError says that no dataset type can hold a metric that was asked for.
type UnknownMetricError struct {
	Metric string
	// Known are the metrics there are, as far as the names of dataset types and the index tell.
	Known []string
}

func (e *UnknownMetricError) Error() string {
	if registry.IsGlob(e.Metric) {
		return fmt.Sprintf("no metric matches %q", e.Metric)
	}
	return fmt.Sprintf("there is no metric %q", e.Metric)
}

// mayHold reports whether a dataset type may hold metrics that match a pattern. The name of a type that is made as usual tells which
// metrics it may hold: each underscore may part package and metric. Others may hold any.
func mayHold(typ, pattern string) bool {
	if registry.MatchGlob(pattern, typ) {
		return true
	}
	rest, usual := strings.CutPrefix(typ, typePrefix)
	if !usual {
		return true
	}
	if registry.MatchGlob(pattern, rest) || registry.MatchGlob(pattern, "."+rest) {
		return true
	}
	for i := range len(rest) {
		if rest[i] == '_' && registry.MatchGlob(pattern, rest[:i]+"."+rest[i+1:]) {
			return true
		}
	}
	return false
}

// typesOf are the dataset types to search, in order of name.
func (x *Index) typesOf(ctx context.Context, metrics []string) ([]*dataset.Type, error) {
	all, err := x.butler.Registry.DatasetTypes(ctx)
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(t *dataset.Type) bool { return t.StorageClass != StorageClass && t.StorageClass != BundleClass })
	slices.SortFunc(all, func(a, b *dataset.Type) int { return strings.Compare(a.Name, b.Name) })
	if len(metrics) == 0 {
		return all, nil
	}
	var out []*dataset.Type
	for _, t := range all {
		if slices.ContainsFunc(metrics, func(m string) bool { return mayHold(t.Name, m) }) {
			out = append(out, t)
		}
	}
	for _, m := range metrics {
		if !slices.ContainsFunc(all, func(t *dataset.Type) bool { return mayHold(t.Name, m) }) {
			known, err := x.known(ctx, all)
			if err != nil {
				return nil, err
			}
			return nil, &UnknownMetricError{m, known}
		}
	}
	return out, nil
}

// known are the names of metrics for people who mistyped one: those of the index, and for types that it does not know their name with each
// underscore as the period.
func (x *Index) known(ctx context.Context, types []*dataset.Type) ([]string, error) {
	out, err := x.Metrics(ctx)
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		rest, ok := strings.CutPrefix(t.Name, typePrefix)
		if !ok || slices.ContainsFunc(out, func(m string) bool { return strings.Replace(m, ".", "_", 1) == rest }) {
			continue
		}
		if i := strings.LastIndexByte(rest, '_'); i > 0 {
			rest = rest[:i] + "." + rest[i+1:]
		}
		out = append(out, rest)
	}
	return out, nil
}

// search finds the candidates: the datasets of the types in the collections that the registry's part of the condition leaves.
func (x *Index) search(ctx context.Context, s *Set, q *Query, c *condition, o *order) error {
	r := x.butler.Registry
	in, err := r.SearchIn(ctx, q.Collections, registry.Defaults{}, !q.All)
	if err != nil {
		return err
	}
	list, err := r.Flatten(ctx, in...)
	if err != nil {
		return err
	}
	names := make([]string, len(list))
	for i, l := range list {
		names[i] = l.Name
	}
	fill := &filler{set: s, index: x, codes: map[dimension.Value]uint32{}, runs: map[string]uint32{}}
	if q.All {
		fill.seen = map[dataset.ID]struct{}{}
	}
	if len(q.Metrics) == 0 && c.own == nil && o == nil {
		fill.limit = q.Limit
	}
	table := x.butler.Store.Files()[0].Config.Table
	// Expressions that are wrong for one type fail the query before the first row.
	var queries []registry.Query
	for i, t := range s.types {
		extra, err := c.bind(r.Universe(), t)
		if err != nil {
			return err
		}
		fill.columns = append(fill.columns, o.bind(r.Universe(), t, extra))
		queries = append(queries, registry.Query{Dimensions: t.Dimensions, Where: c.registry, Binds: q.Binds, DataID: q.DataID, Sorted: fill.limit > 0, Limit: fill.limit,
			Columns:  append([]string{t.Name + ".ingest_date"}, fill.columns[i]...),
			Datasets: []registry.DatasetSearch{{Type: t.Name, Collections: names, All: q.All, Records: true, RecordTable: table}}})
		queries[i].NoRows = true
		for _, err := range r.Select(ctx, queries[i]) {
			if err != nil {
				return err
			}
		}
		queries[i].NoRows = false
	}
	for i := range queries {
		fill.typ = uint16(i)
		for row, err := range r.Select(ctx, queries[i]) {
			if err != nil {
				return err
			}
			if !fill.add(row) {
				return nil
			}
		}
	}
	if len(s.candidates) > 0 {
		// The database would sort by walking an index whose order is not that of the tables it joins: many times slower.
		s.sortCandidates()
		return nil
	}
	return x.explain(ctx, s, queries)
}

// explain says why there are no candidates.
func (x *Index) explain(ctx context.Context, s *Set, queries []registry.Query) error {
	if len(queries) == 0 {
		s.Why = append(s.Why, "no dataset type of storage class "+StorageClass+" is registered")
		return nil
	}
	for i := range queries {
		why, err := x.butler.Registry.ExplainNoResults(ctx, queries[i], false)
		if err != nil {
			return err
		}
		for _, w := range why {
			if !slices.Contains(s.Why, w) && len(s.Why) < 10 {
				s.Why = append(s.Why, w)
			}
		}
	}
	if len(s.Why) == 0 {
		why := fmt.Sprintf("the collections hold no dataset of the %d dataset types that were searched", len(queries))
		if w := queries[0].Where; w != nil {
			why += " at a data ID that satisfies " + w.String()
		}
		s.Why = append(s.Why, why)
	}
	return nil
}

// filler adds rows of the registry to a Set.
type filler struct {
	set     *Set
	index   *Index
	typ     uint16
	codes   map[dimension.Value]uint32
	runs    map[string]uint32
	seen    map[dataset.ID]struct{}
	limit   int
	columns [][]string
}

func (f *filler) add(row *registry.Row) bool {
	found := &row.Datasets[0]
	if f.seen != nil {
		if _, twice := f.seen[found.ID]; twice {
			return true
		}
		f.seen[found.ID] = struct{}{}
	}
	s := f.set
	c := candidate{id: found.ID, typ: f.typ, code: len(s.codes), columns: -1}
	for _, v := range row.DataID.Values() {
		code, ok := f.codes[v]
		if !ok {
			code = uint32(len(s.dictionary))
			f.codes[v] = code
			s.dictionary = append(s.dictionary, v)
		}
		s.codes = append(s.codes, code)
	}
	run, ok := f.runs[found.Run]
	if !ok {
		run = uint32(len(s.runs))
		f.runs[found.Run] = run
		s.runs = append(s.runs, found.Run)
	}
	c.run = run
	ingested, _ := row.Columns[0].(query.Time)
	if found.Record != nil {
		c.stamp, c.recorded = stampOf(ingested, found.Record), true
	} else {
		c.stamp = int64(ingested)
	}
	if len(f.columns[f.typ]) > 0 {
		c.columns = int32(len(s.columns))
		s.columns = append(s.columns, slices.Clone(row.Columns[1:]))
	}
	s.candidates = append(s.candidates, c)
	return f.limit == 0 || len(s.candidates) < f.limit
}
