package ledger

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"

	"valet/datastore/butler"
	"valet/quantum"
	"valet/registry"
	"valet/tasks/metadata"
)

// mendPage is how many quanta a transaction of ForgetLost and Mend is about.
const mendPage = 512

// Mend makes the ledger agree with the datasets of a run, as Check compares them, and gives it free if a dead process held it. Quanta that
// lost their metadata are forgotten: they count as planned and not done, so that they can be made again. Those that another program did are
// read from their datasets as Rebuild does it, into an execution of their own; everything else that is recorded stays. The records of a run
// that is gone are removed. A run that the ledger does not know is left alone. Interrupted, it goes on the next time. The error is a
// *HeldError while a process writes to the run.
func (l *Ledger) Mend(ctx context.Context, b *butler.Butler, name, version string) error {
	r, err := l.known(ctx, name)
	if err != nil || r == nil {
		return err
	}
	if _, err := l.reg.Collection(ctx, name); err != nil {
		if err = absent(err); err != nil {
			return err
		}
		return l.Forget(ctx, name)
	}
	if _, err := l.find(ctx, name); isUnknownRun(err) {
		// What an interrupted Rebuild left, or a lease alone.
		_, err := l.Rebuild(ctx, b, name, version)
		return err
	}
	return l.holding(ctx, name, func(e *Lease) error {
		if err := e.forgetLost(ctx, r); err != nil {
			return err
		}
		return e.addUnknown(ctx, b, r, version)
	})
}

// ForgetLost is that part of Mend which opens no files, for after datasets of a run were removed on purpose.
func (l *Ledger) ForgetLost(ctx context.Context, name string) error {
	r, err := l.known(ctx, name)
	if err != nil || r == nil {
		return err
	}
	return l.holding(ctx, name, func(e *Lease) error { return e.forgetLost(ctx, r) })
}

func (l *Ledger) holding(ctx context.Context, run string, f func(e *Lease) error) error {
	e, err := l.Acquire(ctx, run)
	if err != nil {
		return err
	}
	return errors.Join(f(e), e.Release(context.WithoutCancel(ctx)))
}

