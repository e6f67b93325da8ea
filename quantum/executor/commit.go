package executor

import (
	"context"
	"errors"
	"time"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/quantum"
	"valet/registry"
	"valet/registry/dataset"
)

// commitGroup are finished quanta that are committed together, and blocked ones, which need no file.
type commitGroup struct {
	results []result
	blocked int
	// limit is the number of quanta at which the group is full.
	limit int
	// waiting is the number of quanta of the group before, while it is being committed.
	waiting int
	// packs are the zips of the group, if files are packed; bytes is the size of their members.
	packs []*datastore.Pack
	bytes int
	since time.Time
}

const (
	firstGroup, smallestGroup, largestGroup = 256, 64, 8192
	// lockTarget is how long a transaction should keep others waiting: so far under 100 ms that hardly one takes longer.
	lockTarget = 30 * time.Millisecond
	// groupAge bounds how long a finished quantum waits to be stored.
	groupAge = 2 * time.Second
	// groupBytes bounds the memory of files that are to be packed.
	groupBytes = 24 << 20
)

func newGroup(limit int) *commitGroup { return &commitGroup{limit: limit} }

func (g *commitGroup) quanta() int { return len(g.results) }

// ran is the number of quanta that a worker had.
func (g *commitGroup) ran() int { return len(g.results) - g.blocked }

func (g *commitGroup) full() bool {
	return len(g.results) >= g.limit || g.bytes >= groupBytes || len(g.results) > 0 && time.Since(g.since) > groupAge
}

// overfull tells that the committer does not keep up: workers wait.
func (g *commitGroup) overfull() bool {
	return len(g.results) >= 2*g.limit+smallestGroup || g.bytes >= 2*groupBytes
}

func (g *commitGroup) add(r *result) {
	if len(g.results) == 0 {
		g.since = time.Now()
	}
	if r.out.State == quantum.Blocked {
		g.blocked++
	}
	g.results = append(g.results, *r)
}

// next is the group that follows while g is being committed.
func (g *commitGroup) next() *commitGroup {
	return &commitGroup{limit: g.limit, waiting: g.ran(), results: make([]result, 0, g.limit)}
}

// adapt chooses the size at which a transaction is as long as it should be: smaller at once, larger step by step, because one that
// happened to be quick says little about the next.
func (g *commitGroup) adapt(quanta int, held time.Duration) {
	if held > 0 && quanta >= smallestGroup {
		g.limit = int(min(int64(quanta)*int64(lockTarget)/int64(held), int64(g.limit)*5/4+smallestGroup))
	}
	g.limit = min(max(g.limit, smallestGroup), largestGroup)
}

// commitJob is one transaction: a group to store, or quanta whose earlier datasets are to be forgotten, or restored because the
// quanta will not run after all.
type commitJob struct {
	group           *commitGroup
	forget, restore []Item
}

type commitResult struct {
	*commitJob
	held time.Duration
	err  error
}

// committer has the database to itself while a run goes on.
type committer struct {
	run     *run
	journal Journal
	ended   []Outcome
	packer  packer
	// held is how long the last transaction kept the database locked, until released.
	held     time.Duration
	released time.Time
}

// room is the share of its transactions' time that valet leaves the database to others. Those who wait for a lock of SQLite try again ten
// times a second: between transactions that follow at once they find none.
const room = 0.2

// giveRoom waits until others had time to take the lock. What valet does between its transactions counts.
func (c *committer) giveRoom() {
	time.Sleep(time.Duration(room*float64(c.held)) - time.Since(c.released))
}

// work does one job after the other. Once a group was begun it is stored even if the run is canceled meanwhile: its files are there
// already.
func (c *committer) work(jobs <-chan *commitJob, done chan<- commitResult) {
	for job := range jobs {
		res := commitResult{commitJob: job}
		switch {
		case job.group != nil:
			res.held, res.err = c.store(job.group)
		case job.forget != nil:
			c.giveRoom()
			res.err = c.forget(job.forget)
		default:
			c.giveRoom()
			res.err = c.restore(job.restore)
		}
		done <- res
	}
}

