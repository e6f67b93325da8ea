package ledger

import (
	"context"
	"database/sql/driver"

	"valet/quantum"
)

// Counts say what became of quanta.
type Counts struct {
	// Planned is the number of all quanta of a task that the run has to do with: those to be run, and those skipped.
	Planned int
	// Succeeded, NoWork, Failed and Blocked are quanta of which the newest attempt ended so; NoWork also those of which it was known
	// before they were tried.
	Succeeded, NoWork, Failed, Blocked int
	// Skipped are quanta that succeeded before, in another run.
	Skipped int
	// Running are quanta that are being run, as far as can be known: no more than there are workers.
	Running int
}

// Left is the number of quanta of which nothing is known yet: those that run, and those that were planned only.
func (c *Counts) Left() int {
	return max(0, c.Planned-c.Succeeded-c.NoWork-c.Failed-c.Blocked-c.Skipped)
}

func (c *Counts) add(o *Counts) {
	c.Planned += o.Planned
	c.Succeeded += o.Succeeded
	c.NoWork += o.NoWork
	c.Failed += o.Failed
	c.Blocked += o.Blocked
	c.Skipped += o.Skipped
	c.Running += o.Running
}

// TaskStatus is what became of the quanta of a task.
type TaskStatus struct {
	Label, Class string
	// Dimensions are the required ones of its data IDs.
	Dimensions []string
	Counts
}

// Status is where a run stands.
type Status struct {
	Run
	Tasks []TaskStatus
}

// Status tells where a run stands, also while it goes on in another process and after that died. The error is a *UnknownRunError if the
// ledger does not know the run.
func (l *Ledger) Status(ctx context.Context, name string) (*Status, error) {
	r, err := l.find(ctx, name)
	if err != nil {
		return nil, err
	}
	return l.status(ctx, r)
}

func (l *Ledger) status(ctx context.Context, r *run) (*Status, error) {
	s := &Status{Run: Run{Name: r.name, Created: r.created}}
	executions, err := l.executions(ctx, "WHERE e.run = ? ORDER BY e.id", r.id)
	if err != nil {
		return nil, err
	}
	now := l.now()
	s.Executions = len(executions)
	running := 0
	for i, e := range executions {
		if i == 0 {
			s.Started = e.Started
		}
		s.Ended = e.Ended
		// What was read from datasets afterwards does not tell how the run ended.
		if e.State != Derived || i == 0 {
			s.State, s.Output = e.State, e.Output
		}
		s.Seconds += e.seconds(now)
		if e.State == Running {
			running = e.Workers
		}
	}
	for _, t := range r.tasks {
		c, err := l.taskCounts(ctx, t)
		if err != nil {
			return nil, err
		}
		c.Running = min(c.Left(), running)
		running -= c.Running
		s.Tasks = append(s.Tasks, TaskStatus{Label: t.label, Class: t.class, Dimensions: t.group.RequiredNames(), Counts: *c})
		s.Counts.add(c)
	}
	return s, nil
}

// taskCounts counts the quanta of a task by their newest attempts.
func (l *Ledger) taskCounts(ctx context.Context, t *task) (*Counts, error) {
	var c Counts
	var attempts, again int64
	var byState [quantum.Blocked + 1]int64
	done := 0 // quanta that succeeded in the executions before
	graphNoWork := 0
	err := l.rows(ctx)("SELECT planned, skipped, graph_no_work, succeeded, no_work, failed, blocked, again FROM valet_execution_task WHERE task = ? ORDER BY execution", []any{t.id},
		func(row []driver.Value) error {
			planned, skipped := int(integer(row[0])), int(integer(row[1]))
			c.Planned = max(c.Planned, planned+skipped)
			c.Skipped = max(c.Skipped, skipped-done)
			graphNoWork = int(integer(row[2]))
			for i, s := range []quantum.State{quantum.Succeeded, quantum.NoWork, quantum.Failed, quantum.Blocked} {
				n := integer(row[3+i])
				byState[s] += n
				attempts += n
			}
			done = int(byState[quantum.Succeeded] + byState[quantum.NoWork])
			again += integer(row[7])
			return nil
		})
	if err != nil {
		return nil, err
	}
	if again > 0 {
		if byState, err = l.newest(ctx, t, byState, attempts, again); err != nil {
			return nil, err
		}
	}
	c.Succeeded, c.NoWork = int(byState[quantum.Succeeded]), int(byState[quantum.NoWork])
	c.Failed, c.Blocked = int(byState[quantum.Failed]), int(byState[quantum.Blocked])
	c.Planned = max(c.Planned, c.Succeeded+c.NoWork+c.Failed+c.Blocked+c.Skipped) + graphNoWork
	c.NoWork += graphNoWork
	return &c, nil
}

const (
	// supersededQuery counts attempts that have a newer one: only quanta with an attempt marked again can have such.
	supersededQuery = `SELECT a.state, COUNT(*) FROM (SELECT DISTINCT data_id FROM valet_attempt INDEXED BY valet_attempt_again WHERE task = ?1 AND again = 1) q
JOIN valet_attempt a ON a.task = ?1 AND a.data_id = q.data_id
WHERE EXISTS (SELECT 1 FROM valet_attempt n WHERE n.task = a.task AND n.data_id = a.data_id AND (n.execution, n.try) > (a.execution, a.try))
GROUP BY a.state`
	// newestQuery reads all attempts of a task in their order. In a query with MAX, SQLite takes the other columns from the row that has it.
	newestQuery = `SELECT state, COUNT(*) FROM (SELECT state, MAX(execution * 65536 + try) FROM valet_attempt WHERE task = ? GROUP BY data_id) GROUP BY state`
)

// newest counts by the newest attempts, given the counts of all attempts, in the way that looks at fewer rows.
func (l *Ledger) newest(ctx context.Context, t *task, all [quantum.Blocked + 1]int64, attempts, again int64) (out [quantum.Blocked + 1]int64, err error) {
	query, sign := supersededQuery, int64(-1)
	if again > attempts/8 {
		query, sign = newestQuery, 1
	} else {
		out = all
	}
	err = l.rows(ctx)(query, []any{t.id}, func(row []driver.Value) error {
		if s := integer(row[0]); s >= 0 && s < int64(len(out)) {
			out[s] += sign * integer(row[1])
		}
		return nil
	})
	return out, err
}
