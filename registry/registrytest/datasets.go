package registrytest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

var ingested = time.Date(2026, 8, 1, 12, 0, 0, 123456789, time.UTC)

// put inserts a dataset with a record for each data ID.
func (f *fixture) put(typ *dataset.Type, run string, ids ...dimension.DataID) []dataset.Ref {
	f.t.Helper()
	var refs []dataset.Ref
	var records []dataset.FileRecord
	for _, id := range ids {
		ref := dataset.Ref{ID: dataset.NewID(), Type: typ, Run: run, DataID: id}
		refs = append(refs, ref)
		records = append(records, record(ref))
	}
	f.write(func(tx *registry.Tx) error {
		if err := tx.InsertDatasets(typ, run, ingested, refs); err != nil {
			return err
		}
		return tx.InsertRecords(Datastore, Table, records)
	})
	return refs
}

func record(ref dataset.Ref) dataset.FileRecord {
	return dataset.FileRecord{ID: ref.ID, Path: "a b/" + ref.ID.String() + ".json", Formatter: "f.F", StorageClass: ref.Type.StorageClass,
		Component: dataset.WholeDataset, Size: int64(ref.ID[15])}
}

func search(typ string, in ...string) registry.DatasetSearch {
	return registry.DatasetSearch{Type: typ, Collections: in, Records: true}
}

func testInsertAndFind(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r")
	var ids []dimension.DataID
	for v := range visits {
		for d := range detectors {
			ids = append(ids, f.dataID("Cam", v, d))
		}
	}
	refs := f.put(typ, "r", ids...)
	byID := map[dataset.ID]dataset.Ref{}
	for _, ref := range refs {
		byID[ref.ID] = ref
	}
	rows := f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", "r")}, Sorted: true})
	if len(rows) != len(refs) {
		t.Fatalf("%d rows, want %d", len(rows), len(refs))
	}
	for i, row := range rows {
		found := row.Datasets[0]
		ref, ok := byID[found.ID]
		if !ok || row.DataID.Key() != ref.DataID.Key() || found.Run != "r" || *found.Record != record(ref) {
			t.Errorf("%v %+v, want %v", row.DataID, found, ref)
		}
		if !row.DataID.IsFull() || row.DataID.Get("physical_filter").Text() != filters[row.DataID.Get("visit").Int()%1000%3] {
			t.Errorf("%v is not full or has the wrong filter", row.DataID)
		}
		if i > 0 && rows[i-1].DataID.Compare(row.DataID) >= 0 {
			t.Errorf("%v comes after %v", row.DataID, rows[i-1].DataID)
		}
	}
	// A type without dimensions has one dataset in a run.
	config := &dataset.Type{Name: "config", Dimensions: f.group(), StorageClass: "Config"}
	if _, err := f.RegisterDatasetType(f.ctx, config); err != nil {
		t.Fatal(err)
	}
	one := f.put(config, "r", dimension.NewDataID(f.group(), nil))
	rows = f.rows(registry.Query{Dimensions: f.group(), Datasets: []registry.DatasetSearch{search("config", "r")}})
	if len(rows) != 1 || rows[0].Datasets[0].ID != one[0].ID {
		t.Errorf("%+v", rows)
	}
	rows = f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", "r"), search("config", "r")}, Limit: 5})
	if len(rows) != 5 || rows[4].Datasets[1].ID != one[0].ID {
		t.Errorf("%+v", rows)
	}
}

