package cli

import (
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"valet/datastore/formatter"
	"valet/datastore/vfs"
	"valet/quantum/ledger"
	"valet/registry/dataset"
)

// crashRun is the run that the tests of crashes and faults write.
const crashRun = "u/metrics/r"

// crashPipeline is three tasks, of which the last reads what the first writes.
const crashPipeline = `description: Two metrics and what reads one of them
tasks:
  memory_diaForcedSource:
    class: lsst.verify.tasks.commonMetrics.MemoryMetricTask
    config:
      connections.package: ap_association
      connections.metric: DiaForcedSourceMemory
      connections.labelName: diaPipe
      target: diaPipe:diaForcedSource.run
  timing_diaPipe:
    class: lsst.verify.tasks.commonMetrics.TimingMetricTask
    config:
      connections.package: ap_association
      connections.metric: DiaPipelineTime
      connections.labelName: diaPipe
      target: diaPipe.run
  timing_memory:
    class: lsst.verify.tasks.commonMetrics.TimingMetricTask
    config:
      connections.package: verify
      connections.metric: MemoryMetricTime
      connections.labelName: memory_diaForcedSource
      target: memory_diaForcedSource.run
`

// repo is a repository: its database in a directory, its artifacts on a disk, which may be another one.
type repo struct {
	dir  string
	disk vfs.FS
	// list names all files of the disk.
	list func() []string
	// pack makes runs pack their files; options are more of their options.
	pack    bool
	options []string
}

// memoryRepo is a copy of the golden repository with its artifacts on a disk in memory, under the same paths.
func memoryRepo(t testing.TB) (*repo, *vfs.Memory) {
	t.Helper()
	dir, disk := t.TempDir(), vfs.NewMemory()
	mkdirs(t, disk, dir)
	before := os.DirFS(goldenRun)
	err := fs.WalkDir(before, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if d.IsDir() {
			return disk.Mkdir(dir + "/" + path)
		}
		text, err := fs.ReadFile(before, path)
		if err != nil {
			return err
		}
		if !strings.Contains(path, "/") {
			return os.WriteFile(filepath.Join(dir, path), text, 0o666)
		}
		return disk.Create(dir+"/"+path, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	disk = disk.Clone()
	return &repo{dir: dir, disk: disk, list: disk.Files}, disk
}

func mkdirs(t testing.TB, disk *vfs.Memory, dir string) {
	t.Helper()
	for at := range strings.Split(strings.Trim(dir, "/"), "/") {
		path := "/" + strings.Join(strings.Split(strings.Trim(dir, "/"), "/")[:at+1], "/")
		if err := disk.Mkdir(path); err != nil && !errors.Is(err, fs.ErrExist) {
			t.Fatal(err)
		}
	}
}

// realRepo is a copy of the golden repository on the disk of the machine.
func realRepo(t testing.TB) *repo {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(goldenRun)); err != nil {
		t.Fatal(err)
	}
	return realRepoAt(dir)
}

func realRepoAt(dir string) *repo {
	return &repo{dir: dir, disk: vfs.Real{}, list: func() (out []string) {
		_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				out = append(out, path)
			}
			return nil
		})
		return out
	}}
}

// run runs valet in this process on the repository and returns its exit code and what it said.
func (r *repo) run(t testing.TB, layer func(driver.Conn) driver.Conn, args ...string) (code int, stderr string) {
	t.Helper()
	a, _, errOut := testApp(args...)
	a.Disk, a.Layer, a.BusyTimeout = r.disk, layer, 300*time.Millisecond
	code = a.Main(t.Context())
	return code, errOut.String()
}

// runArgs is the command of the tests; again makes it the one that resumes.
func (r *repo) runArgs(pipeline string, again bool) []string {
	args := []string{"run", "-b", r.dir, "-p", pipeline, "-i", "u/sci", "-o", "u/metrics", "--output-run", crashRun, "--register-dataset-types",
		"-d", "instrument='TestCam' AND visit=2026080100002", "-j", "2"}
	if r.pack {
		args = append(args, "--pack")
	}
	args = append(args, r.options...)
	if again {
		args = append(args, "--extend-run", "--clobber-outputs")
	}
	return args
}

