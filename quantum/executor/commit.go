package executor

import (
	"context"
	"time"

	"valet/datastore/butler"
	"valet/registry/dataset"
)

// commitGroup are finished quanta that are committed together.
type commitGroup struct {
	results []result
	// limit is the number of quanta at which the group is full.
	limit int
	// waiting is the number of quanta of the group before, while it is being committed.
	waiting int
	since   time.Time
}

const (
	firstGroup, smallestGroup, largestGroup = 256, 64, 8192
	// lockTarget is how long a transaction should keep others waiting: well under 100 ms.
	lockTarget = 50 * time.Millisecond
	// groupAge bounds how long a finished quantum waits to be stored.
	groupAge = 2 * time.Second
)

func newGroup(limit int) *commitGroup { return &commitGroup{limit: limit} }

func (g *commitGroup) quanta() int { return len(g.results) }

func (g *commitGroup) full() bool {
	return len(g.results) >= g.limit || len(g.results) > 0 && time.Since(g.since) > groupAge
}

// overfull tells that the committer does not keep up: workers wait.
func (g *commitGroup) overfull() bool { return len(g.results) >= 2*g.limit+smallestGroup }

func (g *commitGroup) add(r *result) {
	if len(g.results) == 0 {
		g.since = time.Now()
	}
	g.results = append(g.results, *r)
}

// next is the group that follows while g is being committed.
func (g *commitGroup) next() *commitGroup {
	return &commitGroup{limit: g.limit, waiting: len(g.results), results: make([]result, 0, g.limit)}
}

// adapt chooses the size at which a transaction is as long as it should be.
func (g *commitGroup) adapt(quanta int, held time.Duration) {
	if held > 0 && quanta >= smallestGroup {
		g.limit = int(min(int64(quanta)*int64(lockTarget)/int64(held), 2*int64(g.limit)))
	}
	g.limit = min(max(g.limit, smallestGroup), largestGroup)
}

type commitResult struct {
	group *commitGroup
	held  time.Duration
	err   error
}

// commit stores groups one after the other. Once a group was begun it is stored even if the run is canceled meanwhile: its files
// are there already.
func commit(r *run, groups <-chan *commitGroup, done chan<- commitResult) {
	for g := range groups {
		var files []butler.File
		var removed []dataset.ID
		for i := range g.results {
			files = append(files, g.results[i].files...)
			removed = append(removed, g.results[i].removed...)
		}
		held, err := r.butler.Commit(context.Background(), files, removed, nil)
		if err != nil {
			removeFiles(r, g.results)
		}
		done <- commitResult{g, held, err}
	}
}

// removeFiles removes files that no row will name. What cannot be removed is harmless: a later run writes over it.
func removeFiles(r *run, results []result) {
	for i := range results {
		if len(results[i].removed) > 0 {
			// The files of an earlier attempt were written over; its rows stay until they are replaced.
			continue
		}
		for k := range results[i].files {
			_ = r.butler.Store.Remove(&results[i].files[k].Record)
		}
	}
}
