package butler

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// dataIDOf makes a full data ID of a type of values by dimension. Values of implied dimensions must be those of the records.
func dataIDOf(ctx context.Context, x *registry.Expander, t *dataset.Type, given map[string]any) (dimension.DataID, error) {
	g := t.Dimensions
	values := make([]dimension.Value, len(g.Required))
	var faults []string
	for name := range given {
		if !g.Has(name) {
			faults = append(faults, fmt.Sprintf("%q is no dimension of %s, which has %s", name, t.Name, g))
		}
	}
	for i, d := range g.Required {
		v, there := given[d.Name]
		if !there || v == nil {
			faults = append(faults, "no value for "+d.Name)
			continue
		}
		var err error
		if values[i], err = d.ConvertValue(v); err != nil {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return dimension.DataID{}, errors.New(strings.Join(faults, "; "))
	}
	id, err := x.Expand(ctx, dimension.NewDataID(g, values))
	if err != nil {
		return dimension.DataID{}, err
	}
	for _, d := range g.Implied {
		if v := given[d.Name]; v != nil {
			if value, err := d.ConvertValue(v); err != nil || value != id.Get(d.Name) {
				return dimension.DataID{}, fmt.Errorf("data ID %s: %s is not %v", id, d.Name, v)
			}
		}
	}
	return id, nil
}
