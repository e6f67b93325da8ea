package ledger

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"valet/quantum"
	"valet/registry"
)

// FindingKind is a word for what Check finds.
type FindingKind string

// The kinds of findings.
const (
	// GoneRun is a run of the ledger that is no collection any more.
	GoneRun FindingKind = "ledger-of-no-run"
	// LostQuanta ended well by the ledger, and have no metadata any more.
	LostQuanta FindingKind = "ledger-of-lost-quanta"
	// UnknownQuanta have metadata, and the ledger does not know them or has them as failed.
	UnknownQuanta FindingKind = "ledger-lacks-quanta"
	// DeadLease is the lease of a process that died.
	DeadLease FindingKind = "lease-of-dead-process"
)

// Finding is a difference between the ledger and the rest of the repository.
type Finding struct {
	Kind FindingKind
	Run  string
	// Count is the number of quanta, 0 for a GoneRun and a DeadLease.
	Count int
	// Holder is that of a DeadLease.
	Holder *Holder
}

// Check compares everything that the ledger holds with the collections and datasets, and reports at most one finding of a kind for a run.
// Nothing is changed, and memory does not grow with the number of quanta. Metadata alone counts: outputs and logs may be pruned on purpose,
// and the quantum was done all the same. Runs that a living process writes to are left out; a run that the ledger does not know is none of
// its faults. The reports come when nothing is being read.
func (l *Ledger) Check(ctx context.Context, report func(Finding)) error {
	if exists, err := l.Exists(ctx); err != nil || !exists {
		return err
	}
	type known struct {
		run
		gone, empty bool
	}
	var runs []known
	err := l.rows(ctx)("SELECT r.id, r.name, EXISTS (SELECT 1 FROM collection c WHERE c.name = r.name), EXISTS (SELECT 1 FROM valet_task t WHERE t.run = r.id)"+
		" FROM valet_run r ORDER BY r.name", nil, func(row []driver.Value) error {
		runs = append(runs, known{run: run{id: integer(row[0]), name: registry.Text(row[1])}, gone: integer(row[2]) == 0, empty: integer(row[3]) == 0})
		return nil
	})
	if err != nil {
		return fmt.Errorf("check the ledger: %w", err)
	}
	for i := range runs {
		r := &runs[i]
		h, err := holder(l.rows(ctx), r.id)
		if err != nil {
			return fmt.Errorf("check the lease of run %q: %w", r.name, err)
		}
		if h != nil {
			if l.machine.lives(h, l.now(), l.limit) {
				continue
			}
			report(Finding{Kind: DeadLease, Run: r.name, Holder: h})
		}
		switch {
		case r.empty:
		case r.gone:
			report(Finding{Kind: GoneRun, Run: r.name})
		default:
			if err := l.checkRun(ctx, &r.run, report); err != nil {
				return fmt.Errorf("check the ledger of run %q: %w", r.name, err)
			}
		}
	}
	return ctx.Err()
}

func (l *Ledger) checkRun(ctx context.Context, r *run, report func(Finding)) error {
	all, err := l.comparisons(ctx, r)
	if err != nil {
		return err
	}
	lost, unknown := 0, 0
	for _, c := range all {
		x, y, err := l.compare(ctx, c)
		if err != nil {
			return fmt.Errorf("task %q: %w", c.label, err)
		}
		lost, unknown = lost+x, unknown+y
	}
	if lost > 0 {
		report(Finding{Kind: LostQuanta, Run: r.name, Count: lost})
	}
	if unknown > 0 {
		report(Finding{Kind: UnknownQuanta, Run: r.name, Count: unknown})
	}
	return nil
}

// comparison is a task of which the run holds metadata, or held them.
type comparison struct {
	label string
	// task is its key, 0 if the ledger does not know it.
	task int64
	rows *registry.MemberRows
}

