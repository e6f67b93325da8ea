package ledger

import (
	"context"
	"database/sql/driver"
	"fmt"

	"valet/quantum"
	"valet/quantum/executor"
	"valet/quantum/values"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks/metadata"
	"valet/tasks/metric"
)

// Journal records the attempts of one execution. Its Record belongs to the goroutine that commits.
type Journal struct {
	lease     *Lease
	execution int64
	tasks     map[*quantum.Quanta]*journalTask
	byLabel   map[string]*journalTask

	// What follows is used again from one Record to the next.
	rows   []attemptRow
	ids    []byte // the data IDs of the rows, one after the other
	ends   []int
	values []dimension.Value
	causes map[cause]int64
	again  map[string]bool
	// measured are the measurements of the outcomes; inserter stores them.
	measured []*executor.Measured
	inserter values.Inserter
}

var _ executor.Journal = (*Journal)(nil)

// journalTask is a task of the execution.
type journalTask struct {
	id int64
	// key is id, boxed once.
	key driver.Value
	// earlier says that earlier executions have attempts at the task.
	earlier bool
	// counts are those of the group being recorded, by state; again counts attempts with an earlier one.
	counts [quantum.Blocked + 1]int64
	again  int64
}

// attemptRow is what a row of valet_attempt needs besides the outcome.
type attemptRow struct {
	task    *journalTask
	dataID  string
	again   bool
	cause   int64
	message driver.Value
}

func newJournal(e *Lease) *Journal {
	return &Journal{lease: e, tasks: map[*quantum.Quanta]*journalTask{}, byLabel: map[string]*journalTask{}, causes: map[cause]int64{}, again: map[string]bool{}}
}

// Execution is the ID of the execution.
func (j *Journal) Execution() int64 { return j.execution }

const (
	attemptColumns = 14
	insertAttempt  = "INSERT INTO valet_attempt (task, data_id, execution, try, state, reason, caveats, again, worker, started, duration, cause, message, log) VALUES "
)

// Record stores outcomes inside the transaction of their datasets. The error is a *FencedError if another process has the run.
func (j *Journal) Record(tx *registry.Tx, outcomes []executor.Outcome) error {
	if err := j.lease.Renew(tx); err != nil {
		return err
	}
	if err := j.prepare(tx, outcomes); err != nil {
		return err
	}
	execution := driver.Value(j.execution)
	logs := make([]byte, len(dataset.ID{})*len(outcomes))
	err := tx.InsertRows(insertAttempt, attemptColumns, len(outcomes), func(i int, row []driver.NamedValue) {
		o, r := &outcomes[i], &j.rows[i]
		row[0].Value = r.task.key
		row[1].Value = r.dataID
		row[2].Value = execution
		row[3].Value = int64(o.Try)
		row[4].Value = int64(o.State)
		row[5].Value = int64(o.Reason)
		row[6].Value = int64(o.Caveats)
		row[7].Value = r.again
		row[8].Value = int64(o.Worker)
		row[9].Value, row[10].Value = nil, nil
		if !o.Started.IsZero() {
			row[9].Value, row[10].Value = o.Started.UnixNano(), int64(o.Ended.Sub(o.Started))
		}
		row[11].Value = r.cause
		row[12].Value = r.message
		row[13].Value = nil
		if !o.LogID.IsZero() {
			log := logs[i*len(o.LogID) : (i+1)*len(o.LogID)]
			copy(log, o.LogID[:])
			row[13].Value = log
		}
	})
	if err != nil {
		return fmt.Errorf("record attempts: %w", err)
	}
	if err := j.measure(tx, outcomes); err != nil {
		return err
	}
	return j.count(tx)
}

// measure stores what was measured in the value index.
func (j *Journal) measure(tx *registry.Tx, outcomes []executor.Outcome) error {
	j.measured = j.measured[:0]
	for i := range outcomes {
		for k := range outcomes[i].Measured {
			j.measured = append(j.measured, &outcomes[i].Measured[k])
		}
	}
	return j.inserter.Insert(tx, len(j.measured), func(i int) (*metric.Measurement, *dataset.FileRecord) {
		return j.measured[i].Measurement, &j.measured[i].Record
	})
}