// store commits a group. If that fails its files go.
func (c *committer) store(g *commitGroup) (held time.Duration, err error) {
	if c.run.pack != nil {
		defer func() { c.packer.stored(err) }()
		if err := c.packer.write(g); err != nil {
			return 0, err
		}
	}
	var files []butler.File
	c.ended = c.ended[:0]
	for i := range g.results {
		files = append(files, g.results[i].files...)
		c.ended = append(c.ended, g.results[i].earlier...)
		c.ended = append(c.ended, g.results[i].out)
	}
	if err = c.run.butler.Store.Sync(); err == nil {
		c.giveRoom()
		held, err = c.run.butler.Record(context.Background(), files, func(tx *registry.Tx) error { return c.record(tx, c.ended) })
		c.held, c.released = held, time.Now()
	}
	if err != nil {
		removeFiles(c.run, g.results, err)
	}
	return held, err
}

// record tells the journal, which also makes sure that the run is still ours.
func (c *committer) record(tx *registry.Tx, ended []Outcome) error {
	if c.journal == nil {
		return nil
	}
	return c.journal.Record(tx, ended)
}

// forget deletes the rows of what earlier attempts left. Their files are written over or removed by the workers; should valet die
// before, the quantum has no rows, so that it runs again and finds the files at its places.
func (c *committer) forget(items []Item) error {
	var ids []dataset.ID
	for _, it := range items {
		if !inTheWay(it) {
			continue
		}
		for _, old := range it.Task.InTheWay[it.Row] {
			ids = append(ids, old.Found.ID)
		}
	}
	if err := c.rescue(items); err != nil {
		return err
	}
	left, err := c.run.butler.Forget(context.Background(), ids, func(tx *registry.Tx) error { return c.record(tx, nil) })
	if err != nil {
		return err
	}
	c.emptied(left)
	own := make(map[dataset.ID]bool, len(left))
	for i := range left {
		own[left[i].ID] = true
	}
	for _, it := range items {
		for i := range it.Task.InTheWay[it.Row] {
			old := &it.Task.InTheWay[it.Row][i]
			old.Shared = !own[old.Found.ID]
		}
	}
	return nil
}

// restore puts the rows back that forget took, for quanta that will not run.
func (c *committer) restore(items []Item) error {
	var files []butler.File
	for _, it := range items {
		for _, old := range it.Task.InTheWay[it.Row] {
			if old.Found.Record == nil {
				continue
			}
			id := it.Task.DataID(it.Row)
			for _, out := range it.Task.Outputs {
				if out.Edge.Type == old.Type && out.DataIDs != it.Task.DataIDs {
					id, _ = out.DataIDs.At(it.Row, nil)
				}
			}
			files = append(files, butler.File{Ref: dataset.Ref{ID: old.Found.ID, Type: datasetType(old.Type), DataID: id, Run: c.run.name}, Record: *old.Found.Record})
		}
	}
	_, err := c.run.butler.Commit(context.Background(), files, func(tx *registry.Tx) error { return c.record(tx, nil) })
	return err
}

// mayRemove reports whether files may be removed after an error: not if rows may name them, and not if they may be those of the process
// that has the run now. They are harmless: the quanta run again, and then they are written over or removed.
func (r *run) mayRemove(why error) bool {
	var unsettled *registry.UnsettledError
	// While the database is locked nobody can tell whose the run is.
	var busy *registry.BusyError
	return !isFenced(why) && !errors.As(why, &unsettled) && !errors.As(why, &busy) && r.mayWrite() == nil
}

// mayWrite asks the guard.
func (r *run) mayWrite() error {
	if r.guard == nil {
		return nil
	}
	return r.guard()
}

// removeFiles removes files that no row will name. What cannot be removed is harmless: a later run writes over it. After a fault of
// the lease the files may be those of whoever has the run now, and stay. Logs that keep what earlier attempts logged stay too: the
// next attempt finds them at their places.
func removeFiles(r *run, results []result, why error) {
	if !r.mayRemove(why) {
		return
	}
	for i := range results {
		for k := range results[i].files {
			if f := &results[i].files[k]; f.Ref.ID == results[i].out.LogID && inTheWay(results[i].out.Item) {
				continue
			}
			_ = r.butler.Store.Remove(&results[i].files[k].Record)
		}
	}
}
