package registry

import (
	"context"
	"iter"
	"slices"

	"valet/registry/dataset"
	"valet/registry/internal/catalog"
	"valet/registry/query"
)

// AllDatasetsQuery asks for the datasets of several types (queries.md 9).
type AllDatasetsQuery struct {
	// Types are names and globs; none means all types.
	Types []string
	// Collections are names and, unless First is set, globs. Nil means the default ones.
	Collections []string
	Defaults    Defaults
	// First keeps the dataset of the first collection for each type and data ID.
	First bool
	// Where and DataID restrict each type's datasets; names are looked up for each type anew.
	Where  query.Expr
	Binds  query.Binds
	DataID map[string]any
	// OrderBy orders within a type.
	OrderBy []string
	// Sorted orders within a type by required values.
	Sorted bool
	// Bounds are shared by all types.
	Bounds Bounds
	// Records also fetches the file records, from RecordTable as in DatasetSearch.
	Records     bool
	RecordTable string
}

// FoundRef is a dataset that a query found.
type FoundRef struct {
	dataset.Ref
	// Record is set if the query asked for it and the dataset is stored in one file.
	Record *dataset.FileRecord
}

// AllDatasets streams datasets, type by type in the order of their names. Types whose datasets none of the collections may hold are
// left out. If no type matches, or a plain name is not registered, the error is a *NotFoundError; an expression that is wrong for one
// of the types fails the whole query before the first row. An empty result is no error, whatever Bounds say. As with Select, do
// nothing slow in the loop.
func (r *Registry) AllDatasets(ctx context.Context, q AllDatasetsQuery) iter.Seq2[*FoundRef, error] {
	return func(yield func(*FoundRef, error) bool) {
		searches, err := r.searchesOf(ctx, q)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, s := range searches {
			// One statement that fails must not leave half a result behind.
			s.query.NoRows = true
			for _, err := range r.Select(ctx, s.query) {
				if err != nil {
					yield(nil, err)
					return
				}
			}
		}
		left := q.Bounds
		left.Explain = false
		if !left.AllRows && left.Limit == 0 {
			return
		}
		for _, s := range searches {
			s.query.NoRows = false
			full := false
			b := left
			b.OnMore = func(int) { full = true }
			n := 0
			for row, err := range r.SelectBounded(ctx, s.query, b) {
				if err != nil {
					yield(nil, err)
					return
				}
				n++
				f := row.Datasets[0]
				if !yield(&FoundRef{Ref: dataset.Ref{ID: f.ID, Type: s.of, DataID: row.DataID, Run: f.Run}, Record: f.Record}, nil) {
					return
				}
			}
			switch {
			case full:
				if q.Bounds.OnMore != nil {
					q.Bounds.OnMore(max(q.Bounds.Limit, -q.Bounds.Limit))
				}
				return
			case left.AllRows:
			case left.Limit > 0:
				if left.Limit -= n; left.Limit == 0 {
					return
				}
			default:
				if left.Limit += n; left.Limit == 0 {
					// Exactly as many as allowed: whether there are more depends on the types that follow.
					r.tellMore(ctx, q, searches, s, yield)
					return
				}
			}
		}
	}
}

// typeSearch is the search for the datasets of one type.
type typeSearch struct {
	of    *dataset.Type
	query Query
}

// tellMore calls OnMore if one of the searches after done has a row.
func (r *Registry) tellMore(ctx context.Context, q AllDatasetsQuery, all []*typeSearch, done *typeSearch, yield func(*FoundRef, error) bool) {
	after := false
	for _, s := range all {
		if !after {
			after = s == done
			continue
		}
		one := s.query
		one.NoRows, one.Limit = false, 1
		for _, err := range r.Select(ctx, one) {
			if err != nil {
				yield(nil, err)
			} else if q.Bounds.OnMore != nil {
				q.Bounds.OnMore(-q.Bounds.Limit)
			}
			return
		}
	}
}

// searchesOf resolves types and collections.
func (r *Registry) searchesOf(ctx context.Context, q AllDatasetsQuery) ([]*typeSearch, error) {
	governors, err := q.Defaults.Governors(ctx, r)
	if err != nil {
		return nil, err
	}
	given := q.Collections
	if given == nil {
		given = q.Defaults.Collections
	}
	if q.First && slices.ContainsFunc(given, IsGlob) {
		return nil, errGlobsHaveNoOrder()
	}
	expression := q.Types
	if len(expression) == 0 {
		expression = []string{"*"}
	}
	types, missing, err := r.MatchDatasetTypes(ctx, expression...)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 || len(types) == 0 {
		return nil, &NotFoundError{Kind: "dataset type", Name: append(missing, expression...)[0]}
	}
	in, err := r.SearchIn(ctx, q.Collections, q.Defaults, q.First)
	if err != nil {
		return nil, err
	}
	var out []*typeSearch
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Flatten(ctx, in...)
		if err != nil {
			return err
		}
		for _, t := range types {
			of, err := c.Type(ctx, t.Name)
			if err != nil {
				return err
			}
			with, err := c.WithType(ctx, of, list)
			if err != nil {
				return err
			}
			if len(with) == 0 {
				continue
			}
			names := collectionNames(plain(with))
			out = append(out, &typeSearch{t, Query{Dimensions: t.Dimensions, Where: q.Where, Binds: q.Binds, DataID: q.DataID, Defaults: governors,
				OrderBy: q.OrderBy, Sorted: q.Sorted, Datasets: []DatasetSearch{{Type: t.Name, Collections: names, All: !q.First, Records: q.Records, RecordTable: q.RecordTable}}}})
		}
		return nil
	})
	return out, err
}
