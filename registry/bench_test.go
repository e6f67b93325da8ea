package registry_test

import (
	"context"
	"database/sql"
	"flag"
	"fmt"
	"strings"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

var benchVisits = flag.Int("visits", 500, "visits of 100 detectors in the repositories that benchmarks use")

// grow gives a golden repository 100 detectors and many visits, with one diaPipe_metadata dataset for each pair.
func grow(t testing.TB, o registry.Options, visits int) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(o.URL, "sqlite:///")+"?_synchronous=OFF")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	numbers := fmt.Sprintf("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM n WHERE i+1 < %d) ", visits)
	for _, s := range []string{
		"DELETE FROM dataset_location WHERE dataset_id IN (SELECT dataset_id FROM dataset_tags_00000001 WHERE dataset_type_id = 4)",
		"DELETE FROM file_datastore_records WHERE dataset_id IN (SELECT dataset_id FROM dataset_tags_00000001 WHERE dataset_type_id = 4)",
		"DELETE FROM dataset_tags_00000001 WHERE dataset_type_id = 4",
		"WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i+1 FROM n WHERE i < 99) INSERT INTO detector (instrument, id, full_name) SELECT 'TestCam', i, 'D' || i FROM n",
		numbers + "INSERT INTO visit (instrument, id, day_obs, physical_filter, name) SELECT instrument, 2027000000000 + i, day_obs, physical_filter, 'bulk' || i FROM n, (SELECT * FROM visit LIMIT 1)",
		numbers + "INSERT INTO dataset (id, dataset_type_id, ingest_date, run_id) SELECT printf('01a20987f64c72d1%016x', 100*i + d.id), 4, 1, 3 FROM n, detector d",
		numbers + "INSERT INTO dataset_tags_00000001 (dataset_type_id, dataset_id, collection_id, instrument, detector, visit) SELECT 4, printf('01a20987f64c72d1%016x', 100*i + d.id), 3, 'TestCam', d.id, 2027000000000 + i FROM n, detector d",
		numbers + "INSERT INTO dataset_location (datastore_name, dataset_id) SELECT 'FileDatastore@<butlerRoot>', printf('01a20987f64c72d1%016x', 100*i + d.id) FROM n, detector d",
		numbers + "INSERT INTO file_datastore_records (dataset_id, path, formatter, storage_class, component, file_size) SELECT printf('01a20987f64c72d1%016x', 100*i + d.id), " +
			"'u/sci/20261123T175034Z/diaPipe_metadata/20260801/g/g_03/' || (2027000000000 + i) || '/diaPipe_metadata_TestCam_g_g_03_' || (2027000000000 + i) || '_' || d.full_name || '_u_sci.json', " +
			"'lsst.daf.butler.formatters.json.JsonFormatter', 'TaskMetadata', '__NULL_STRING__', 12345 FROM n, detector d",
	} {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err, s)
		}
	}
}

