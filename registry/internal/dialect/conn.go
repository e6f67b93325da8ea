package dialect

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"time"

	"valet/registry/dataset"
)

// kept holds the statements prepared on the writing connection, by their text. It forgets them when the connection changes.
type kept struct {
	conn       driver.Conn
	statements map[string]*Statement
	rows       map[rowsKey]*Statement
}

func (k *kept) use(conn driver.Conn) {
	if k.conn != conn {
		// The statements of the former connection were closed with it.
		k.conn, k.statements, k.rows = conn, map[string]*Statement{}, map[rowsKey]*Statement{}
	}
}

func (k *kept) close() {
	for _, s := range k.statements {
		s.stmt.Close()
	}
	k.conn, k.statements, k.rows = nil, nil, nil
}

// Statement is a prepared statement of the writing connection with room for its parameters, which are reused from one Exec to
// the next.
type Statement struct {
	// Args are the parameters; the caller sets their Values.
	Args []driver.NamedValue
	stmt driver.Stmt
	db   *Database
}

// Prepare returns the statement for a text, prepared on first use and kept as long as the connection.
func (c *Conn) Prepare(query string) (*Statement, error) {
	if s := c.keep.statements[query]; s != nil {
		return s, nil
	}
	stmt, err := c.raw.Prepare(c.db.Dialect.Rebind(query))
	if err != nil {
		return nil, c.db.Dialect.Error(err)
	}
	s := &Statement{stmt: stmt, db: c.db, Args: make([]driver.NamedValue, stmt.NumInput())}
	for i := range s.Args {
		s.Args[i].Ordinal = i + 1
	}
	c.keep.statements[query] = s
	return s, nil
}

// Exec runs the statement with the current Args.
//
// It goes through the driver's query path: go-sqlite3 binds all parameters of a query and steps it in one crossing to C, but
// crosses once per parameter for Exec. The first step of an INSERT is all of it.
func (s *Statement) Exec(ctx context.Context) error {
	rows, err := s.stmt.(driver.StmtQueryContext).QueryContext(ctx, s.Args)
	if err != nil {
		return s.db.Dialect.Error(err)
	}
	return s.db.Dialect.Error(rows.Close())
}

// named turns Go values into parameters.
func (c *Conn) named(args []any) ([]driver.NamedValue, error) {
	out := make([]driver.NamedValue, len(args))
	for i, a := range args {
		out[i].Ordinal = i + 1
		switch v := a.(type) {
		case nil, int64, string, []byte, float64, bool, time.Time:
			out[i].Value = v
		case int:
			out[i].Value = int64(v)
		case dataset.ID:
			out[i].Value = c.db.Dialect.EncodeID(v)
		case *string:
			if v != nil {
				out[i].Value = *v
			}
		default:
			return nil, fmt.Errorf("parameter of type %T", a)
		}
	}
	return out, nil
}

// Query starts a statement. The rows must be closed. While another connection's lock is in the way the start is repeated; once
// there is a first row nothing can be in the way any more.
func (c *Conn) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	named, err := c.named(args)
	if err != nil {
		return nil, err
	}
	query = c.db.Dialect.Rebind(query)
	var rows driver.Rows
	err = c.db.retry(ctx, func() error {
		rows, err = c.raw.(driver.QueryerContext).QueryContext(ctx, query, named)
		return err
	})
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// Each calls f with every row of a statement. The row is reused.
func (c *Conn) Each(ctx context.Context, query string, args []any, f func(row []driver.Value) error) error {
	rows, err := c.Query(ctx, query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	for {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return c.db.Dialect.Error(err)
		}
		if err := f(row); err != nil {
			return err
		}
	}
}

// Row fetches the first row of a statement, nil if there is none.
func (c *Conn) Row(ctx context.Context, query string, args ...any) ([]driver.Value, error) {
	rows, err := c.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	row := make([]driver.Value, len(rows.Columns()))
	if err := rows.Next(row); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, c.db.Dialect.Error(err)
	}
	return row, nil
}

// Exec runs a statement that returns no rows, waiting for locks as Query does.
func (c *Conn) Exec(ctx context.Context, query string, args ...any) error {
	named, err := c.named(args)
	if err != nil {
		return err
	}
	query = c.db.Dialect.Rebind(query)
	return c.db.retry(ctx, func() error {
		_, err := c.raw.(driver.ExecerContext).ExecContext(ctx, query, named)
		return err
	})
}

// Error turns an error of a driver.Rows into one of this package's errors.
func (c *Conn) Error(err error) error { return c.db.Dialect.Error(err) }

// Explain returns the database's account of how it will run a statement.
func (c *Conn) Explain(ctx context.Context, query string, args []any) (steps []string, err error) {
	statement, column := c.db.Dialect.Explain(query)
	err = c.Each(ctx, statement, args, func(row []driver.Value) error {
		s, err := AsString(row[column])
		steps = append(steps, s)
		return err
	})
	return steps, err
}

// InsertDefaults inserts a row of nothing but defaults and returns its new key.
func (c *Conn) InsertDefaults(ctx context.Context, table, key string) (int64, error) {
	row, err := c.Row(ctx, "INSERT INTO "+table+" DEFAULT VALUES RETURNING "+key)
	if err != nil {
		return 0, err
	}
	if row == nil {
		return 0, fmt.Errorf("insert into %s: no key came back", table)
	}
	return AsInt(row[0])
}

// TableExists reports whether the database has a table of the name.
func (c *Conn) TableExists(ctx context.Context, name string) (bool, error) {
	row, err := c.Row(ctx, c.db.Dialect.FindTable(), name)
	return row != nil, err
}
