package butler_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/registry"
	"valet/registry/dataset"
)

const golden = "../../testdata/run/before"

// sci is the run of the golden repository, which the chain u/sci holds.
const sci = "u/sci/20261123T175034Z"

// repository is a copy of the golden one.
type repository struct {
	t   *testing.T
	dir string
}

func copyRepository(t *testing.T) *repository {
	t.Helper()
	r := &repository{t: t, dir: t.TempDir()}
	if err := os.CopyFS(r.dir, os.DirFS(golden)); err != nil {
		t.Fatal(err)
	}
	return r
}

// prepare lets the chain u/sci go, unless kept, and tags a few datasets.
func (r *repository) prepare(keepChain bool) {
	r.t.Helper()
	chain := "DELETE FROM collection_chain;"
	if keepChain {
		chain = ""
	}
	const tag = "(SELECT collection_id FROM collection WHERE name = 'tag')"
	r.exec("BEGIN;" + chain + "INSERT INTO collection (name, type) VALUES ('tag', 2);" +
		"INSERT INTO collection_summary_dataset_type SELECT " + tag + ", dataset_type_id FROM collection_summary_dataset_type;" +
		"INSERT INTO collection_summary_instrument SELECT " + tag + ", instrument FROM collection_summary_instrument;" +
		"INSERT INTO dataset_tags_00000001 SELECT dataset_type_id, dataset_id, " + tag + ", instrument, detector, visit FROM dataset_tags_00000001 LIMIT 7; COMMIT")
}

func (r *repository) database() *sql.DB {
	r.t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(r.dir, "gen3.sqlite3")+"?_foreign_keys=1")
	if err != nil {
		r.t.Fatal(err)
	}
	return db
}

func (r *repository) exec(statement string) {
	r.t.Helper()
	db := r.database()
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		r.t.Fatalf("%s: %v", statement, err)
	}
}

func (r *repository) list(query string) []string {
	r.t.Helper()
	db := r.database()
	defer db.Close()
	rows, err := db.Query(query)
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			r.t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

func (r *repository) count(table string) string {
	return r.list("SELECT COUNT(*) FROM " + table)[0]
}

// counts are the numbers of rows of the tables that removal is about.
func (r *repository) counts() string {
	var out []string
	for _, table := range []string{"dataset", "dataset_location", "dataset_location_trash", "file_datastore_records", "dataset_tags_00000000", "dataset_tags_00000001",
		"dataset_tags_00000002", "collection_summary_dataset_type", "collection_summary_instrument", "collection", "run", "collection_chain"} {
		out = append(out, r.count(table))
	}
	return strings.Join(out, " ")
}

func (r *repository) open(fs vfs.FS, pieces bool) *butler.Butler {
	r.t.Helper()
	b, err := butler.Open(context.Background(), r.dir, butler.Options{FS: fs, BusyTimeout: time.Second})
	if err != nil {
		r.t.Fatal(err)
	}
	if pieces {
		b.SetRemoval(30, 17)
	}
	r.t.Cleanup(func() { b.Close() })
	return b
}

// files are the artifacts under the root.
func (r *repository) files() []string {
	r.t.Helper()
	var out []string
	err := filepath.WalkDir(r.dir, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if rel, _ := filepath.Rel(r.dir, p); strings.Contains(rel, "/") {
				out = append(out, rel)
			}
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// whole checks what must hold at every moment: the database is sound and every stored dataset has its file.
func (r *repository) whole(when string) {
	r.t.Helper()
	if bad := r.list("SELECT \"table\" FROM pragma_foreign_key_check"); len(bad) > 0 {
		r.t.Errorf("%s: foreign keys: %v", when, bad)
	}
	for _, p := range r.list("SELECT DISTINCT path FROM file_datastore_records r JOIN dataset_location l ON l.dataset_id = r.dataset_id WHERE path NOT LIKE 'file:%'") {
		p, _, _ = strings.Cut(p, "#zip-path=")
		if _, err := os.Stat(filepath.Join(r.dir, p)); err != nil {
			r.t.Errorf("%s: lost: %v", when, err)
		}
	}
}

// clean checks that nothing is left over of a removal that was ended.
func (r *repository) clean(when string) {
	r.t.Helper()
	r.whole(when)
	if n := r.count("dataset_location_trash"); n != "0" {
		r.t.Errorf("%s: %s datasets in the trash", when, n)
	}
	named := map[string]bool{}
	for _, p := range r.list("SELECT path FROM file_datastore_records") {
		p, _, _ = strings.Cut(p, "#zip-path=")
		named[p] = true
	}
	for _, p := range r.files() {
		if !named[p] {
			r.t.Errorf("%s: file %s has no row", when, p)
		}
	}
	if n := r.list("SELECT COUNT(*) FROM collection WHERE name LIKE 'removed-run/%'")[0]; n != "0" {
		r.t.Errorf("%s: a retired run is left", when)
	}
}

// What the real Butler leaves of the golden repository after removeRuns, and in all other tables.
const (
	untouched = "121 121 0 121 3 58 60 9 1 3 2 2"
	prepared  = "121 121 0 121 3 65 60 18 2 4 2 0"
	removed   = "0 0 0 0 0 0 0 9 1 3 1 0"
)

func both(t *testing.T, f func(t *testing.T, pieces bool)) {
	for name, pieces := range map[string]bool{"whole": false, "pieces": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, pieces)
		})
	}
}

