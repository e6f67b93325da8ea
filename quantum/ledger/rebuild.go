package ledger

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// KnownRunError says that the ledger has records of a run already, which reading its datasets again would not make better.
type KnownRunError struct{ Run string }

func (e *KnownRunError) Error() string {
	return fmt.Sprintf("there are records of run %q already", e.Run)
}

// Hint says how to go on.
func (e *KnownRunError) Hint() string {
	return "'valet status' shows them; where they differ from the datasets of the run, 'valet fsck --repair' makes them agree"
}

// Rebuild stores what Derive reads of a run that the ledger does not know, and returns the number of attempts. The run is held meanwhile.
// Where an earlier Rebuild was interrupted, it starts again. Errors are a *KnownRunError, a *HeldError.
func (l *Ledger) Rebuild(ctx context.Context, b *butler.Butler, run, version string) (n int, err error) {
	if _, err := b.Registry.Collection(ctx, run); err != nil {
		return 0, err
	}
	e, err := l.Acquire(ctx, run)
	if err != nil {
		return 0, err
	}
	defer func() {
		if rerr := e.Release(context.WithoutCancel(ctx)); err == nil {
			err = rerr
		}
	}()
	if err := l.forgetDerived(ctx, e); err != nil {
		return 0, err
	}
	j, err := e.begin(ctx, Derived, Start{Version: version}, "", nil)
	if err != nil {
		return 0, err
	}
	var page []*Attempt
	store := func() error {
		err := e.write(ctx, func(tx *registry.Tx) error { return j.store(tx, page) })
		n += len(page)
		page = page[:0]
		return err
	}
	for a, err := range Derive(ctx, b, run) {
		if err != nil {
			return n, err
		}
		if page = append(page, a); len(page) >= pageSize {
			if err := store(); err != nil {
				return n, err
			}
		}
	}
	if err := store(); err != nil {
		return n, err
	}
	return n, e.write(ctx, func(tx *registry.Tx) error {
		if err := tx.Exec("UPDATE valet_execution_task SET planned = succeeded + no_work + failed - again WHERE execution = ?", j.execution); err != nil {
			return err
		}
		return tx.Exec("UPDATE valet_execution SET ended = ? WHERE id = ?", l.now().UnixNano(), j.execution)
	})
}

// write runs f in a transaction in which the run is held.
func (e *Lease) write(ctx context.Context, f func(tx *registry.Tx) error) error {
	err := e.ledger.reg.Write(ctx, func(tx *registry.Tx) error {
		if err := e.Renew(tx); err != nil {
			return err
		}
		return f(tx)
	})
	if err != nil {
		return fmt.Errorf("write records of run %q: %w", e.run, err)
	}
	return nil
}

// forgetDerived removes what an interrupted Rebuild left, in small transactions.
func (l *Ledger) forgetDerived(ctx context.Context, e *Lease) error {
	var other int64
	if err := one(l.rows(ctx), "SELECT COUNT(*) FROM valet_execution WHERE run = ? AND NOT (state = 'derived' AND ended IS NULL)", []any{e.runID}, &other); err != nil {
		return err
	}
	if other > 0 {
		return &KnownRunError{Run: e.run}
	}
	return e.forget(ctx)
}

// Forget removes all records of a run, after the run itself was removed, in small transactions. A run that the ledger does not know is no
// error. The error is a *HeldError while a process writes to it.
func (l *Ledger) Forget(ctx context.Context, run string) error {
	if exists, err := l.Exists(ctx); err != nil || !exists {
		return err
	}
	e, err := l.Acquire(ctx, run)
	if err != nil {
		return err
	}
	return errors.Join(e.forget(ctx), e.Release(context.WithoutCancel(ctx)))
}

// forget removes what is recorded of the run; causes stay, as they belong to all runs.
func (e *Lease) forget(ctx context.Context) error {
	for more := true; more; {
		err := e.write(ctx, func(tx *registry.Tx) error {
			more = false
			return tx.Rows("DELETE FROM valet_attempt WHERE (task, data_id, execution, try) IN (SELECT task, data_id, execution, try FROM valet_attempt"+
				" WHERE task IN (SELECT id FROM valet_task WHERE run = ?) LIMIT 10000) RETURNING 1", []any{e.runID}, func([]driver.Value) error {
				more = true
				return nil
			})
		})
		if err != nil {
			return err
		}
	}
	return e.write(ctx, func(tx *registry.Tx) error {
		for _, s := range []string{"DELETE FROM valet_execution_task WHERE task IN (SELECT id FROM valet_task WHERE run = ?)", "DELETE FROM valet_task WHERE run = ?",
			"DELETE FROM valet_execution WHERE run = ?"} {
			if err := tx.Exec(s, e.runID); err != nil {
				return err
			}
		}
		return nil
	})
}

// store inserts derived attempts; j.again has the quanta that have earlier ones.
func (j *Journal) store(tx *registry.Tx, attempts []*Attempt) error {
	clear(j.causes)
	j.rows = j.rows[:0]
	for _, a := range attempts {
		t := j.byLabel[a.Task]
		if t == nil {
			if err := j.addTask(tx, &plan{label: a.Task, dimensions: a.DataID.Group().RequiredNames()}); err != nil {
				return err
			}
			t = j.byLabel[a.Task]
		}
		r := attemptRow{task: t, dataID: dataIDText(a.DataID)}
		r.again = a.Try > 0 || j.again[r.dataID]
		if a.Message != "" || a.Class != "" {
			var err error
			if r.cause, r.message, err = j.cause(tx, a.Class, a.Message); err != nil {
				return err
			}
		}
		t.counts[a.State]++
		if r.again {
			t.again++
		}
		j.rows = append(j.rows, r)
	}
	err := tx.InsertRows(insertAttempt, attemptColumns, len(attempts), func(i int, row []driver.NamedValue) {
		a, r := attempts[i], &j.rows[i]
		var started, duration, log any
		if !a.Started.IsZero() {
			started, duration = a.Started.UnixNano(), int64(a.Duration)
		}
		if a.Log != (dataset.ID{}) {
			log = a.Log[:]
		}
		for c, v := range [...]driver.Value{r.task.key, r.dataID, j.execution, int64(a.Try), int64(a.State), int64(a.Reason), int64(a.Caveats), r.again, int64(a.Worker),
			started, duration, r.cause, r.message, log} {
			row[c].Value = v
		}
	})
	if err != nil {
		return err
	}
	return j.count(tx)
}

// dataIDText is the compact text of a data ID.
func dataIDText(id dimension.DataID) string { return string(appendDataID(nil, id.RequiredValues())) }
