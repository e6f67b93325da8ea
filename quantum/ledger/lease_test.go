package ledger_test

import (
	"errors"
	"testing"
	"time"

	"valet/datastore/butler"
	"valet/quantum/executor"
	"valet/quantum/ledger"
)

// world is a clock and a process table that tests set.
type world struct {
	now   time.Time
	lives map[int]int64
}

// on is a ledger of a process of a machine in the world.
func (w *world) on(b *butler.Butler, p ledger.Process, booted time.Time) *ledger.Ledger {
	return ledger.New(b.Registry, ledger.Options{Now: func() time.Time { return w.now }, Machine: &ledger.Machine{Self: p, Booted: booted,
		Lookup: func(pid int) (int64, bool) { started, ok := w.lives[pid]; return started, ok }}})
}

func TestTakeOver(t *testing.T) {
	start := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	first := ledger.Process{Host: "a", Boot: "one pid:1", PID: 10, Started: 100}
	for _, c := range []struct {
		name   string
		second ledger.Process
		booted time.Time
		lives  map[int]int64
		after  time.Duration
		taken  bool
	}{
		{"it lives", ledger.Process{Host: "a", Boot: "one pid:1", PID: 11}, time.Time{}, map[int]int64{10: 100}, time.Hour, false},
		{"it is dead", ledger.Process{Host: "a", Boot: "one pid:1", PID: 11}, time.Time{}, nil, time.Second, true},
		{"its number was given again", ledger.Process{Host: "a", Boot: "one pid:1", PID: 11}, time.Time{}, map[int]int64{10: 500}, time.Second, true},
		{"start times are unknown", ledger.Process{Host: "a", Boot: "one pid:1", PID: 11}, time.Time{}, map[int]int64{10: 0}, time.Second, false},
		{"the machine was started again", ledger.Process{Host: "a", Boot: "two pid:1", PID: 10, Started: 100}, start.Add(2 * time.Second), map[int]int64{10: 100}, 5 * time.Second, true},
		{"another machine of the name", ledger.Process{Host: "a", Boot: "two pid:1", PID: 11}, start.Add(-time.Hour), nil, 5 * time.Second, false},
		{"another container", ledger.Process{Host: "a", Boot: "one pid:2", PID: 11}, start.Add(-time.Hour), nil, 5 * time.Second, false},
		{"another container, silent", ledger.Process{Host: "a", Boot: "one pid:2", PID: 11}, start.Add(-time.Hour), nil, 61 * time.Second, true},
		{"another machine", ledger.Process{Host: "b", Boot: "three pid:1", PID: 11}, time.Time{}, nil, 59 * time.Second, false},
		{"another machine, silent", ledger.Process{Host: "b", Boot: "three pid:1", PID: 11}, time.Time{}, nil, 61 * time.Second, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, copyRepository(t))
			w := &world{now: start, lives: c.lives}
			ours, err := w.on(b, first, time.Time{}).Acquire(t.Context(), "r")
			if err != nil {
				t.Fatal(err)
			}
			w.now = start.Add(c.after)
			theirs, err := w.on(b, c.second, c.booted).Acquire(t.Context(), "r")
			var held *ledger.HeldError
			switch {
			case c.taken:
				if err != nil {
					t.Fatal(err)
				}
				var fenced *ledger.FencedError
				if err := ours.Beat(t.Context()); !errors.As(err, &fenced) || fenced.By == nil || fenced.By.PID != c.second.PID || ours.Valid() {
					t.Errorf("the first goes on: %v", err)
				}
				if err := ours.Release(t.Context()); err != nil {
					t.Error(err)
				}
				if err := theirs.Beat(t.Context()); err != nil || !theirs.Valid() {
					t.Errorf("the first gave away what is not its own: %v", err)
				}
			case !errors.As(err, &held) || held.Holder.PID != 10 || held.Holder.Host != "a" || !held.Holder.Acquired.Equal(start) || held.ExitCode() != 75:
				t.Errorf("%v", err)
			default:
				if err := ours.Beat(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestValid(t *testing.T) {
	b := open(t, copyRepository(t))
	w := &world{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
	lease, err := w.on(b, ledger.Process{Host: "a", PID: 1}, time.Time{}).Acquire(t.Context(), "r")
	if err != nil || !lease.Valid() {
		t.Fatal(err)
	}
	w.now = w.now.Add(39 * time.Second)
	if !lease.Valid() {
		t.Error("invalid too early")
	}
	w.now = w.now.Add(2 * time.Second)
	if lease.Valid() {
		t.Error("valid although others may take over soon")
	}
	// A renewal inside a transaction says nothing, as that may be undone.
	if err := b.Registry.Write(t.Context(), lease.Renew); err != nil || lease.Valid() {
		t.Errorf("%v", err)
	}
	if err := lease.Beat(t.Context()); err != nil || !lease.Valid() {
		t.Errorf("%v", err)
	}
	if err := lease.Release(t.Context()); err != nil || lease.Valid() {
		t.Errorf("%v", err)
	}
	if err := lease.Beat(t.Context()); !is[*ledger.FencedError](err) {
		t.Errorf("%v", err)
	}
	if list, err := w.on(b, ledger.Process{}, time.Time{}).Runs(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("a run that never began is shown: %v %v", list, err)
	}
}

// TestFencedWriter lets a suspended process wake up after its run was taken over: it must not store anything.
func TestFencedWriter(t *testing.T) {
	dir := copyRepository(t)
	b := open(t, dir)
	w := &world{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), lives: map[int]int64{1: 1}}
	g := build(t, b, "", false)
	l := w.on(b, ledger.Process{Host: "a", Boot: "x p", PID: 1, Started: 1}, time.Time{})
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
	w.now = w.now.Add(2 * time.Minute)
	other := w.on(b, ledger.Process{Host: "b", Boot: "y p", PID: 2, Started: 2}, time.Time{})
	if s, err := other.Status(t.Context(), g.Collections.Run); err != nil || s.State != ledger.Died || s.Counts.Running != 0 || s.Counts.Left() != g.Len() {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := other.Acquire(t.Context(), g.Collections.Run); err != nil {
		t.Fatal(err)
	}
	before := content(t, dir)
	if _, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 2, Journal: j}); !is[*ledger.FencedError](err) {
		t.Errorf("%v", err)
	}
	if err := j.End(t.Context(), ledger.End{State: ledger.Done}); !is[*ledger.FencedError](err) {
		t.Errorf("%v", err)
	}
	if after := content(t, dir); after != before {
		t.Errorf("something was stored:\n%s\nbefore:\n%s", after, before)
	}
	executions, err := l.Executions(t.Context(), g.Collections.Run)
	if err != nil || len(executions) != 1 || executions[0].State != ledger.Died || executions[0].Ended.IsZero() {
		t.Errorf("%+v %v", executions, err)
	}
}

// TestOwnProcess asks the real machine about this process and about one that cannot exist.
func TestOwnProcess(t *testing.T) {
	m := ledger.ThisMachine()
	if started, lives := m.Lookup(m.Self.PID); !lives || started != m.Self.Started || m.Self.Host == "" {
		t.Errorf("%+v: %d %v", m.Self, started, lives)
	}
	if _, lives := m.Lookup(1 << 30); lives {
		t.Error("a process that cannot exist lives")
	}
}