func (r *repo) read(path string) ([]byte, error) {
	f, err := r.disk.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text := make([]byte, f.Size())
	if _, err := f.ReadAt(text, 0); len(text) > 0 && err != nil {
		return nil, err
	}
	return text, nil
}

func (r *repo) database() string { return filepath.Join(r.dir, "gen3.sqlite3") }

// held is what a repository holds of a run.
type held struct {
	// content is what is to be the same whenever a run is finished, by path: measurements in full, of logs how they end.
	content map[string]string
	// earlier is the number of attempts that logs keep, by path; failed says of which the first was a failure with its records.
	earlier map[string]int
	failed  map[string]bool
	// problems break a promise: rows without their complete files, damage in the database. stray are files without rows.
	problems, stray []string
	// packed is the number of datasets in zip files. They are named by the places that they would have as files.
	packed int
	// deflated is the number of compressed members in the zip files.
	deflated int
}

var identifierLine = regexp.MustCompile(`(?m)identifier: '?[0-9a-f]{32}'?$`)

// audit looks at every row and every file of runs whose names begin with prefix.
func (r *repo) audit(t testing.TB, prefix string) *held {
	t.Helper()
	h := &held{content: map[string]string{}, earlier: map[string]int{}, failed: map[string]bool{}}
	problem := func(format string, args ...any) { h.problems = append(h.problems, fmt.Sprintf(format, args...)) }
	db, err := sql.Open("sqlite3", "file:"+r.database()+"?mode=rw&_synchronous=OFF")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var verdict string
	if err := db.QueryRow("PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		problem("integrity_check: %s %v", verdict, err)
	}
	if err := db.QueryRow("PRAGMA foreign_key_check").Scan(&verdict, new(any), new(any), new(any)); !errors.Is(err, sql.ErrNoRows) {
		problem("foreign_key_check: %s %v", verdict, err)
	}
	each(t, db, `SELECT COUNT(*) FROM dataset d JOIN run r ON r.collection_id = d.run_id JOIN collection c ON c.collection_id = r.collection_id
		WHERE c.name LIKE ? || '%' AND (NOT EXISTS (SELECT 1 FROM file_datastore_records f WHERE f.dataset_id = d.id)
		OR NOT EXISTS (SELECT 1 FROM dataset_location l WHERE l.dataset_id = d.id))`, []any{prefix}, func(row []any) {
		if row[0].(int64) != 0 {
			problem("%d datasets without a record or a location", row[0])
		}
	})
	known, zips := map[string]bool{}, map[string]*packedFiles{}
	each(t, db, `SELECT f.path, f.file_size, f.storage_class, (SELECT COUNT(*) FROM dataset d WHERE d.id = f.dataset_id) FROM file_datastore_records f WHERE f.path LIKE ? || '%'`,
		[]any{prefix}, func(row []any) {
			path := row[0].(string)
			if known[path] {
				problem("%s has two records", path)
			}
			known[path] = true
			place, text, err := path, []byte(nil), error(nil)
			if zip, member, packed := dataset.SplitMember(path); packed {
				known[zip] = true
				h.packed++
				place, text, err = r.member(zips, zip, member)
			} else {
				text, err = r.read(r.dir + "/" + path)
			}
			if _, twice := h.content[place]; twice {
				problem("two datasets are at %s", place)
			}
			switch {
			case err != nil:
				problem("row without its file: %v", err)
			case int64(len(text)) != row[1]:
				problem("%s has %d bytes, %d are recorded", path, len(text), row[1])
			case row[3] != int64(1):
				problem("%s is of no dataset", path)
			default:
				h.describe(place, row[2].(string), text, problem)
			}
		})
	for _, z := range zips {
		h.deflated += z.deflated
	}
	for _, path := range r.list() {
		if p := strings.TrimPrefix(path, r.dir+"/"); strings.HasPrefix(p, prefix) && !known[p] {
			h.stray = append(h.stray, p)
		}
	}
	return h
}

