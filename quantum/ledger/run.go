package ledger

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"valet/registry"
	"valet/registry/dimension"
)

// UnknownRunError says that the ledger has no run of a name.
type UnknownRunError struct{ Run string }

func (e *UnknownRunError) Error() string { return fmt.Sprintf("no records of run %q", e.Run) }

// Hint says how to go on.
func (e *UnknownRunError) Hint() string {
	return "'valet runs' lists the runs; a run that valet did not write has no records until they are read from its datasets"
}

// UnknownTaskError says that a run has no task of a label.
type UnknownTaskError struct{ Run, Task string }

func (e *UnknownTaskError) Error() string { return fmt.Sprintf("run %q has no task %q", e.Run, e.Task) }

// Run is a RUN collection with what became of its quanta.
type Run struct {
	Name string
	// Output is the chain of its newest execution, or empty.
	Output  string
	Created time.Time
	// State is that of the newest execution, Executions their number.
	State      ExecutionState
	Executions int
	// Started is the start of the first execution, Ended the end of the last, zero while it runs.
	Started, Ended time.Time
	// Seconds is how long the executions took together.
	Seconds float64
	// Counts are those of Status over all tasks.
	Counts Counts
}

// Runs are all runs that the ledger knows, the oldest first; none if there is no ledger.
func (l *Ledger) Runs(ctx context.Context) ([]*Run, error) {
	if exists, err := l.Exists(ctx); err != nil || !exists {
		return nil, err
	}
	var list []*run
	err := l.rows(ctx)("SELECT id, name, created FROM valet_run ORDER BY created, id", nil, func(row []driver.Value) error {
		list = append(list, &run{id: integer(row[0]), name: registry.Text(row[1]), created: instant(row[2])})
		return nil
	})
	if err != nil {
		return nil, err
	}
	var out []*Run
	for _, r := range list {
		if err := l.loadTasks(ctx, r); err != nil {
			return nil, err
		}
		s, err := l.status(ctx, r)
		if err != nil {
			return nil, err
		}
		if s.Run.Executions > 0 {
			out = append(out, &s.Run)
		}
	}
	return out, nil
}

// run is a row of valet_run with its tasks.
type run struct {
	id      int64
	name    string
	created time.Time
	tasks   []*task
}

// task is a row of valet_task.
type task struct {
	id           int64
	label, class string
	group        *dimension.Group
}

// find reads a run.
func (l *Ledger) find(ctx context.Context, name string) (*run, error) {
	if exists, err := l.Exists(ctx); err != nil {
		return nil, err
	} else if !exists {
		return nil, &UnknownRunError{Run: name}
	}
	r := &run{name: name}
	err := l.rows(ctx)("SELECT id, created FROM valet_run r WHERE name = ? AND EXISTS (SELECT 1 FROM valet_execution WHERE run = r.id AND NOT (state = 'derived' AND ended IS NULL))", []any{name}, func(row []driver.Value) error {
		r.id, r.created = integer(row[0]), instant(row[1])
		return nil
	})
	if err != nil {
		return nil, err
	}
	if r.id == 0 {
		return nil, &UnknownRunError{Run: name}
	}
	return r, l.loadTasks(ctx, r)
}

// loadTasks reads the tasks of a run, in the order in which they came.
func (l *Ledger) loadTasks(ctx context.Context, r *run) error {
	return l.rows(ctx)("SELECT id, label, class, dimensions FROM valet_task WHERE run = ? ORDER BY id", []any{r.id}, func(row []driver.Value) error {
		t := &task{id: integer(row[0]), label: registry.Text(row[1]), class: registry.Text(row[2])}
		var names []string
		err := json.Unmarshal([]byte(registry.Text(row[3])), &names)
		if err == nil {
			t.group, err = l.reg.Universe().Group(names...)
		}
		if err == nil && len(t.group.Required) != len(names) {
			err = fmt.Errorf("%s are not the required dimensions of a data ID", names)
		}
		if err != nil {
			return fmt.Errorf("task %q of run %q: dimensions: %w", t.label, r.name, err)
		}
		r.tasks = append(r.tasks, t)
		return nil
	})
}

// task finds a task by its label.
func (r *run) task(label string) (*task, error) {
	for _, t := range r.tasks {
		if t.label == label {
			return t, nil
		}
	}
	return nil, &UnknownTaskError{Run: r.name, Task: label}
}

// selected are the tasks of the labels; all if there are none.
func (r *run) selected(labels []string) ([]*task, error) {
	if len(labels) == 0 {
		return r.tasks, nil
	}
	var out []*task
	for _, label := range labels {
		t, err := r.task(label)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}
