package ledger

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"

	"valet/registry"
)

// ExecutionState is where an execution stands, or a run by its newest execution.
type ExecutionState string

// The states. A running execution whose process is dead reads as Died.
const (
	Running ExecutionState = "running"
	// Done: everything planned was tried.
	Done ExecutionState = "done"
	// Failed: an error ended it before that. Drained: somebody asked it to end early.
	Failed  ExecutionState = "failed"
	Drained ExecutionState = "drained"
	Died    ExecutionState = "died"
	// Derived: it was not recorded, but read from the repository afterwards.
	Derived ExecutionState = "derived"
)

// Execution is one start of the program on a run.
type Execution struct {
	ID  int64
	Run string
	// Output is the chain that the run belongs to, or empty.
	Output string
	State  ExecutionState
	// Started and Ended; Ended is zero while it runs, and the last sign of life of one that died.
	Started, Ended time.Time
	Process        Process
	Version        string
	Workers        int
	Command        []string
	// Pipeline and Options are what Start was given.
	Pipeline string
	Options  json.RawMessage
	// ExitCode and Error are how the program ended; -1 while it runs or if it died.
	ExitCode int
	Error    string
}

const executionColumns = "e.id, r.name, e.output, e.state, e.started, e.ended, e.host, e.pid, e.process_start, e.version, e.workers, e.command, e.pipeline, e.options, e.exit_code, e.error"

// Executions are all executions of a run, the oldest first. The error is a *UnknownRunError if there is none.
func (l *Ledger) Executions(ctx context.Context, run string) ([]*Execution, error) {
	r, err := l.find(ctx, run)
	if err != nil {
		return nil, err
	}
	return l.executions(ctx, "WHERE e.run = ? ORDER BY e.id", r.id)
}

// Execution is one execution by its ID, nil if there is none.
func (l *Ledger) Execution(ctx context.Context, id int64) (*Execution, error) {
	list, err := l.executions(ctx, "WHERE e.id = ?", id)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

func (l *Ledger) executions(ctx context.Context, where string, args ...any) ([]*Execution, error) {
	type read struct {
		execution *Execution
		run       int64
	}
	var list []read
	err := l.rows(ctx)("SELECT "+executionColumns+", e.run FROM valet_execution e JOIN valet_run r ON r.id = e.run "+where, args, func(row []driver.Value) error {
		e := &Execution{ID: integer(row[0]), Run: registry.Text(row[1]), Output: registry.Text(row[2]), State: ExecutionState(registry.Text(row[3])), Started: instant(row[4]), Ended: instant(row[5]),
			Process: Process{Host: registry.Text(row[6]), PID: int(integer(row[7])), Started: integer(row[8])}, Version: registry.Text(row[9]), Workers: int(integer(row[10])),
			Pipeline: registry.Text(row[12]), Options: json.RawMessage(registry.Text(row[13])), ExitCode: -1, Error: registry.Text(row[15])}
		if row[14] != nil {
			e.ExitCode = int(integer(row[14]))
		}
		if err := json.Unmarshal([]byte(registry.Text(row[11])), &e.Command); err != nil {
			return fmt.Errorf("execution %d of run %q: command line: %w", e.ID, e.Run, err)
		}
		list = append(list, read{e, integer(row[16])})
		return nil
	})
	out := make([]*Execution, 0, len(list))
	for _, x := range list {
		if x.execution.State == Running && err == nil {
			err = l.checkLife(ctx, x.run, x.execution)
		}
		out = append(out, x.execution)
	}
	return out, err
}

// checkLife turns a running execution into one that died if nobody holds the run for it any more.
func (l *Ledger) checkLife(ctx context.Context, run int64, e *Execution) error {
	h, err := holder(l.rows(ctx), run)
	switch {
	case err != nil:
		return err
	case h == nil || h.execution != e.ID:
		// It may have ended between the two looks.
		err := l.rows(ctx)("SELECT state, ended, exit_code, error FROM valet_execution WHERE id = ?", []any{e.ID}, func(row []driver.Value) error {
			e.State, e.Ended, e.Error = ExecutionState(registry.Text(row[0])), instant(row[1]), registry.Text(row[3])
			if row[2] != nil {
				e.ExitCode = int(integer(row[2]))
			}
			return nil
		})
		if err != nil || e.State != Running {
			return err
		}
		e.State = Died
		if e.Ended.IsZero() {
			e.Ended = e.Started
		}
	case !l.machine.lives(h, l.now(), l.limit):
		e.State, e.Ended = Died, h.Heartbeat
	}
	return nil
}

// seconds is how long the execution took, until now if it goes on.
func (e *Execution) seconds(now time.Time) float64 {
	end := e.Ended
	if end.IsZero() {
		end = now
	}
	return max(0, end.Sub(e.Started).Seconds())
}

// rows binds a context to the registry's Rows.
func (l *Ledger) rows(ctx context.Context) rowsFunc {
	return func(query string, args []any, f func(row []driver.Value) error) error {
		return l.reg.Rows(ctx, query, args, f)
	}
}
