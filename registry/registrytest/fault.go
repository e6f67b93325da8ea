package registrytest

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"
)

// Statement is one statement as the decider of a Fault sees it.
type Statement struct {
	Text string
	// N counts the statements from 1. A COMMIT counts twice: before it is run and, with After, when it is done.
	N     int
	After bool
}

// IsWrite reports whether the statement begins, makes or ends a change.
func (s Statement) IsWrite() bool {
	word, _, _ := strings.Cut(strings.TrimSpace(s.Text), " ")
	switch strings.ToUpper(word) {
	case "SELECT", "PRAGMA", "EXPLAIN", "WITH", "VALUES":
		return false
	}
	return true
}

// Fault is a layer around the connections of a database that lets chosen statements fail, and counts them.
type Fault struct {
	decide func(Statement) error

	mu sync.Mutex
	n  int
}

// NewFault makes a layer; its Layer is for registry.Options. decide is asked before every statement, one at a time, and once more
// after each COMMIT that went well; its error, commonly a sqlite3.Error, becomes the statement's. A nil decide only counts.
func NewFault(decide func(Statement) error) *Fault { return &Fault{decide: decide} }

// Count is the number of statements so far.
func (f *Fault) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

// Still runs g while no transaction begins or ends, so that it may copy the files of the database as they would be found after a crash.
// The decider holds them still already.
func (f *Fault) Still(g func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	g()
}

func (f *Fault) ask(text string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.next(text, false)
}

func (f *Fault) next(text string, after bool) error {
	f.n++
	if f.decide == nil {
		return nil
	}
	return f.decide(Statement{text, f.n, after})
}

// Layer puts the layer around a connection.
func (f *Fault) Layer(under driver.Conn) driver.Conn { return &faultConn{under, f} }

type faultConn struct {
	driver.Conn
	fault *Fault
}

var (
	_ driver.ExecerContext  = (*faultConn)(nil)
	_ driver.QueryerContext = (*faultConn)(nil)
)

// ExecContext may fail, a COMMIT also after it was run.
func (c *faultConn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	c.fault.mu.Lock()
	defer c.fault.mu.Unlock()
	if err := c.fault.next(text, false); err != nil {
		return nil, err
	}
	under, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return nil, fmt.Errorf("driver connection %T", c.Conn)
	}
	result, err := under.ExecContext(ctx, text, args)
	if err == nil && text == "COMMIT" {
		err = c.fault.next(text, true)
	}
	return result, err
}

// QueryContext may fail.
func (c *faultConn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.fault.ask(text); err != nil {
		return nil, err
	}
	under, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, fmt.Errorf("driver connection %T", c.Conn)
	}
	return under.QueryContext(ctx, text, args)
}

// Prepare makes a statement that may fail each time it is run.
func (c *faultConn) Prepare(text string) (driver.Stmt, error) {
	stmt, err := c.Conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	return &faultStmt{stmt, c.fault, text}, nil
}

type faultStmt struct {
	driver.Stmt
	fault *Fault
	text  string
}

var _ driver.StmtQueryContext = (*faultStmt)(nil)

// QueryContext may fail.
func (s *faultStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.fault.ask(s.text); err != nil {
		return nil, err
	}
	under, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, fmt.Errorf("driver statement %T", s.Stmt)
	}
	return under.QueryContext(ctx, args)
}
