package ledger_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"valet/datastore/butler"
	"valet/quantum/ledger"
	"valet/registry"
	"valet/registry/dataset"
)

const sciRun = "u/sci/20261123T175034Z"

// recounted sets the counters of the ledger to what its attempts are, after a test changed them.
const recounted = `UPDATE valet_execution_task SET (succeeded, no_work, failed, blocked) = (SELECT COUNT(*) FILTER (WHERE state = 2), COUNT(*) FILTER (WHERE state = 3),
 COUNT(*) FILTER (WHERE state = 4), COUNT(*) FILTER (WHERE state = 5) FROM valet_attempt a WHERE a.task = valet_execution_task.task AND a.execution = valet_execution_task.execution)`

func check(t testing.TB, l *ledger.Ledger) []string {
	t.Helper()
	var out []string
	if err := l.Check(t.Context(), func(f ledger.Finding) { out = append(out, fmt.Sprint(f.Kind, " ", f.Run, " ", f.Count)) }); err != nil {
		t.Fatal(err)
	}
	return out
}

// removeMetadata takes n metadata datasets of a task away behind the ledger's back.
func removeMetadata(t testing.TB, b *butler.Butler, run, label string, n int) {
	t.Helper()
	typ, err := b.Registry.DatasetType(t.Context(), label+"_metadata")
	if err != nil {
		t.Fatal(err)
	}
	var ids []dataset.ID
	for row, err := range b.Registry.Select(t.Context(), registry.Query{Dimensions: typ.Dimensions, Limit: n, Datasets: []registry.DatasetSearch{{Type: typ.Name, Collections: []string{run}}}}) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, row.Datasets[0].ID)
	}
	err = b.Registry.Write(t.Context(), func(tx *registry.Tx) error {
		_, err := tx.DeleteDatasets(b.Store.Config.Name, b.Store.Config.Table, ids)
		return err
	})
	if err != nil || len(ids) != n {
		t.Fatal(len(ids), err)
	}
}

