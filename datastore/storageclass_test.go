package datastore

import (
	"slices"
	"testing"
)

// TestStorageClasses checks that every storage class with a formatter is known, and no other is without reason.
func TestStorageClasses(t *testing.T) {
	names := StorageClasses()
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("a name comes twice")
	}
	byFormatter, _ := defaultFormatters()
	for name := range byFormatter {
		if _, ok := slices.BinarySearch(names, name); !ok {
			t.Errorf("%s has a formatter and is not known", name)
		}
	}
	for name, want := range map[string]bool{"StructuredDataDict": true, "VisitImage": true, "int": true, "Nope": false, "ArrowTable.schema": false, "": false} {
		if _, ok := slices.BinarySearch(names, name); ok != want {
			t.Errorf("%q: %v", name, ok)
		}
	}
}
