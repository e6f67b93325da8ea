package butler_test

import (
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/blake2b"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/registry"
)

// planted is a fault that a test makes in a copy of the golden repository. In its statements and in what is wanted, PATH stands for the
// path of one file, ID for its dataset.
type planted struct {
	name string
	// sql is run with the foreign keys off; do is run after it.
	sql string
	do  func(r *repository, path string)
	// checksum reads the files.
	checksum bool
	// want are all the faults, each as its kind and what its object has in it. One that begins with + is repaired; one with - is not there
	// any more when those before it are repaired.
	want []string
	// after are those that a repair brings to light.
	after []string
	// heal does what the remedies of those that are left say.
	heal func(r *repository, path string)
	// packed has the files in zip files; PATH is a member then.
	packed bool
	// loses says that healing or the fault itself costs a dataset.
	loses bool
}

var plantedFaults = []planted{
	// Rows that name what does not exist.
	{name: "a tag of no dataset", sql: "INSERT INTO collection_summary_dataset_type VALUES (1, 5); INSERT INTO collection_summary_instrument VALUES (1, 'TestCam'); INSERT INTO dataset_tags_00000001 SELECT dataset_type_id, '00000000000070008000000000000001', 1, instrument, detector, visit FROM dataset_tags_00000001 WHERE dataset_id = 'ID'",
		want: []string{"+dangling-row 1 rows of dataset_tags_00000001 name no row of dataset"}},
	{name: "a tag in no collection", sql: "INSERT INTO dataset_tags_00000001 SELECT dataset_type_id, dataset_id, 99, instrument, detector, visit FROM dataset_tags_00000001 WHERE dataset_id = 'ID'",
		want: []string{"+dangling-row 1 rows of dataset_tags_00000001 name no row of collection", "+missing-summary of collection_summary_dataset_type", "+missing-summary of collection_summary_instrument"}},
	{name: "children that are not there", sql: "INSERT INTO collection_chain (parent, position, child) VALUES (2, 8, 98), (2, 9, 99)",
		want: []string{"+dangling-row 2 rows of collection_chain name no row of collection"}},
	{name: "children of what is not there", sql: "INSERT INTO collection_chain (parent, position, child) VALUES (98, 0, 1)",
		want: []string{"+dangling-row 1 rows of collection_chain name no row of collection"}},
	{name: "a location of no dataset", sql: "INSERT INTO dataset_location VALUES ('FileDatastore@<butlerRoot>', '00000000000070008000000000000001')",
		want: []string{"+dangling-row 1 rows of dataset_location name no row of dataset", "-location-without-record 1 datasets"}},
	{name: "overlaps of no record", sql: "INSERT INTO visit_skypix_overlap VALUES ('htm', 7, 'TestCam', 77, 131072)",
		want: []string{"+dangling-row 1 rows of visit_skypix_overlap name no row of visit"}},
	{name: "a run of no collection", sql: "INSERT INTO run (collection_id) VALUES (99)", want: []string{"+dangling-row 1 rows of run name no row of collection"}},
	{name: "summaries of no collection", sql: "INSERT INTO collection_summary_dataset_type VALUES (99, 1); INSERT INTO collection_summary_instrument VALUES (99, 'TestCam')",
		want: []string{"+dangling-row 1 rows of collection_summary_dataset_type name no row of collection", "+dangling-row 1 rows of collection_summary_instrument name no row of collection"}},
	{name: "a summary of no instrument", sql: "INSERT INTO collection_summary_instrument VALUES (1, 'Gone')", want: []string{"+dangling-row 1 rows of collection_summary_instrument name no row of instrument"}},
	{name: "runs without their rows", sql: "DELETE FROM run", want: []string{"+dangling-row 121 rows of dataset name no row of run", "-incomplete-run inputs/empty", "-incomplete-run " + sci}},
	{name: "an empty run without its row", sql: "DELETE FROM run WHERE collection_id = 1", want: []string{"+incomplete-run inputs/empty"}},
	{name: "summaries missing", sql: "DELETE FROM collection_summary_instrument; DELETE FROM collection_summary_dataset_type WHERE dataset_type_id = 5",
		want: []string{"+missing-summary 58 rows of dataset_tags_00000001", "+missing-summary of collection_summary_dataset_type", "+missing-summary 60 rows of dataset_tags_00000002"}},
	{name: "a dimension record missing", sql: "UPDATE dataset_tags_00000001 SET detector = 77 WHERE dataset_id = 'ID'",
		want: []string{"dangling-row 1 rows of dataset_tags_00000001 name no row of detector"},
		heal: func(r *repository, _ string) {
			r.exec("INSERT INTO detector (instrument, id, full_name) VALUES ('TestCam', 77, 'd77')")
		}},
	{name: "a dataset of no type", sql: "INSERT INTO dataset VALUES ('00000000000070008000000000000001', 99, 0, 3)", want: []string{"dangling-row 1 rows of dataset name no row of dataset_type"},
		heal: func(r *repository, _ string) {
			r.exec("DELETE FROM dataset WHERE id = '00000000000070008000000000000001'")
		}},
	// Collections.
	{name: "children of a run", sql: "INSERT INTO collection_chain (parent, position, child) VALUES (3, 0, 1)", want: []string{"+children-of-no-chain " + sci + ", a RUN"}},
	{name: "children of a TAGGED collection", sql: "INSERT INTO collection VALUES (8, 'tag', 2, NULL); INSERT INTO collection_chain (parent, position, child) VALUES (8, 0, 1)", want: []string{"+children-of-no-chain tag, a TAGGED"}},
	{name: "a collection of no kind", sql: "INSERT INTO collection VALUES (8, 'odd', 9, NULL)", want: []string{"unknown-kind collection odd of kind 9"},
		heal: func(r *repository, _ string) { r.exec("UPDATE collection SET type = 2 WHERE name = 'odd'") }},
	{name: "a chain of itself", sql: "INSERT INTO collection_chain (parent, position, child) VALUES (2, 7, 2)", want: []string{"chain-in-a-circle u/sci contains itself through u/sci"},
		heal: func(r *repository, _ string) { r.setChain("u/sci", sci, "inputs/empty") }},
	{name: "chains in a circle", sql: "INSERT INTO collection VALUES (8, 'a', 3, NULL), (9, 'b', 3, NULL); INSERT INTO collection_chain (parent, position, child) VALUES (2, 7, 8), (8, 0, 9), (9, 0, 2)",
		want: []string{"chain-in-a-circle contains itself through"}, heal: func(r *repository, _ string) { r.setChain("u/sci", sci, "inputs/empty") }},
	// Datasets.
	{name: "a table of data IDs missing", sql: "ALTER TABLE dataset_tags_00000000 RENAME TO away", want: []string{"missing-table dataset_tags_00000000 of dataset type diaPipe_config", "missing-table dataset_tags_00000000 of dataset type isr_config", "missing-table dataset_tags_00000000 of dataset type packages"},
		heal: func(r *repository, _ string) { r.exec("ALTER TABLE away RENAME TO dataset_tags_00000000") }},
	{name: "data IDs missing", sql: "CREATE TABLE away AS SELECT * FROM dataset_tags_00000001 WHERE dataset_id = 'ID'; DELETE FROM dataset_tags_00000001 WHERE dataset_id = 'ID'",
		want: []string{"lost-dataset 1 datasets of type dia_catalog"},
		heal: func(r *repository, _ string) {
			r.exec("INSERT INTO dataset_tags_00000001 SELECT * FROM away; DROP TABLE away")
		}},
	{name: "a record missing", sql: "DELETE FROM file_datastore_records WHERE dataset_id = 'ID'", want: []string{"+location-without-record 1 datasets", "file-without-row PATH"}, loses: true, heal: (*repository).remove},
	{name: "a location missing", sql: "DELETE FROM dataset_location WHERE dataset_id = 'ID'", want: []string{"+record-without-location 1 files"}, after: []string{"file-without-row PATH"}, loses: true, heal: (*repository).remove},
	{name: "a removal not ended", sql: "INSERT INTO dataset_location_trash (dataset_id, datastore_name) SELECT dataset_id, datastore_name FROM dataset_location WHERE dataset_id = 'ID'; DELETE FROM dataset_location WHERE dataset_id = 'ID'",
		want: []string{"+unfinished-removal FileDatastore@<butlerRoot>"}, loses: true},
	// Files.
	{name: "a file missing", do: (*repository).remove, want: []string{"missing-file PATH (dataset ID)"}, heal: (*repository).restore},
	{name: "a link to nothing", do: func(r *repository, path string) {
		r.remove(path)
		r.must(os.Symlink("nowhere", filepath.Join(r.dir, path)))
	}, want: []string{"missing-file PATH (dataset ID)"}, heal: (*repository).restore},
	{name: "a directory in place of a file", do: func(r *repository, path string) {
		r.remove(path)
		r.must(os.Mkdir(filepath.Join(r.dir, path), 0o777))
	}, want: []string{"missing-file PATH (dataset ID): is a directory"}, heal: (*repository).restore},
	{name: "a link to itself", do: func(r *repository, path string) {
		r.remove(path)
		r.must(os.Symlink(filepath.Base(path), filepath.Join(r.dir, path)))
	}, want: []string{"unreadable-file PATH (dataset ID)"}, heal: (*repository).restore},
	{name: "a file too long", do: func(r *repository, path string) { r.change(path, func(b []byte) []byte { return append(b, '\n') }) },
		want: []string{"wrong-size PATH (dataset ID)"}, heal: (*repository).restore},
	{name: "an empty file", do: func(r *repository, path string) { r.put(path, nil) }, want: []string{"wrong-size PATH (dataset ID): 0 bytes"}, heal: (*repository).restore},
	{name: "other bytes", sql: "UPDATE file_datastore_records SET checksum = 'SUM' WHERE dataset_id = 'ID'", do: func(r *repository, path string) {
		r.change(path, func(b []byte) []byte { b[0] ^= 1; return b })
	}, checksum: true, want: []string{"wrong-content PATH (dataset ID)"}, heal: (*repository).restore},
	{name: "files that nobody knows", do: func(r *repository, _ string) {
		r.put(sci+"/mine.txt", []byte("mine"))
		r.put("top.txt", nil)
		r.put(sci+"/x.zip", []byte("PK"))
	}, want: []string{"file-without-row " + sci + "/mine.txt", "file-without-row top.txt", "file-without-row " + sci + "/x.zip"},
		heal: func(r *repository, _ string) {
			for _, p := range []string{sci + "/mine.txt", "top.txt", sci + "/x.zip"} {
				r.remove(p)
			}
		}},
	{name: "a temporary file of yesterday", do: func(r *repository, _ string) {
		r.put(sci+"/a.tmp", []byte("half"))
		r.put(sci+"/b.tmp", []byte("of a run under way"))
		old := time.Now().Add(-25 * time.Hour)
		r.must(os.Chtimes(filepath.Join(r.dir, sci+"/a.tmp"), old, old))
	}, want: []string{"+temporary-file " + sci + "/a.tmp"}},
	// Members of zip files. TestCheckFindsFaultsOfPackedFiles has what may befall the zip files themselves.
	{name: "a record of a member missing", packed: true, sql: "DELETE FROM file_datastore_records WHERE dataset_id = 'ID'", want: []string{"+location-without-record 1 datasets"}, loses: true},
	{name: "a location of a member missing", packed: true, sql: "DELETE FROM dataset_location WHERE dataset_id = 'ID'", want: []string{"+record-without-location 1 files"}, loses: true},
	{name: "a removal of a member not ended", packed: true,
		sql:  "INSERT INTO dataset_location_trash (dataset_id, datastore_name) SELECT dataset_id, datastore_name FROM dataset_location WHERE dataset_id = 'ID'; DELETE FROM dataset_location WHERE dataset_id = 'ID'",
		want: []string{"+unfinished-removal FileDatastore@<butlerRoot>"}, loses: true},
	{name: "a member that is none", packed: true, sql: "UPDATE file_datastore_records SET path = path || 'x' WHERE dataset_id = 'ID'", want: []string{"missing-member PATHx (dataset ID)"},
		heal: func(r *repository, path string) {
			r.exec("UPDATE file_datastore_records SET path = '" + path + "' WHERE path = '" + path + "x'")
		}},
	{name: "a member of another checksum", packed: true, checksum: true, sql: "UPDATE file_datastore_records SET checksum = 'abc' WHERE dataset_id = 'ID'", want: []string{"wrong-content PATH (dataset ID)"},
		heal: func(r *repository, path string) {
			r.exec("UPDATE file_datastore_records SET checksum = NULL WHERE path = '" + path + "'")
		}},
	// Regions.
	{name: "a region that is none", sql: "CREATE TABLE away AS SELECT id, region FROM visit; UPDATE visit SET region = 'cAAA' WHERE id = 2026080100000; UPDATE visit SET region = 'no base64!' WHERE id = 2026080100001", want: []string{"damaged-region visit {instrument: 'TestCam', visit: 2026080100000}", "damaged-record visit {instrument: 'TestCam', visit: 2026080100001}"},
		heal: func(r *repository, _ string) {
			r.exec("UPDATE visit SET region = (SELECT region FROM away WHERE away.id = visit.id); DROP TABLE away")
		}},
	{name: "overlaps missing", sql: "DELETE FROM visit_detector_region_skypix_overlap WHERE visit = 2026080100000 AND detector = 1",
		want: []string{"+missing-overlaps visit_detector_region {instrument: 'TestCam', detector: 1, visit: 2026080100000}"}},
	{name: "overlaps of another place", sql: "INSERT INTO visit_skypix_overlap VALUES ('htm', 7, 'TestCam', 2026080100000, 131072), ('htm', 7, 'TestCam', 2026080100000, 131073)",
		want: []string{"+surplus-overlaps visit {instrument: 'TestCam', visit: 2026080100000}: 2 pixels"}},
}

