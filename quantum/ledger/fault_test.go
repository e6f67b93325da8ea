package ledger_test

import (
	"strings"
	"testing"
	"time"

	"valet/datastore/butler"
	"valet/quantum/ledger"
)

// TestFaultAtEveryStep lets each statement that begins or ends an execution fail in turn: the step leaves nothing, and succeeds when it is
// taken again.
func TestFaultAtEveryStep(t *testing.T) {
	b := open(t, copyRepository(t))
	g := build(t, b, "", false)
	for _, event := range []string{"INSERT ON valet_run", "INSERT ON valet_lease", "INSERT ON valet_execution", "UPDATE ON valet_lease", "INSERT ON valet_task",
		"INSERT ON valet_execution_task", "UPDATE ON valet_execution", "DELETE ON valet_lease"} {
		t.Run(event, func(t *testing.T) {
			dir := copyRepository(t)
			b := open(t, dir)
			w := &world{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), lives: map[int]int64{1: 1}}
			l := w.on(b, ledger.Process{Host: "a", Boot: "x p", PID: 1, Started: 1}, time.Time{})
			if err := makeTables(t, l); err != nil {
				t.Fatal(err)
			}
			exec(t, dir, "CREATE TRIGGER fault BEFORE "+event+" BEGIN SELECT RAISE(ABORT, 'on purpose'); END")
			failed := 0
			// try takes a step, and takes it again without the fault if it met it.
			try := func(step func() error) {
				t.Helper()
				before := content(t, dir)
				err := step()
				if err != nil && strings.Contains(err.Error(), "on purpose") {
					failed++
					if after := content(t, dir); after != before {
						t.Errorf("something is left:\n%s\nbefore:\n%s", after, before)
					}
					exec(t, dir, "DROP TRIGGER fault")
					err = step()
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			var lease *ledger.Lease
			var j *ledger.Journal
			try(func() (err error) { lease, err = l.Acquire(t.Context(), "r"); return err })
			try(func() (err error) { j, err = lease.Begin(t.Context(), ledger.Start{Graph: g}); return err })
			try(func() error { return j.End(t.Context(), ledger.End{State: ledger.Done}) })
			if failed != 1 {
				t.Errorf("%d faults", failed)
			}
			if s, err := l.Status(t.Context(), "r"); err != nil || s.State != ledger.Done || s.Counts.Planned != g.Len() || s.Executions != 1 {
				t.Errorf("%+v %v", s, err)
			}
			// The run can be taken again.
			if _, err := l.Acquire(t.Context(), "r"); err != nil {
				t.Error(err)
			}
		})
	}
}

// makeTables makes the tables and leaves no rows.
func makeTables(t *testing.T, l *ledger.Ledger) error {
	lease, err := l.Acquire(t.Context(), "other")
	if err != nil {
		return err
	}
	return lease.Release(t.Context())
}

// TestFaultInRebuild interrupts the reading of a run by a fault in each table, and repeats it.
func TestFaultInRebuild(t *testing.T) {
	const run = "u/sci/20261123T175034Z"
	for _, event := range []string{"INSERT ON valet_execution", "INSERT ON valet_task", "INSERT ON valet_attempt", "INSERT ON valet_cause",
		"UPDATE OF succeeded ON valet_execution_task", "UPDATE OF planned ON valet_execution_task", "UPDATE OF ended ON valet_execution"} {
		t.Run(event, func(t *testing.T) {
			dir := copyRepository(t)
			b := open(t, dir)
			l := ledger.New(b.Registry, ledger.Options{})
			if err := makeTables(t, l); err != nil {
				t.Fatal(err)
			}
			exec(t, dir, "CREATE TRIGGER fault BEFORE "+event+" BEGIN SELECT RAISE(ABORT, 'on purpose'); END")
			if err := rebuild(t, l, b, run); err == nil || !strings.Contains(err.Error(), "on purpose") {
				t.Fatalf("%v", err)
			}
			if _, err := l.Status(t.Context(), run); !is[*ledger.UnknownRunError](err) {
				t.Errorf("an incomplete one is shown: %v", err)
			}
			exec(t, dir, "DROP TRIGGER fault")
			if err := rebuild(t, l, b, run); err != nil {
				t.Error(err)
			}
			if s, err := l.Status(t.Context(), run); err != nil || s.Counts.Planned != 40 {
				t.Errorf("%+v %v", s, err)
			}
		})
	}
}

func rebuild(t *testing.T, l *ledger.Ledger, b *butler.Butler, run string) error {
	_, err := l.Rebuild(t.Context(), b, run, "test")
	return err
}