// TestCheck plants every difference in a run that the real stack made, sees it found, mended, and nothing else changed.
func TestCheck(t *testing.T) {
	ofTask := func(label string) string { return "task = (SELECT id FROM valet_task WHERE label = '" + label + "')" }
	for _, c := range []struct {
		name  string
		plant func(t *testing.T, dir string, b *butler.Butler)
		want  []string
		// Of isr, afterwards: all 20 were planned.
		succeeded, left int
	}{
		{"nothing", func(*testing.T, string, *butler.Butler) {}, nil, 20, 0},
		{"unknown quanta", func(t *testing.T, dir string, _ *butler.Butler) {
			exec(t, dir, "DELETE FROM valet_attempt WHERE "+ofTask("isr")+" AND data_id LIKE '%,1,%'")
			exec(t, dir, recounted)
		}, []string{"ledger-lacks-quanta " + sciRun + " 5"}, 20, 0},
		{"an unknown task", func(t *testing.T, dir string, _ *butler.Butler) {
			exec(t, dir, "DELETE FROM valet_attempt WHERE "+ofTask("isr"))
			exec(t, dir, "DELETE FROM valet_execution_task WHERE "+ofTask("isr"))
			exec(t, dir, "DELETE FROM valet_task WHERE label = 'isr'")
		}, []string{"ledger-lacks-quanta " + sciRun + " 20"}, 20, 0},
		{"failed and blocked ones that another program did", func(t *testing.T, dir string, _ *butler.Butler) {
			exec(t, dir, "UPDATE valet_attempt SET state = 4 WHERE "+ofTask("isr")+" AND data_id LIKE '%,1,%'")
			exec(t, dir, "UPDATE valet_attempt SET state = 5 WHERE "+ofTask("isr")+" AND data_id LIKE '%,2,%'")
			exec(t, dir, recounted)
		}, []string{"ledger-lacks-quanta " + sciRun + " 10"}, 20, 0},
		{"lost metadata", func(t *testing.T, _ string, b *butler.Butler) { removeMetadata(t, b, sciRun, "isr", 7) },
			[]string{"ledger-of-lost-quanta " + sciRun + " 7"}, 13, 7},
		{"all metadata lost", func(t *testing.T, _ string, b *butler.Butler) { removeMetadata(t, b, sciRun, "isr", 20) },
			[]string{"ledger-of-lost-quanta " + sciRun + " 20"}, 0, 20},
		{"both", func(t *testing.T, dir string, b *butler.Butler) {
			removeMetadata(t, b, sciRun, "isr", 7)
			exec(t, dir, "UPDATE valet_attempt SET state = 4 WHERE "+ofTask("diaPipe"))
			exec(t, dir, recounted)
		}, []string{"ledger-of-lost-quanta " + sciRun + " 7", "ledger-lacks-quanta " + sciRun + " 19"}, 13, 7},
		{"done, blocked later", func(t *testing.T, dir string, _ *butler.Butler) {
			exec(t, dir, "INSERT INTO valet_attempt SELECT task, data_id, execution, try + 1, 5, reason, 0, 1, -1, NULL, NULL, 0, NULL, NULL FROM valet_attempt WHERE "+ofTask("isr")+" AND data_id LIKE '%,1,%'")
			exec(t, dir, recounted)
			exec(t, dir, "UPDATE valet_execution_task SET again = 5 WHERE "+ofTask("isr"))
		}, nil, 15, 0},
		{"a lease of the dead", func(t *testing.T, dir string, _ *butler.Butler) {
			exec(t, dir, "INSERT INTO valet_lease SELECT id, 1, NULL, 'elsewhere', '', 7, 0, 0, 0 FROM valet_run")
		}, []string{"lease-of-dead-process " + sciRun + " 0"}, 20, 0},
		{"an interrupted Rebuild", func(t *testing.T, dir string, _ *butler.Butler) {
			exec(t, dir, "UPDATE valet_execution SET ended = NULL")
			exec(t, dir, "DELETE FROM valet_attempt WHERE "+ofTask("isr"))
		}, []string{"ledger-lacks-quanta " + sciRun + " 20"}, 20, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copyRepository(t)
			b := open(t, dir)
			l := ledger.New(b.Registry, ledger.Options{})
			if got := check(t, l); len(got) > 0 {
				t.Fatalf("without a ledger: %q", got)
			}
			if err := l.Mend(t.Context(), b, sciRun, "test"); err != nil {
				t.Fatal(err)
			}
			if exists, err := l.Exists(t.Context()); exists || err != nil {
				t.Fatal("Mend makes a ledger", err)
			}
			if err := rebuild(t, l, b, sciRun); err != nil {
				t.Fatal(err)
			}
			c.plant(t, dir, b)
			if got := check(t, l); !slices.Equal(got, c.want) {
				t.Fatalf("%q, want %q", got, c.want)
			}
			for range 2 {
				if err := l.Mend(t.Context(), b, sciRun, "test"); err != nil {
					t.Fatal(err)
				}
				if got := check(t, l); len(got) > 0 {
					t.Errorf("mended: %q", got)
				}
				s, err := l.Status(t.Context(), sciRun)
				if err != nil {
					t.Fatal(err)
				}
				if s.Counts.Planned != 40 || s.Counts.Left() != c.left || s.State != ledger.Derived {
					t.Errorf("%+v", s)
				}
				for _, task := range s.Tasks {
					if task.Label == "isr" && task.Succeeded != c.succeeded || task.Label == "diaPipe" && (task.Succeeded+task.NoWork != 19 || task.Failed != 1) {
						t.Errorf("%+v", task)
					}
				}
			}
		})
	}
}