// TestPlantedFaults plants each fault that Check knows of, alone. It is found, by kind and object, and nothing else is; looking changes
// nothing; a repair mends what it may, explains the rest, and loses nothing; what is left is gone when its remedy was followed.
func TestPlantedFaults(t *testing.T) {
	for _, p := range plantedFaults {
		t.Run(p.name, func(t *testing.T) { p.test(t) })
	}
}

func (p *planted) test(t *testing.T) {
	r := copyRepository(t)
	b := r.open(nil, false)
	if p.packed {
		if _, err := b.Pack(t.Context(), sci, butler.PackOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	before := r.contents(b)
	row := strings.Split(r.list("SELECT dataset_id || ' ' || path FROM file_datastore_records WHERE path LIKE '%dia_catalog%' ORDER BY path")[3], " ")
	id, path := row[0], row[1]
	dashed := strings.Join([]string{id[:8], id[8:12], id[12:16], id[16:20], id[20:]}, "-")
	sum := ""
	if !p.packed {
		sum = r.sum(path)
	}
	if p.sql != "" {
		r.exec("PRAGMA foreign_keys = off;" + strings.NewReplacer("ID", id, "SUM", sum, "PATH", path).Replace(p.sql))
	}
	if p.do != nil {
		p.do(r, path)
	}
	b.Close()
	b = r.open(nil, false)
	words := strings.NewReplacer("ID", dashed, "PATH", path)
	for range 2 {
		p.compare(t, words, "found", plantedFound(t, b, p.checksum, false), p.want)
	}
	mended := plantedFound(t, b, p.checksum, true)
	var wanted, left []string
	for _, w := range p.want {
		if !strings.HasPrefix(w, "-") {
			wanted = append(wanted, w)
		}
		if !strings.HasPrefix(w, "+") && !strings.HasPrefix(w, "-") {
			left = append(left, w)
		}
	}
	left = append(left, p.after...)
	// What a repair brings to light may be found in the same pass.
	for _, w := range p.after {
		if slices.ContainsFunc(mended, func(f string) bool { return matchesFault(words.Replace(w), f) }) {
			wanted = append(wanted, w)
		}
	}
	p.compare(t, words, "repaired", mended, wanted)
	p.compare(t, words, "left", plantedFound(t, b, p.checksum, false), left)
	if p.heal != nil {
		if len(left) == 0 {
			t.Error("nothing is left to heal")
		}
		p.heal(r, path)
	}
	b.Close()
	b = r.open(nil, false)
	if got := plantedFound(t, b, true, false); len(got) > 0 {
		t.Errorf("in the end: %q", got)
	}
	after := r.contents(b)
	if p.loses {
		before = slices.DeleteFunc(before, func(c string) bool { return strings.HasPrefix(c, path+" ") })
	}
	if !slices.Equal(before, after) {
		t.Errorf("%d datasets, %d before, or others", len(after), len(before))
	}
}

// plantedFound is what Check finds; + is before what was repaired.
func plantedFound(t *testing.T, b *butler.Butler, checksum, repair bool) (out []string) {
	t.Helper()
	err := b.Check(t.Context(), butler.CheckOptions{Checksum: checksum, Now: time.Now()}, func(f registry.Fault) {
		what := f.Kind + " " + f.Object
		if f.Remedy == "" {
			t.Errorf("%s: no remedy", what)
		}
		if f.Repair != nil || f.Kind == butler.UnfinishedRemoval {
			what = "+" + what
		}
		var err error
		switch {
		case repair && f.Repair != nil:
			err = b.Registry.Write(t.Context(), f.Repair)
		case repair && f.Kind == butler.UnfinishedRemoval:
			err = b.EmptyTrash(t.Context())
		}
		if err != nil {
			t.Errorf("repair %s: %v", what, err)
		}
		out = append(out, what)
	})
	if err != nil {
		t.Error(err)
	}
	return out
}

// matchesFault reports whether a fault is the wanted one.
func matchesFault(want, fault string) bool {
	kind, object, _ := strings.Cut(strings.TrimLeft(want, "+-"), " ")
	gotKind, gotObject, _ := strings.Cut(strings.TrimPrefix(fault, "+"), " ")
	return strings.ContainsAny(want[:1], "+-") == strings.HasPrefix(fault, "+") && kind == gotKind && strings.Contains(gotObject, object)
}

func (p *planted) compare(t *testing.T, words *strings.Replacer, what string, got, want []string) {
	t.Helper()
	left := slices.Clone(got)
	for _, w := range want {
		at := slices.IndexFunc(left, func(f string) bool { return matchesFault(words.Replace(w), f) })
		if at < 0 {
			t.Errorf("%s: not %q", what, w)
			continue
		}
		left = slices.Delete(left, at, at+1)
	}
	if len(left) > 0 {
		t.Errorf("%s also: %q", what, left)
	}
}

// remove removes a file, or a directory that is empty.
func (r *repository) remove(path string) {
	r.t.Helper()
	r.must(os.Remove(filepath.Join(r.dir, path)))
}

// restore brings a file back from the golden repository.
func (r *repository) restore(path string) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(golden, path))
	r.must(errors.Join(err, os.RemoveAll(filepath.Join(r.dir, path))))
	r.put(path, text)
}

