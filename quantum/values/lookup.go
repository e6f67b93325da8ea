package values

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"valet/migrations"
	"valet/registry"
	"valet/tasks/metric"
)

// tablesVersion is the version of valet's own tables that brought the index.
const tablesVersion = 2

// exists reports whether the repository has an index that this valet can read.
func (x *Index) exists(ctx context.Context) (bool, error) {
	v, err := x.butler.Registry.OwnVersion(ctx)
	var newer *migrations.NewerError
	if errors.As(err, &newer) {
		return false, nil // read from the files, stored nowhere
	}
	return v >= tablesVersion, err
}

// Metrics are the names of the metrics that the index knows, sorted.
func (x *Index) Metrics(ctx context.Context) (out []string, err error) {
	exists, err := x.exists(ctx)
	if err == nil && exists {
		err = x.butler.Registry.Rows(ctx, "SELECT DISTINCT metric FROM valet_value_kind ORDER BY metric", nil, func(row []driver.Value) error {
			out = append(out, registry.Text(row[0]))
			return nil
		})
	}
	x.mu.Lock()
	for _, r := range x.memory {
		for _, it := range r.items {
			out = append(out, it.metric)
		}
	}
	x.mu.Unlock()
	slices.Sort(out)
	return slices.Compact(out), err
}

// collector gathers the rows of a Set.
type collector struct {
	index *Index
	set   *Set
	want  *metric.Unit
	names []string
	mu    sync.Mutex
	// byID are places of kinds in Set.kinds by their key in the database, byKey by name.
	byID  map[int64]int32
	byKey map[kindKey]int32
	// rows has a row for each candidate; more are those of candidates with several measurements.
	rows []row
	more []row
}

// Kinds of rows that are no measurements: missing is not known yet, empty is a bundle of nothing.
const (
	missing = -1
	empty   = -2
)

func newCollector(x *Index, s *Set, q *Query) *collector {
	c := &collector{index: x, set: s, want: q.Unit, names: q.Metrics, byID: map[int64]int32{}, byKey: map[kindKey]int32{}, rows: make([]row, len(s.candidates))}
	for i := range c.rows {
		c.rows[i] = row{candidate: int32(i), kind: missing, note: -1}
	}
	return c
}

// kind finds or adds a kind of the Set. The lock must be held.
func (c *collector) kind(key kindKey, notes string) int32 {
	if i, ok := c.byKey[key]; ok {
		return i
	}
	k := kind{metric: key.metric, unitText: key.unit, notes: notes, factor: 1}
	k.unit, k.err = metric.ParseUnit(key.unit)
	if k.err == nil && c.want != nil {
		f, err := k.unit.FactorTo(*c.want)
		if err == nil {
			k.factor, k.unit, k.unitText = f, *c.want, c.want.String()
		} else {
			k.factor, k.err = 0, err
		}
	}
	i := int32(len(c.set.kinds))
	c.set.kinds = append(c.set.kinds, k)
	c.byKey[key] = i
	return i
}

// load reads the kinds of the database.
func (c *collector) load(ctx context.Context) error {
	return c.index.butler.Registry.Rows(ctx, selectKinds, nil, func(row []driver.Value) error {
		id, _ := row[0].(int64)
		c.byID[id] = c.kind(kindKey{registry.Text(row[1]), registry.Text(row[2])}, registry.Text(row[3]))
		return nil
	})
}

// chunk is how many datasets one statement asks for.
const chunk = 512

// lookUp asks the index for all candidates.
func (c *collector) lookUp(ctx context.Context) error {
	if err := c.locate(ctx); err != nil {
		return err
	}
	exists, err := c.index.exists(ctx)
	if err != nil || !exists {
		return err
	}
	if err := c.load(ctx); err != nil {
		return fmt.Errorf("read the value index: %w", err)
	}
	// In the order of the table each page of it is read once.
	order := make([]int32, len(c.rows))
	for i := range order {
		order[i] = int32(i)
	}
	id := func(i int32) []byte { return c.set.candidates[i].id[:] }
	slices.SortFunc(order, func(a, b int32) int { return bytes.Compare(id(a), id(b)) })
	statement := "SELECT dataset, kind, value, notes, stamp FROM valet_value WHERE dataset IN (" + strings.TrimSuffix(strings.Repeat("?,", chunk), ",") + ") ORDER BY dataset, item"
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for part := range slices.Chunk(order, chunk) {
		g.Go(func() error {
			args := make([]any, chunk)
			for i := range args {
				args[i] = id(part[min(i, len(part)-1)])
			}
			at := 0
			err := c.index.butler.Registry.Rows(ctx, statement, args, func(r []driver.Value) error {
				dataset, _ := r[0].([]byte)
				for at < len(part) && bytes.Compare(id(part[at]), dataset) < 0 {
					at++
				}
				if at < len(part) && bytes.Equal(id(part[at]), dataset) {
					c.found(part[at], r)
				}
				return nil
			})
			if err != nil {
				return fmt.Errorf("read the value index: %w", err)
			}
			return nil
		})
	}
	return g.Wait()
}

// found takes a row of the index if it is of the dataset as it is now.
func (c *collector) found(i int32, r []driver.Value) {
	stamp, _ := r[4].(int64)
	if !c.set.candidates[i].recorded || stamp != c.set.candidates[i].stamp {
		return
	}
	id, _ := r[1].(int64)
	if id == 0 {
		c.rows[i].kind = empty
		return
	}
	kind, ok := c.byID[id]
	if !ok {
		return
	}
	var notes *string
	if r[3] != nil {
		s := registry.Text(r[3])
		notes = &s
	}
	v, has := stored(r[2])
	c.put(i, kind, v, has, notes)
}

// put sets a row, or adds one to those of a candidate with several. Only one goroutine has a candidate.
func (c *collector) put(i, kind int32, v float64, has bool, notes *string) {
	out := row{value: v, candidate: i, kind: kind, note: -1, has: has}
	if notes != nil {
		c.mu.Lock()
		if *notes != c.set.kinds[kind].notes {
			out.note = int32(len(c.set.notes))
			c.set.notes = append(c.set.notes, *notes)
		}
		c.mu.Unlock()
	}
	if c.rows[i].kind < 0 {
		c.rows[i] = out
		return
	}
	c.mu.Lock()
	c.more = append(c.more, out)
	c.mu.Unlock()
}
