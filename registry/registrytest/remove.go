package registrytest

import (
	"testing"

	"valet/registry"
	"valet/registry/dataset"
)

func (f *fixture) trash() (ids []dataset.ID, files []dataset.FileRecord) {
	f.t.Helper()
	ids, files, err := f.Trash(f.ctx, Datastore, Table)
	if err != nil {
		f.t.Fatal(err)
	}
	return ids, files
}

func testDelete(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r")
	refs := f.put(typ, "r", f.dataID("Cam", 0, 0), f.dataID("Cam", 1, 0), f.dataID("Cam", 2, 0))
	ids := []dataset.ID{refs[0].ID, refs[2].ID, dataset.NewID()}
	var files []dataset.FileRecord
	f.write(func(tx *registry.Tx) (err error) {
		files, err = tx.DeleteDatasets(Datastore, Table, ids)
		return err
	})
	if len(files) != 2 || files[0] != record(refs[0]) && files[1] != record(refs[0]) {
		t.Errorf("files to remove: %+v", files)
	}
	q := registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", "r")}}
	if rows := f.rows(q); len(rows) != 1 || rows[0].Datasets[0].ID != refs[1].ID {
		t.Errorf("left: %+v", rows)
	}
	// This is what another process finds after a crash.
	if ids, again := f.trash(); len(ids) != 2 || len(again) != 2 {
		t.Errorf("trash: %v %v", ids, again)
	}
	f.write(func(tx *registry.Tx) error { return tx.FinishTrash(Datastore, Table, append(ids, refs[1].ID)) })
	if ids, again := f.trash(); len(ids) != 0 || len(again) != 0 {
		t.Errorf("trash: %v %v", ids, again)
	}
	if got, err := f.Records(f.ctx, Datastore, Table, []dataset.ID{refs[0].ID, refs[1].ID, refs[2].ID}); err != nil || len(got) != 1 {
		t.Errorf("records: %+v %v", got, err)
	}
	// The data IDs are free again.
	f.put(typ, "r", f.dataID("Cam", 0, 0))
}

func testSharedFiles(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r")
	var refs []dataset.Ref
	var records []dataset.FileRecord
	for i, path := range []string{"shared", "shared", "z.zip#zip-path=a", "z.zip#zip-path=b", "alone", "z.zip2#zip-path=c", "x#y"} {
		ref := dataset.Ref{ID: dataset.NewID(), Type: typ, DataID: f.dataID("Cam", i, 0)}
		refs = append(refs, ref)
		r := record(ref)
		r.Path = path
		records = append(records, r)
	}
	f.write(func(tx *registry.Tx) error {
		if err := tx.InsertDatasets(typ, "r", ingested, refs); err != nil {
			return err
		}
		return tx.InsertRecords(Datastore, Table, records)
	})
	remove := func(want int, which ...int) {
		t.Helper()
		var ids []dataset.ID
		for _, i := range which {
			ids = append(ids, refs[i].ID)
		}
		f.write(func(tx *registry.Tx) error {
			files, err := tx.DeleteDatasets(Datastore, Table, ids)
			if len(files) != want {
				t.Errorf("remove %v: files %+v, want %d", which, files, want)
			}
			return err
		})
		f.write(func(tx *registry.Tx) error { return tx.FinishTrash(Datastore, Table, ids) })
	}
	remove(0, 0)
	remove(1, 1)
	remove(0, 2)
	remove(3, 3, 4, 5)
	remove(1, 6)
}
