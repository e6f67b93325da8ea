package executor_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"valet/quantum/executor"
	"valet/registry/dataset"
)

// benchVisits is the number of visits of the benchmark's repository, four detectors each.
const benchVisits = 2500

// growRepository copies one visit of the golden repository until there are many, with a metadata file for each detector.
func growRepository(b *testing.B) string {
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
	var metadata []byte
	var path string
	if err := tx.QueryRow(`select path from file_datastore_records where path like '%/diaPipe_metadata/%g_03%R00_S00%' order by path limit 1`).Scan(&path); err != nil {
		b.Fatal(err)
	}
	if metadata, err = os.ReadFile(filepath.Join(dir, path)); err != nil {
		b.Fatal(err)
	}
	exec(`create temp table v as select * from visit where id = 2026080100000`)
	for i := range benchVisits {
		visit := 2026080110000 + i
		exec(`update v set id = ?, name = ?, seq_num = ?`, visit, fmt.Sprint("bench", i), i)
		exec(`insert into visit select * from v`)
		sub := fmt.Sprintf("u/sci/bench/diaPipe_metadata/%d", visit)
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o777); err != nil {
			b.Fatal(err)
		}
		for detector := range 4 {
			id := dataset.NewID().Hex()
			file := fmt.Sprintf("%s/diaPipe_metadata_%d.json", sub, detector)
			if err := os.WriteFile(filepath.Join(dir, file), metadata, 0o666); err != nil {
				b.Fatal(err)
			}
			exec(`insert into dataset(id, dataset_type_id, ingest_date, run_id) values (?, 4, 0, 3)`, id)
			exec(`insert into dataset_tags_00000001(dataset_type_id, dataset_id, collection_id, instrument, detector, visit) values (4, ?, 3, 'TestCam', ?, ?)`, id, detector, visit)
			exec(`insert into dataset_location(datastore_name, dataset_id) values ('FileDatastore@<butlerRoot>', ?)`, id)
			exec(`insert into file_datastore_records(dataset_id, path, formatter, storage_class, component, file_size)
				values (?, ?, 'lsst.daf.butler.formatters.json.JsonFormatter', 'TaskMetadata', '__NULL_STRING__', ?)`, id, file, len(metadata))
		}
	}
	if err := tx.Commit(); err != nil {
		b.Fatal(err)
	}
	return dir
}

func openDB(b *testing.B, dir string) *sql.DB {
	b.Helper()
	db, err := sql.Open("sqlite3", "file:"+dir+"/gen3.sqlite3?_foreign_keys=on")
	if err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1)
	return db
}

// BenchmarkMainJob compares the main job, graph and all, with the floor: what no runner can avoid.
func BenchmarkMainJob(b *testing.B) {
	b.Run("valet", func(b *testing.B) {
		dir := growRepository(b)
		n, runs := 0, 0
		for b.Loop() {
			r := open(b, dir)
			g, err := build(b, r, request{pipeline: memoryTask, now: time.Date(2027, 1, 1, 0, 0, runs, 0, time.UTC)})
			if err != nil {
				b.Fatal(err)
			}
			n, runs = n+g.Len(), runs+1
			if err := executor.Prepare(b.Context(), r, g, executor.PrepareOptions{Register: true}); err != nil {
				b.Fatal(err)
			}
			if _, err := executor.Execute(b.Context(), r, g, executor.Options{Workers: runtime.GOMAXPROCS(0)}); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "quanta/s")
	})
	b.Run("floor", func(b *testing.B) {
		dir := growRepository(b)
		n, runs := 0, 0
		for b.Loop() {
			n, runs = n+floor(b, dir, runs), runs+1
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "quanta/s")
	})
}

type floorQuantum struct {
	path            string
	detector, visit int64
}

