package ledger

import (
	"context"
	"crypto/rand"
	"database/sql/driver"
	"encoding/binary"
	"fmt"
	"sync"
	"time"

	"valet/quantum/executor"
	"valet/registry"
)

// Holder is the process that holds the lease of a run.
type Holder struct {
	Process
	// Acquired and Heartbeat are when it took the run and when it last showed that it lives.
	Acquired, Heartbeat time.Time
	token, execution    int64
}

// HeldError says that another process writes to the run.
type HeldError struct {
	Run    string
	Holder Holder
}

func (e *HeldError) Error() string {
	return fmt.Sprintf("run %q is being written by process %d on %s since %s", e.Run, e.Holder.PID, e.Holder.Host, e.Holder.Acquired.UTC().Format(time.RFC3339))
}

// Hint says how to go on.
func (e *HeldError) Hint() string {
	return fmt.Sprintf("wait until it ends, or end it (last sign of life %s); the run is taken over by itself when it is dead", e.Holder.Heartbeat.UTC().Format(time.RFC3339))
}

// ExitCode is that of what may be tried again later.
func (e *HeldError) ExitCode() int { return 75 }

// FencedError says that this process lost its run, because it gave no sign of life for too long, and must not write to it.
type FencedError struct {
	Run string
	// By is the process that has it now; nil if none has.
	By *Holder
}

func (e *FencedError) Error() string {
	if e.By == nil {
		return fmt.Sprintf("run %q is not held by this process any more", e.Run)
	}
	return fmt.Sprintf("run %q was taken over by process %d on %s", e.Run, e.By.PID, e.By.Host)
}

// Hint says how to go on.
func (e *FencedError) Hint() string {
	return "this process was suspended or could not reach the database for too long; nothing of what it did since is stored"
}

// ExitCode is that of what may be tried again later.
func (e *FencedError) ExitCode() int { return 75 }

// Is lets the executor know what happened: it leaves files alone that may be the successor's.
func (e *FencedError) Is(target error) bool { return target == executor.ErrFenced }

// Lease is the right to write to a run. It is safe for concurrent use.
type Lease struct {
	ledger *Ledger
	run    string
	runID  int64
	token  int64

	mu sync.Mutex
	// confirmed is when a renewal was begun that was stored.
	confirmed time.Time
	fenced    bool
}

// Acquire takes the right to write to a run, which need not exist yet: at the first write of a new run, before the graph is built of one
// that exists. It makes valet's own tables if they are missing. The error is a *HeldError while another process holds it and lives. If
// the holder is dead, its execution is marked as died.
func (l *Ledger) Acquire(ctx context.Context, run string) (*Lease, error) {
	e := &Lease{ledger: l, run: run, token: newToken()}
	err := l.reg.Write(ctx, func(tx *registry.Tx) error {
		e.confirmed = l.now()
		if err := tx.Migrate(); err != nil {
			return err
		}
		if err := tx.Exec("INSERT INTO valet_run (name, created) VALUES (?, ?) ON CONFLICT DO NOTHING", run, e.confirmed.UnixNano()); err != nil {
			return err
		}
		if err := one(tx.Rows, "SELECT id FROM valet_run WHERE name = ?", []any{run}, &e.runID); err != nil {
			return err
		}
		h, err := holder(tx.Rows, e.runID)
		if err != nil {
			return err
		}
		ended := any(nil)
		if h != nil {
			if l.machine.lives(h, e.confirmed, l.limit) {
				return &HeldError{Run: run, Holder: *h}
			}
			ended = h.Heartbeat.UnixNano()
		}
		if err := tx.Exec("UPDATE valet_execution SET state = 'died', ended = COALESCE(?, started) WHERE run = ? AND state = 'running'", ended, e.runID); err != nil {
			return err
		}
		p, now := &l.machine.Self, e.confirmed.UnixNano()
		return tx.Exec("INSERT OR REPLACE INTO valet_lease (run, token, host, boot, pid, process_start, acquired, heartbeat) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
			e.runID, e.token, p.Host, p.Boot, p.PID, p.Started, now, now)
	})
	if err != nil {
		return nil, fmt.Errorf("take run %q: %w", run, err)
	}
	return e, nil
}