func TestRemoveRun(t *testing.T) {
	both(t, func(t *testing.T, pieces bool) {
		r := copyRepository(t)
		r.prepare(false)
		if got := r.counts(); got != prepared {
			t.Fatal(got)
		}
		b := r.open(nil, pieces)
		if err := b.RemoveRun(t.Context(), sci, false); err != nil {
			t.Fatal(err)
		}
		r.clean("removed")
		if got := r.counts(); got != removed {
			t.Error(got)
		}
		if left := r.files(); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
		if _, err := os.Stat(filepath.Join(r.dir, sci)); err != nil {
			t.Error("upstream leaves directories")
		}
		var missing *registry.NotFoundError
		if err := b.RemoveRun(t.Context(), sci, false); !errors.As(err, &missing) {
			t.Errorf("again: %v", err)
		}
	})
}

func TestRemoveRunOfChain(t *testing.T) {
	both(t, func(t *testing.T, pieces bool) {
		r := copyRepository(t)
		b := r.open(nil, pieces)
		var used *registry.CollectionInUseError
		if err := b.RemoveRun(t.Context(), sci, false); !errors.As(err, &used) || !slices.Equal(used.Parents, []string{"u/sci"}) {
			t.Errorf("%v", err)
		}
		var kind *registry.CollectionKindError
		if err := b.RemoveRun(t.Context(), "u/sci", true); !errors.As(err, &kind) {
			t.Errorf("%v", err)
		}
		if got := r.counts(); got != untouched {
			t.Errorf("something changed: %s", got)
		}
		r.clean("refused")
		if err := b.RemoveRun(t.Context(), sci, true); err != nil {
			t.Fatal(err)
		}
		r.clean("removed")
		if got := r.list("SELECT position FROM collection_chain"); !slices.Equal(got, []string{"1"}) {
			t.Errorf("positions %v", got)
		}
	})
}

func (r *repository) ids(where string) (out []dataset.ID) {
	r.t.Helper()
	for _, s := range r.list("SELECT id FROM dataset WHERE " + where + " ORDER BY id") {
		id, err := dataset.ParseID(s)
		if err != nil {
			r.t.Fatal(err)
		}
		out = append(out, id)
	}
	return out
}