func BenchmarkSelect(b *testing.B) {
	o := copyGolden(b)
	grow(b, o, *benchVisits)
	r := open(b, o)
	for _, records := range []bool{false, true} {
		b.Run(fmt.Sprintf("records=%v", records), func(b *testing.B) {
			n := 0
			for b.Loop() {
				q := registry.Query{Dimensions: group(b, r, "visit", "detector"),
					Datasets: []registry.DatasetSearch{{Type: "diaPipe_metadata", Collections: []string{"u/sci"}, Records: records}}}
				for _, err := range r.Select(context.Background(), q) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// quanta is how many quanta one transaction of the insertion benchmarks commits.
const quanta = 1000

// BenchmarkInsert commits the three datasets of each of 1000 quanta, twelve rows a quantum.
func BenchmarkInsert(b *testing.B) {
	o := copyGolden(b)
	grow(b, o, *benchVisits)
	r := open(b, o)
	ctx := context.Background()
	g := group(b, r, "visit", "detector")
	types := []*dataset.Type{{Name: "metricvalue_bench", Dimensions: g, StorageClass: "MetricValue"},
		{Name: "bench_metadata", Dimensions: g, StorageClass: "TaskMetadata"}, {Name: "bench_log", Dimensions: g, StorageClass: "ButlerLogRecords"}}
	for _, t := range types {
		if _, err := r.RegisterDatasetType(ctx, t); err != nil {
			b.Fatal(err)
		}
	}
	run, next, n := 0, 0, 0
	total := 100 * *benchVisits
	for b.Loop() {
		if next%total == 0 {
			run++
		}
		err := r.Write(ctx, func(tx *registry.Tx) error {
			name := fmt.Sprintf("u/bench/%d", run)
			if _, err := tx.RegisterCollection(name, dataset.Run, ""); err != nil {
				return err
			}
			refs := make([]dataset.Ref, quanta)
			records := make([]dataset.FileRecord, quanta)
			for _, t := range types {
				for i := range refs {
					k := (next + i) % total
					refs[i] = dataset.Ref{ID: dataset.NewID(), Type: t, Run: name, DataID: dimension.NewDataID(g, []dimension.Value{
						dimension.StringValue("TestCam"), dimension.IntValue(int64(k % 100)), dimension.IntValue(2027000000000 + int64(k/100))})}
					records[i] = dataset.FileRecord{ID: refs[i].ID, Path: fmt.Sprintf("%s/%s/20260801/g/g_03/%d/%s_TestCam_g_g_03_D%d_u_bench.json", name, t.Name, k/100, t.Name, k%100),
						Formatter: "lsst.daf.butler.formatters.json.JsonFormatter", StorageClass: t.StorageClass, Component: dataset.WholeDataset, Size: 1500}
				}
				if err := tx.InsertDatasets(t, name, time.Now(), refs); err != nil {
					return err
				}
				if err := tx.InsertRecords("FileDatastore@<butlerRoot>", registry.DefaultRecordTable, records); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
		next += quanta
		n += quanta
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "quanta/s")
	b.ReportMetric(12*float64(n)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkInsertPlain does the work of BenchmarkInsert in the plain way, through database/sql with one Exec of a prepared
// multi-row statement for 64 quanta: the yardstick.
func BenchmarkInsertPlain(b *testing.B) {
	o := copyGolden(b)
	grow(b, o, *benchVisits)
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(o.URL, "sqlite:///")+"?_foreign_keys=on&_synchronous=FULL")
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	do := func(s string, args ...any) {
		if _, err := db.Exec(s, args...); err != nil {
			b.Fatal(err)
		}
	}
	const per = 64
	values := func(columns int) string {
		one := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + "),"
		return strings.TrimSuffix(strings.Repeat(one, 3*per), ",")
	}
	heads := []string{"INSERT INTO dataset (id, dataset_type_id, ingest_date, run_id) VALUES " + values(4),
		"INSERT INTO dataset_tags_00000001 (dataset_type_id, dataset_id, collection_id, instrument, detector, visit) VALUES " + values(6),
		"INSERT INTO dataset_location (datastore_name, dataset_id) VALUES " + values(2),
		"INSERT INTO file_datastore_records (dataset_id, path, formatter, storage_class, component, checksum, file_size) VALUES " + values(7)}
	for _, n := range []string{"metricvalue_bench", "bench_metadata", "bench_log"} {
		do("INSERT INTO dataset_type (name, storage_class, dimensions_key, tag_association_table) VALUES (?, 'S', 1, 'dataset_tags_00000001')", n)
	}
	run, next, n := 100, 0, 0
	total := 100 * *benchVisits
	for b.Loop() {
		if next%total < 16*per {
			run++
			do("INSERT INTO collection (collection_id, name, type) VALUES (?, ?, 1)", run, fmt.Sprint("u/bench/", run))
			do("INSERT INTO run (collection_id) VALUES (?)", run)
			do("INSERT INTO collection_summary_dataset_type SELECT ?, id FROM dataset_type", run)
			do("INSERT INTO collection_summary_instrument VALUES (?, 'TestCam')", run)
			next = 0
		}
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		var statements [4]*sql.Stmt
		for i, h := range heads {
			if statements[i], err = tx.Prepare(h); err != nil {
				b.Fatal(err)
			}
		}
		for range 16 {
			var args [4][]any
			for i := range per {
				k := next + i
				for t := range 3 {
					id := dataset.NewID().Hex()
					args[0] = append(args[0], id, 10+t, int64(1795456272335401000), run)
					args[1] = append(args[1], 10+t, id, run, "TestCam", k%100, 2027000000000+k/100)
					args[2] = append(args[2], "FileDatastore@<butlerRoot>", id)
					args[3] = append(args[3], id, fmt.Sprintf("u/bench/%d/%s/20260801/g/g_03/%d/%s_TestCam_g_g_03_D%d_u_bench.json", run, "bench_metadata", k/100, "bench_metadata", k%100),
						"lsst.daf.butler.formatters.json.JsonFormatter", "TaskMetadata", dataset.WholeDataset, nil, 1500)
				}
			}
			for i, s := range statements {
				if _, err := s.Exec(args[i]...); err != nil {
					b.Fatal(err)
				}
			}
			next += per
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
		n += 16 * per
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "quanta/s")
	b.ReportMetric(12*float64(n)/b.Elapsed().Seconds(), "rows/s")
}

// BenchmarkFindFirst searches a chain of runs that all have the dataset type.
func BenchmarkFindFirst(b *testing.B) {
	for _, runs := range []int{2, 5, 20} {
		b.Run(fmt.Sprintf("runs=%d", runs), func(b *testing.B) {
			o := copyGolden(b)
			grow(b, o, *benchVisits)
			var names []string
			for i := range runs - 1 {
				name, id := fmt.Sprintf("r%d", i), 100+i
				names = append(names, name)
				exec(b, o, "INSERT INTO collection (collection_id, name, type) VALUES (?, ?, 1)", id, name)
				exec(b, o, "INSERT INTO run (collection_id) VALUES (?)", id)
				exec(b, o, "INSERT INTO collection_summary_dataset_type VALUES (?, 4)", id)
				exec(b, o, "INSERT INTO collection_summary_instrument VALUES (?, 'TestCam')", id)
			}
			r := open(b, o)
			n := 0
			for b.Loop() {
				q := registry.Query{Dimensions: group(b, r, "visit", "detector"),
					Datasets: []registry.DatasetSearch{{Type: "diaPipe_metadata", Collections: append(names, "u/sci"), Records: true}}}
				for _, err := range r.Select(context.Background(), q) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
