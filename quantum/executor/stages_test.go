package executor_test

import (
	"database/sql/driver"
	"errors"
	"sync"
	"syscall"
	"testing"
	"time"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/quantum/executor"
	"valet/registry"
)

// someGroups is a number of visits, four quanta each, that need several commit groups.
const someGroups = 400

// barriers counts the barriers of a disk.
type barriers struct {
	mu     sync.Mutex
	passed int
	more   *sync.Cond
	// refuse lets this barrier fail, counted from 1.
	refuse int
}

func newBarriers() *barriers {
	b := &barriers{}
	b.more = sync.NewCond(&b.mu)
	return b
}

func (b *barriers) decide(op vfs.Op) error {
	if op.Kind != vfs.OpSync {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.passed++
	b.more.Broadcast()
	if b.passed == b.refuse {
		return syscall.EIO
	}
	return nil
}

// await waits until there were n barriers, and reports how many there were.
func (b *barriers) await(n int) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	late := time.AfterFunc(20*time.Second, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		n = 0
		b.more.Broadcast()
	})
	defer late.Stop()
	for b.passed < n {
		b.more.Wait()
	}
	return b.passed
}

// journalFunc is a journal that calls a function.
type journalFunc func()

func (f journalFunc) Record(*registry.Tx, []executor.Outcome) error {
	f()
	return nil
}

// runGroups prepares a run of several groups on a disk and executes it; the barriers are counted from then on, and one may fail.
func runGroups(t *testing.T, dir string, b *barriers, refuse int, pack bool, journal executor.Journal) (*executor.Result, error) {
	t.Helper()
	r := openOn(t, dir, vfs.NewFault(vfs.Real{}, b.decide))
	defer r.Close()
	g := prepared(t, r, request{pipeline: memoryTask})
	b.mu.Lock()
	b.passed, b.refuse = 0, refuse
	b.mu.Unlock()
	return executor.Execute(t.Context(), r, g, executor.Options{Workers: 2, Pack: pack, Journal: journal})
}

// TestGroupsOverlap makes the files of the next group durable while the rows of one are stored, and never stores rows before their files
// are durable.
func TestGroupsOverlap(t *testing.T) {
	t.Parallel()
	b := newBarriers()
	transactions := 0
	_, err := runGroups(t, growRepository(t, someGroups), b, 0, false, journalFunc(func() {
		transactions++
		if got := b.await(transactions); got < transactions {
			t.Errorf("transaction %d after %d barriers", transactions, got)
		}
		if transactions == 1 && b.await(2) < 2 {
			t.Error("the files of the second group wait for the rows of the first")
		}
	}))
	if err != nil || transactions < 3 {
		t.Fatalf("%d transactions: %v", transactions, err)
	}
}

// TestGroupsFail lets the barrier or the transaction of a group fail while others are on their way. What was stored before stays, nothing
// is stored after, no file is left without its row, and the same run is finished later.
func TestGroupsFail(t *testing.T) {
	t.Parallel()
	noRoom := errors.New("no room")
	for _, pack := range []bool{false, true} {
		for failing := 1; failing <= 3; failing++ {
			for _, atBarrier := range []bool{true, false} {
				dir, journal, refuse := growRepository(t, someGroups), &recorder{}, 0
				if atBarrier {
					refuse = failing
				} else {
					journal.refuse, journal.err = failing, noRoom
				}
				r, err := runGroups(t, dir, newBarriers(), refuse, pack, journal)
				stored := journal.calls
				if !atBarrier {
					stored--
				}
				if want := map[bool]error{true: syscall.EIO, false: noRoom}[atBarrier]; !errors.Is(err, want) {
					t.Fatalf("failing %d, at a barrier %v: %v", failing, atBarrier, err)
				}
				if stored != failing-1 || (r.Succeeded > 0) != (stored > 0) || r.Unfinished() == 0 {
					t.Errorf("failing %d, at a barrier %v: %d groups stored, %+v", failing, atBarrier, stored, r)
				}
				finishGroups(t, dir, r.Succeeded+r.NoWork)
			}
		}
	}
}

// finishGroups checks what a stopped run left and runs the rest.
func finishGroups(t *testing.T, dir string, succeeded int) {
	t.Helper()
	b := open(t, dir)
	run := newestRun(t, b)
	noStrayFiles(t, b, run)
	if n := succeededQuanta(t, b); n != succeeded {
		t.Errorf("%d quanta have their metadata, %d succeeded", n, succeeded)
	}
	r, err := runPacked(t, dir, vfs.Real{}, request{pipeline: memoryTask, extend: true, clobber: true}, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := succeededQuanta(t, b); n != r.Succeeded+r.NoWork+r.Skipped {
		t.Errorf("%d quanta have their metadata at the end: %+v", n, r)
	}
	noStrayFiles(t, b, run)
}

// succeededQuanta counts the quanta that left their metadata, as all that succeed do.
func succeededQuanta(t *testing.T, b *butler.Butler) (n int) {
	t.Helper()
	err := b.Registry.Rows(t.Context(), "select count(*) from dataset d join dataset_type y on y.id = d.dataset_type_id where y.name = 'memory_diaForcedSource_metadata'", nil, func(row []driver.Value) error {
		n = int(row[0].(int64))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
