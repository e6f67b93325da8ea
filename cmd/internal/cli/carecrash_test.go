package cli

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"valet/datastore/vfs"
)

// careScene is a command that changes a repository, and what leads up to it. Words: REPO is the repository, OTHER another one, EXPORT a
// directory that export makes, TABLES a directory with the files of careTables, on the disk of the machine.
type careScene struct {
	name    string
	before  []string
	command string
	// ended is what repeating the command may say when it had ended before, and refuses to do it twice.
	ended string
	// faults are statements, run before the command with the foreign keys off, that leave a repository at fault which the command mends.
	faults string
}

var careScenes = func() (out []careScene) {
	const types = "register-dataset-type REPO m StructuredDataDict instrument detector"
	const flat = "register-dataset-type REPO flat StructuredDataDict instrument detector --is-calibration"
	stored := []string{types, flat, "ingest-files REPO m u/x TABLES/files.csv", "ingest-files REPO flat u/y TABLES/files.csv", "collection-chain REPO c u/y", "associate REPO tagged m --collections u/x"}
	for _, transfer := range []string{"copy", "move", "link", "hardlink", "symlink", "relsymlink", "direct"} {
		out = append(out, careScene{"ingest by " + transfer, []string{types}, "ingest-files REPO m u/x TABLES/files.csv -t " + transfer, "exists already|cannot be read", ""})
	}
	for _, s := range []careScene{
		{"put", nil, "put REPO m SOURCES/a.yaml instrument=TestCam detector=1 --run u/put", "exists already", ""},
		{"insert records", nil, "insert-dimension-records REPO detector TABLES/detectors.csv", "exists already", ""},
		{"register an instrument", nil, "register-instrument REPO TABLES/camera.yaml", "exists already", ""},
		{"register a type", nil, "register-dataset-type REPO other StructuredDataDict instrument", "", ""},
		{"chain", nil, "collection-chain REPO c u/x u/y", "", ""},
		{"associate", nil, "associate REPO tagged2 m --collections u/x", "", ""},
		{"certify", nil, "certify REPO u/y calib flat --begin-date 2026-08-01T00:00:00", "overlaps", ""},
		{"purge", nil, "prune-datasets REPO --purge u/x --no-confirm", "", ""},
		{"unstore", nil, "prune-datasets REPO u/x --unstore --disassociate tagged --no-confirm", "", ""},
		{"remove a run", nil, "remove-runs REPO u/x --no-confirm", "no .*u/x|No |not", ""},
		{"remove a collection", nil, "remove-collections REPO tagged --no-confirm", "no .*tagged|No |not", ""},
	} {
		s.before = stored
		out = append(out, s)
	}
	return append(out, moreCareScenes(stored)...)
}()

var careTables = map[string]string{
	"files.csv":     "path,instrument,detector\nSOURCES/a.yaml,TestCam,0\nSOURCES/b.yaml,TestCam,1\n",
	"detectors.csv": "instrument,id,full_name\nTestCam,901,x1\nTestCam,902,x2\n",
	"camera.yaml":   "instrument: {name: Second}\nphysical_filter: [{name: g1, band: g}]\ndetector:\n- {id: 0, full_name: d0}\n",
}