func TestUnstoreAndPurge(t *testing.T) {
	both(t, func(t *testing.T, pieces bool) {
		r := copyRepository(t)
		r.prepare(true)
		b := r.open(nil, pieces)
		ids := r.ids("dataset_type_id IN (SELECT id FROM dataset_type WHERE name LIKE '%_metadata')")
		if len(ids) != 39 {
			t.Fatal(len(ids))
		}
		if err := b.Unstore(t.Context(), append(ids, dataset.NewID(), ids[0])...); err != nil {
			t.Fatal(err)
		}
		r.clean("unstored")
		if got, want := r.count("dataset_location"), fmt.Sprint(121-len(ids)); got != want || r.count("dataset") != "121" || r.count("file_datastore_records") != want {
			t.Errorf("%s located, not %s", got, want)
		}
		if err := b.Purge(t.Context(), ids...); err != nil {
			t.Fatal(err)
		}
		r.clean("purged")
		if got, want := r.count("dataset"), fmt.Sprint(121-len(ids)); got != want {
			t.Errorf("%s datasets, not %s", got, want)
		}
	})
}

// TestRemoveFromZip removes the datasets of a zip in two steps: the zip goes with the last.
func TestRemoveFromZip(t *testing.T) {
	r := copyRepository(t)
	ids := r.ids("dataset_type_id IN (SELECT id FROM dataset_type WHERE name = 'isr_metadata')")[:3]
	for i, id := range ids {
		path := r.list("SELECT path FROM file_datastore_records WHERE dataset_id = '" + strings.ReplaceAll(id.String(), "-", "") + "'")[0]
		if err := os.Remove(filepath.Join(r.dir, path)); err != nil {
			t.Fatal(err)
		}
		r.exec(fmt.Sprintf("UPDATE file_datastore_records SET path = 'zips/ab/x.zip#zip-path=%d' WHERE path = '%s'", i, path))
	}
	// A dataset of two components, and one whose file lies elsewhere.
	outside := filepath.Join(t.TempDir(), "raw.json")
	if err := errors.Join(os.MkdirAll(filepath.Join(r.dir, "zips/ab"), 0o755), os.WriteFile(filepath.Join(r.dir, "zips/ab/x.zip"), []byte("zip"), 0o644), os.WriteFile(outside, nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	more := r.ids("dataset_type_id IN (SELECT id FROM dataset_type WHERE name = 'diaPipe_metadata')")[:2]
	hex := func(id dataset.ID) string { return strings.ReplaceAll(id.String(), "-", "") }
	old := r.list("SELECT path FROM file_datastore_records WHERE dataset_id = '" + hex(more[1]) + "'")[0]
	if err := errors.Join(os.Remove(filepath.Join(r.dir, old)), os.WriteFile(filepath.Join(r.dir, "zips/part"), nil, 0o644)); err != nil {
		t.Fatal(err)
	}
	r.exec("UPDATE file_datastore_records SET component = 'a' WHERE dataset_id = '" + hex(more[0]) + "'")
	r.exec("INSERT INTO file_datastore_records SELECT dataset_id, 'zips/part', formatter, storage_class, 'b', NULL, 0 FROM file_datastore_records WHERE dataset_id = '" + hex(more[0]) + "'")
	r.exec("UPDATE file_datastore_records SET path = 'file://" + outside + "' WHERE dataset_id = '" + hex(more[1]) + "'")
	b := r.open(nil, false)
	if err := b.Unstore(t.Context(), ids[0], ids[2]); err != nil {
		t.Fatal(err)
	}
	r.clean("two members removed")
	if err := b.Unstore(t.Context(), ids[1]); err != nil {
		t.Fatal(err)
	}
	r.clean("all members removed")
	if _, err := os.Stat(filepath.Join(r.dir, "zips/ab/x.zip")); err == nil {
		t.Error("the zip is left")
	}
	if err := b.Unstore(t.Context(), more...); err != nil {
		t.Fatal(err)
	}
	r.clean("components removed")
	if _, err := os.Stat(outside); err != nil {
		t.Error("a file outside the root was removed")
	}
}

// TestRemovalFaults lets every file operation of a removal fail, once or from then on, and every kind of statement. Whatever happened,
// nothing is lost that a row names, and emptying the trash and asking again ends it.
func TestRemovalFaults(t *testing.T) {
	both(t, func(t *testing.T, pieces bool) {
		count := vfs.NewFault(vfs.Real{}, nil)
		r := copyRepository(t)
		r.prepare(false)
		if err := r.open(count, pieces).RemoveRun(t.Context(), sci, false); err != nil {
			t.Fatal(err)
		}
		for n := 1; n <= count.Count(); n++ {
			if n > 6 && n < count.Count()-6 && n%29 != 0 {
				continue
			}
			for _, forever := range []bool{false, true} {
				bad := vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
					if op.N == n || forever && op.N > n {
						return syscall.EIO
					}
					return nil
				})
				when := fmt.Sprintf("file operation %d, forever %v", n, forever)
				recoverFrom(t, pieces, when, bad, "")
			}
		}
		for _, trigger := range []string{
			"BEFORE INSERT ON dataset_location_trash", "BEFORE DELETE ON dataset_location", "BEFORE DELETE ON dataset", "BEFORE DELETE ON dataset_tags_00000001",
			"BEFORE DELETE ON file_datastore_records", "BEFORE DELETE ON dataset_location_trash", "BEFORE DELETE ON collection", "BEFORE DELETE ON run",
			"BEFORE DELETE ON collection_summary_dataset_type", "BEFORE UPDATE ON collection",
		} {
			recoverFrom(t, pieces, trigger, nil, trigger)
		}
	})
}