// describe notes what a file says, without what may differ.
func (h *held) describe(path, class string, text []byte, problem func(string, ...any)) {
	switch class {
	case "MetricValue":
		h.content[path] = identifierLine.ReplaceAllString(string(text), "identifier: <UUID>")
	case "ButlerLogRecords":
		l, err := formatter.ParseLog(text)
		if err != nil {
			problem("%s: %v", path, err)
			return
		}
		a, err := l.Attempt()
		if err != nil {
			problem("%s: %v", path, err)
			return
		}
		h.content[path] = "a log"
		if a.Exception != nil {
			h.content[path] = a.Exception.TypeName
		}
		h.earlier[path] = len(a.PreviousAttempts)
		if len(a.PreviousAttempts) > 0 {
			first := a.PreviousAttempts[0]
			h.failed[path] = first.Exception != nil && len(first.Logs) > 0 && len(first.PreviousAttempts) == 0
		}
	default:
		h.content[path] = class
	}
}

// each calls f with the rows of a query.
func each(t testing.TB, db *sql.DB, query string, args []any, f func(row []any)) {
	t.Helper()
	rows, err := db.Query(query, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		row, to := make([]any, len(columns)), make([]any, len(columns))
		for i := range row {
			to[i] = &row[i]
		}
		if err := rows.Scan(to...); err != nil {
			t.Fatal(err)
		}
		f(row)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}

// differences compares what two runs hold, the finished one first.
func (h *held) differences(want *held) (out []string) {
	for path, w := range want.content {
		if g, ok := h.content[path]; !ok {
			out = append(out, "missing: "+path)
		} else if g != w {
			out = append(out, fmt.Sprintf("%s:\n%s\nwant\n%s", path, g, w))
		}
	}
	for path := range h.content {
		if _, ok := want.content[path]; !ok {
			out = append(out, "too many: "+path)
		}
	}
	slices.Sort(out)
	return out
}

// checkLedger compares the ledger with the datasets.
func (r *repo) checkLedger(t testing.TB) (problems []string, counts ledger.Counts) {
	t.Helper()
	a, _, _ := testApp()
	a.logs = defaultLogging(a)
	b, err := a.openButler(t.Context(), r.dir, true)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	l := ledger.New(b.Registry, ledger.Options{})
	s, err := l.Status(t.Context(), crashRun)
	if err != nil {
		return []string{err.Error()}, counts
	}
	drift, err := l.Drift(t.Context(), crashRun)
	if err != nil {
		return []string{err.Error()}, counts
	}
	for _, d := range drift {
		problems = append(problems, d.String())
	}
	return problems, s.Counts
}

// bury makes the process that holds a lease in a copied database a dead one: it was this one.
func (r *repo) bury(t testing.TB) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+r.database()+"?mode=rw&_synchronous=OFF")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("UPDATE valet_lease SET process_start = process_start + 1"); err != nil && !strings.Contains(err.Error(), "no such table") {
		t.Fatal(err)
	}
}

// quick spares a test the time that a disk takes to make a database durable. What a killed process leaves is the same.
func quick(under driver.Conn) driver.Conn {
	if x, ok := under.(driver.ExecerContext); ok {
		_, _ = x.ExecContext(context.Background(), "PRAGMA synchronous = OFF", nil)
	}
	return under
}

// damage replaces a file by one of its size that cannot be parsed, and returns what repairs it.
func damage(t testing.TB, disk *vfs.Memory, path string) (repair func(*vfs.Memory)) {
	t.Helper()
	f, err := disk.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	good := make([]byte, f.Size())
	if _, err := f.ReadAt(good, 0); err != nil {
		t.Fatal(err)
	}
	put := func(disk *vfs.Memory, text []byte) {
		if err := errors.Join(disk.Remove(path), disk.Create(path, text), disk.SyncFile(path), disk.SyncDir(filepath.Dir(path))); err != nil {
			t.Fatal(err)
		}
	}
	put(disk, bytes.Repeat([]byte("{"), len(good)))
	return func(disk *vfs.Memory) { put(disk, good) }
}

// crashPipelineFile writes the pipeline of the tests.
func crashPipelineFile(t testing.TB) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipeline.yaml")
	if err := os.WriteFile(path, []byte(crashPipeline), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}
