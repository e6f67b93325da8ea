// Package ledger records what became of every quantum, in the database of the repository, so that it commits with the datasets it
// describes, and answers questions about it.
//
// Glossary: a run is a RUN collection; an execution is one start of the program on it; a task is a label of its pipeline; an attempt is
// one try of an execution at one quantum, with state, reason, cause and log. The newest attempt is the state of the quantum. A lease says
// which process writes to a run.
//
//	New ── Acquire ──> Lease ── Begin ──> Journal ── Record … Record ── Reconcile ── End
//	    └─ Runs, Status, Failures, Attempts, Quanta, Slowest, Rate, Executions
//
// Planned quanta are counted, not stored one by one: ten million of them must not cost anything. Counters of each execution and task are
// kept with the attempts, so that most answers look at no attempt that ended well.
//
// Everything here can be made again from the repository (Derive, Rebuild), except what no dataset tells: blocked quanta, attempts without
// a log, workers, reasons in detail. Where Python prunes datasets behind the ledger's back, or makes
// some, Drift says so for a run and Check for the whole repository; Mend makes the ledger agree.
//
// Weak spots: the number of planned quanta of a run that several executions worked on is the largest that is certain, not a count of
// different quanta; a data ID is ordered as text; some statements are SQLite's own (INDEXED BY, json_each, bare columns beside MAX).
package ledger

import (
	"context"
	"time"

	"valet/registry"
)

// DefaultLeaseLimit is the age of a heartbeat at which a holder on another machine counts as dead.
const DefaultLeaseLimit = time.Minute

// Options of New. The zero value is for use; tests set the rest.
type Options struct {
	// LeaseLimit is the age of a heartbeat at which a holder on another machine counts as dead; 0 is DefaultLeaseLimit. All who use one
	// repository should have the same.
	LeaseLimit time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Machine is the machine with its processes; nil is this one.
	Machine *Machine
}

// Ledger reads and writes the records of one repository. It is safe for concurrent use.
type Ledger struct {
	reg     *registry.Registry
	now     func() time.Time
	machine *Machine
	limit   time.Duration
}

// New makes a ledger over a registry. Nothing is read or written yet.
func New(reg *registry.Registry, o Options) *Ledger {
	l := &Ledger{reg: reg, now: o.Now, machine: o.Machine, limit: o.LeaseLimit}
	if l.now == nil {
		l.now = time.Now
	}
	if l.machine == nil {
		l.machine = ThisMachine()
	}
	if l.limit <= 0 {
		l.limit = DefaultLeaseLimit
	}
	return l
}

// Exists reports whether the repository has a ledger. The error is a *migrations.NewerError if a newer valet made it.
func (l *Ledger) Exists(ctx context.Context) (bool, error) {
	v, err := l.reg.OwnVersion(ctx)
	return v > 0, err
}
