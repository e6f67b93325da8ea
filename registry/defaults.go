package registry

import (
	"context"
	"fmt"
	"slices"

	"valet/registry/dataset"
	"valet/registry/query"
)

// Defaults are what a repository was opened with for queries that do not say (queries.md 4).
type Defaults struct {
	// Collections are searched where none are given; nil is none.
	Collections []string
	// DataID has values of governor dimensions.
	DataID map[string]any
	// NoInference keeps governor values from being taken from the default collections.
	NoInference bool
}

// Governors returns the governor values of the defaults: those given and, for each other governor, the one value that the summaries
// of the default collections name, if it is one. A value of a dimension that is no governor gives an error of class TypeError.
func (d Defaults) Governors(ctx context.Context, r *Registry) (map[string]any, error) {
	out := map[string]any{}
	for name, v := range d.DataID {
		if e := r.universe.Dimension(name); e == nil || !e.Governor {
			return nil, &query.Error{Kind: query.BadType, Reason: fmt.Sprintf("only governor dimensions can have a default value, not %q", name)}
		}
		out[name] = v
	}
	if d.NoInference || len(d.Collections) == 0 {
		return out, nil
	}
	in, err := r.expandGlobs(ctx, d.Collections)
	if err != nil {
		return nil, err
	}
	held, err := r.Governors(ctx, in...)
	if err != nil {
		return nil, err
	}
	for name, values := range held {
		if _, given := out[name]; !given && len(values) == 1 {
			out[name] = values[0]
		}
	}
	return out, nil
}

// SearchIn returns the names of the collections to search: the given ones, with globs matched and chains of globs flattened, or the
// default ones if given is nil. Without either the error is a *NoDefaultCollectionError; globs give no order, so that they do not go
// with a search for the first match: the error is an InvalidQueryError then.
func (r *Registry) SearchIn(ctx context.Context, given []string, d Defaults, first bool) ([]string, error) {
	if given == nil {
		given = d.Collections
	}
	if given == nil {
		return nil, &NoDefaultCollectionError{}
	}
	if !slices.ContainsFunc(given, IsGlob) {
		return given, nil
	}
	if first {
		return nil, errGlobsHaveNoOrder()
	}
	return r.expandGlobs(ctx, given)
}

func errGlobsHaveNoOrder() error {
	return &query.Error{Kind: query.Invalid, Reason: "globs give collections in no order, so that none is the first to search",
		Remedy: "name the collections, or ask for the datasets of all collections"}
}

// expandGlobs replaces globs by the names that match.
func (r *Registry) expandGlobs(ctx context.Context, names []string) ([]string, error) {
	if !slices.ContainsFunc(names, IsGlob) {
		return names, nil
	}
	list, err := r.QueryCollections(ctx, CollectionQuery{Expression: names, Chains: FlattenChains})
	return collectionNames(list), err
}

func collectionNames(list []*dataset.Collection) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Name
	}
	return out
}
