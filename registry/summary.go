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
		held, err := c.TypesIn(ctx, list)
		if err != nil {
			return err
		}
		for i, x := range list {
			out[x.Name] = held[i]
		}
		return nil
	})
	return out, err
}
