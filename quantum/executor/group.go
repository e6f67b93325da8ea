package executor

import (
	"time"

	"valet/datastore"
	"valet/quantum"
)

// commitGroup are finished quanta that are committed together, and blocked ones, which need no file.
type commitGroup struct {
	results []result
	blocked int
	// limit is the number of quanta at which the group is full.
	limit int
	// packs are the zips of the group, if files are packed; bytes is the size of their members. written are those that are on the disk.
	packs   []*datastore.Pack
	bytes   int
	written []string
	since   time.Time
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
	return &commitGroup{limit: g.limit, results: make([]result, 0, g.limit)}
}

// adapt chooses the size at which a transaction is as long as it should be: smaller at once, larger step by step, because one that
// happened to be quick says little about the next.
func (g *commitGroup) adapt(quanta int, held time.Duration) {
	if held > 0 && quanta >= smallestGroup {
		g.limit = int(min(int64(quanta)*int64(lockTarget)/int64(held), int64(g.limit)*5/4+smallestGroup))
	}
	g.limit = min(max(g.limit, smallestGroup), largestGroup)
}