// careRepo is a repository on a disk in memory, made ready for a scene.
func (s *careScene) repo(t *testing.T) (*repo, *vfs.Memory, func(string) []string) {
	t.Helper()
	r, disk := memoryRepo(t)
	tables, sources := t.TempDir(), r.dir+"-sources"
	if err := errors.Join(disk.Mkdir(sources), disk.Create(sources+"/a.yaml", []byte("a: 1\n")), disk.Create(sources+"/b.yaml", []byte("b: 22\n"))); err != nil {
		t.Fatal(err)
	}
	other := otherRepo(t, disk)
	// The YAML file of an export is on the disk of the machine.
	if err := os.Mkdir(r.dir+"-export", 0o777); err != nil {
		t.Fatal(err)
	}
	disk = disk.Clone()
	r.disk, r.list = disk, disk.Files
	for name, text := range careTables {
		if err := os.WriteFile(filepath.Join(tables, name), []byte(strings.ReplaceAll(text, "SOURCES", sources)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	words := func(command string) []string {
		return strings.Fields(strings.NewReplacer("REPO", r.dir, "OTHER", other, "EXPORT", r.dir+"-export", "TABLES", tables, "SOURCES", sources).Replace(command))
	}
	for _, command := range s.before {
		if code, stderr := r.run(t, quick, words(command)...); code != ExitOK {
			t.Fatal(command, code, stderr)
		}
	}
	if s.faults != "" {
		db, err := sql.Open("sqlite3", "file:"+r.database()+"?mode=rw&_synchronous=OFF")
		if err == nil {
			_, err = db.Exec("PRAGMA foreign_keys = off;" + s.faults)
			err = errors.Join(err, db.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	// What was written before is durable.
	disk = disk.Clone()
	r.disk, r.list = disk, disk.Files
	return r, disk, words
}

// faults are the kinds of fault that fsck finds.
func (r *repo) faults(t testing.TB, args ...string) (out []string) {
	t.Helper()
	a, stdout, stderr := testApp(append([]string{"fsck", r.dir, "--format", "jsonl"}, args...)...)
	a.Disk, a.Layer, a.BusyTimeout = r.disk, quick, 300*time.Millisecond
	if code := a.Main(t.Context()); code != ExitOK && code != ExitFailure {
		t.Fatal(code, stderr)
	}
	for line := range strings.Lines(stdout.String()) {
		if !strings.Contains(line, `"repaired":true`) {
			out = append(out, strings.TrimSpace(line))
		}
	}
	return out
}

// state is what a repository holds, without what differs each time: IDs and times.
func (r *repo) state(t testing.TB) (out []string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+r.database()+"?mode=rw&_synchronous=OFF")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, query := range []string{
		"SELECT 'file', path, file_size FROM file_datastore_records",
		"SELECT 'dataset', t.name, c.name || ' ' || COUNT(*) FROM dataset d JOIN dataset_type t ON t.id = d.dataset_type_id JOIN collection c ON c.collection_id = d.run_id GROUP BY t.name, c.name",
		"SELECT 'collection', name, type FROM collection", "SELECT 'type', name, '' FROM dataset_type",
		"SELECT 'child', p.name, c.name FROM collection_chain x JOIN collection p ON p.collection_id = x.parent JOIN collection c ON c.collection_id = x.child",
		"SELECT 'detectors', instrument, COUNT(*) FROM detector GROUP BY instrument", "SELECT 'filter', instrument, name FROM physical_filter",
		"SELECT 'trash', COUNT(*), '' FROM dataset_location_trash",
	} {
		each(t, db, query, nil, func(row []any) { out = append(out, fmt.Sprint(row...)) })
	}
	var tables []string
	each(t, db, "SELECT name FROM sqlite_master WHERE type = 'table' AND (name LIKE 'dataset_tags_%' OR name LIKE 'dataset_calibs_%')", nil, func(row []any) { tables = append(tables, fmt.Sprint(row[0])) })
	for _, table := range tables {
		each(t, db, "SELECT c.name, COUNT(*) FROM "+table+" x JOIN collection c ON c.collection_id = x.collection_id GROUP BY c.name", nil, func(row []any) {
			out = append(out, fmt.Sprint(table, row))
		})
	}
	for _, path := range r.list() {
		if p, inside := strings.CutPrefix(path, r.dir); inside && !strings.HasPrefix(p, "-sources/") {
			out = append(out, "at "+p)
		}
	}
	entries, _ := os.ReadDir(r.dir + "-export")
	for _, e := range entries {
		out = append(out, "at -export/"+e.Name())
	}
	slices.Sort(out)
	return out
}

// harmless are kinds of fault that an interruption may leave: nothing is lost, and the repetition or --repair ends them.
func harmless(fault string) bool {
	for _, kind := range []string{"file-without-row", "unfinished-removal", "temporary-file"} {
		if strings.Contains(fault, `"kind":"`+kind+`"`) {
			return true
		}
	}
	return false
}

// recovers checks a repository after an interruption, repeats the command, and compares what is there in the end.
func (s *careScene) recovers(t *testing.T, r *repo, when string, args, want []string) {
	t.Helper()
	for _, f := range r.faults(t) {
		if !harmless(f) && s.faults == "" {
			t.Errorf("%s: %s", when, f)
		}
	}
	r.bury(t)
	if args[0] == "export" {
		// It is written last, and by a new name.
		_ = os.Remove(r.dir + "-export/export.yaml")
	}
	code, stderr := r.run(t, quick, args...)
	if code != ExitOK && !matches(s.ended, stderr) {
		t.Errorf("%s: repeated with exit code %d\n%s", when, code, stderr)
	}
	r.faults(t, "--repair")
	if left := r.faults(t); len(left) > 0 {
		t.Errorf("%s: repeated and repaired: %q", when, left)
	}
	got := r.state(t)
	if s.name == "import by move" {
		// Sources of datasets that are stored may be left.
		got = slices.DeleteFunc(got, func(x string) bool { return strings.HasPrefix(x, "at -export/u/") })
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: missing %q, too many %q", when, lacking(want, got), lacking(got, want))
	}
}

func matches(alternatives, text string) bool {
	if alternatives == "" {
		return false
	}
	for _, a := range strings.Split(alternatives, "|") {
		at := 0
		found := true
		for _, part := range strings.Split(a, ".*") {
			i := strings.Index(text[at:], part)
			if i < 0 {
				found = false
				break
			}
			at += i + len(part)
		}
		if found {
			return true
		}
	}
	return false
}

func lacking(list, those []string) (out []string) {
	for _, x := range list {
		if !slices.Contains(those, x) {
			out = append(out, x)
		}
	}
	return out
}

// samples is how many instants and faults of a command are looked at.
func (s *careScene) samples() int {
	long := strings.Contains(s.name, "transfer") || strings.Contains(s.name, "port by") || s.faults != ""
	switch {
	case testing.Short() && long:
		return 1
	case testing.Short():
		return 3
	case long:
		return 4
	}
	return 10
}

// TestCareCrashes kills the commands that care for a repository, and lets the power fail, at samples of all their steps; it lets samples of
// their steps fail. Nothing is lost, and repeating the command ends it.
func TestCareCrashes(t *testing.T) {
	t.Parallel()
	for i, s := range careScenes {
		t.Run(s.name, func(t *testing.T) {
			r, disk, words := s.repo(t)
			args := words(s.command)
			start := r.now(t, disk)
			c := film(r, disk, nil)
			r.disk = c.file
			if code, stderr := r.run(t, c.layer, args...); code != ExitOK {
				t.Fatal(code, stderr)
			}
			r.disk = disk
			if left := r.faults(t); len(left) > 0 {
				t.Fatalf("undisturbed: %q", left)
			}
			want := r.state(t)
			stride := max(1, len(c.taken)/s.samples())
			for k := i % stride; k < len(c.taken); k += stride {
				at := &c.taken[k]
				for how := killed; how < crashes; how++ {
					if how > killed && slices.Equal(sizes(at.disks[how-1]), sizes(at.disks[how])) {
						continue
					}
					at.restore(t, r, how)
					s.recovers(t, r, how.String()+at.step, args, want)
				}
			}
			s.faultsToo(t, i, r, start, c.steps, args, want)
			t.Logf("%d steps, %d instants", c.steps, len(c.taken))
		})
	}
}

// faultsToo lets samples of the steps fail.
func (s *careScene) faultsToo(t *testing.T, i int, r *repo, start *instant, steps int, args, want []string) {
	stride := max(1, steps/s.samples())
	for n := 1 + i%stride; n <= steps; n += stride {
		disk := start.restore(t, r, killed)
		file, statement := fileFaults[n%len(fileFaults)], statementFaults[n%len(statementFaults)]
		met, _, code, stderr := r.faultyRun(t, disk, n, file, statement, args...)
		if met == "" {
			return
		}
		if code == ExitInternal || strings.Contains(stderr, "panic") {
			t.Errorf("%s: exit code %d\n%s", met, code, stderr)
		}
		s.recovers(t, r, met, args, want)
	}
}
