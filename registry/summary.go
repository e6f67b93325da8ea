package registry

import (
	"context"

	"valet/registry/internal/catalog"
)

// Summaries returns, for every RUN, TAGGED and CALIBRATION collection that the names reach through chains, the names of the
// dataset types in its summary, sorted; a collection without any has an empty entry. Summaries may hold types whose datasets were
// removed since and never lack one (repository.md 6.3).
func (r *Registry) Summaries(ctx context.Context, names ...string) (map[string][]string, error) {
	out := map[string][]string{}
	err := r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Flatten(ctx, names...)
		if err != nil {
			return err
		}
		for _, x := range list {
			out[x.Name] = nil
		}
		types, err := c.Types(ctx)
		if err != nil {
			return err
		}
		for _, t := range types {
			with, err := c.WithType(ctx, t, list)
			if err != nil {
				return err
			}
			for _, x := range with {
				out[x.Name] = append(out[x.Name], t.Name)
			}
		}
		return nil
	})
	return out, err
}