// TestCheckLeavesTheLivingAlone looks at a run that another process writes to, and at one that is gone.
func TestCheckLeavesTheLivingAlone(t *testing.T) {
	dir := copyRepository(t)
	b := open(t, dir)
	w := &world{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), lives: map[int]int64{10: 100}}
	l := w.on(b, ledger.Process{Host: "a", Boot: "one", PID: 11, Started: 1}, time.Time{})
	if err := rebuild(t, l, b, sciRun); err != nil {
		t.Fatal(err)
	}
	removeMetadata(t, b, sciRun, "isr", 7)
	if _, err := w.on(b, ledger.Process{Host: "a", Boot: "one", PID: 10, Started: 100}, time.Time{}).Acquire(t.Context(), sciRun); err != nil {
		t.Fatal(err)
	}
	if got := check(t, l); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if err := l.Mend(t.Context(), b, sciRun, "test"); !is[*ledger.HeldError](err) {
		t.Errorf("%v", err)
	}
	w.lives = nil
	if got := check(t, l); len(got) != 2 {
		t.Errorf("its process died: %q", got)
	}
	exec(t, dir, "UPDATE valet_run SET name = 'u/gone'")
	if got := check(t, l); !slices.Equal(got, []string{"lease-of-dead-process u/gone 0", "ledger-of-no-run u/gone 0"}) {
		t.Errorf("%q", got)
	}
	if err := l.Mend(t.Context(), b, "u/gone", "test"); err != nil {
		t.Error(err)
	}
	if got := check(t, l); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if list, err := l.Runs(t.Context()); err != nil || len(list) > 0 {
		t.Errorf("%v %v", list, err)
	}
}

// TestFaultInMend interrupts the mending by a fault in each table, and repeats it.
func TestFaultInMend(t *testing.T) {
	for _, event := range []string{"INSERT ON valet_execution", "INSERT ON valet_execution_task", "INSERT ON valet_attempt", "DELETE ON valet_attempt",
		"UPDATE OF succeeded ON valet_execution_task", "UPDATE OF skipped ON valet_execution_task", "UPDATE OF ended ON valet_execution"} {
		t.Run(event, func(t *testing.T) {
			dir := copyRepository(t)
			b := open(t, dir)
			l := ledger.New(b.Registry, ledger.Options{})
			if err := rebuild(t, l, b, sciRun); err != nil {
				t.Fatal(err)
			}
			removeMetadata(t, b, sciRun, "isr", 7)
			exec(t, dir, "UPDATE valet_attempt SET state = 4 WHERE task = (SELECT id FROM valet_task WHERE label = 'diaPipe')")
			exec(t, dir, recounted)
			exec(t, dir, "CREATE TRIGGER fault BEFORE "+event+" BEGIN SELECT RAISE(ABORT, 'on purpose'); END")
			if err := l.Mend(t.Context(), b, sciRun, "test"); err == nil || !strings.Contains(err.Error(), "on purpose") {
				t.Fatalf("%v", err)
			}
			exec(t, dir, "DROP TRIGGER fault")
			if err := l.Mend(t.Context(), b, sciRun, "test"); err != nil {
				t.Fatal(err)
			}
			if got := check(t, l); len(got) > 0 {
				t.Errorf("%q", got)
			}
			if s, err := l.Status(t.Context(), sciRun); err != nil || s.Counts.Planned != 40 || s.Counts.Left() != 7 || s.Counts.Succeeded+s.Counts.NoWork != 32 || s.Counts.Failed != 1 {
				t.Errorf("%+v %v", s, err)
			}
		})
	}
}

// TestForgetLost is what a removal on purpose leaves to be done.
func TestForgetLost(t *testing.T) {
	dir := copyRepository(t)
	b := open(t, dir)
	l := ledger.New(b.Registry, ledger.Options{})
	if err := l.ForgetLost(t.Context(), sciRun); err != nil {
		t.Fatal(err)
	}
	if err := rebuild(t, l, b, sciRun); err != nil {
		t.Fatal(err)
	}
	removeMetadata(t, b, sciRun, "isr", 7)
	if err := l.ForgetLost(t.Context(), sciRun); err != nil {
		t.Fatal(err)
	}
	if got := check(t, l); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if drift, err := l.Drift(t.Context(), sciRun); err != nil || len(drift) > 0 {
		t.Errorf("%v %v", drift, err)
	}
}
