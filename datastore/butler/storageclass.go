package butler

import (
	"fmt"
	"maps"
	"slices"

	"valet/datastore"
)

// StorageClassError says that a repository does not know a storage class.
type StorageClassError struct{ Name, File string }

func (e *StorageClassError) Error() string {
	return fmt.Sprintf("storage class %q is unknown", e.Name)
}

// ClassName is upstream's exception.
func (e *StorageClassError) ClassName() string { return "KeyError" }

// Hint says where the known ones come from.
func (e *StorageClassError) Hint() string {
	return "check the spelling; a repository's own storage classes stand under storageClasses in " + e.File
}

// StorageClasses are the names of the storage classes of the repository, sorted: those that all repositories know, and those of its
// configuration (repository.md 1.2, 1.3).
func (b *Butler) StorageClasses() []string {
	return slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for _, list := range [][]string{datastore.StorageClasses(), b.storageClasses} {
			for _, name := range list {
				if !yield(name) {
					return
				}
			}
		}
	}))
}

// CheckStorageClass reports whether the repository knows a storage class; the error is a *StorageClassError.
func (b *Butler) CheckStorageClass(name string) error {
	if _, known := slices.BinarySearch(b.StorageClasses(), name); !known {
		return &StorageClassError{Name: name, File: b.File}
	}
	return nil
}

// ownStorageClasses are the names that the configuration adds, on top of the files of the search path.
func ownStorageClasses(section map[string]any, layers []map[string]any) []string {
	names := slices.Collect(maps.Keys(section))
	for _, l := range layers {
		names = slices.AppendSeq(names, maps.Keys(l))
	}
	return names
}