// newToken is random: a token must not come back, not even in a ledger that was restored from a copy.
func newToken() int64 {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return int64(binary.LittleEndian.Uint64(b[:]) >> 1)
}

// Run is the name of the run.
func (e *Lease) Run() string { return e.run }

// Renew shows inside a write transaction that the holder lives, after a check that the run is still its own. The error is a *FencedError
// if not: the transaction must be undone. It does not prolong Valid, because nobody knows yet whether the transaction will be stored.
func (e *Lease) Renew(tx *registry.Tx) error {
	return e.renew(tx, e.ledger.now())
}

func (e *Lease) renew(tx *registry.Tx, now time.Time) error {
	ours := false
	err := tx.Rows("UPDATE valet_lease SET heartbeat = ? WHERE run = ? AND token = ? RETURNING run", []any{now.UnixNano(), e.runID, e.token},
		func([]driver.Value) error { ours = true; return nil })
	if err != nil || ours {
		return err
	}
	e.mu.Lock()
	e.fenced = true
	e.mu.Unlock()
	by, err := holder(tx.Rows, e.runID)
	if err != nil {
		return err
	}
	return &FencedError{Run: e.run, By: by}
}

// Beat shows that the holder lives, in a transaction of its own, and prolongs Valid. It is to be called every few seconds (the limit
// divided by four is a good pace) as long as the lease is held, whatever else goes on. The error is a *FencedError if the run is lost.
func (e *Lease) Beat(ctx context.Context) error {
	var now time.Time
	err := e.ledger.reg.Write(ctx, func(tx *registry.Tx) error {
		now = e.ledger.now()
		return e.renew(tx, now)
	})
	if err != nil {
		return fmt.Errorf("hold run %q: %w", e.run, err)
	}
	e.mu.Lock()
	if now.After(e.confirmed) {
		e.confirmed = now
	}
	e.mu.Unlock()
	return nil
}

// Valid reports, without asking the database, whether nobody else can have taken the run: the last stored Beat is younger than two
// thirds of the limit; the rest is for what is under way. A worker asks before it writes a file. If it is not valid, Beat tells whether
// the run is lost or only the database was out of reach.
func (e *Lease) Valid() bool {
	now := e.ledger.now()
	e.mu.Lock()
	defer e.mu.Unlock()
	limit := e.ledger.limit * 2 / 3
	// The monotonic clock stands still while some machines sleep, the wall clock may be set: both must agree.
	return !e.fenced && now.Sub(e.confirmed) < limit && now.Round(0).Sub(e.confirmed.Round(0)) < limit
}

// Release gives the run back. A run without executions is forgotten. Releasing twice, or after the run was lost, does nothing.
func (e *Lease) Release(ctx context.Context) error {
	err := e.ledger.reg.Write(ctx, func(tx *registry.Tx) error { return e.release(tx) })
	if err != nil {
		return fmt.Errorf("give run %q back: %w", e.run, err)
	}
	return nil
}

func (e *Lease) release(tx *registry.Tx) error {
	e.mu.Lock()
	e.fenced = true
	e.mu.Unlock()
	if err := tx.Exec("DELETE FROM valet_lease WHERE run = ? AND token = ?", e.runID, e.token); err != nil {
		return err
	}
	return tx.Exec("DELETE FROM valet_run WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM valet_execution WHERE run = ?1) AND NOT EXISTS (SELECT 1 FROM valet_lease WHERE run = ?1)"+
		" AND NOT EXISTS (SELECT 1 FROM valet_task WHERE run = ?1)", e.runID)
}

// holder reads the lease of a run, nil if nobody has it.
func holder(rows rowsFunc, run int64) (h *Holder, err error) {
	err = rows("SELECT token, execution, host, boot, pid, process_start, acquired, heartbeat FROM valet_lease WHERE run = ?", []any{run}, func(row []driver.Value) error {
		h = &Holder{token: integer(row[0]), execution: integer(row[1]), Acquired: instant(row[6]), Heartbeat: instant(row[7]),
			Process: Process{Host: registry.Text(row[2]), Boot: registry.Text(row[3]), PID: int(integer(row[4])), Started: integer(row[5])}}
		return nil
	})
	return h, err
}