// change makes other bytes of a file.
func (r *repository) change(path string, f func([]byte) []byte) {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, path))
	r.must(err)
	r.put(path, f(text))
}

// sum is the checksum of a file, in the form of a record.
func (r *repository) sum(path string) string {
	r.t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, path))
	r.must(err)
	sum := blake2b.Sum512(text)
	return hex.EncodeToString(sum[:])
}

func (r *repository) setChain(name string, children ...string) {
	r.t.Helper()
	b := r.open(nil, false)
	r.must(b.Registry.Write(r.t.Context(), func(tx *registry.Tx) error { return tx.SetChain(name, children) }))
}

func (r *repository) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// TestCheckOfAFailingDisk reports what the disk refuses, file by file, and goes on.
func TestCheckOfAFailingDisk(t *testing.T) {
	r := copyRepository(t)
	path := r.list("SELECT path FROM file_datastore_records WHERE path LIKE '%/dia_catalog/%' ORDER BY path")[3]
	r.exec("UPDATE file_datastore_records SET checksum = '" + r.sum(path) + "' WHERE path = '" + path + "'")
	for _, c := range []struct {
		kind vfs.Kind
		path string
		want string
	}{
		{vfs.OpStat, "/" + path, "unreadable-file " + path + " (dataset "},
		{vfs.OpOpen, "/" + path, "unreadable-file " + path + " (dataset "},
		{vfs.OpRead, "/" + path, "unreadable-file " + path + " (dataset "},
		{vfs.OpOpen, "/" + sci, "unreadable-file " + filepath.ToSlash(r.dir) + "/" + sci + ": "},
	} {
		disk := vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
			if op.Kind == c.kind && strings.HasSuffix(op.Path, c.path) {
				return syscall.EIO
			}
			return nil
		})
		b := r.open(disk, false)
		if got := plantedFound(t, b, true, false); len(got) != 1 || !strings.HasPrefix(got[0], c.want) || !strings.Contains(got[0], "input/output error") {
			t.Errorf("%s %s: %q", c.kind, c.path, got)
		}
	}
}

