package ledger_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"valet/datastore/butler"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/quantum/ledger"
	"valet/registry"
)

var states = []quantum.State{quantum.Succeeded, quantum.NoWork, quantum.Failed, quantum.Blocked}

// outcome is one that an executor could have reported.
func outcome(q *quantum.Quanta, row int, s quantum.State, try int, at time.Time) executor.Outcome {
	o := executor.Outcome{Item: executor.Item{Task: q, Row: row}, State: s, Try: try, Started: at, Ended: at.Add(time.Millisecond), Worker: 1, Reason: quantum.Ran}
	switch s {
	case quantum.Failed:
		o.Reason, o.Failure = quantum.TaskError, &executor.Failure{Class: "ValueError", Message: fmt.Sprintf("bad value %d", row)}
	case quantum.NoWork:
		o.Reason, o.NoWork = quantum.TaskFoundNoWork, "nothing"
	case quantum.Blocked:
		o.Reason, o.Started, o.Ended = quantum.UpstreamFailed, time.Time{}, time.Time{}
	}
	return o
}

// TestStatusIsTheModel lets executions try quanta, retry them, end or crash, and lose transactions, and compares every answer with a
// model: the newest stored attempt of each quantum.
func TestStatusIsTheModel(t *testing.T) {
	dir := copyRepository(t)
	b := open(t, dir)
	g := build(t, b, "", false)
	round := 0
	rapid.Check(t, func(t *rapid.T) {
		round++
		g.Collections.Run = fmt.Sprintf("r%d", round)
		checkModel(t, b, g)
	})
}

func checkModel(t *rapid.T, b *butler.Butler, g *quantum.Graph) {
	ctx := context.Background()
	type key struct {
		task *quantum.Quanta
		row  int
	}
	model := map[key]quantum.State{}
	attempts := map[key]int{}
	w := &world{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), lives: map[int]int64{}}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	for pid := range rapid.IntRange(1, 4).Draw(t, "executions") {
		clear(w.lives)
		w.lives[pid+1] = 1
		l := w.on(b, ledger.Process{Host: "a", Boot: "x p", PID: pid + 1, Started: 1}, time.Time{})
		lease, err := l.Acquire(ctx, g.Collections.Run)
		must(err)
		j, err := lease.Begin(ctx, ledger.Start{Graph: g, Workers: 2})
		must(err)
		tries := map[key]int{}
		var counted ledger.Counts
		last := map[key]quantum.State{}
		for range rapid.IntRange(0, 4).Draw(t, "groups") {
			var outcomes []executor.Outcome
			for range rapid.IntRange(1, 12).Draw(t, "quanta") {
				w.now = w.now.Add(time.Second / 4)
				q := rapid.SampledFrom(g.Tasks).Draw(t, "task")
				k := key{q, rapid.IntRange(0, q.Len()-1).Draw(t, "row")}
				outcomes = append(outcomes, outcome(q, k.row, rapid.SampledFrom(states).Draw(t, "state"), tries[k], w.now))
				tries[k]++
			}
			undone := rapid.IntRange(0, 5).Draw(t, "undone") == 0
			err := b.Registry.Write(ctx, func(tx *registry.Tx) error {
				if err := j.Record(tx, outcomes); err != nil || !undone {
					return err
				}
				return context.Canceled
			})
			if undone {
				if err != context.Canceled {
					t.Fatal(err)
				}
				continue
			}
			must(err)
			for _, o := range outcomes {
				k := key{o.Item.Task, o.Item.Row}
				model[k], last[k] = o.State, o.State
				attempts[k]++
			}
		}
		for _, s := range last {
			switch s {
			case quantum.Succeeded:
				counted.Succeeded++
			case quantum.NoWork:
				counted.NoWork++
			case quantum.Failed:
				counted.Failed++
			case quantum.Blocked:
				counted.Blocked++
			}
		}
		counted.Planned = g.Len()
		must(j.Reconcile(ctx, counted, false))
		if rapid.Bool().Draw(t, "ends") {
			must(j.End(ctx, ledger.End{State: ledger.Done}))
		}
		l = w.on(b, ledger.Process{Host: "a", Boot: "x p", PID: 99, Started: 1}, time.Time{})
		s, err := l.Status(ctx, g.Collections.Run)
		must(err)
		want := map[string]map[quantum.State]int{}
		for k, state := range model {
			if want[k.task.Task.Label] == nil {
				want[k.task.Task.Label] = map[quantum.State]int{}
			}
			want[k.task.Task.Label][state]++
		}
		for _, task := range s.Tasks {
			m := want[task.Label]
			got := task.Counts
			if got.Succeeded != m[quantum.Succeeded] || got.NoWork != m[quantum.NoWork] || got.Failed != m[quantum.Failed] || got.Blocked != m[quantum.Blocked] ||
				got.Planned != g.Task(task.Label).Len() {
				t.Fatalf("task %s: %+v, model %v", task.Label, got, m)
			}
		}
		for _, f := range []ledger.Filter{{}, {States: []quantum.State{quantum.Failed, quantum.Blocked}}, {States: []quantum.State{quantum.Succeeded}}} {
			n, wanted := 0, 0
			for a, err := range l.Quanta(ctx, g.Collections.Run, f) {
				must(err)
				n++
				q := g.Task(a.Task)
				for row := range q.Len() {
					if q.DataID(row).Compare(a.DataID) == 0 && model[key{q, row}] != a.State {
						t.Fatalf("%+v, model %s", a, model[key{q, row}])
					}
				}
			}
			for _, state := range model {
				if f.States == nil || f.States[0] == state || len(f.States) > 1 && f.States[1] == state {
					wanted++
				}
			}
			if n != wanted {
				t.Fatalf("%d quanta of %v, want %d", n, f.States, wanted)
			}
		}
		all := 0
		for a, err := range l.Quanta(ctx, g.Collections.Run, ledger.Filter{Superseded: true}) {
			must(err)
			all++
			if a.State == quantum.Failed && a.Message == "bad value <n>" {
				t.Fatalf("the message was lost: %+v", a)
			}
		}
		for _, n := range attempts {
			all -= n
		}
		if all != 0 {
			t.Fatalf("%d attempts too many", all)
		}
		for _, by := range []string{ledger.ByMessage, ledger.ByTask, "detector"} {
			groups, err := l.Failures(ctx, g.Collections.Run, by)
			must(err)
			n := 0
			for _, f := range groups {
				n += f.Count
			}
			if n != s.Counts.Failed || by == ledger.ByMessage && len(groups) > 1 {
				t.Fatalf("%d failures in groups by %s, want %d", n, by, s.Counts.Failed)
			}
		}
	}
}
