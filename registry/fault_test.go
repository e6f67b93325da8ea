package registry_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// lock takes a lock on a registry's database as another process would, with the given statements, and returns its release.
func lock(t *testing.T, o registry.Options, statements ...string) func() {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(o.URL, "sqlite:///"))
	if err != nil {
		t.Fatal(err)
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range statements {
		if _, err := conn.ExecContext(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if _, err := conn.ExecContext(context.Background(), "ROLLBACK"); err != nil {
			t.Error(err)
		}
		conn.Close()
		db.Close()
	}
}

func register(r *registry.Registry, name string) error {
	return r.Write(context.Background(), func(tx *registry.Tx) error {
		_, err := tx.RegisterCollection(name, dataset.Run, "")
		return err
	})
}

func TestBusy(t *testing.T) {
	o := copyGolden(t)
	o.BusyTimeout = 1300 * time.Millisecond
	told := 0
	o.OnBusy = func(waited time.Duration, _ string) {
		told++
		if waited < time.Second || waited > 2*time.Second {
			t.Errorf("told after %s", waited)
		}
	}
	r := open(t, o)
	release := lock(t, o, "BEGIN IMMEDIATE")
	// Readers are not in the way of a reserved lock.
	if _, err := r.Collections(context.Background()); err != nil {
		t.Error(err)
	}
	err := register(r, "x")
	var busy *registry.BusyError
	if !errors.As(err, &busy) || busy.Waited < o.BusyTimeout || told != 1 {
		t.Errorf("%v, told %d times", err, told)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	if err := r.Write(ctx, func(tx *registry.Tx) error { return nil }); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("canceled while waiting: %v", err)
	}
	release()
	if err := register(r, "x"); err != nil {
		t.Error(err)
	}
	// A reader of another process keeps the commit waiting, not the statements before it.
	release = lock(t, o, "BEGIN", "SELECT * FROM collection")
	time.AfterFunc(300*time.Millisecond, release)
	if err := register(r, "y"); err != nil {
		t.Error(err)
	}
	o.BusyTimeout = 200 * time.Millisecond
	r = open(t, o)
	release = lock(t, o, "BEGIN", "SELECT * FROM collection")
	if err := register(r, "z"); !errors.As(err, &busy) {
		t.Errorf("%v", err)
	}
	release()
	if _, err := r.Collection(context.Background(), "z"); !is[*registry.NotFoundError](err) {
		t.Errorf("a commit that was given up is there: %v", err)
	}
	// An exclusive lock keeps readers out.
	release = lock(t, o, "BEGIN EXCLUSIVE")
	if _, err := r.Collections(context.Background()); !errors.As(err, &busy) {
		t.Errorf("%v", err)
	}
	release()
}

func TestJournalModeIsKept(t *testing.T) {
	for _, mode := range []string{"delete", "wal"} {
		o := copyGolden(t)
		exec(t, o, "PRAGMA journal_mode = "+mode)
		r := open(t, o)
		if err := register(r, "x"); err != nil {
			t.Fatal(err)
		}
		db, err := sql.Open("sqlite3", "file:"+strings.TrimPrefix(o.URL, "sqlite:///"))
		if err != nil {
			t.Fatal(err)
		}
		var got string
		if err := db.QueryRow("PRAGMA journal_mode").Scan(&got); err != nil || got != mode {
			t.Errorf("%s became %s: %v", mode, got, err)
		}
		db.Close()
	}
}

// TestDiskFull lets the database grow no further and checks that the failed transaction leaves nothing.
func TestDiskFull(t *testing.T) {
	o := copyGolden(t)
	r := open(t, o)
	ctx := context.Background()
	typ, err := r.DatasetType(ctx, "diaPipe_metadata")
	if err != nil {
		t.Fatal(err)
	}
	var refs []dataset.Ref
	for row, err := range r.Select(ctx, registry.Query{Dimensions: typ.Dimensions}) {
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, dataset.Ref{ID: dataset.NewID(), DataID: row.DataID})
	}
	insert := func(limit bool) error {
		return r.Write(ctx, func(tx *registry.Tx) error {
			if limit {
				if err := registry.LimitPages(tx); err != nil {
					t.Fatal(err)
				}
			}
			for _, run := range []string{"u/full", "u/full2", "u/full3", "u/full4", "u/full5", "u/full6", "u/full7", "u/full8"} {
				if _, err := tx.RegisterCollection(run, dataset.Run, strings.Repeat("long", 2000)); err != nil {
					return err
				}
				for i := range refs {
					refs[i].ID = dataset.NewID()
				}
				if err := tx.InsertDatasets(typ, run, time.Now(), refs); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := insert(true); !is[*registry.DiskFullError](err) {
		t.Fatalf("%v", err)
	}
	if _, err := r.Collection(ctx, "u/full"); !is[*registry.NotFoundError](err) {
		t.Errorf("something is left: %v", err)
	}
}

func TestReadOnlyFile(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("permissions do not bind the superuser")
	}
	o := copyGolden(t)
	path := strings.TrimPrefix(o.URL, "sqlite:///")
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(path), 0o555); err != nil {
		t.Fatal(err)
	}
	defer os.Chmod(filepath.Dir(path), 0o755)
	r, err := registry.Open(context.Background(), o)
	if err == nil {
		defer r.Close()
		err = register(r, "x")
	}
	if !is[*registry.ReadOnlyError](err) {
		t.Errorf("%v", err)
	}
	o.ReadOnly = true
	if _, err := open(t, o).Collections(context.Background()); err != nil {
		t.Error(err)
	}
}

// TestFaultAtEveryTable lets the insertion into each table fail in turn and checks that nothing of the transaction is left and
// that the same transaction succeeds afterwards.
func TestFaultAtEveryTable(t *testing.T) {
	ctx := context.Background()
	for _, table := range []string{"collection", "run", "collection_chain", "dimension_graph_key", "dimension_graph_definition", "dataset_type", "dataset",
		"collection_summary_dataset_type", "collection_summary_instrument", "dataset_tags_00000003", "dataset_location", "file_datastore_records"} {
		t.Run(table, func(t *testing.T) {
			o := copyGolden(t)
			r := open(t, o)
			all := func(tx *registry.Tx) error {
				g := r.Universe().MustGroup("instrument", "detector")
				typ := &dataset.Type{Name: "d", Dimensions: g, StorageClass: "S"}
				if _, err := tx.RegisterDatasetType(typ); err != nil {
					return err
				}
				if _, err := tx.RegisterCollection("r", dataset.Run, ""); err != nil {
					return err
				}
				if _, err := tx.RegisterCollection("c", dataset.Chained, ""); err != nil {
					return err
				}
				if err := tx.SetChain("c", []string{"r", "u/sci"}); err != nil {
					return err
				}
				id := dimension.NewDataID(g, []dimension.Value{dimension.StringValue("TestCam"), dimension.IntValue(1)})
				ref := dataset.Ref{ID: dataset.NewID(), DataID: id}
				if err := tx.InsertDatasets(typ, "r", time.Now(), []dataset.Ref{ref}); err != nil {
					return err
				}
				return tx.InsertRecords("FileDatastore@<butlerRoot>", registry.DefaultRecordTable, []dataset.FileRecord{{ID: ref.ID, Path: "p", Component: dataset.WholeDataset}})
			}
			before := content(t, o)
			if strings.HasPrefix(table, "dataset_tags") {
				// The table is made by the transaction itself: make it first, as an interrupted registration by upstream would.
				if _, err := r.RegisterDatasetType(ctx, &dataset.Type{Name: "other", Dimensions: r.Universe().MustGroup("instrument", "detector"), StorageClass: "S"}); err != nil {
					t.Fatal(err)
				}
				before = content(t, o)
			}
			exec(t, o, "CREATE TRIGGER fault BEFORE INSERT ON "+table+" BEGIN SELECT RAISE(ABORT, 'on purpose'); END")
			if err := r.Write(ctx, all); err == nil || !strings.Contains(err.Error(), "on purpose") {
				t.Fatalf("%v", err)
			}
			exec(t, o, "DROP TRIGGER fault")
			if after := content(t, o); after != before {
				t.Errorf("something is left:\n%s\nbefore:\n%s", after, before)
			}
			if err := r.Write(ctx, all); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

// content lists the tables of a database with their numbers of rows.
func content(t *testing.T, o registry.Options) string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+escapedPath(o))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	var tables []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		tables = append(tables, name)
	}
	var out strings.Builder
	for _, name := range tables {
		var n int
		if err := db.QueryRow(`SELECT COUNT(*) FROM "` + name + `"`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&out, "%s %d\n", name, n)
	}
	var damage string
	if err := db.QueryRow("PRAGMA foreign_key_check").Scan(&damage); !errors.Is(err, sql.ErrNoRows) {
		t.Errorf("foreign_key_check: %s %v", damage, err)
	}
	return out.String()
}
