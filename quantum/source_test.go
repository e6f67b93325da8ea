package quantum

import (
	"context"
	"fmt"
	"iter"
	"os"
	"slices"
	"testing"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks/pipeline"
	"valet/tasks/verify"
)

// missingCollection is what the fake source says of an unknown collection.
type missingCollection string

func (e missingCollection) Error() string { return "collection " + string(e) + " not found" }

// values are the dimensions of one row, before they are cut to a group.
type values map[string]dimension.Value

// stored is a dataset in a fake source.
type stored struct {
	id     dataset.ID
	run    string
	record *dataset.FileRecord
}

// fakeSource is a repository in memory: a join of all dimensions, and datasets by type, run and required values.
type fakeSource struct {
	universe    *dimension.Universe
	collections map[string]*dataset.Collection
	join        []values
	groups      map[string]*dimension.Group
	datasets    map[string]map[string]map[string]stored
	where       func(values) bool // holds if a search has an expression
	fail        error             // after the first row
	searches    []Search
	ids         int
}

var _ Source = (*fakeSource)(nil)

func universe(t testing.TB) *dimension.Universe {
	t.Helper()
	text, err := os.ReadFile("../testdata/queries/universe.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func newSource(t testing.TB, collections ...*dataset.Collection) *fakeSource {
	s := &fakeSource{collections: map[string]*dataset.Collection{}, groups: map[string]*dimension.Group{}, datasets: map[string]map[string]map[string]stored{}}
	if t != nil {
		s.universe = universe(t)
	}
	for _, c := range collections {
		s.collections[c.Name] = c
	}
	return s
}

func run(name string) *dataset.Collection { return &dataset.Collection{Name: name, Kind: dataset.Run} }

func chain(name string, children ...string) *dataset.Collection {
	return &dataset.Collection{Name: name, Kind: dataset.Chained, Children: children}
}

func (s *fakeSource) Lookup(_ context.Context, name string) (*dataset.Collection, bool, error) {
	c, ok := s.collections[name]
	return c, ok, nil
}

func (s *fakeSource) Flatten(ctx context.Context, names ...string) ([]string, error) {
	var out []string
	for _, name := range names {
		c, ok := s.collections[name]
		if !ok {
			return nil, missingCollection(name)
		}
		add := []string{name}
		if c.Kind == dataset.Chained {
			var err error
			if add, err = s.Flatten(ctx, c.Children...); err != nil {
				return nil, err
			}
		}
		for _, a := range add {
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out, nil
}

func (s *fakeSource) Parents(_ context.Context, name string) (out []string, err error) {
	for _, c := range s.collections {
		if slices.Contains(c.Children, name) {
			out = append(out, c.Name)
		}
	}
	slices.Sort(out)
	return out, nil
}

// cut makes the data ID of a group of a row.
func (v values) cut(g *dimension.Group, scratch []dimension.Value) dimension.DataID {
	for _, e := range g.Dimensions() {
		scratch = append(scratch, v[e.Name])
	}
	return dimension.NewDataID(g, scratch)
}

func (s *fakeSource) define(name string, dimensions ...string) {
	s.groups[name] = s.universe.MustGroup(dimensions...)
	s.datasets[name] = map[string]map[string]stored{}
}

// put stores a dataset with a new ID.
func (s *fakeSource) put(name, run string, v values) dataset.ID {
	s.ids++
	id := dataset.ID{0: 1, 12: byte(s.ids >> 24), 13: byte(s.ids >> 16), 14: byte(s.ids >> 8), 15: byte(s.ids)}
	if s.datasets[name][run] == nil {
		s.datasets[name][run] = map[string]stored{}
	}
	key := v.cut(s.groups[name], nil).Key()
	if old, ok := s.datasets[name][run][key]; ok {
		return old.id
	}
	s.datasets[name][run][key] = stored{id: id, run: run, record: &dataset.FileRecord{ID: id, Path: fmt.Sprintf("%s/%s/%d.json", run, name, s.ids),
		Formatter: "f", StorageClass: "TaskMetadata", Component: dataset.WholeDataset, Size: int64(s.ids)}}
	return id
}

func (s *fakeSource) Rows(_ context.Context, q Search) iter.Seq2[*Row, error] {
	s.searches = append(s.searches, q)
	return func(yield func(*Row, error) bool) {
		seen := map[string]bool{}
		// Everything that a row refers to is written over by the next one, as the contract allows.
		row, n := &Row{}, 0
		var scratch []dimension.Value
		records := make([]dataset.FileRecord, len(q.Types))
		for _, t := range q.Types {
			if s.groups[t] == nil {
				yield(nil, fmt.Errorf("dataset type %q is not registered", t))
				return
			}
		}
	rows:
		for _, v := range s.join {
			for name, want := range q.DataID {
				if v[name].Any() != want {
					continue rows
				}
			}
			if q.Where != nil && s.where != nil && !s.where(v) {
				continue
			}
			id := v.cut(q.Dimensions, scratch[:0])
			key := id.Key()
			if seen[key] {
				continue
			}
			row.Datasets = row.Datasets[:0]
		types:
			for i, t := range q.Types {
				at := v.cut(s.groups[t], nil).Key()
				for _, c := range q.Collections {
					if d, ok := s.datasets[t][c][at]; ok {
						f := Found{ID: d.id, Run: d.run}
						if d.record != nil {
							records[i] = *d.record
							f.Record = &records[i]
						}
						row.Datasets = append(row.Datasets, f)
						continue types
					}
				}
				continue rows
			}
			seen[key] = true
			row.DataID = id
			scratch = id.Values()
			if n++; !yield(row, nil) || q.Limit > 0 && n == q.Limit {
				return
			}
			if s.fail != nil {
				yield(nil, s.fail)
				return
			}
		}
	}
}

// resolve reads a pipeline; the types that the source has are registered.
func (s *fakeSource) resolve(t fataler, text string) *pipeline.Resolved {
	t.Helper()
	l := &pipeline.Loader{Read: os.ReadFile, Table: verify.Table()}
	p, err := l.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Resolve(l.Table, pipeline.Options{Read: os.ReadFile, Universe: s.universe, Convertible: dataset.Convertible,
		Registered: func(name string) (*pipeline.Definition, bool, error) {
			g := s.groups[name]
			if g == nil {
				return nil, false, nil
			}
			class := "TaskMetadata"
			switch {
			case len(name) > 4 && name[len(name)-4:] == "_log":
				class = "ButlerLogRecords"
			case len(name) > 12 && name[:12] == "metricvalue_":
				class = "MetricValue"
			}
			return &pipeline.Definition{Dimensions: g.Names(), StorageClass: class}, true, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// fataler is what tests and properties have in common.
type fataler interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}
