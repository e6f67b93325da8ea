package registry

import (
	"context"
	"database/sql/driver"

	"valet/registry/internal/dialect"
)

// The methods of this file are for tables of valet's own (valet_*), which live in the same database so that their rows commit with
// the datasets they describe. Statements write parameters as question marks, values are int64, int, float64, string, []byte, bool,
// dataset.ID or nil. Tables of the registry itself are not to be touched with them.

// Exec runs a statement inside the transaction.
func (tx *Tx) Exec(statement string, args ...any) error { return tx.exec(statement, args...) }

// Rows calls f with every row of a query inside the transaction. The row is reused.
func (tx *Tx) Rows(query string, args []any, f func(row []driver.Value) error) error {
	return tx.conn.Each(tx.ctx, query, args, f)
}

// InsertRows inserts n rows with prepared multi-row statements: head is the text up to VALUES, fill sets the values of row i.
func (tx *Tx) InsertRows(head string, columns, n int, fill func(i int, row []driver.NamedValue)) error {
	_, err := tx.conn.InsertRows(tx.ctx, head, columns, n, fill)
	return err
}

// Text is a text value of a row; empty for NULL and for what is no text.
func Text(v driver.Value) string {
	switch s := v.(type) {
	case string:
		return s
	case []byte:
		return string(s)
	}
	return ""
}

// TableExists reports whether the database has a table of the name.
func (tx *Tx) TableExists(name string) (bool, error) { return tx.conn.TableExists(tx.ctx, name) }

// Rows calls f with every row of a query. The row is reused; the lock that a Select holds is held here too.
func (r *Registry) Rows(ctx context.Context, query string, args []any, f func(row []driver.Value) error) error {
	return r.db.Read(ctx, func(c *dialect.Conn) error { return c.Each(ctx, query, args, f) })
}

// TableExists reports whether the database has a table of the name.
func (r *Registry) TableExists(ctx context.Context, name string) (exists bool, err error) {
	err = r.db.Read(ctx, func(c *dialect.Conn) error {
		exists, err = c.TableExists(ctx, name)
		return err
	})
	return exists, err
}

// Database is how messages call the database: the path of its file, or its URL without password.
func (r *Registry) Database() string { return r.db.Name }
