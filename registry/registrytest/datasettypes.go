package registrytest

import (
	"testing"

	"valet/registry"
	"valet/registry/dataset"
)

func testDatasetTypes(t *testing.T, f *fixture) {
	types := []*dataset.Type{
		{Name: "d", Dimensions: f.visitDetector(), StorageClass: "A"},
		{Name: "b", Dimensions: f.group("instrument", "detector"), StorageClass: "B", IsCalibration: true},
		{Name: "c", Dimensions: f.group(), StorageClass: "Config"},
		{Name: "a", Dimensions: f.group("visit", "detector", "band"), StorageClass: "A"}, // the group of d
		{Name: "e", Dimensions: f.group("htm7", "exposure"), StorageClass: "A"},
		{Name: "f", Dimensions: f.group("tract", "patch", "band"), StorageClass: "A"},
	}
	for _, typ := range types {
		for _, want := range []bool{true, false} {
			copied := *typ
			made, err := f.RegisterDatasetType(f.ctx, &copied)
			if err != nil || made != want {
				t.Errorf("%s: %v %v, want %v", typ.Name, made, err, want)
			}
		}
		got, err := f.DatasetType(f.ctx, typ.Name)
		if err != nil || !got.Equal(typ) {
			t.Errorf("%v %v, want %v", got, err, typ)
		}
	}
	all, err := f.DatasetTypes(f.ctx)
	if err != nil || len(all) != len(types) {
		t.Fatal(all, err)
	}
	for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
		if all[i].Name != name {
			t.Errorf("type %d is %s, want %s", i, all[i].Name, name)
		}
	}
	if _, err := f.DatasetType(f.ctx, "nope"); !is[*registry.NotFoundError](err) {
		t.Errorf("unknown type: %v", err)
	}
}

func testDatasetTypeConflicts(t *testing.T, f *fixture) {
	f.register("d")
	for _, test := range []struct {
		name string
		typ  *dataset.Type
		is   func(error) bool
	}{
		{"storage class", &dataset.Type{Name: "d", Dimensions: f.visitDetector(), StorageClass: "X"}, is[*dataset.ConflictError]},
		{"dimensions", &dataset.Type{Name: "d", Dimensions: f.group("visit"), StorageClass: "StructuredDataDict"}, is[*dataset.ConflictError]},
		{"calibration", &dataset.Type{Name: "d", Dimensions: f.visitDetector(), StorageClass: "StructuredDataDict", IsCalibration: true}, is[*dataset.ConflictError]},
		{"component", &dataset.Type{Name: "a.b", Dimensions: f.visitDetector(), StorageClass: "X"}, is[*dataset.NameError]},
		{"digit", &dataset.Type{Name: "1a", Dimensions: f.visitDetector(), StorageClass: "X"}, is[*dataset.NameError]},
		{"governor", &dataset.Type{Name: "instrument", Dimensions: f.visitDetector(), StorageClass: "X"}, is[*dataset.NameError]},
	} {
		if _, err := f.RegisterDatasetType(f.ctx, test.typ); !test.is(err) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	if all, err := f.DatasetTypes(f.ctx); err != nil || len(all) != 1 {
		t.Error(all, err)
	}
}
