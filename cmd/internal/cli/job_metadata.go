package cli

import (
	"context"
	"fmt"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dimension"
)

// filterOf is what gen3_to_job calls filter: the physical filter of a data ID.
func filterOf(id dimension.DataID) (any, bool) {
	if v := id.Get("physical_filter"); !v.IsZero() {
		return v.Any(), true
	}
	return nil, false
}

// shortestFilter is the filter of a data ID without one: the shortest name, then the first, of those that the instrument and band of the data ID
// leave; empty if there is none.
func (w *jobWriter) shortestFilter(ctx context.Context, b *butler.Butler, id dimension.DataID) (string, error) {
	d := b.Registry.Universe().Dimension("physical_filter")
	if d == nil {
		return "", nil
	}
	given := map[string]any{}
	for _, name := range []string{"instrument", "band"} {
		if v := id.Get(name); !v.IsZero() {
			given[name] = v.Any()
		}
	}
	key := fmt.Sprint(given)
	if name, known := w.filters[key]; known {
		return name, nil
	}
	best := ""
	for row, err := range b.Registry.Select(ctx, registry.Query{Dimensions: d.Group(), DataID: given, Sorted: true}) {
		if err != nil {
			return "", fmt.Errorf("look for filters of %s: %w", id, err)
		}
		if name := row.DataID.Get("physical_filter").Text(); best == "" || len(name) < len(best) || len(name) == len(best) && name < best {
			best = name
		}
	}
	w.filters[key] = best
	return best, nil
}