// comparisons are the tasks of a run that wrote metadata, by the ledger or by the summary of the run. A task that is configured to write
// none is not in the summary, and nothing can be said of it.
func (l *Ledger) comparisons(ctx context.Context, r *run) ([]comparison, error) {
	if err := l.loadTasks(ctx, r); err != nil {
		return nil, err
	}
	summaries, err := l.reg.Summaries(ctx, r.name)
	if err != nil {
		return nil, err
	}
	labels, err := Labels(ctx, l.reg, r.name)
	if err != nil {
		return nil, err
	}
	var out []comparison
	for _, label := range labels {
		if !slices.Contains(summaries[r.name], label+metadataSuffix) {
			continue
		}
		c := comparison{label: label}
		if t, err := r.task(label); err == nil {
			c.task = t.id
		}
		if c.rows, err = l.reg.MemberRows(ctx, label+metadataSuffix, r.name); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

var (
	endedWell = fmt.Sprintf("q.state IN (%d, %d)", quantum.Succeeded, quantum.NoWork)
	// newestOfQuantum holds for attempts q that are the state of their quantum.
	newestOfQuantum = "NOT EXISTS (SELECT 1 FROM valet_attempt n WHERE n.task = q.task AND n.data_id = q.data_id AND (n.execution, n.try) > (q.execution, q.try))"
	// accounted holds for attempts q that explain why there is metadata: also that of a quantum which was done, and later blocked.
	accounted = fmt.Sprintf("(%s OR q.state = %d AND EXISTS (SELECT 1 FROM valet_attempt e WHERE e.task = q.task AND e.data_id = q.data_id AND e.state IN (%d, %d)))",
		endedWell, quantum.Blocked, quantum.Succeeded, quantum.NoWork)
)

// present is the condition that the quantum of an attempt q has metadata. Both sides are looked up by their keys: the data ID is taken apart
// by the database.
func (c *comparison) present() string {
	var b strings.Builder
	fmt.Fprintf(&b, "EXISTS (SELECT 1 FROM %s a WHERE %s", c.rows.Table, c.rows.Where)
	for i, column := range c.rows.Columns {
		fmt.Fprintf(&b, " AND a.%s = json_extract(q.data_id, '$[%d]')", column, i)
	}
	return b.String() + ")"
}

// compare counts the quanta of a task that ended well and have no metadata, and those with metadata that the ledger does not account for.
// Quanta that were skipped because another program had done them have no attempt: their number explains as many. One statement sees one
// state of the database.
func (l *Ledger) compare(ctx context.Context, c comparison) (lost, unknown int, err error) {
	query := "SELECT " + endedWell + ", " + accounted + ", " + c.present() + ", COUNT(*) FROM valet_attempt q WHERE q.task = ? AND " + newestOfQuantum + " GROUP BY 1, 2, 3" +
		" UNION ALL SELECT 0, 0, -1, COUNT(*) FROM " + c.rows.Table + " a WHERE " + c.rows.Where +
		" UNION ALL SELECT 0, 0, -2, COALESCE(MAX(skipped), 0) FROM valet_execution_task WHERE task = ?"
	args := slices.Concat(c.rows.Args, []any{c.task}, c.rows.Args, []any{c.task})
	untried, skipped := 0, 0
	err = l.rows(ctx)(query, args, func(row []driver.Value) error {
		well, explained, present, n := integer(row[0]) == 1, integer(row[1]) == 1, integer(row[2]), int(integer(row[3]))
		switch {
		case present == -2:
			skipped = n
		case present == -1:
			untried += n
		case present == 0 && well:
			lost += n
		case present == 1:
			untried -= n
			if !explained {
				unknown += n
			}
		}
		return nil
	})
	return lost, unknown + max(0, untried-skipped), err
}

// known reads the row of a run; nil if the ledger has none.
func (l *Ledger) known(ctx context.Context, name string) (*run, error) {
	if exists, err := l.Exists(ctx); err != nil || !exists {
		return nil, err
	}
	r := &run{name: name}
	if err := one(l.rows(ctx), "SELECT id FROM valet_run WHERE name = ?", []any{name}, &r.id); err != nil || r.id == 0 {
		return nil, err
	}
	return r, nil
}

// isUnknownRun reports whether an error says that the ledger has no complete records of a run.
func isUnknownRun(err error) bool {
	var unknown *UnknownRunError
	return errors.As(err, &unknown)
}
