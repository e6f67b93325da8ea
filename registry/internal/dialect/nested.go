package dialect

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
)

// DB is a *sql.DB whose only connection is this one, inside its transaction: what is done with it commits or not with everything else,
// and a transaction of its own is a savepoint. It is for libraries that take a *sql.DB; close it before the transaction ends.
func (c *Conn) DB() *sql.DB {
	db := sql.OpenDB(nestedConnector{c.raw})
	db.SetMaxOpenConns(1)
	return db
}

type nestedConnector struct{ raw driver.Conn }

func (n nestedConnector) Connect(context.Context) (driver.Conn, error) {
	return &nestedConn{raw: n.raw}, nil
}

func (n nestedConnector) Driver() driver.Driver { return nestedDriver{} }

type nestedDriver struct{}

func (nestedDriver) Open(string) (driver.Conn, error) {
	return nil, errors.New("the connection of a transaction cannot be opened by name")
}

// nestedConn is the connection without its end: closing it leaves the connection to its owner.
type nestedConn struct{ raw driver.Conn }

func (n *nestedConn) Close() error { return nil }

func (n *nestedConn) Prepare(query string) (driver.Stmt, error) { return n.raw.Prepare(query) }

func (n *nestedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	return n.raw.(driver.ExecerContext).ExecContext(ctx, query, args)
}

func (n *nestedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	return n.raw.(driver.QueryerContext).QueryContext(ctx, query, args)
}

func (n *nestedConn) Begin() (driver.Tx, error) {
	return n.BeginTx(context.Background(), driver.TxOptions{})
}

func (n *nestedConn) BeginTx(ctx context.Context, _ driver.TxOptions) (driver.Tx, error) {
	if _, err := n.ExecContext(ctx, "SAVEPOINT "+savepoint, nil); err != nil {
		return nil, err
	}
	return n, nil
}

const savepoint = "valet_nested"

// Commit and Rollback end the savepoint.
func (n *nestedConn) Commit() error {
	_, err := n.ExecContext(context.Background(), "RELEASE "+savepoint, nil)
	return err
}

func (n *nestedConn) Rollback() error {
	for _, s := range []string{"ROLLBACK TO ", "RELEASE "} {
		if _, err := n.ExecContext(context.Background(), s+savepoint, nil); err != nil {
			return fmt.Errorf("undo nested transaction: %w", err)
		}
	}
	return nil
}
