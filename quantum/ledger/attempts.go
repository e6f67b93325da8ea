package ledger

import (
	"context"
	"database/sql/driver"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"valet/quantum"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Attempt is one try at a quantum.
type Attempt struct {
	Task string
	// DataID has the required values only.
	DataID dimension.DataID
	// Execution is the ID of the execution, 0 if the attempt was read from the repository. Try counts within it, from 0.
	Execution int64
	Try       int
	State     quantum.State
	Reason    quantum.Reason
	Caveats   quantum.Caveats
	// Worker counts from 0; -1 if none had the quantum or nobody knows.
	Worker int
	// Started is zero if it did not run.
	Started  time.Time
	Duration time.Duration
	// Class is the full name of the exception class of a failure, empty otherwise. Message is why it failed, or why there was no work.
	Class, Message string
	// Log is its log, zero if it left none.
	Log dataset.ID
}

// Ended is when the attempt ended, zero if it did not run.
func (a *Attempt) Ended() time.Time {
	if a.Started.IsZero() {
		return a.Started
	}
	return a.Started.Add(a.Duration)
}

const (
	attemptSelect = "SELECT a.data_id, a.execution, a.try, a.state, a.reason, a.caveats, a.worker, a.started, a.duration, a.cause, COALESCE(a.message, c.message), c.class, a.log" +
		" FROM valet_attempt a LEFT JOIN valet_cause c ON c.id = a.cause"
	// isNewest holds for attempts that are the state of their quantum.
	isNewest = " AND NOT EXISTS (SELECT 1 FROM valet_attempt n WHERE n.task = a.task AND n.data_id = a.data_id AND (n.execution, n.try) > (a.execution, a.try))"
	// pageSize is how many attempts are read at a time: no lock is held while a caller looks at them.
	pageSize = 2048
)

func (t *task) attempt(row []driver.Value) (*Attempt, error) {
	id, err := parseDataID(t.group, registry.Text(row[0]))
	if err != nil {
		return nil, err
	}
	a := &Attempt{Task: t.label, DataID: id, Execution: integer(row[1]), Try: int(integer(row[2])), State: quantum.State(integer(row[3])), Reason: quantum.Reason(integer(row[4])),
		Caveats: quantum.Caveats(integer(row[5])), Worker: int(integer(row[6])), Started: instant(row[7]), Duration: time.Duration(integer(row[8])),
		Class: registry.Text(row[11]), Message: registry.Text(row[10])}
	if log, ok := row[12].([]byte); ok {
		copy(a.Log[:], log)
	}
	return a, nil
}

// Attempts are all attempts at one quantum, the oldest first; none if it was never tried. id may have implied values too. Errors are a
// *UnknownRunError, a *UnknownTaskError.
func (l *Ledger) Attempts(ctx context.Context, run, label string, id dimension.DataID) ([]*Attempt, error) {
	r, err := l.find(ctx, run)
	if err != nil {
		return nil, err
	}
	t, err := r.task(label)
	if err != nil {
		return nil, err
	}
	key := string(appendDataID(nil, id.RequiredValues()))
	var out []*Attempt
	err = l.rows(ctx)(attemptSelect+" WHERE a.task = ? AND a.data_id = ? ORDER BY a.execution, a.try", []any{t.id, key}, func(row []driver.Value) error {
		a, err := t.attempt(row)
		out = append(out, a)
		return err
	})
	return out, err
}

// Filter chooses attempts.
type Filter struct {
	// Tasks are labels; none means all.
	Tasks []string
	// States are those wanted; none means all.
	States []quantum.State
	// Superseded also gives attempts that were followed by a newer one of the same quantum.
	Superseded bool
}

// Quanta streams the newest attempt of every quantum of a run that the filter lets through, task by task. Failed and blocked ones are
// found without a look at the others, if only they are asked for. The caller may take its time: no lock is held meanwhile. What another
// process records in the meantime may or may not come.
func (l *Ledger) Quanta(ctx context.Context, run string, f Filter) iter.Seq2[*Attempt, error] {
	return func(yield func(*Attempt, error) bool) {
		r, err := l.find(ctx, run)
		if err != nil {
			yield(nil, err)
			return
		}
		tasks, err := r.selected(f.Tasks)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, t := range tasks {
			for _, p := range f.passes(t) {
				if !l.pages(ctx, t, p, yield) {
					return
				}
			}
		}
	}
}

// pass is a query that gives the attempts behind a key in an order, page by page.
type pass struct {
	query string
	// args are the parameters before the key; key are the positions of the key's columns in the row.
	args, first []any
	key         []int
}

// passes are the queries that together give what the filter wants of a task.
func (f *Filter) passes(t *task) []pass {
	only := ""
	if !f.Superseded {
		only = isNewest
	}
	limit := " LIMIT " + strconv.Itoa(pageSize)
	unsuccessful := func(s quantum.State) bool { return s == quantum.Failed || s == quantum.Blocked }
	if len(f.States) > 0 && !slices.ContainsFunc(f.States, func(s quantum.State) bool { return !unsuccessful(s) }) {
		var out []pass
		for _, s := range []quantum.State{quantum.Failed, quantum.Blocked} {
			if slices.Contains(f.States, s) {
				// The condition of the partial index is written out so that the index is found to fit.
				state := strconv.Itoa(int(s))
				from := strings.Replace(attemptSelect, "valet_attempt a", "valet_attempt a INDEXED BY valet_attempt_unsuccessful", 1)
				out = append(out, pass{from + " WHERE a.task = ? AND a.state IN (4, 5) AND a.state = " + state + " AND (a.cause, a.data_id, a.execution, a.try) > (?, ?, ?, ?)" + only +
					" ORDER BY a.cause, a.data_id, a.execution, a.try" + limit, []any{t.id}, []any{-1, "", 0, 0}, []int{9, 0, 1, 2}})
			}
		}
		return out
	}
	states := ""
	for i, s := range f.States {
		if i > 0 {
			states += ", "
		}
		states += strconv.Itoa(int(s))
	}
	if states != "" {
		states = " AND a.state IN (" + states + ")"
	}
	return []pass{{attemptSelect + " WHERE a.task = ? AND (a.data_id, a.execution, a.try) > (?, ?, ?)" + states + only + " ORDER BY a.data_id, a.execution, a.try" + limit,
		[]any{t.id}, []any{"", 0, 0}, []int{0, 1, 2}}}
}

// pages reads a pass and reports whether the caller wants more.
func (l *Ledger) pages(ctx context.Context, t *task, p pass, yield func(*Attempt, error) bool) bool {
	key := slices.Clone(p.first)
	page := make([]*Attempt, 0, pageSize)
	for {
		page = page[:0]
		err := l.rows(ctx)(p.query, slices.Concat(p.args, key), func(row []driver.Value) error {
			a, err := t.attempt(row)
			page = append(page, a)
			for i, c := range p.key {
				if c == 0 {
					key[i] = registry.Text(row[c])
				} else {
					key[i] = integer(row[c])
				}
			}
			return err
		})
		if err != nil {
			yield(nil, err)
			return false
		}
		for _, a := range page {
			if !yield(a, nil) {
				return false
			}
		}
		if len(page) < pageSize {
			return true
		}
	}
}

// Slowest are the n newest attempts of a run that took the longest, the slowest first.
func (l *Ledger) Slowest(ctx context.Context, run string, n int) ([]*Attempt, error) {
	r, err := l.find(ctx, run)
	if err != nil {
		return nil, err
	}
	var out []*Attempt
	for _, t := range r.tasks {
		err := l.rows(ctx)(attemptSelect+" WHERE a.task = ? AND a.duration IS NOT NULL ORDER BY a.duration DESC LIMIT ?", []any{t.id, n}, func(row []driver.Value) error {
			a, err := t.attempt(row)
			out = append(out, a)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b *Attempt) int { return int(b.Duration - a.Duration) })
	return out[:min(n, len(out))], nil
}

// Minute counts the attempts that ended in a minute.
type Minute struct {
	// Start of the minute, UTC.
	Start                              time.Time
	Succeeded, NoWork, Failed, Blocked int
}

// Rate counts the attempts of a run by the minute in which they ended; minutes without any are left out. Blocked quanta never ran and are
// not counted.
func (l *Ledger) Rate(ctx context.Context, run string) ([]Minute, error) {
	r, err := l.find(ctx, run)
	if err != nil {
		return nil, err
	}
	at := map[int64]*Minute{}
	for _, t := range r.tasks {
		err := l.rows(ctx)("SELECT (started + duration) / 60000000000 AS minute, state, COUNT(*) FROM valet_attempt WHERE task = ? AND started IS NOT NULL GROUP BY minute, state", []any{t.id},
			func(row []driver.Value) error {
				n, count := integer(row[0]), int(integer(row[2]))
				m := at[n]
				if m == nil {
					m = &Minute{Start: time.Unix(n*60, 0).UTC()}
					at[n] = m
				}
				switch quantum.State(integer(row[1])) {
				case quantum.Succeeded:
					m.Succeeded += count
				case quantum.NoWork:
					m.NoWork += count
				case quantum.Failed:
					m.Failed += count
				case quantum.Blocked:
					m.Blocked += count
				}
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	out := make([]Minute, 0, len(at))
	for _, m := range at {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Minute) int { return a.Start.Compare(b.Start) })
	return out, nil
}