// floor reads the file of every input, writes three files of the usual sizes by renaming, and inserts the twelve rows of each quantum
// with multi-row statements. It does nothing else.
func floor(b *testing.B, dir string, round int) int {
	db := openDB(b, dir)
	defer db.Close()
	check := func(err error) {
		if err != nil {
			b.Error(err)
		}
	}
	rows, err := db.Query(`select t.detector, t.visit, f.path from dataset_tags_00000001 t join file_datastore_records f using (dataset_id) where t.dataset_type_id = 4 and t.collection_id = 3`)
	if err != nil {
		b.Fatal(err)
	}
	var quanta []floorQuantum
	for rows.Next() {
		var q floorQuantum
		check(rows.Scan(&q.detector, &q.visit, &q.path))
		quanta = append(quanta, q)
	}
	rows.Close()
	run := fmt.Sprint("u/floor/", round)
	collection := 1000 + round
	_, err = db.Exec(`insert into collection(collection_id, name, type) values (?, ?, 1)`, collection, run)
	check(err)
	_, err = db.Exec(`insert into run(collection_id) values (?)`, collection)
	check(err)
	_, err = db.Exec(`insert into collection_summary_dataset_type(collection_id, dataset_type_id) values (?, 3), (?, 4), (?, 5)`, collection, collection, collection)
	check(err)
	_, err = db.Exec(`insert into collection_summary_instrument(collection_id, instrument) values (?, 'TestCam')`, collection)
	check(err)

	sizes := [3]int{353, 1500, 2600}
	bodies := [3][]byte{}
	for k := range bodies {
		bodies[k] = []byte(strings.Repeat("x", sizes[k]))
	}
	const chunk = 64
	written := make(chan [][4][]any, 16)
	var next atomic.Int64
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			made := map[string]bool{}
			for {
				begin := int(next.Add(chunk)) - chunk
				if begin >= len(quanta) {
					return
				}
				var out [][4][]any
				for _, q := range quanta[begin:min(begin+chunk, len(quanta))] {
					_, err := os.ReadFile(filepath.Join(dir, q.path))
					check(err)
					for k := range 3 {
						id := dataset.NewID().Hex()
						sub := fmt.Sprintf("%s/type%d/20260801/g/g_03/%d", run, k, q.visit)
						if !made[sub] {
							check(os.MkdirAll(filepath.Join(dir, sub), 0o777))
							made[sub] = true
						}
						file := fmt.Sprintf("%s/type%d_TestCam_g_g_03_%d_R00_S%02d.dat", sub, k, q.visit, q.detector)
						temporary := filepath.Join(dir, file) + ".tmp"
						check(os.WriteFile(temporary, bodies[k], 0o666))
						check(os.Rename(temporary, filepath.Join(dir, file)))
						out = append(out, [4][]any{{id, 3 + k, 0, collection}, {3 + k, id, collection, "TestCam", q.detector, q.visit},
							{"FileDatastore@<butlerRoot>", id}, {id, file, "lsst.daf.butler.formatters.json.JsonFormatter", "TaskMetadata", "__NULL_STRING__", nil, sizes[k]}})
					}
				}
				written <- out
			}
		})
	}
	go func() { workers.Wait(); close(written) }()
	heads := [4]string{"dataset(id, dataset_type_id, ingest_date, run_id)", "dataset_tags_00000001(dataset_type_id, dataset_id, collection_id, instrument, detector, visit)",
		"dataset_location(datastore_name, dataset_id)", "file_datastore_records(dataset_id, path, formatter, storage_class, component, checksum, file_size)"}
	tx, err := db.Begin()
	check(err)
	pending := 0
	for out := range written {
		for k, head := range heads {
			one := "(" + strings.TrimSuffix(strings.Repeat("?,", len(out[0][k])), ",") + "),"
			var args []any
			for _, row := range out {
				args = append(args, row[k]...)
			}
			_, err := tx.Exec("insert into "+head+" values "+strings.TrimSuffix(strings.Repeat(one, len(out)), ","), args...)
			check(err)
		}
		if pending += len(out) / 3; pending >= 4096 {
			check(tx.Commit())
			tx, err = db.Begin()
			check(err)
			pending = 0
		}
	}
	check(tx.Commit())
	return len(quanta)
}