// recoverFrom removes a run with a fault, looks at what that left, and ends the removal.
func recoverFrom(t *testing.T, pieces bool, when string, fs vfs.FS, trigger string) {
	t.Helper()
	r := copyRepository(t)
	r.prepare(false)
	if trigger != "" {
		r.exec("CREATE TRIGGER fault " + trigger + " BEGIN SELECT RAISE(ABORT, 'on purpose'); END")
	}
	b := r.open(fs, pieces)
	err := b.RemoveRun(t.Context(), sci, false)
	var failed *datastore.RemoveError
	if err == nil && trigger != "" && !(trigger == "BEFORE UPDATE ON collection" && !pieces) {
		t.Errorf("%s: no error", when)
	}
	if errors.As(err, &failed) && len(failed.Failed) == 0 {
		t.Errorf("%s: %v", when, err)
	}
	r.whole(when)
	b.Close()
	if trigger != "" {
		r.exec("DROP TRIGGER fault")
	}
	b = r.open(nil, pieces)
	if err := b.EmptyTrash(t.Context()); err != nil {
		t.Fatalf("%s: empty trash: %v", when, err)
	}
	r.clean(when)
	if got := r.counts(); got != prepared && got != removed {
		t.Errorf("%s: neither all nor nothing: %s", when, got)
	}
	var missing *registry.NotFoundError
	if err := b.RemoveRun(t.Context(), sci, false); err != nil && !errors.As(err, &missing) {
		t.Errorf("%s: again: %v", when, err)
	}
	r.clean(when + ", again")
	if got := r.counts(); got != removed {
		t.Errorf("%s: again: %s", when, got)
	}
}

// TestRemovalIsDurable lets the power fail after a removal: no file may come back that no row names.
func TestRemovalIsDurable(t *testing.T) {
	for _, noVolume := range []bool{false, true} {
		r := copyRepository(t)
		r.prepare(false)
		m := vfs.NewMemory()
		m.NoVolume = noVolume
		made := map[string]bool{}
		var mkdir func(p string)
		mkdir = func(p string) {
			if p == "/" || made[p] {
				return
			}
			made[p] = true
			mkdir(filepath.Dir(p))
			if err := errors.Join(m.Mkdir(p), m.SyncDir(filepath.Dir(p))); err != nil {
				t.Fatal(err)
			}
		}
		for _, p := range r.files() {
			p = filepath.Join(r.dir, p)
			mkdir(filepath.Dir(p))
			if err := errors.Join(m.Create(p, []byte("x")), m.SyncFile(p), m.SyncDir(filepath.Dir(p))); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(m.Crash().Files()); n != 121 {
			t.Fatal(n)
		}
		if err := r.open(m, false).RemoveRun(t.Context(), sci, false); err != nil {
			t.Fatal(err)
		}
		if left := m.Crash().Files(); len(left) > 0 {
			t.Errorf("no volume %v: %d files come back", noVolume, len(left))
		}
	}
}
