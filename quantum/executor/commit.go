package executor

import (
	"context"
	"errors"
	"time"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
)

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

// committer has the database to itself while a run goes on. It stores groups in two stages, because a disk needs about as long for the
// files of a group as for its rows: while the rows of one are stored, the files of the next are made durable. The rows of a group follow
// its own files, and groups keep their order.
//
//	loop ──commits──> harden ──durable──> record ──done──> loop
type committer struct {
	run     *run
	journal Journal
	ended   []Outcome
	packer  packer
	// failed is why a group was not stored. Later ones are not tried: whatever is the matter, they would meet it too.
	failed error
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

// harden makes the files of each group durable. It touches no other state of the committer than the packer.
func (c *committer) harden(jobs <-chan *commitJob, durable chan<- commitResult) {
	defer close(durable)
	for job := range jobs {
		res := commitResult{commitJob: job}
		if job.group != nil {
			if c.run.pack != nil {
				res.err = c.packer.write(job.group)
			}
			if res.err == nil {
				res.err = c.run.butler.Store.Sync()
			}
		}
		durable <- res
	}
}

// record does the transactions. A group whose files are durable is stored even if the run is canceled meanwhile.
func (c *committer) record(durable <-chan commitResult, done chan<- commitResult) {
	for res := range durable {
		switch {
		case res.group != nil:
			c.store(&res)
		case res.forget != nil:
			c.giveRoom()
			res.err = c.forget(res.forget)
		default:
			c.giveRoom()
			res.err = c.restore(res.restore)
		}
		done <- res
	}
}

// store commits a group. If that fails its files go.
func (c *committer) store(res *commitResult) {
	if c.failed != nil {
		res.err = c.failed
	}
	if res.err == nil {
		var files []butler.File
		c.ended = c.ended[:0]
		for i := range res.group.results {
			r := &res.group.results[i]
			files = append(files, r.files...)
			c.ended = append(append(c.ended, r.earlier...), r.out)
		}
		c.giveRoom()
		res.held, res.err = c.run.butler.Record(context.Background(), files, func(tx *registry.Tx) error { return c.tell(tx, c.ended) })
		c.held, c.released = res.held, time.Now()
	}
	if res.err != nil {
		c.failed = res.err
		removeFiles(c.run, res.group.results, res.err)
		removeZips(c.run, res.group, res.err)
	}
}

// tell tells the journal, which also makes sure that the run is still ours.
func (c *committer) tell(tx *registry.Tx, ended []Outcome) error {
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
	left, err := c.run.butler.Forget(context.Background(), ids, func(tx *registry.Tx) error { return c.tell(tx, nil) })
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
	_, err := c.run.butler.Commit(context.Background(), files, func(tx *registry.Tx) error { return c.tell(tx, nil) })
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
