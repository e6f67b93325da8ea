package ledger

import (
	"cmp"
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"valet/quantum"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// The keys of Failures besides the dimensions.
const (
	ByMessage = "message"
	ByTask    = "task"
)

// FailureGroup are failed quanta that have something in common.
type FailureGroup struct {
	// Key is the value that they share: the normalized message, the label, or the value of the dimension.
	Key string
	// Class and Message are the exception and the normalized message, that of the first if the group was not made by message.
	Class, Message string
	// Tasks are the labels that take part, in their order in the run.
	Tasks []string
	Count int
	// Task, First and Log are those of the first quantum: the label, the data ID (required values) and the log, zero if it left none.
	Task  string
	First dimension.DataID
	Log   dataset.ID
}

// GroupKeyError says that failures cannot be grouped by a key.
type GroupKeyError struct {
	Key string
	// Known are the keys there are.
	Known []string
}

func (e *GroupKeyError) Error() string { return fmt.Sprintf("failures cannot be grouped by %q", e.Key) }

// Hint says how to go on.
func (e *GroupKeyError) Hint() string { return "choose one of " + strings.Join(e.Known, ", ") }

// Failures groups the quanta whose newest attempt failed, by ByMessage, ByTask or the name of a dimension, the largest group first.
func (l *Ledger) Failures(ctx context.Context, run, by string) ([]*FailureGroup, error) {
	r, err := l.find(ctx, run)
	if err != nil {
		return nil, err
	}
	known := []string{ByMessage, ByTask}
	for _, t := range r.tasks {
		for _, name := range t.group.RequiredNames() {
			if !slices.Contains(known, name) {
				known = append(known, name)
			}
		}
	}
	if !slices.Contains(known, by) {
		return nil, &GroupKeyError{Key: by, Known: known}
	}
	g := &grouping{by: by, groups: map[string]*FailureGroup{}}
	for _, t := range r.tasks {
		if by == ByMessage || by == ByTask {
			err = l.groupCauses(ctx, t, g)
		} else {
			err = l.groupDimension(ctx, t, g)
		}
		if err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(g.order, func(a, b *FailureGroup) int { return cmp.Compare(b.Count, a.Count) })
	return g.order, nil
}

// grouping collects groups in the order of their first quantum.
type grouping struct {
	by     string
	groups map[string]*FailureGroup
	order  []*FailureGroup
}

// add counts n failures of a cause for a key.
func (g *grouping) add(unique, key, label string, n int, class, message string, first dimension.DataID, log dataset.ID) {
	f := g.groups[unique]
	if f == nil {
		f = &FailureGroup{Key: key, Class: class, Message: message, Task: label, First: first, Log: log}
		g.groups[unique] = f
		g.order = append(g.order, f)
	}
	f.Count += n
	if !slices.Contains(f.Tasks, label) {
		f.Tasks = append(f.Tasks, label)
	}
}

// failedAttempts chooses the newest attempts that failed, by the index that holds few others.
var failedAttempts = fmt.Sprintf(" FROM valet_attempt a INDEXED BY valet_attempt_unsuccessful WHERE a.task = ? AND a.state IN (4, 5) AND a.state = %d", quantum.Failed) + isNewest

// groupCauses counts in the database: there are few causes, whatever the number of failures.
func (l *Ledger) groupCauses(ctx context.Context, t *task, g *grouping) error {
	type found struct {
		cause   int64
		count   int
		first   string
		class   string
		message string
		log     dataset.ID
	}
	var list []found
	err := l.rows(ctx)("SELECT g.cause, g.n, g.first, c.class, c.message FROM (SELECT a.cause AS cause, COUNT(*) AS n, MIN(a.data_id) AS first"+failedAttempts+" GROUP BY a.cause) g"+
		" LEFT JOIN valet_cause c ON c.id = g.cause ORDER BY g.first", []any{t.id}, func(row []driver.Value) error {
		list = append(list, found{cause: integer(row[0]), count: int(integer(row[1])), first: registry.Text(row[2]), class: registry.Text(row[3]), message: registry.Text(row[4])})
		return nil
	})
	if err != nil {
		return err
	}
	for i := range list {
		f := &list[i]
		err := l.rows(ctx)("SELECT log FROM valet_attempt WHERE task = ? AND data_id = ? ORDER BY execution DESC, try DESC LIMIT 1", []any{t.id, f.first}, func(row []driver.Value) error {
			log, _ := row[0].([]byte)
			copy(f.log[:], log)
			return nil
		})
		if err != nil {
			return err
		}
		id, err := parseDataID(t.group, f.first)
		if err != nil {
			return err
		}
		unique, key := t.label, t.label
		if g.by == ByMessage {
			unique, key = f.class+"\x00"+f.message, f.message
		}
		g.add(unique, key, t.label, f.count, f.class, f.message, id, f.log)
	}
	return nil
}

// groupDimension looks at every failure: the value is part of the data ID.
func (l *Ledger) groupDimension(ctx context.Context, t *task, g *grouping) error {
	if t.group.Position(g.by) < 0 || t.group.Position(g.by) >= len(t.group.Required) {
		return nil
	}
	filter := Filter{States: []quantum.State{quantum.Failed}}
	var failed error
	for _, p := range filter.passes(t) {
		l.pages(ctx, t, p, func(a *Attempt, err error) bool {
			if failed = err; err != nil {
				return false
			}
			key := a.DataID.Get(g.by).Text()
			g.add(key, key, t.label, 1, a.Class, Normalize(a.Message), a.DataID, a.Log)
			return true
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}
