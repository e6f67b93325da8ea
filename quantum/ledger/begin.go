package ledger

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"

	"valet/quantum"
	"valet/registry"
)

// Start describes an execution.
type Start struct {
	// Graph is what is to be done.
	Graph *quantum.Graph
	// Workers is how many quanta run at a time.
	Workers int
	// Version is that of valet.
	Version string
	// Command is the command line.
	Command []string
	// Pipeline is the pipeline as one YAML text without imports, Options a JSON object: all that is needed to start the same again.
	Pipeline string
	Options  json.RawMessage
}

// plan is what an execution has to do of one task.
type plan struct {
	quanta                   *quantum.Quanta
	label, class             string
	dimensions               []string
	planned, skipped, noWork int
}

func plansOf(g *quantum.Graph) []plan {
	var out []plan
	for _, q := range g.All() {
		p := plan{quanta: q, label: q.Task.Label, class: q.Task.Class.Name, dimensions: q.DataIDs.Group().RequiredNames()}
		for _, s := range q.States {
			switch s {
			case quantum.Skipped:
				p.skipped++
			case quantum.NoWork:
				p.noWork++
			default:
				p.planned++
			}
		}
		out = append(out, p)
	}
	return out
}

// Begin records the start of an execution and what it plans. It is to be called before the first write to the run.
func (e *Lease) Begin(ctx context.Context, s Start) (*Journal, error) {
	return e.begin(ctx, Running, s, s.Graph.Collections.Output, plansOf(s.Graph))
}

func (e *Lease) begin(ctx context.Context, state ExecutionState, s Start, output string, plans []plan) (*Journal, error) {
	command, err := json.Marshal(s.Command)
	if err != nil {
		return nil, fmt.Errorf("begin run %q: %w", e.run, err)
	}
	if len(s.Options) == 0 {
		s.Options = emptyOptions
	}
	j := &Journal{lease: e}
	err = e.ledger.reg.Write(ctx, func(tx *registry.Tx) error {
		*j = *newJournal(e)
		now := e.ledger.now()
		if err := e.renew(tx, now); err != nil {
			return err
		}
		p := &e.ledger.machine.Self
		var chain any
		if output != "" {
			chain = output
		}
		err := one(tx.Rows, "INSERT INTO valet_execution (run, output, state, started, host, pid, process_start, version, workers, command, pipeline, options)"+
			" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
			[]any{e.runID, chain, string(state), now.UnixNano(), p.Host, p.PID, p.Started, s.Version, s.Workers, string(command), s.Pipeline, string(s.Options)}, &j.execution)
		if err != nil {
			return err
		}
		if err := tx.Exec("UPDATE valet_lease SET execution = ? WHERE run = ?", j.execution, e.runID); err != nil {
			return err
		}
		for i := range plans {
			if err := j.addTask(tx, &plans[i]); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("begin run %q: %w", e.run, err)
	}
	return j, nil
}

// addTask records the plan of a task and remembers its key.
func (j *Journal) addTask(tx *registry.Tx, p *plan) error {
	dimensions, err := json.Marshal(p.dimensions)
	if err != nil {
		return fmt.Errorf("task %q: %w", p.label, err)
	}
	t := &journalTask{}
	var was string
	// A task may have other dimensions in a later execution of a run only if its configuration was changed behind valet's back.
	err = tx.Rows("INSERT INTO valet_task (run, label, class, dimensions) VALUES (?, ?, ?, ?) ON CONFLICT (run, label) DO UPDATE SET class = COALESCE(NULLIF(excluded.class, ''), class) RETURNING id, dimensions",
		[]any{j.lease.runID, p.label, p.class, string(dimensions)}, func(row []driver.Value) error {
			t.id, was = integer(row[0]), registry.Text(row[1])
			return nil
		})
	if err != nil {
		return err
	}
	if was != string(dimensions) {
		return &DimensionsError{Run: j.lease.run, Task: p.label, Was: was, Is: string(dimensions)}
	}
	if err := tx.Exec("INSERT INTO valet_execution_task (execution, task, planned, skipped, graph_no_work) VALUES (?, ?, ?, ?, ?)", j.execution, t.id, p.planned, p.skipped, p.noWork); err != nil {
		return err
	}
	var earlier int64
	if err := one(tx.Rows, "SELECT COALESCE(SUM(succeeded + no_work + failed + blocked), 0) FROM valet_execution_task WHERE task = ?", []any{t.id}, &earlier); err != nil {
		return err
	}
	t.key, t.earlier = t.id, earlier > 0
	if p.quanta != nil {
		j.tasks[p.quanta] = t
	}
	j.byLabel[p.label] = t
	return nil
}

// DimensionsError says that a task of a run has other dimensions than earlier.
type DimensionsError struct {
	Run, Task string
	// Was and Is are the required dimensions as JSON arrays.
	Was, Is string
}

func (e *DimensionsError) Error() string {
	list := func(s string) string { return strings.ReplaceAll(strings.Trim(s, "[]"), `"`, "") }
	return fmt.Sprintf("task %q of run %q had the dimensions %s and has %s now", e.Task, e.Run, list(e.Was), list(e.Is))
}

// Hint says how to go on.
func (e *DimensionsError) Hint() string {
	return "a run keeps the configuration it was begun with: make a new run without --extend-run"
}