// forgetLost forgets the attempts at quanta that ended well and have no metadata any more.
func (e *Lease) forgetLost(ctx context.Context, r *run) error {
	all, err := e.ledger.comparisons(ctx, r)
	if err != nil {
		return err
	}
	for _, c := range all {
		for last, more := "", true; more; {
			err := e.write(ctx, func(tx *registry.Tx) (err error) {
				last, err = c.forgetPage(tx, last)
				more = last != ""
				return err
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// forgetPage forgets some lost quanta whose data IDs come after last, and returns the last of them, empty if there was none.
func (c *comparison) forgetPage(tx *registry.Tx, last string) (string, error) {
	newest := map[int64]int{}
	list := []byte{}
	args := slices.Concat([]any{c.task, last}, c.rows.Args, []any{mendPage})
	last = ""
	err := tx.Rows("SELECT q.data_id, q.execution FROM valet_attempt q WHERE q.task = ? AND q.data_id > ? AND "+endedWell+" AND "+newestOfQuantum+" AND NOT "+c.present()+
		" ORDER BY q.data_id LIMIT ?", args, func(row []driver.Value) error {
		last = registry.Text(row[0])
		list = metadata.AppendText(append(list, ','), last)
		newest[integer(row[1])]++
		return nil
	})
	if err != nil || last == "" {
		return "", err
	}
	list[0] = '['
	quanta := string(append(list, ']'))
	type counted struct{ execution, state, again, n int64 }
	var counts []counted
	const of = " FROM valet_attempt WHERE task = ? AND data_id IN (SELECT value FROM json_each(?))"
	err = tx.Rows("SELECT execution, state, again, COUNT(*)"+of+" GROUP BY 1, 2, 3", []any{c.task, quanta}, func(row []driver.Value) error {
		counts = append(counts, counted{integer(row[0]), integer(row[1]), integer(row[2]), integer(row[3])})
		return nil
	})
	if err != nil {
		return "", err
	}
	columns := map[quantum.State]string{quantum.Succeeded: "succeeded", quantum.NoWork: "no_work", quantum.Failed: "failed", quantum.Blocked: "blocked"}
	for _, x := range counts {
		column := columns[quantum.State(x.state)]
		if column == "" {
			continue
		}
		if err := tx.Exec("UPDATE valet_execution_task SET "+column+" = "+column+" - ?, again = again - ? WHERE execution = ? AND task = ?", x.n, x.n*x.again, x.execution, c.task); err != nil {
			return "", err
		}
	}
	for execution, n := range newest {
		// Later executions had no need of them.
		if err := tx.Exec("UPDATE valet_execution_task SET skipped = MAX(0, skipped - ?) WHERE task = ? AND execution > ?", n, c.task, execution); err != nil {
			return "", err
		}
	}
	return last, tx.Exec("DELETE"+of, c.task, quanta)
}

// addUnknown records quanta that have metadata which the ledger does not account for.
func (e *Lease) addUnknown(ctx context.Context, b *butler.Butler, r *run, version string) error {
	all, err := e.ledger.comparisons(ctx, r)
	if err != nil {
		return err
	}
	var j *Journal
	for _, c := range all {
		if _, unknown, err := e.ledger.compare(ctx, c); err != nil {
			return err
		} else if unknown == 0 {
			continue
		}
		if j == nil {
			if j, err = e.begin(ctx, Derived, Start{Version: version}, "", nil); err != nil {
				return err
			}
		}
		found, err := traces(ctx, e.ledger.reg, r.name, c.label, nil)
		if err != nil {
			return err
		}
		found = slices.DeleteFunc(found, func(t trace) bool { return t.metadata.IsZero() })
		for page := range slices.Chunk(found, mendPage) {
			if err := e.addPage(ctx, b, j, &c, page); err != nil {
				return err
			}
		}
	}
	return nil
}

// addPage records those of some quanta that the ledger does not account for.
func (e *Lease) addPage(ctx context.Context, b *butler.Butler, j *Journal, c *comparison, page []trace) error {
	list := []byte{}
	for i := range page {
		list = metadata.AppendText(append(list, ','), dataIDText(page[i].id))
	}
	list[0] = '['
	clear(j.again)
	explained := map[string]bool{}
	err := e.ledger.rows(ctx)("SELECT q.data_id, "+accounted+" FROM valet_attempt q WHERE q.task = ? AND q.data_id IN (SELECT value FROM json_each(?)) AND "+newestOfQuantum,
		[]any{c.task, string(append(list, ']'))}, func(row []driver.Value) error {
			id := registry.Text(row[0])
			j.again[id] = true
			explained[id] = integer(row[1]) == 1
			return nil
		})
	if err != nil {
		return err
	}
	page = slices.DeleteFunc(page, func(t trace) bool { return explained[dataIDText(t.id)] })
	if len(page) == 0 {
		return nil
	}
	attempts, err := derivePage(ctx, b, c.label, page)
	if err != nil {
		return err
	}
	// Of a quantum that the ledger knows, the earlier attempts are recorded.
	kept := attempts[:0]
	for i, a := range attempts {
		if j.again[dataIDText(a.DataID)] {
			if i+1 < len(attempts) && attempts[i+1].Try > 0 {
				continue
			}
			a.Try = 0
		}
		kept = append(kept, a)
	}
	added := 0
	for i := range page {
		if !j.again[dataIDText(page[i].id)] {
			added++
		}
	}
	err = e.write(ctx, func(tx *registry.Tx) error {
		if err := j.store(tx, kept); err != nil {
			return err
		}
		// Executions that found them done counted them as skipped.
		if err := tx.Exec("UPDATE valet_execution_task SET skipped = MAX(0, skipped - ?) WHERE task = ?", added, c.task); err != nil {
			return err
		}
		if err := tx.Exec("UPDATE valet_execution_task SET planned = MAX(0, succeeded + no_work + failed - again) WHERE execution = ?", j.execution); err != nil {
			return err
		}
		return tx.Exec("UPDATE valet_execution SET ended = ? WHERE id = ?", e.ledger.now().UnixNano(), j.execution)
	})
	if err != nil {
		return fmt.Errorf("task %q: %w", c.label, err)
	}
	return nil
}
