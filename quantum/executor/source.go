package executor

import (
	"context"
	"errors"
	"iter"

	"valet/quantum"
	"valet/registry"
	"valet/registry/dataset"
)

// Source lets a graph be built from a registry. It implements quantum.Source.
type Source struct {
	Registry *registry.Registry
	// RecordTable is the table of the datastore's file records.
	RecordTable string
}

var _ quantum.Source = Source{}

// Rows streams a search. If the search names no instrument and the collections hold datasets of exactly one, that one is meant
// (pipelines.md 4.2).
func (s Source) Rows(ctx context.Context, q quantum.Search) iter.Seq2[*quantum.Row, error] {
	return func(yield func(*quantum.Row, error) bool) {
		rq := registry.Query{Dimensions: q.Dimensions, Where: q.Where, Binds: q.Binds, DataID: q.DataID, Limit: q.Limit, Defaults: map[string]any{}}
		for _, t := range q.Types {
			rq.Datasets = append(rq.Datasets, registry.DatasetSearch{Type: t, Collections: q.Collections, Restrict: q.Exist, Records: !q.Exist, RecordTable: s.RecordTable})
		}
		governors, err := s.Registry.Governors(ctx, q.Collections...)
		if err != nil {
			yield(nil, err)
			return
		}
		for name, values := range governors {
			if len(values) == 1 {
				rq.Defaults[name] = values[0]
			}
		}
		row := &quantum.Row{}
		for r, err := range s.Registry.Select(ctx, rq) {
			if err != nil {
				yield(nil, err)
				return
			}
			row.DataID, row.Datasets = r.DataID, row.Datasets[:0]
			for _, f := range r.Datasets {
				row.Datasets = append(row.Datasets, quantum.Found(f))
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// Lookup finds a collection.
func (s Source) Lookup(ctx context.Context, name string) (*dataset.Collection, bool, error) {
	c, err := s.Registry.Collection(ctx, name)
	var missing *registry.NotFoundError
	if errors.As(err, &missing) {
		return nil, false, nil
	}
	return c, err == nil, err
}

// Flatten expands chains.
func (s Source) Flatten(ctx context.Context, names ...string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	found, err := s.Registry.Flatten(ctx, names...)
	out := make([]string, len(found))
	for i, c := range found {
		out[i] = c.Name
	}
	return out, err
}

// Parents are the chains that hold a collection.
func (s Source) Parents(ctx context.Context, name string) ([]string, error) {
	return s.Registry.Parents(ctx, name)
}
