// Package trace records which statements a registry sends to its database, for people who wonder what a command costs: the text with its
// parameters, the rows that came back, and the time that the database took for them.
//
// A Trace is a layer around connections, as the fault layer of tests is: nothing is recorded, and nothing costs time, where none is put
// around them. It owns no policy: who takes the statements decides what they belong to.
//
// Weak spot: it keeps all statements until they are taken, with their parameters.
package trace

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Statement is a statement that was sent.
type Statement struct {
	SQL string
	// Parameters are nil, int64, float64, bool, string, []byte or time.Time.
	Parameters []driver.Value
	// Rows is the number of rows that were read of its result.
	Rows int
	// Took is the time that the driver needed to start it and to give its rows, without what was done between them.
	Took time.Duration
	// Err is why it failed, or nil.
	Err error
}

// Trace records statements. It is safe for concurrent use.
type Trace struct {
	off  atomic.Bool
	mu   sync.Mutex
	sent []*Statement
}

// Take returns the statements that ended since the last call, that is whose rows were closed, but not those that begin, end or configure
// transactions and connections.
func (t *Trace) Take() []*Statement {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := t.sent
	t.sent = nil
	return out
}

// Stop ends the recording for ever.
func (t *Trace) Stop() {
	t.off.Store(true)
	t.Take()
}

// begin makes the record of a statement; it is nil if there is to be none.
func (t *Trace) begin(text string, args []driver.NamedValue) *Statement {
	if t.off.Load() || isFrame(text) {
		return nil
	}
	s := &Statement{SQL: text, Parameters: make([]driver.Value, len(args))}
	for i := range args {
		s.Parameters[i] = args[i].Value
		if b, ok := args[i].Value.([]byte); ok {
			s.Parameters[i] = append([]byte{}, b...) // the sender may use it again
		}
	}
	return s
}

// end records that a statement has ended: nobody changes it any more.
func (t *Trace) end(s *Statement) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.off.Load() {
		t.sent = append(t.sent, s)
	}
}

// isFrame reports whether a statement only frames others.
func isFrame(text string) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(text), " ")
	switch strings.ToUpper(strings.TrimSuffix(word, ";")) {
	case "BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA":
		return true
	}
	return false
}

// Layer puts the trace around a connection.
func (t *Trace) Layer(under driver.Conn) driver.Conn { return &conn{under, t} }

type conn struct {
	driver.Conn
	trace *Trace
}

var (
	_ driver.ExecerContext  = (*conn)(nil)
	_ driver.QueryerContext = (*conn)(nil)
)

// ExecContext records a statement without rows.
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	under, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return nil, fmt.Errorf("driver connection %T", c.Conn)
	}
	s := c.trace.begin(text, args)
	if s == nil {
		return under.ExecContext(ctx, text, args)
	}
	start := time.Now()
	result, err := under.ExecContext(ctx, text, args)
	s.Took, s.Err = time.Since(start), err
	c.trace.end(s)
	return result, err
}

// QueryContext records a statement, and its rows as they are read.
func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	under, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, fmt.Errorf("driver connection %T", c.Conn)
	}
	return c.trace.query(text, args, func() (driver.Rows, error) { return under.QueryContext(ctx, text, args) })
}

func (t *Trace) query(text string, args []driver.NamedValue, send func() (driver.Rows, error)) (driver.Rows, error) {
	s := t.begin(text, args)
	if s == nil {
		return send()
	}
	start := time.Now()
	under, err := send()
	s.Took, s.Err = time.Since(start), err
	if err != nil {
		t.end(s)
		return nil, err
	}
	return &rows{Rows: under, trace: t, of: s}, nil
}

// Prepare makes a statement that is recorded each time it is run.
func (c *conn) Prepare(text string) (driver.Stmt, error) {
	under, err := c.Conn.Prepare(text)
	if err != nil || c.trace.off.Load() {
		return under, err
	}
	return &stmt{under, c.trace, text}, nil
}

type stmt struct {
	driver.Stmt
	trace *Trace
	text  string
}

var _ driver.StmtQueryContext = (*stmt)(nil)

// QueryContext records the statement, and its rows as they are read.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	under, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, fmt.Errorf("driver statement %T", s.Stmt)
	}
	return s.trace.query(s.text, args, func() (driver.Rows, error) { return under.QueryContext(ctx, args) })
}

type rows struct {
	driver.Rows
	trace  *Trace
	of     *Statement
	closed bool
}

// Close ends the statement.
func (r *rows) Close() error {
	start := time.Now()
	err := r.Rows.Close()
	if !r.closed {
		r.closed = true
		r.of.Took += time.Since(start)
		r.trace.end(r.of)
	}
	return err
}

// Next reads a row.
func (r *rows) Next(dst []driver.Value) error {
	start := time.Now()
	err := r.Rows.Next(dst)
	r.of.Took += time.Since(start)
	switch {
	case err == nil:
		r.of.Rows++
	case !errors.Is(err, io.EOF):
		r.of.Err = err
	}
	return err
}
