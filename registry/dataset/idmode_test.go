package dataset_test

import (
	"os"
	"testing"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Vectors of repository.md 8.1.
func TestReproducibleIDs(t *testing.T) {
	text, err := os.ReadFile("../dimension/testdata/universe8.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	g := u.MustGroup("exposure", "detector")
	var values []dimension.Value
	for _, d := range g.Required {
		v, err := d.ConvertValue(map[string]any{"instrument": "TestCam", "detector": 1, "exposure": 2026080100000}[d.Name])
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	id := dimension.NewDataID(g, values)
	for mode, want := range map[dataset.IDMode]string{dataset.ByDataID: "091f9568-e446-51a1-be28-4b22dbc7d61a", dataset.ByDataIDRun: "d3ee876b-084e-5b42-bf64-69ad2d1ecaa8"} {
		if got := mode.NewIDOf("raw", "TestCam/raw/all", id); got.String() != want {
			t.Errorf("%s: %s, want %s", mode, got, want)
		}
	}
	if got := dataset.UniqueID.NewIDOf("raw", "r", id); got.Version() != 7 {
		t.Error(got)
	}
	for _, name := range []string{"DATAID_TYPE", "unique"} {
		if _, err := dataset.ParseIDMode(name); err != nil {
			t.Error(err)
		}
	}
	if _, err := dataset.ParseIDMode("v5"); err == nil {
		t.Error("accepted")
	}
}