func testInsertErrors(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r")
	f.chain("c", "r")
	refs := f.put(typ, "r", f.dataID("Cam", 0, 0), f.dataID("Cam", 1, 0))
	insert := func(t *dataset.Type, run string, refs ...dataset.Ref) func(tx *registry.Tx) error {
		return func(tx *registry.Tx) error { return tx.InsertDatasets(t, run, ingested, refs) }
	}
	fresh := func(id dimension.DataID) dataset.Ref { return dataset.Ref{ID: dataset.NewID(), DataID: id} }
	exists := func(id dataset.ID) func(error) bool {
		return func(err error) bool {
			var e *registry.DatasetExistsError
			return errors.As(err, &e) && e.ID == id
		}
	}
	twice := fresh(f.dataID("Cam", 5, 0))
	for _, test := range []struct {
		name string
		do   func(tx *registry.Tx) error
		is   func(error) bool
	}{
		{"same data ID", insert(typ, "r", fresh(f.dataID("Cam", 2, 0)), fresh(f.dataID("Cam", 1, 0))), exists(refs[1].ID)},
		{"same ID", insert(typ, "r", fresh(f.dataID("Cam", 2, 0)), dataset.Ref{ID: refs[0].ID, DataID: f.dataID("Cam", 3, 0)}), exists(refs[0].ID)},
		{"twice in one call", insert(typ, "r", twice, fresh(f.dataID("Cam", 5, 0))), exists(twice.ID)},
		{"missing record", insert(typ, "r", fresh(f.dataID("Cam", 77, 0))), is[*registry.NotFoundError]},
		{"unknown instrument", insert(typ, "r", fresh(f.dataID("Nope", 1, 0))), func(err error) bool { return err != nil }},
		{"unknown run", insert(typ, "nope", fresh(f.dataID("Cam", 2, 0))), is[*registry.NotFoundError]},
		{"chain as run", insert(typ, "c", fresh(f.dataID("Cam", 2, 0))), is[*registry.CollectionKindError]},
		{"unknown type", insert(&dataset.Type{Name: "nope", Dimensions: typ.Dimensions}, "r", fresh(f.dataID("Cam", 2, 0))), is[*registry.NotFoundError]},
		{"other dimensions", insert(&dataset.Type{Name: "d", Dimensions: f.group("visit")}, "r", fresh(f.dataID("Cam", 2, 0))), is[*dataset.ConflictError]},
		{"record of no dataset", func(tx *registry.Tx) error {
			return tx.InsertRecords(Datastore, Table, []dataset.FileRecord{record(dataset.Ref{ID: dataset.NewID(), Type: typ})})
		}, is[*registry.ConstraintError]},
	} {
		err := f.Write(f.ctx, test.do)
		if !test.is(err) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	rows := f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", "r")}})
	if len(rows) != 2 {
		t.Errorf("%d rows after refused insertions, want 2", len(rows))
	}
}

func testRollback(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r")
	failure := errors.New("on purpose")
	half := func(tx *registry.Tx) error {
		if _, err := tx.RegisterCollection("other", dataset.Run, ""); err != nil {
			return err
		}
		return tx.InsertDatasets(typ, "r", ingested, []dataset.Ref{{ID: dataset.NewID(), DataID: f.dataID("Cam", 0, 0)}})
	}
	err := f.Write(f.ctx, func(tx *registry.Tx) error {
		if err := half(tx); err != nil {
			return err
		}
		return failure
	})
	if !errors.Is(err, failure) {
		t.Error(err)
	}
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		f.Write(f.ctx, func(tx *registry.Tx) error {
			if err := half(tx); err != nil {
				t.Error(err)
			}
			panic("on purpose")
		})
	}()
	if _, err := f.Collection(f.ctx, "other"); !is[*registry.NotFoundError](err) {
		t.Errorf("the collection is still there: %v", err)
	}
	// The same rows go in afterwards, summaries included.
	f.write(half)
	if rows := f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", "r")}}); len(rows) != 1 {
		t.Errorf("%d rows, want 1", len(rows))
	}
}

func testRecords(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r")
	refs := f.put(typ, "r", f.dataID("Cam", 0, 0), f.dataID("Cam", 1, 0))
	unstored := dataset.Ref{ID: dataset.NewID(), Type: typ, DataID: f.dataID("Cam", 2, 0)}
	parts := dataset.Ref{ID: dataset.NewID(), Type: typ, DataID: f.dataID("Cam", 3, 0)}
	f.write(func(tx *registry.Tx) error {
		if err := tx.InsertDatasets(typ, "r", ingested, []dataset.Ref{unstored, parts}); err != nil {
			return err
		}
		var records []dataset.FileRecord
		for _, c := range []string{"wcs", "psf"} {
			records = append(records, dataset.FileRecord{ID: parts.ID, Path: "p." + c, Formatter: "F", StorageClass: "S", Component: c, Size: -1, Checksum: "00ff"})
		}
		return tx.InsertRecords(Datastore, Table, records)
	})
	ids := []dataset.ID{refs[0].ID, unstored.ID, parts.ID, dataset.NewID()}
	for range 3000 {
		ids = append(ids, dataset.NewID())
	}
	got, err := f.Records(f.ctx, Datastore, Table, ids)
	if err != nil || len(got) != 3 {
		t.Fatal(got, err)
	}
	for _, r := range got {
		if r.ID == refs[0].ID && r != record(refs[0]) || r.ID == parts.ID && (r.Checksum != "00ff" || r.Size != -1) {
			t.Errorf("%+v", r)
		}
	}
	if got, err = f.Records(f.ctx, "another", Table, ids); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	rows := f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", "r")}, Sorted: true})
	if len(rows) != 4 || rows[0].Datasets[0].Record == nil || rows[2].Datasets[0].Record != nil || rows[3].Datasets[0].Record != nil {
		t.Errorf("%+v", rows)
	}
}

func testManyRows(t *testing.T, f *fixture) {
	f.run("r")
	var names []string
	// Counts around the sizes of multi-row statements.
	for _, n := range []int{1, 3, 4, 5, 15, 16, 17, 63, 64, 65, 85, 96} {
		typ := f.register(fmt.Sprintf("d%d", n))
		names = append(names, typ.Name)
		var ids []dimension.DataID
		for i := range n {
			instrument := []string{"Cam", "Aux"}[i%2]
			ids = append(ids, f.dataID(instrument, i/2%visits, i/2/visits))
		}
		f.put(typ, "r", ids...)
		rows := f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search(typ.Name, "r")}})
		if len(rows) != n {
			t.Errorf("%d rows, want %d", len(rows), n)
		}
	}
	q := registry.Query{Dimensions: f.visitDetector()}
	for _, n := range names[8:] {
		q.Datasets = append(q.Datasets, search(n, "r"))
	}
	if rows := f.rows(q); len(rows) != 64 {
		t.Errorf("%d rows common to four types, want 64", len(rows))
	}
}