// TestCheckOfADamagedDatabase says that the database is damaged, whatever else can be read of it, and does not end in a panic.
func TestCheckOfADamagedDatabase(t *testing.T) {
	r := copyRepository(t)
	r.exec("PRAGMA ignore_check_constraints = on; UPDATE file_datastore_records SET component = '' WHERE path LIKE '%.py'")
	if got := plantedFound(t, r.open(nil, false), false, false); len(got) == 0 || !strings.HasPrefix(got[0], "damaged-database "+r.dir) {
		t.Errorf("%q", got)
	}
	size := 0
	for page := 2; page == 2 || page*4096 < size; page += 5 {
		r := copyRepository(t)
		r.change("gen3.sqlite3", func(b []byte) []byte {
			size = len(b)
			for i := range 4096 {
				b[(page-1)*4096+i] = byte(i * 7)
			}
			return b
		})
		b, err := butler.Open(t.Context(), r.dir, butler.Options{})
		if err != nil {
			continue // It is refused by name.
		}
		first := ""
		err = b.Check(t.Context(), butler.CheckOptions{Now: time.Now()}, func(f registry.Fault) {
			if first == "" {
				first = f.Kind
			}
		})
		if first != "damaged-database" {
			t.Errorf("page %d: %q %v", page, first, err)
		}
		b.Close()
	}
}
