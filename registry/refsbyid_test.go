package registry_test

import (
	"os"
	"path/filepath"
	"testing"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// openSearched opens a copy of the repository of the golden queries.
func openSearched(t *testing.T) *registry.Registry {
	t.Helper()
	data, err := os.ReadFile("../testdata/queries/repo/gen3.sqlite3")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "gen3.sqlite3")
	if err := os.WriteFile(file, data, 0o666); err != nil {
		t.Fatal(err)
	}
	r, err := registry.Open(t.Context(), registry.Options{URL: "sqlite:///" + file, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestRefsByID(t *testing.T) {
	r := openSearched(t)
	want := map[dataset.ID]dataset.Ref{}
	ids := []dataset.ID{dataset.NewID()}
	for ref, err := range r.AllDatasets(t.Context(), registry.AllDatasetsQuery{Collections: []string{"*"}, Bounds: registry.Bounds{AllRows: true}}) {
		if err != nil {
			t.Fatal(err)
		}
		want[ref.ID] = ref.Ref
		ids = append(ids, ref.ID)
	}
	got, err := r.RefsByID(t.Context(), ids)
	if err != nil || len(got) != len(want) || len(want) < 100 {
		t.Fatalf("%d datasets, want %d: %v", len(got), len(want), err)
	}
	for id, ref := range want {
		if g := got[id]; g.ID != id || g.Type.Name != ref.Type.Name || g.Run != ref.Run || g.DataID.Key() != ref.DataID.Key() || g.DataID.Group() != ref.DataID.Group() {
			t.Errorf("%s, want %s", &g, &ref)
		}
	}
	if none, err := r.RefsByID(t.Context(), nil); err != nil || len(none) != 0 {
		t.Error(none, err)
	}
}

func TestRecordsOf(t *testing.T) {
	r := openSearched(t)
	u := r.Universe()
	x := r.Expander()
	joins, visit := u.Element("visit_detector_region"), u.Element("visit")
	all, err := r.RecordsOf(t.Context(), joins, nil, nil)
	if err != nil || len(all) < 50 {
		t.Fatal(len(all), err)
	}
	visits := map[string]int{}
	var rows [][]dimension.Value
	for _, rec := range all {
		same, err := x.Record(t.Context(), joins, rec.DataID())
		if err != nil || same == nil {
			t.Fatal(same, err)
		}
		row := []dimension.Value{rec.DataID().Get("instrument"), rec.DataID().Get("visit")}
		key := dimension.Key(row)
		if visits[key]++; visits[key] == 1 {
			rows = append(rows, row)
		}
	}
	for i := range rows {
		got, err := r.RecordsOf(t.Context(), joins, visit.Required, rows[i:i+1])
		if err != nil || len(got) != visits[dimension.Key(rows[i])] {
			t.Errorf("%v has %d records, want %d: %v", rows[i], len(got), visits[dimension.Key(rows[i])], err)
		}
	}
	if got, err := r.RecordsOf(t.Context(), joins, visit.Required, rows); err != nil || len(got) != len(all) {
		t.Errorf("%d records, want %d: %v", len(got), len(all), err)
	}
	if _, err := r.RecordsOf(t.Context(), visit, []*dimension.Element{u.Element("detector")}, rows); err == nil {
		t.Error("visits have no detector")
	}
}
