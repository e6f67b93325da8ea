package floor_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"

	"valet/cmd/internal/floor"
	"valet/cmd/internal/synthetic"
)

// Every quantum leaves three files and their twelve rows, which refer to each other.
func TestRunLeavesFilesAndRows(t *testing.T) {
	made, err := synthetic.Make(t.Context(), t.TempDir(), synthetic.Options{Visits: 30, Detectors: 5})
	if err != nil {
		t.Fatal(err)
	}
	r, err := floor.Run(t.Context(), floor.Options{Repo: made.Root, DatasetType: synthetic.DatasetType, Instrument: synthetic.Instrument,
		Output: "u/floor", Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	if r.Quanta != 150 || r.Commits != 1 || r.Total <= 0 {
		t.Errorf("%+v", r)
	}
	db, err := sql.Open("sqlite3", filepath.Join(made.Root, "gen3.sqlite3"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(`select f.path, f.file_size from file_datastore_records f join dataset d on d.id = f.dataset_id join collection c on c.collection_id = d.run_id
		join dataset_location using (dataset_id) join dataset_tags_00000001 t on t.dataset_id = d.id and t.collection_id = d.run_id where c.name = 'u/floor'`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n, total := 0, int64(0)
	for rows.Next() {
		var path string
		var size int64
		if err := rows.Scan(&path, &size); err != nil {
			t.Fatal(err)
		}
		if info, err := os.Stat(filepath.Join(made.Root, path)); err != nil || info.Size() != size {
			t.Fatal(path, err)
		}
		n, total = n+1, total+size
	}
	if n != 450 || total != r.Bytes {
		t.Errorf("%d datasets of %d bytes, %+v", n, total, r)
	}
}

func TestRunTellsWhatFails(t *testing.T) {
	made, err := synthetic.Make(t.Context(), t.TempDir(), synthetic.Options{Visits: 2, Detectors: 2, NoFiles: true})
	if err != nil {
		t.Fatal(err)
	}
	o := floor.Options{Repo: made.Root, DatasetType: synthetic.DatasetType, Instrument: synthetic.Instrument, Output: "u/floor", Workers: 2}
	if _, err := floor.Run(t.Context(), o); err == nil {
		t.Error("missing files were read")
	}
	o.DatasetType = "nothing"
	if _, err := floor.Run(t.Context(), o); err == nil {
		t.Error("a missing dataset type was found")
	}
}
