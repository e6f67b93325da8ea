package values

import (
	"encoding/binary"

	"valet/registry/dataset"
	"valet/registry/query"
)

// stampOf is a hash (FNV-1a) of what tells one file of a dataset from another: when it was ingested, its size, its path.
func stampOf(ingested query.Time, r *dataset.FileRecord) int64 {
	var head [16]byte
	binary.LittleEndian.PutUint64(head[:], uint64(ingested))
	binary.LittleEndian.PutUint64(head[8:], uint64(r.Size))
	h := uint64(14695981039346656037)
	for _, b := range head {
		h = (h ^ uint64(b)) * 1099511628211
	}
	for i := range len(r.Path) {
		h = (h ^ uint64(r.Path[i])) * 1099511628211
	}
	return int64(h)
}
