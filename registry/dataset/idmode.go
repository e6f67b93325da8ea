package dataset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gofrs/uuid/v5"

	"valet/registry/dimension"
)

// IDMode says how the ID of a new dataset is made (repository.md 8.1).
type IDMode string

// The modes. The last two make the same ID for the same data ID wherever it is made, in one repository or several.
const (
	UniqueID     IDMode = "unique"
	ByDataID     IDMode = "dataid_type"
	ByDataIDRun  IDMode = "dataid_type_run"
	idNamespace         = "840b31d9-05cd-5161-b2c8-00d32b280d0f"
	idModesKnown        = "unique, dataid_type or dataid_type_run"
)

// ParseIDMode reads the name of a mode, in any case.
func ParseIDMode(s string) (IDMode, error) {
	switch m := IDMode(strings.ToLower(s)); m {
	case UniqueID, ByDataID, ByDataIDRun:
		return m, nil
	}
	return "", fmt.Errorf("%q is no way to make dataset IDs: %s expected", s, idModesKnown)
}

// NewIDOf makes the ID of a dataset; the data ID has values for the required dimensions of its type.
func (m IDMode) NewIDOf(typeName, run string, id dimension.DataID) ID {
	if m != ByDataID && m != ByDataIDRun {
		return NewID()
	}
	parts := []string{"dataset_type=" + typeName}
	if m == ByDataIDRun {
		parts = append(parts, "run="+run)
	}
	required := slices.Clone(id.Group().Required)
	slices.SortFunc(required, func(a, b *dimension.Element) int { return strings.Compare(a.Name, b.Name) })
	for _, d := range required {
		parts = append(parts, d.Name+"="+id.Get(d.Name).Text())
	}
	return ID(uuid.NewV5(uuid.Must(uuid.FromString(idNamespace)), strings.Join(parts, ",")))
}
