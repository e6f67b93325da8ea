package registrytest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"valet/registry"
	"valet/registry/dataset"
)

func testUnstore(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r")
	refs := f.put(typ, "r", f.dataID("Cam", 0, 0), f.dataID("Cam", 1, 0), f.dataID("Cam", 2, 0))
	ids := []dataset.ID{refs[0].ID, refs[2].ID}
	var files []dataset.FileRecord
	f.write(func(tx *registry.Tx) (err error) {
		files, err = tx.TrashDatasets(Datastore, Table, append(ids, dataset.NewID()))
		return err
	})
	if len(files) != 2 {
		t.Errorf("files to remove: %+v", files)
	}
	if has, err := f.HasTrash(f.ctx, Datastore); err != nil || !has {
		t.Errorf("no trash: %v", err)
	}
	f.write(func(tx *registry.Tx) error {
		ids, files, err := tx.TrashedDatasets(Datastore, Table, 1)
		if len(ids) != 1 || len(files) != 1 || files[0].ID != ids[0] {
			t.Errorf("trashed: %v %v", ids, files)
		}
		return err
	})
	f.write(func(tx *registry.Tx) error { return tx.FinishTrash(Datastore, Table, ids) })
	if has, err := f.HasTrash(f.ctx, Datastore); err != nil || has {
		t.Errorf("trash: %v", err)
	}
	// The registry rows stay.
	rows := f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{{Type: "d", Collections: []string{"r"}, Records: true, RecordTable: Table}}})
	stored := 0
	for _, row := range rows {
		if row.Datasets[0].Record != nil {
			stored++
		}
	}
	if len(rows) != 3 || stored != 1 {
		t.Errorf("%d datasets, %d stored", len(rows), stored)
	}
	if got, err := f.RunDatasets(f.ctx, "r", []string{"d", "unknown"}); err != nil || len(got) != 3 {
		t.Errorf("%v %v", got, err)
	}
}

func testRemoveRun(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r", "kept")
	f.chain("c", "kept", "r")
	f.chain("b", "r")
	refs := f.put(typ, "r", f.dataID("Cam", 0, 0), f.dataID("Cam", 1, 0))
	f.put(typ, "kept", f.dataID("Cam", 0, 0))
	err := f.Write(f.ctx, func(tx *registry.Tx) error { return tx.Release("r", false) })
	var used *registry.CollectionInUseError
	if !errors.As(err, &used) || !slices.Equal(used.Parents, []string{"b", "c"}) {
		t.Errorf("in use: %v", err)
	}
	// Datasets with files keep their run from going.
	var broken *registry.ConstraintError
	err = f.Write(f.ctx, func(tx *registry.Tx) error {
		if err := tx.Release("r", true); err != nil {
			return err
		}
		return tx.DeleteRun("r")
	})
	if !errors.As(err, &broken) {
		t.Errorf("with files: %v", err)
	}
	var kind *registry.CollectionKindError
	if err := f.Write(f.ctx, func(tx *registry.Tx) error { return tx.DeleteRun("c") }); !errors.As(err, &kind) {
		t.Errorf("chain: %v", err)
	}
	var missing *registry.NotFoundError
	if err := f.Write(f.ctx, func(tx *registry.Tx) error { return tx.Release("x", true) }); !errors.As(err, &missing) {
		t.Errorf("missing: %v", err)
	}
	run := "r"
	f.write(func(tx *registry.Tx) error {
		if err := tx.Release("r", true); err != nil || !tx.CanRetire() {
			return err
		}
		var err error
		if run, err = tx.RetireRun("r"); err != nil {
			return err
		}
		if got, err := tx.RetiredRuns(); err != nil || !slices.Equal(got, []string{run}) || !strings.HasPrefix(run, registry.RetiredPrefix) {
			t.Errorf("retired: %v %v", got, err)
		}
		// The name is free.
		_, err = tx.RegisterCollection("r", dataset.Run, "")
		return err
	})
	f.write(func(tx *registry.Tx) error {
		ids, err := tx.RunDatasets(run, 10)
		if err != nil || len(ids) != len(refs) {
			t.Errorf("%v %v", ids, err)
		}
		if some, err := tx.RunDatasets(run, 1); err != nil || len(some) != 1 {
			t.Errorf("%v %v", some, err)
		}
		if _, err := tx.DeleteDatasets(Datastore, Table, ids); err != nil {
			return err
		}
		if err := tx.DeleteRun(run); err != nil {
			return err
		}
		return tx.FinishTrash(Datastore, Table, ids)
	})
	if has, err := f.HasTrash(f.ctx, Datastore); err != nil || has {
		t.Errorf("trash: %v", err)
	}
	c, err := f.Collection(f.ctx, "c")
	if err != nil || !slices.Equal(c.Children, []string{"kept"}) {
		t.Errorf("%+v %v", c, err)
	}
	// A new run of the name holds nothing, whatever key it has.
	f.write(func(tx *registry.Tx) error {
		_, err := tx.RegisterCollection("r", dataset.Run, "")
		return err
	})
	if rows := f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", "r", "kept")}}); len(rows) != 1 {
		t.Errorf("%+v", rows)
	}
}
