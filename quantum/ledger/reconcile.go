package ledger

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"valet/quantum"
	"valet/registry"
)

// MismatchError says which counts do not add up at the end of an execution.
type MismatchError struct {
	Run string
	// Differences are sentences.
	Differences []string
}

func (e *MismatchError) Error() string {
	return fmt.Sprintf("counts of run %q do not add up: %s", e.Run, strings.Join(e.Differences, "; "))
}

// Hint says how to go on.
func (e *MismatchError) Hint() string {
	return "this is an error of valet; what is stored is as 'valet status' counts it; please report it"
}

// ExitCode is that of an internal error.
func (e *MismatchError) ExitCode() int { return 70 }

// Reconcile compares what an execution counted with what the ledger holds of it. complete says that nothing may be left undone: the
// execution was not ended early. The error is a *MismatchError.
func (j *Journal) Reconcile(ctx context.Context, counted Counts, complete bool) error {
	var held [quantum.Blocked + 1]int64
	rows := j.lease.ledger.rows(ctx)
	for _, t := range j.byLabel {
		// An attempt that a later try of the execution followed does not count.
		err := rows("SELECT a.state, COUNT(*) FROM valet_attempt a WHERE a.task = ?1 AND a.execution = ?2 AND NOT EXISTS"+
			" (SELECT 1 FROM valet_attempt n WHERE n.task = ?1 AND n.data_id = a.data_id AND n.execution = ?2 AND n.try > a.try) GROUP BY a.state",
			[]any{t.id, j.execution}, func(row []driver.Value) error {
				if s := integer(row[0]); s >= 0 && s < int64(len(held)) {
					held[s] += integer(row[1])
				}
				return nil
			})
		if err != nil {
			return fmt.Errorf("reconcile run %q: %w", j.lease.run, err)
		}
	}
	e := &MismatchError{Run: j.lease.run}
	for _, c := range []struct {
		state   quantum.State
		counted int
	}{{quantum.Succeeded, counted.Succeeded}, {quantum.NoWork, counted.NoWork}, {quantum.Failed, counted.Failed}, {quantum.Blocked, counted.Blocked}} {
		if have := int(held[c.state]); have != c.counted {
			e.Differences = append(e.Differences, fmt.Sprintf("%d %s in the run, %d in the ledger", c.counted, c.state, have))
		}
	}
	sum := counted.Succeeded + counted.NoWork + counted.Failed + counted.Blocked + counted.Skipped
	if sum > counted.Planned || complete && sum != counted.Planned {
		e.Differences = append(e.Differences, fmt.Sprintf("%d planned, but %d succeeded + %d no work + %d failed + %d blocked + %d skipped = %d",
			counted.Planned, counted.Succeeded, counted.NoWork, counted.Failed, counted.Blocked, counted.Skipped, sum))
	}
	if len(e.Differences) > 0 {
		return e
	}
	return nil
}

// Drift is a difference between the ledger and the datasets of a run.
type Drift struct {
	Task, DatasetType string
	// Ledger is the number of datasets that there should be by the ledger, Repository the number that there are.
	Ledger, Repository int
}

func (d Drift) String() string {
	return fmt.Sprintf("task %q: %d datasets %q expected, %d found", d.Task, d.Ledger, d.DatasetType, d.Repository)
}

// Drift compares the number of <label>_metadata and <label>_log datasets of a run with what the ledger holds: they differ where datasets
// were pruned, or others wrote to the run. It counts, and looks at no dataset. A run that goes on may differ for a moment.
func (l *Ledger) Drift(ctx context.Context, name string) ([]Drift, error) {
	r, err := l.find(ctx, name)
	if err != nil {
		return nil, err
	}
	var out []Drift
	for _, t := range r.tasks {
		c, err := l.taskCounts(ctx, t)
		if err != nil {
			return nil, err
		}
		var graphNoWork, logs int64
		if err := one(l.rows(ctx), "SELECT graph_no_work FROM valet_execution_task WHERE task = ? ORDER BY execution DESC LIMIT 1", []any{t.id}, &graphNoWork); err != nil {
			return nil, err
		}
		if err := one(l.rows(ctx), "SELECT COUNT(DISTINCT data_id) FROM valet_attempt WHERE task = ? AND log IS NOT NULL", []any{t.id}, &logs); err != nil {
			return nil, err
		}
		for _, x := range []struct {
			suffix string
			want   int
		}{{metadataSuffix, c.Succeeded + c.NoWork - int(graphNoWork)}, {logSuffix, int(logs)}} {
			have, err := l.countDatasets(ctx, name, t.label+x.suffix)
			if err != nil {
				return nil, err
			}
			// Quanta that count as not done, because they lost their metadata, still have logs.
			if x.suffix == logSuffix && have > x.want && have-x.want <= c.Left() {
				continue
			}
			// A task may be configured to write no metadata or no log at all.
			if have != x.want && !(have == 0 && x.suffix == metadataSuffix && !l.registered(ctx, t.label+x.suffix)) {
				out = append(out, Drift{Task: t.label, DatasetType: t.label + x.suffix, Ledger: x.want, Repository: have})
			}
		}
	}
	return out, nil
}

const (
	metadataSuffix = "_metadata"
	logSuffix      = "_log"
)

func (l *Ledger) registered(ctx context.Context, name string) bool {
	_, err := l.reg.DatasetType(ctx, name)
	return err == nil
}

// countDatasets counts the datasets of a type in a run; a type or run that does not exist has none.
func (l *Ledger) countDatasets(ctx context.Context, run, name string) (int, error) {
	typ, err := l.reg.DatasetType(ctx, name)
	if err != nil {
		return 0, absent(err)
	}
	n, err := l.reg.Count(ctx, registry.Query{Dimensions: typ.Dimensions, Datasets: []registry.DatasetSearch{{Type: name, Collections: []string{run}}}}, true, false)
	if err != nil {
		return 0, absent(err)
	}
	return int(n), nil
}
