package registry_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"valet/registry"
	"valet/registry/query"
)

// copyQueries copies the golden query repository's database.
func copyQueries(t testing.TB) registry.Options {
	t.Helper()
	data, err := os.ReadFile("../testdata/queries/repo/gen3.sqlite3")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "gen3.sqlite3")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return registry.Options{URL: "sqlite:///" + path, BusyTimeout: 10 * time.Second}
}

// execLoose runs a statement without foreign keys, to damage a database.
func execLoose(t testing.TB, o registry.Options, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+escapedPath(o))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err, statement)
	}
}

// TestFaultsWhileStreaming damages rows that a query meets after others: the rows before come, then one error, then nothing.
func TestFaultsWhileStreaming(t *testing.T) {
	const pairs = "instrument = 'TestCam' AND skymap = 'small_sky'"
	for _, c := range []struct {
		name, statement, where string
		dimensions             []string
		q                      registry.Query
	}{
		{"region of another kind", "UPDATE visit SET region = 'cA==' WHERE id = 2026080300020", pairs, []string{"visit", "tract"}, registry.Query{}},
		{"region that is no base64", "UPDATE visit SET region = '***' WHERE id = 2026080300020", pairs, []string{"visit", "tract"}, registry.Query{}},
		{"half a timespan", "UPDATE visit SET timespan_end = NULL WHERE id = 2026080300020", "instrument = 'TestCam'", []string{"visit"}, registry.Query{WithRecords: true}},
		{"text where a number should be", "UPDATE visit SET seq_num = 'x' WHERE id = 2026080300020", "instrument = 'TestCam'", []string{"visit"}, registry.Query{Columns: []string{"visit.seq_num"}}},
		{"bad record of a detector", "UPDATE skymap SET tract_max = 'x' WHERE name = 'other_sky'", "", []string{"skymap"}, registry.Query{Columns: []string{"skymap.tract_max"}}},
		{"bad dataset ID", "UPDATE dataset_tags_00000001 SET dataset_id = 'zz' WHERE visit = 2026080300020 AND detector = 2 AND dataset_type_id = 1 AND collection_id = 7", "instrument = 'TestCam'", []string{"visit", "detector"},
			registry.Query{Datasets: []registry.DatasetSearch{{Type: "diaPipe_metadata", Collections: []string{"u/bob/r1"}}}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := copyQueries(t)
			execLoose(t, o, c.statement)
			r := open(t, o)
			var err error
			c.q.Dimensions = group(t, r, c.dimensions...)
			c.q.OrderBy = nil
			if c.q.Where, err = query.Parse(c.where); err != nil {
				t.Fatal(err)
			}
			failures := 0
			for row, err := range r.Select(context.Background(), c.q) {
				if failures > 0 {
					t.Error("something follows the error")
				}
				if err == nil {
					continue
				}
				failures++
				if row != nil || !is[*registry.CorruptError](err) {
					t.Errorf("%v %T %v", row, err, err)
				}
			}
			if failures != 1 {
				t.Errorf("%d errors", failures)
			}
			// The connection is as good as before.
			if n, err := r.Count(context.Background(), registry.Query{Dimensions: group(t, r, "instrument")}, true, true); n != 3 || err != nil {
				t.Error(n, err)
			}
		})
	}
}

// TestCancelWhileStreaming cancels after some rows; the caller may also just stop.
func TestCancelWhileStreaming(t *testing.T) {
	r := open(t, copyQueries(t))
	q := registry.Query{Dimensions: group(t, r, "visit", "detector", "exposure", "tract"), Joined: group(t, r, "patch", "visit_system")}
	var err error
	if q.Where, err = query.Parse("visit.region OVERLAPS tract.region"); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	for _, e := range r.Select(ctx, q) {
		if n++; n == 3 {
			cancel()
		}
		err = e
	}
	// What SQLite holds ready may still come.
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	for range r.Select(context.Background(), q) {
		break
	}
	if _, err := r.Count(ctx, q, true, true); err == nil {
		t.Error("a canceled count counts")
	}
	if err := r.Write(context.Background(), func(*registry.Tx) error { return nil }); err != nil {
		t.Error(err)
	}
}

// TestFaultAtEveryQueryTable takes away one table after the other: the error names the schema, nothing panics.
func TestFaultAtEveryQueryTable(t *testing.T) {
	for _, table := range []string{"visit_detector_region_skypix_overlap", "tract_skypix_overlap", "visit", "tract", "physical_filter", "dataset_calibs_00000005", "collection_summary_dataset_type", "dataset"} {
		t.Run(table, func(t *testing.T) {
			o := copyQueries(t)
			execLoose(t, o, "DROP TABLE "+table)
			r := open(t, o)
			where, err := query.Parse("instrument = 'TestCam' AND skymap = 'small_sky' AND visit = 2026080100010 AND tract > -1")
			if err != nil {
				t.Fatal(err)
			}
			q := registry.Query{Dimensions: group(t, r, "detector"), Where: where,
				Datasets: []registry.DatasetSearch{{Type: "bias", Collections: []string{"calibs_both"}}}}
			failed := false
			for _, err := range r.Select(context.Background(), q) {
				failed = failed || is[*registry.SchemaError](err)
			}
			if !failed {
				t.Error("no SchemaError")
			}
			if _, err := r.Any(context.Background(), q, true, true); !is[*registry.SchemaError](err) {
				t.Error(err)
			}
		})
	}
}
