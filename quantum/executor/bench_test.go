package executor_test

import (
	"database/sql"
	"fmt"
	"testing"

	_ "github.com/mattn/go-sqlite3"

	"valet/quantum"
	"valet/quantum/executor"
	"valet/registry/dataset"
)

// benchVisits is the number of visits of the benchmark's repository, four detectors each.
const benchVisits = 2500

// growRepository copies one visit of the golden repository until there are many, with the rows of a metadata file for each detector, which
// all name the same file.
func growRepository(b testing.TB, visits int) string {
	b.Helper()
	dir := copyRepository(b)
	db := openDB(b, dir)
	defer db.Close()
	tx, err := db.Begin()
	if err != nil {
		b.Fatal(err)
	}
	exec := func(statement string, args ...any) {
		if _, err := tx.Exec(statement, args...); err != nil {
			b.Fatal(statement, err)
		}
	}
	exec(`create temp table v as select * from visit where id = 2026080100000`)
	for i := range visits {
		visit := 2026080110000 + i
		exec(`update v set id = ?, name = ?, seq_num = ?`, visit, fmt.Sprint("bench", i), i)
		exec(`insert into visit select * from v`)
		for detector := range 4 {
			id := dataset.NewID().Hex()
			exec(`insert into dataset(id, dataset_type_id, ingest_date, run_id) values (?, 4, 0, 3)`, id)
			exec(`insert into dataset_tags_00000001(dataset_type_id, dataset_id, collection_id, instrument, detector, visit) values (4, ?, 3, 'TestCam', ?, ?)`, id, detector, visit)
			exec(`insert into dataset_location(datastore_name, dataset_id) values ('FileDatastore@<butlerRoot>', ?)`, id)
			exec(`insert into file_datastore_records(dataset_id, path, formatter, storage_class, component, file_size)
				select ?, path, formatter, storage_class, component, file_size from file_datastore_records where path like '%/diaPipe_metadata/%' limit 1`, id)
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	return dir
}

func openDB(b testing.TB, dir string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite3", "file:"+dir+"/gen3.sqlite3?_foreign_keys=on")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// BenchmarkPlan hands out and finishes all quanta of a graph, as the loop of a run does.
func BenchmarkPlan(b *testing.B) {
	r := open(b, growRepository(b, benchVisits))
	g, err := build(b, r, request{pipeline: memoryTask})
	if err != nil {
		b.Fatal(err)
	}
	var items []executor.Item
	n := 0
	for b.Loop() {
		for _, q := range g.Tasks {
			clear(q.States)
		}
		p := executor.NewPlan(g)
		for p.Left() > 0 {
			items, _ = p.Next(items[:0], 64)
			for _, it := range items {
				p.Finish(it, quantum.Succeeded)
			}
		}
		for _, q := range g.Tasks {
			n += q.Count(quantum.Succeeded)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "quanta/s")
}
