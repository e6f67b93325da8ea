package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"valet/datastore/butler"
	"valet/migrations"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/quantum/ledger"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/query"
	"valet/tasks/pipeline"
	"valet/tasks/verify"
)

const (
	golden = "../../testdata/run"
	runOne = "u/metrics/20261123T180000Z"
)

func copyRepository(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(golden, "before"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t testing.TB, dir string) *butler.Butler {
	t.Helper()
	b, err := butler.Open(context.Background(), dir, butler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// resolve reads the pipeline of the golden repository.
func resolve(t testing.TB, b *butler.Butler) *pipeline.Resolved {
	t.Helper()
	l := &pipeline.Loader{Read: os.ReadFile, Table: verify.Table()}
	p, err := l.Load(filepath.Join(golden, "metrics.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := p.Resolve(l.Table, pipeline.Options{Read: os.ReadFile, Universe: b.Registry.Universe(), Convertible: dataset.Convertible,
		Registered: func(name string) (*pipeline.Definition, bool, error) {
			typ, err := b.Registry.DatasetType(context.Background(), name)
			if err != nil {
				return nil, false, nil
			}
			return &pipeline.Definition{Dimensions: typ.Dimensions.Names(), StorageClass: typ.StorageClass}, true, nil
		}})
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// build plans the metrics of the golden repository.
func build(t testing.TB, b *butler.Butler, where string, extend bool) *quantum.Graph {
	t.Helper()
	resolved := resolve(t, b)
	now := time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	src := executor.Source{Registry: b.Registry, RecordTable: b.Store.Config.Table}
	c, err := quantum.ResolveCollections(t.Context(), src, quantum.CollectionOptions{Inputs: []string{"u/sci"}, Output: "u/metrics", RunTimeName: now, ExtendRun: extend})
	if err != nil {
		t.Fatal(err)
	}
	w, err := query.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	g, err := quantum.Build(t.Context(), src, resolved, quantum.Options{Collections: c, Where: w, Now: now, Clobber: extend})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// content lists the tables of a database with their rows.
func content(t *testing.T, dir string) string {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "gen3.sqlite3"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query("SELECT name FROM sqlite_master WHERE type IN ('table', 'index') ORDER BY name")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	var out strings.Builder
	for _, name := range names {
		var n int
		// An index has no rows to count.
		_ = db.QueryRow(`SELECT COUNT(*) FROM "` + name + `"`).Scan(&n)
		fmt.Fprintf(&out, "%s %d\n", name, n)
	}
	return out.String()
}

// exec runs a statement as another program would.
func exec(t *testing.T, dir, statement string) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "gen3.sqlite3"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement); err != nil {
		t.Fatal(err)
	}
}

func is[E error](err error) bool {
	var e E
	return errors.As(err, &e)
}

// TestRun runs the golden metrics with a ledger and asks it everything.
func TestRun(t *testing.T) {
	dir := copyRepository(t)
	b := open(t, dir)
	ctx := t.Context()
	l := ledger.New(b.Registry, ledger.Options{})
	if list, err := l.Runs(ctx); err != nil || len(list) != 0 {
		t.Fatalf("%v %v", list, err)
	}
	if _, err := l.Status(ctx, runOne); !is[*ledger.UnknownRunError](err) {
		t.Fatal(err)
	}
	g := build(t, b, "", false)
	lease, err := l.Acquire(ctx, g.Collections.Run)
	if err != nil {
		t.Fatal(err)
	}
	j, err := lease.Begin(ctx, ledger.Start{Graph: g, Workers: 2, Version: "test", Command: []string{"valet", "run"}, Pipeline: "tasks: {}", Options: []byte(`{"where":"x"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if err := executor.Prepare(ctx, b, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	s, err := l.Status(ctx, runOne)
	if err != nil || s.State != ledger.Running || s.Counts.Planned != g.Len() || s.Counts.Running != 2 || s.Counts.Left() != g.Len() {
		t.Errorf("before the first quantum: %+v %v", s, err)
	}
	if _, err := ledger.New(b.Registry, ledger.Options{}).Acquire(ctx, runOne); !is[*ledger.HeldError](err) {
		t.Errorf("a second writer: %v", err)
	}
	r, err := executor.Execute(ctx, b, g, executor.Options{Workers: 2, Journal: j})
	if err != nil {
		t.Fatal(err)
	}
	counted := ledger.Counts{Planned: r.Planned, Succeeded: r.Succeeded, NoWork: r.NoWork, Failed: r.Failed, Blocked: r.Blocked, Skipped: r.Skipped}
	if err := j.Reconcile(ctx, counted, true); err != nil {
		t.Error(err)
	}
	wrong := counted
	wrong.Succeeded++
	var mismatch *ledger.MismatchError
	if err := j.Reconcile(ctx, wrong, true); !errors.As(err, &mismatch) || mismatch.ExitCode() != 70 || len(mismatch.Differences) != 2 {
		t.Errorf("%v", err)
	}
	if err := j.End(ctx, ledger.End{State: ledger.Done}); err != nil {
		t.Fatal(err)
	}
	if lease.Valid() {
		t.Error("the lease is valid after the end")
	}
	if s, err = l.Status(ctx, runOne); err != nil || s.State != ledger.Done || s.Counts != counted || s.Executions != 1 {
		t.Errorf("at the end: %+v %v, counted %+v", s, err, counted)
	}
	list, err := l.Runs(ctx)
	if err != nil || len(list) != 1 || list[0].Counts != counted || list[0].Output != "u/metrics" {
		t.Errorf("%+v %v", list, err)
	}
	n := 0
	for a, err := range l.Quanta(ctx, runOne, ledger.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		again, err := l.Attempts(ctx, runOne, a.Task, a.DataID)
		if err != nil || len(again) != 1 || again[0].Log != a.Log || again[0].Started.IsZero() {
			t.Errorf("%+v: %+v %v", a, again, err)
		}
	}
	if n != r.Succeeded+r.NoWork+r.Failed+r.Blocked {
		t.Errorf("%d attempts", n)
	}
	if drift, err := l.Drift(ctx, runOne); err != nil || len(drift) != 0 {
		t.Errorf("%v %v", drift, err)
	}
	executions, err := l.Executions(ctx, runOne)
	if err != nil || len(executions) != 1 || executions[0].Pipeline != "tasks: {}" || string(executions[0].Options) != `{"where":"x"}` || executions[0].ExitCode != 0 {
		t.Errorf("%+v %v", executions, err)
	}
	slow, err := l.Slowest(ctx, runOne, 3)
	if err != nil || len(slow) != min(3, n) || len(slow) > 1 && slow[0].Duration < slow[1].Duration {
		t.Errorf("%+v %v", slow, err)
	}
	if minutes, err := l.Rate(ctx, runOne); err != nil || len(minutes) == 0 {
		t.Errorf("%v %v", minutes, err)
	}
	// What the datasets tell is what the ledger holds.
	derived, err := ledger.DeriveStatus(ctx, b, runOne)
	if err != nil || derived.Counts.Succeeded != counted.Succeeded || derived.Counts.NoWork != counted.NoWork || derived.Counts.Failed != counted.Failed {
		t.Errorf("derived: %+v %v", derived, err)
	}
	// Python prunes a metadata dataset.
	var pruned dataset.ID
	label := s.Tasks[0].Label
	for row, err := range b.Registry.Select(ctx, registry.Query{Dimensions: g.Task(label).DataIDs.Group(), Limit: 1,
		Datasets: []registry.DatasetSearch{{Type: label + "_metadata", Collections: []string{runOne}}}}) {
		if err != nil {
			t.Fatal(err)
		}
		pruned = row.Datasets[0].ID
	}
	err = b.Registry.Write(ctx, func(tx *registry.Tx) error {
		_, err := tx.DeleteDatasets(b.Store.Config.Name, b.Store.Config.Table, []dataset.ID{pruned})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if drift, err := l.Drift(ctx, runOne); err != nil || len(drift) != 1 || drift[0].Ledger != drift[0].Repository+1 {
		t.Errorf("%v %v", drift, err)
	}
}

// TestRebuild reads a run that the real stack made.
func TestRebuild(t *testing.T) {
	const run = "u/sci/20261123T175034Z"
	dir := copyRepository(t)
	b := open(t, dir)
	l := ledger.New(b.Registry, ledger.Options{})
	want, err := ledger.DeriveStatus(t.Context(), b, run)
	if err != nil {
		t.Fatal(err)
	}
	if len(want.Tasks) != 2 || want.Tasks[0].Label != "diaPipe" || want.Tasks[0].Succeeded+want.Tasks[0].NoWork != 19 || want.Tasks[0].Failed != 1 || want.Tasks[1].Planned != 20 {
		t.Errorf("%+v", want)
	}
	groups, err := ledger.GroupFailures(ledger.Derive(t.Context(), b, run), ledger.ByMessage)
	if err != nil || len(groups) != 1 || groups[0].Count != 1 || groups[0].Class == "" || groups[0].Message == "" || groups[0].Log.IsZero() {
		t.Errorf("%+v %v", groups, err)
	}
	if labels, err := ledger.Labels(t.Context(), b.Registry, run); err != nil || strings.Join(labels, " ") != "diaPipe isr" {
		t.Errorf("%v %v", labels, err)
	}
	one, err := ledger.DeriveQuantum(t.Context(), b, run, "diaPipe", groups[0].First)
	if err != nil || len(one) == 0 || one[len(one)-1].State != quantum.Failed || one[len(one)-1].Log != groups[0].Log {
		t.Errorf("%+v %v", one, err)
	}
	n, err := l.Rebuild(t.Context(), b, run, "test")
	if err != nil || n < 40 {
		t.Fatalf("%d %v", n, err)
	}
	got, err := l.Status(t.Context(), run)
	if err != nil || got.Counts != want.Counts || got.State != ledger.Derived {
		t.Errorf("%+v %v, want %+v", got, err, want)
	}
	stored, err := l.Failures(t.Context(), run, ledger.ByMessage)
	if err != nil || len(stored) != 1 || stored[0].Message != groups[0].Message || stored[0].Log != groups[0].Log || stored[0].First.Compare(groups[0].First) != 0 {
		t.Errorf("%+v %v", stored, err)
	}
	if byDetector, err := l.Failures(t.Context(), run, "detector"); err != nil || len(byDetector) != 1 {
		t.Errorf("%+v %v", byDetector, err)
	}
	if _, err := l.Failures(t.Context(), run, "tract"); !is[*ledger.GroupKeyError](err) {
		t.Error(err)
	}
	if _, err := l.Rebuild(t.Context(), b, run, "test"); !is[*ledger.KnownRunError](err) {
		t.Errorf("a second time: %v", err)
	}
	if drift, err := l.Drift(t.Context(), run); err != nil || len(drift) != 0 {
		t.Errorf("%v %v", drift, err)
	}
	// One that was interrupted is begun again.
	exec(t, dir, "UPDATE valet_execution SET ended = NULL")
	if _, err := l.Status(t.Context(), run); !is[*ledger.UnknownRunError](err) {
		t.Errorf("an incomplete one is shown: %v", err)
	}
	if again, err := l.Rebuild(t.Context(), b, run, "test"); err != nil || again != n {
		t.Errorf("%d %v", again, err)
	}
	if err := l.Forget(t.Context(), run); err != nil {
		t.Error(err)
	}
	if list, err := l.Runs(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
	for _, line := range strings.Split(content(t, dir), "\n") {
		if strings.HasPrefix(line, "valet_") && !strings.HasSuffix(line, " 0") && !strings.HasPrefix(line, migrations.Table) && !strings.HasPrefix(line, "valet_cause") {
			t.Errorf("left: %s", line)
		}
	}
}

// TestMigrateFaults lets every statement of the first migration fail in turn: nothing may be left, and the next try succeeds.
func TestMigrateFaults(t *testing.T) {
	for _, table := range []string{"valet_run", "valet_task", "valet_execution", "valet_execution_task", "valet_cause", "valet_attempt", "valet_lease", migrations.Table} {
		t.Run(table, func(t *testing.T) {
			dir := copyRepository(t)
			b := open(t, dir)
			// A view of the name is in the way of the table.
			exec(t, dir, "CREATE VIEW "+table+" AS SELECT 1")
			before := content(t, dir)
			if _, err := ledger.New(b.Registry, ledger.Options{}).Acquire(t.Context(), "r"); err == nil {
				t.Fatal("no error")
			}
			if after := content(t, dir); after != before {
				t.Errorf("something is left:\n%s", after)
			}
			exec(t, dir, "DROP VIEW "+table)
			if _, err := ledger.New(b.Registry, ledger.Options{}).Acquire(t.Context(), "r"); err != nil {
				t.Errorf("afterwards: %v", err)
			}
		})
	}
}

func TestMigrateTogether(t *testing.T) {
	dir := copyRepository(t)
	var group sync.WaitGroup
	for i := range 4 {
		b := open(t, dir)
		group.Go(func() {
			if _, err := ledger.New(b.Registry, ledger.Options{}).Acquire(context.Background(), fmt.Sprintf("r%d", i)); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(dir, "gen3.sqlite3"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var mode string
	if err := db.QueryRow("PRAGMA journal_mode").Scan(&mode); err != nil || mode != "delete" {
		t.Errorf("journal mode %s %v", mode, err)
	}
	var n int
	if err := db.QueryRow("SELECT COUNT(*) FROM " + migrations.Table).Scan(&n); err != nil || n != 1+int(migrations.Latest("sqlite")) {
		t.Errorf("%d rows of versions, %v", n, err)
	}
}

func TestNewerSchemaIsRefused(t *testing.T) {
	dir := copyRepository(t)
	b := open(t, dir)
	l := ledger.New(b.Registry, ledger.Options{})
	if _, err := l.Acquire(t.Context(), "r"); err != nil {
		t.Fatal(err)
	}
	exec(t, dir, "INSERT INTO "+migrations.Table+" (version_id, is_applied) VALUES (999, 1)")
	before := content(t, dir)
	var newer *migrations.NewerError
	if _, err := l.Acquire(t.Context(), "s"); !errors.As(err, &newer) || newer.Found != 999 {
		t.Errorf("%v", err)
	}
	if _, err := l.Runs(t.Context()); !errors.As(err, &newer) {
		t.Errorf("%v", err)
	}
	if after := content(t, dir); after != before {
		t.Errorf("something changed:\n%s", after)
	}
}

// TestRecordIsUndone lets the insertion into each table of an attempt fail: neither datasets nor records may be there.
func TestRecordIsUndone(t *testing.T) {
	for _, table := range []string{"valet_attempt", "valet_execution_task", "valet_lease"} {
		t.Run(table, func(t *testing.T) {
			dir := copyRepository(t)
			b := open(t, dir)
			l := ledger.New(b.Registry, ledger.Options{})
			g := build(t, b, "", false)
			lease, err := l.Acquire(t.Context(), g.Collections.Run)
			if err != nil {
				t.Fatal(err)
			}
			j, err := lease.Begin(t.Context(), ledger.Start{Graph: g, Workers: 2})
			if err != nil {
				t.Fatal(err)
			}
			if err := executor.Prepare(t.Context(), b, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
				t.Fatal(err)
			}
			before := content(t, dir)
			verb := "UPDATE"
			if table == "valet_attempt" {
				verb = "INSERT"
			}
			exec(t, dir, "CREATE TRIGGER fault BEFORE "+verb+" ON "+table+" BEGIN SELECT RAISE(ABORT, 'on purpose'); END")
			if _, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 2, Journal: j}); err == nil || !strings.Contains(err.Error(), "on purpose") {
				t.Fatalf("%v", err)
			}
			exec(t, dir, "DROP TRIGGER fault")
			if after := content(t, dir); after != before {
				t.Errorf("something is left:\n%s\nbefore:\n%s", after, before)
			}
		})
	}
}
