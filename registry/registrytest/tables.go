package registrytest

import (
	"database/sql/driver"
	"errors"
	"testing"

	"valet/registry"
	"valet/registry/dataset"
)

// testRecordTable uses an opaque table that does not exist at first.
func testRecordTable(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r")
	ref := dataset.Ref{ID: dataset.NewID(), Type: typ, DataID: f.dataID("Cam", 0, 0)}
	const table = "other_records"
	s := search("d", "r")
	s.RecordTable = table
	q := registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{s}}
	f.write(func(tx *registry.Tx) error { return tx.InsertDatasets(typ, "r", ingested, []dataset.Ref{ref}) })
	if rows := f.rows(q); len(rows) != 1 || rows[0].Datasets[0].Record != nil {
		t.Errorf("%+v", rows)
	}
	if got, err := f.Records(f.ctx, Datastore, table, []dataset.ID{ref.ID}); err != nil || len(got) != 0 {
		t.Error(got, err)
	}
	f.write(func(tx *registry.Tx) error {
		return tx.InsertRecords(Datastore, table, []dataset.FileRecord{record(ref)})
	})
	if rows := f.rows(q); len(rows) != 1 || rows[0].Datasets[0].Record == nil || *rows[0].Datasets[0].Record != record(ref) {
		t.Errorf("%+v", rows)
	}
	found := false
	err := f.Rows(f.ctx, "SELECT table_name FROM opaque_meta", nil, func(row []driver.Value) error {
		found = found || row[0] == table
		return nil
	})
	if err != nil || !found {
		t.Errorf("opaque_meta has no %s: %v", table, err)
	}
}

// testOwnTables writes a table of valet's own in one transaction with the registry's.
func testOwnTables(t *testing.T, f *fixture) {
	fill := func(tx *registry.Tx) error {
		if exists, err := tx.TableExists("valet_test"); err != nil || exists {
			t.Error(exists, err)
		}
		if err := tx.Exec("CREATE TABLE valet_test (n BIGINT PRIMARY KEY, name TEXT)"); err != nil {
			return err
		}
		return tx.InsertRows("INSERT INTO valet_test (n, name) VALUES ", 2, 1000, func(i int, row []driver.NamedValue) {
			row[0].Value, row[1].Value = int64(i), "x"
		})
	}
	failure := errors.New("on purpose")
	if err := f.Write(f.ctx, func(tx *registry.Tx) error { return errors.Join(fill(tx), failure) }); !errors.Is(err, failure) {
		t.Error(err)
	}
	if exists, err := f.TableExists(f.ctx, "valet_test"); err != nil || exists {
		t.Error(exists, err)
	}
	f.write(fill)
	n := 0
	f.write(func(tx *registry.Tx) error {
		return tx.Rows("SELECT n FROM valet_test WHERE n < ?", []any{900}, func(row []driver.Value) error { n++; return nil })
	})
	if n != 900 {
		t.Errorf("%d rows", n)
	}
}
