package dataset

import (
	"fmt"

	"valet/registry/dimension"
)

// Ref is one dataset that exists or is to exist: its type, data ID, run and ID.
type Ref struct {
	ID     ID
	Type   *Type
	DataID dimension.DataID
	// Run is the name of the RUN collection it is or will be born in.
	Run string
}

// String shows the ref as upstream does: type@{data ID} [storage class] (run=R id=ID).
func (r *Ref) String() string {
	return fmt.Sprintf("%s@%s [sc=%s] (run=%s id=%s)", r.Type.Name, r.DataID, r.Type.StorageClass, r.Run, r.ID)
}
