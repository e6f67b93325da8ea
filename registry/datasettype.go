package registry

import (
	"context"

	"valet/registry/dataset"
	"valet/registry/internal/catalog"
)

// DatasetType returns the registered type; the error is a *NotFoundError if there is none.
func (r *Registry) DatasetType(ctx context.Context, name string) (out *dataset.Type, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		t, err := c.Type(ctx, name)
		if err == nil {
			out = t.Type
		}
		return err
	})
	return out, err
}

// DatasetTypes returns all registered types sorted by name.
func (r *Registry) DatasetTypes(ctx context.Context) (out []*dataset.Type, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, err := c.Types(ctx)
		for _, t := range list {
			out = append(out, t.Type)
		}
		return err
	})
	return out, err
}