// prepare finds the rows' tasks, data IDs, causes, and which quanta have earlier attempts.
func (j *Journal) prepare(tx *registry.Tx, outcomes []executor.Outcome) error {
	j.rows, j.ids, j.ends = j.rows[:0], j.ids[:0], j.ends[:0]
	clear(j.causes)
	lookBack := false
	for i := range outcomes {
		o := &outcomes[i]
		t, err := j.task(o.Item.Task)
		if err != nil {
			return err
		}
		var id dimension.DataID
		id, j.values = o.Item.Task.DataIDs.At(o.Item.Row, j.values)
		j.ids = appendDataID(j.ids, id.RequiredValues())
		j.ends = append(j.ends, len(j.ids))
		r := attemptRow{task: t, again: o.Try > 0}
		switch {
		case o.Failure != nil:
			r.cause, r.message, err = j.cause(tx, o.Failure.Class, o.Failure.Message)
		case o.NoWork != "":
			r.cause, r.message, err = j.cause(tx, "", o.NoWork)
		}
		if err != nil {
			return err
		}
		lookBack = lookBack || t.earlier && !r.again
		j.rows = append(j.rows, r)
	}
	// One allocation holds the texts of all data IDs.
	all, from := string(j.ids), 0
	for i, end := range j.ends {
		j.rows[i].dataID, from = all[from:end], end
	}
	if lookBack {
		if err := j.lookBack(tx); err != nil {
			return err
		}
	}
	for i := range j.rows {
		t := j.rows[i].task
		t.counts[outcomes[i].State]++
		if j.rows[i].again {
			t.again++
		}
	}
	return nil
}

// task finds the task of an outcome; a graph other than the one the journal began with is known by its labels.
func (j *Journal) task(q *quantum.Quanta) (*journalTask, error) {
	t := j.tasks[q]
	if t == nil {
		if t = j.byLabel[q.Task.Label]; t == nil {
			return nil, fmt.Errorf("record attempts: task %q is not part of the execution", q.Task.Label)
		}
		j.tasks[q] = t
	}
	return t, nil
}

// lookBack asks which quanta of the group have attempts of earlier executions: those of tasks that have any.
func (j *Journal) lookBack(tx *registry.Tx) error {
	lists := map[*journalTask][]byte{}
	for i := range j.rows {
		r := &j.rows[i]
		if r.task.earlier && !r.again {
			lists[r.task] = metadata.AppendText(append(lists[r.task], ','), r.dataID)
		}
	}
	for t, list := range lists {
		clear(j.again)
		list[0] = '['
		list = append(list, ']')
		err := tx.Rows("SELECT data_id FROM valet_attempt WHERE task = ? AND execution <> ? AND data_id IN (SELECT value FROM json_each(?))",
			[]any{t.id, j.execution, string(list)}, func(row []driver.Value) error {
				j.again[registry.Text(row[0])] = true
				return nil
			})
		if err != nil {
			return fmt.Errorf("record attempts: %w", err)
		}
		for i := range j.rows {
			if r := &j.rows[i]; r.task == t && j.again[r.dataID] {
				r.again = true
			}
		}
	}
	return nil
}

// count adds the group to the counters of its tasks.
func (j *Journal) count(tx *registry.Tx) error {
	for i := range j.rows {
		t := j.rows[i].task
		c := t.counts
		if c == [quantum.Blocked + 1]int64{} {
			continue
		}
		again := t.again
		t.counts, t.again = [quantum.Blocked + 1]int64{}, 0
		err := tx.Exec("UPDATE valet_execution_task SET succeeded = succeeded + ?, no_work = no_work + ?, failed = failed + ?, blocked = blocked + ?, again = again + ?"+
			" WHERE execution = ? AND task = ?", c[quantum.Succeeded], c[quantum.NoWork], c[quantum.Failed], c[quantum.Blocked], again, j.execution, t.id)
		if err != nil {
			return fmt.Errorf("record attempts: %w", err)
		}
	}
	return nil
}

// End is how an execution ended.
type End struct {
	// State is Done, Failed or Drained.
	State ExecutionState
	// ExitCode is that of the program, Error the message that it ended with.
	ExitCode int
	Error    string
}

// End records the end of the execution and gives the run back. After the run was lost it does nothing but return a *FencedError.
func (j *Journal) End(ctx context.Context, end End) error {
	err := j.lease.ledger.reg.Write(ctx, func(tx *registry.Tx) error {
		now := j.lease.ledger.now()
		if err := j.lease.renew(tx, now); err != nil {
			return err
		}
		var message any
		if end.Error != "" {
			message = end.Error
		}
		if err := tx.Exec("UPDATE valet_execution SET state = ?, ended = ?, exit_code = ?, error = ? WHERE id = ?", string(end.State), now.UnixNano(), end.ExitCode, message, j.execution); err != nil {
			return err
		}
		return j.lease.release(tx)
	})
	if err != nil {
		return fmt.Errorf("end run %q: %w", j.lease.run, err)
	}
	return nil
}
