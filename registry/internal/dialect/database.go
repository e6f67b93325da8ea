package dialect

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// Database is an open database: a pool of reading connections and, unless it was opened read-only, the one writing connection.
//
// On SQLite a reading connection holds a SHARED lock from the first row of a statement to its last row or its Close, and no
// writer, of this process or of another, can commit in the meantime. So a caller that streams many rows does nothing slow
// between them, and a Read that gathers several statements is short.
type Database struct {
	Dialect Dialect
	// Name is how messages call the database: the path or the URL without its password.
	Name    string
	Readers *sql.DB
	// Writer is limited to one connection; nil if the database was opened read-only.
	Writer *sql.DB
	// Timeout is how long locks are waited for.
	Timeout time.Duration
	// OnBusy is told the time waited so far and who holds the lock, once a second at most; may be nil.
	OnBusy func(waited time.Duration, holder string)
	// Holder describes the process that holds the lock, as far as it is known; nil if it never is.
	Holder func() string

	turn chan struct{} // holds one token: the turn to write
	keep *kept
}

// New completes a Database.
func New(d Database) *Database {
	d.turn = make(chan struct{}, 1)
	d.turn <- struct{}{}
	d.keep = &kept{}
	return &d
}

// Close closes all connections. It waits for statements under way.
func (d *Database) Close() error {
	err := d.Readers.Close()
	if d.Writer != nil {
		<-d.turn
		d.keep.close()
		err = errors.Join(err, d.Writer.Close())
		d.turn <- struct{}{}
	}
	return err
}

// Conn is one connection, used by one goroutine at a time.
type Conn struct {
	db  *Database
	raw driver.Conn
	// keep holds prepared statements between transactions; nil on reading connections.
	keep *kept
	// unfit says that the state of the connection is not known: nobody may use it again.
	unfit bool
}

// Dialect is the dialect of the connection's database.
func (c *Conn) Dialect() Dialect { return c.db.Dialect }

// Read runs f with a reading connection. Statements in f see whatever is committed when each starts; use View for a consistent
// picture.
func (d *Database) Read(ctx context.Context, f func(*Conn) error) error {
	conn, err := d.connect(ctx, d.Readers)
	if err != nil {
		return err
	}
	defer conn.Close()
	return d.raw(conn, func(c *Conn) error { return f(c) })
}

// View runs f in one reading transaction.
func (d *Database) View(ctx context.Context, f func(*Conn) error) error {
	return d.Read(ctx, func(c *Conn) error {
		if err := c.Exec(ctx, d.Dialect.Begin(false)); err != nil {
			return err
		}
		err := f(c)
		// Nothing was written, so rolling back loses nothing and works in every state of the transaction.
		back := c.Exec(context.WithoutCancel(ctx), "ROLLBACK")
		c.unfit = back != nil
		return errors.Join(err, back)
	})
}

// Write runs f in one write transaction and commits it if f returns nil. One transaction runs at a time; the others wait their
// turn. The wait for locks of other processes is bounded by Timeout and gives a *BusyError. When f fails or panics nothing is
// changed.
func (d *Database) Write(ctx context.Context, f func(*Conn) error) error {
	if d.Writer == nil {
		return &ReadOnlyError{Database: d.Name, Reason: "it was opened for reading"}
	}
	select {
	case <-d.turn:
		defer func() { d.turn <- struct{}{} }()
	case <-ctx.Done():
		return ctx.Err()
	}
	conn, err := d.connect(ctx, d.Writer)
	if err != nil {
		return err
	}
	defer conn.Close()
	return d.raw(conn, func(c *Conn) (err error) {
		d.keep.use(c.raw)
		c.keep = d.keep
		if err := c.Exec(ctx, d.Dialect.Begin(true)); err != nil {
			return err
		}
		done := false
		defer func() {
			if !done {
				// The transaction may be gone already (disk full rolls back by itself); the error that led here counts.
				c.unfit = c.Exec(context.Background(), "ROLLBACK") != nil
			}
		}()
		if err := f(c); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		// Once begun, a commit is not canceled: nobody could tell whether it happened.
		err = c.Exec(context.WithoutCancel(ctx), "COMMIT")
		done = err == nil
		if err == nil {
			return nil
		}
		if done = true; c.Exec(context.Background(), "ROLLBACK") != nil {
			// No transaction was left: it was either stored, and only what follows that went wrong, or undone.
			c.unfit = true
			return &UnsettledError{Database: d.Name, Cause: err}
		}
		return err
	})
}

// connect takes a connection of a pool; opening one may meet a locked database.
func (d *Database) connect(ctx context.Context, pool *sql.DB) (conn *sql.Conn, err error) {
	err = d.retry(ctx, func() error {
		conn, err = pool.Conn(ctx)
		return err
	})
	return conn, err
}

func (d *Database) raw(conn *sql.Conn, f func(*Conn) error) error {
	var inner error
	unfit := false
	err := conn.Raw(func(given any) error {
		raw, ok := given.(driver.Conn)
		if !ok {
			return fmt.Errorf("driver connection %T", given)
		}
		c := &Conn{db: d, raw: raw}
		inner = f(c)
		if unfit = c.unfit; unfit {
			// The connection may still be in a transaction, with its locks: it is closed, and its statements before, which keep it.
			if c.keep != nil {
				c.keep.close()
			}
			return driver.ErrBadConn
		}
		return nil
	})
	if inner != nil || unfit {
		return inner
	}
	return d.Dialect.Error(err)
}

func (d *Database) holder() string {
	if d.Holder == nil {
		return ""
	}
	return d.Holder()
}

// retry repeats step while it meets a lock, until Timeout has passed.
func (d *Database) retry(ctx context.Context, step func() error) error {
	var start, told time.Time
	pause := time.Millisecond
	for {
		err := step()
		if err == nil {
			return nil
		}
		if !d.Dialect.IsBusy(err) {
			return d.Dialect.Error(err)
		}
		now := time.Now()
		if start.IsZero() {
			start, told = now, now
		}
		waited := now.Sub(start)
		if waited >= d.Timeout {
			return &BusyError{Database: d.Name, Waited: waited, Holder: d.holder(), Cause: err}
		}
		if d.OnBusy != nil && now.Sub(told) >= time.Second {
			told = now
			d.OnBusy(waited, d.holder())
		}
		// Short pauses first: another valet commits within milliseconds. The longest is still short against a human's patience
		// and long against the cost of a try.
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(min(pause, d.Timeout-waited+time.Millisecond)):
		}
		pause = min(2*pause, 50*time.Millisecond)
	}
}
