package cli

import "valet/registry/dimension"

// filterOf is what gen3_to_job calls filter: the physical filter of a data ID.
func filterOf(id dimension.DataID) (any, bool) {
	if v := id.Get("physical_filter"); !v.IsZero() {
		return v.Any(), true
	}
	return nil, false
}
