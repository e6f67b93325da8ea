// Package layer puts something around the statements that go through a database connection, whichever way they are sent: at once, or
// prepared before. What is put around them decides what happens; the layer only passes on.
package layer

import (
	"context"
	"database/sql/driver"
	"fmt"
)

// Hooks are asked in place of the connection. They call send to let the statement through, once or not at all.
type Hooks interface {
	Exec(text string, args []driver.NamedValue, send func() (driver.Result, error)) (driver.Result, error)
	Query(text string, args []driver.NamedValue, send func() (driver.Rows, error)) (driver.Rows, error)
}

// Around puts hooks around a connection.
func Around(under driver.Conn, h Hooks) driver.Conn { return &conn{under, h} }

type conn struct {
	driver.Conn
	hooks Hooks
}

var (
	_ driver.ExecerContext  = (*conn)(nil)
	_ driver.QueryerContext = (*conn)(nil)
)

// ExecContext sends a statement without rows.
func (c *conn) ExecContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Result, error) {
	under, ok := c.Conn.(driver.ExecerContext)
	if !ok {
		return nil, fmt.Errorf("driver connection %T", c.Conn)
	}
	return c.hooks.Exec(text, args, func() (driver.Result, error) { return under.ExecContext(ctx, text, args) })
}

// QueryContext sends a statement with rows.
func (c *conn) QueryContext(ctx context.Context, text string, args []driver.NamedValue) (driver.Rows, error) {
	under, ok := c.Conn.(driver.QueryerContext)
	if !ok {
		return nil, fmt.Errorf("driver connection %T", c.Conn)
	}
	return c.hooks.Query(text, args, func() (driver.Rows, error) { return under.QueryContext(ctx, text, args) })
}

// Prepare makes a statement that goes through the hooks each time it is run.
func (c *conn) Prepare(text string) (driver.Stmt, error) {
	under, err := c.Conn.Prepare(text)
	if err != nil {
		return nil, err
	}
	return &stmt{under, c.hooks, text}, nil
}

type stmt struct {
	driver.Stmt
	hooks Hooks
	text  string
}

var _ driver.StmtQueryContext = (*stmt)(nil)

// QueryContext runs the statement.
func (s *stmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	under, ok := s.Stmt.(driver.StmtQueryContext)
	if !ok {
		return nil, fmt.Errorf("driver statement %T", s.Stmt)
	}
	return s.hooks.Query(s.text, args, func() (driver.Rows, error) { return under.QueryContext(ctx, args) })
}
