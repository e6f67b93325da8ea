package registry

import (
	"context"

	"valet/registry/dataset"
	"valet/registry/internal/catalog"
)

// Collection returns the named collection; the error is a *NotFoundError if there is none.
func (r *Registry) Collection(ctx context.Context, name string) (out *dataset.Collection, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		x, err := c.Collection(ctx, name)
		if err == nil {
			out = &x.Collection
		}
		return err
	})
	return out, err
}

// Collections returns all collections in order of their database key.
func (r *Registry) Collections(ctx context.Context) (out []*dataset.Collection, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Collections(ctx)
		out = plain(list)
		return err
	})
	return out, err
}

// Flatten expands chains depth-first and drops repetitions (repository.md 6.2). Unknown names give a *NotFoundError.
func (r *Registry) Flatten(ctx context.Context, names ...string) (out []*dataset.Collection, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Flatten(ctx, names...)
		out = plain(list)
		return err
	})
	return out, err
}

func plain(in []*catalog.Collection) []*dataset.Collection {
	out := make([]*dataset.Collection, len(in))
	for i, x := range in {
		out[i] = &x.Collection
	}
	return out
}

// Governors returns, for every governor dimension, the values that the summaries of the collections hold, sorted; chains are
// flattened. Summaries may hold values of datasets that were removed since (repository.md 6.3). A governor without values has an
// empty entry.
func (r *Registry) Governors(ctx context.Context, collections ...string) (map[string][]string, error) {
	out := map[string][]string{}
	err := r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Flatten(ctx, collections...)
		if err != nil {
			return err
		}
		for _, g := range r.universe.Governors() {
			values, err := c.Governors(ctx, g, list)
			if err != nil {
				return err
			}
			out[g.Name] = []string{}
			for _, v := range values {
				out[g.Name] = append(out[g.Name], v.Text())
			}
		}
		return nil
	})
	return out, err
}
