package trace_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/mattn/go-sqlite3"

	"valet/registry/trace"
)

// connector opens SQLite files below a trace.
type connector struct {
	path  string
	layer func(driver.Conn) driver.Conn
}

func (c connector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c connector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.path)
	if err != nil {
		return nil, err
	}
	return c.layer(conn), nil
}

// words are what a test compares of statements.
func words(list []*trace.Statement) (out []string) {
	for _, s := range list {
		failed := ""
		if s.Err != nil {
			failed = " failed"
		}
		out = append(out, fmt.Sprintf("%s %v %d%s", s.SQL, s.Parameters, s.Rows, failed))
	}
	return out
}

func TestTrace(t *testing.T) {
	var x trace.Trace
	db := sql.OpenDB(connector{filepath.Join(t.TempDir(), "x.sqlite3"), x.Layer})
	defer db.Close()
	db.SetMaxOpenConns(1)
	exec := func(text string, args ...any) {
		t.Helper()
		if _, err := db.Exec(text, args...); err != nil {
			t.Fatal(err)
		}
	}
	exec("PRAGMA cache_size = -1000")
	exec("CREATE TABLE t (a, b)")
	insert, err := db.Prepare("INSERT INTO t VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	exec("BEGIN")
	id := []byte{1, 2}
	for i := range 3 {
		exec("INSERT INTO t VALUES (?, ?)", i, id)
		rows, err := insert.Query(i, "text")
		if err != nil {
			t.Fatal(err)
		}
		rows.Close()
	}
	exec("COMMIT")
	id[0] = 9
	want := []string{"CREATE TABLE t (a, b) [] 0"}
	for i := range 3 {
		want = append(want, fmt.Sprintf("INSERT INTO t VALUES (?, ?) [%d [1 2]] 0", i), fmt.Sprintf("INSERT INTO t VALUES (?, ?) [%d text] 0", i))
	}
	got := x.Take()
	if !slices.Equal(words(got), want) {
		t.Errorf("%q", words(got))
	}
	for _, s := range got {
		if s.Took <= 0 {
			t.Errorf("%s took %v", s.SQL, s.Took)
		}
	}
	rows, err := db.Query("SELECT a FROM t WHERE a > ?", 0)
	if err != nil || len(x.Take()) != 0 {
		t.Error("a statement under way is taken", err)
	}
	for rows.Next() {
	}
	rows.Close()
	if _, err := db.Query("SELECT x FROM t"); err == nil {
		t.Error("no error")
	}
	if _, err := db.Exec("DROP TABLE nothing"); err == nil {
		t.Error("no error")
	}
	if got := words(x.Take()); !slices.Equal(got, []string{"SELECT a FROM t WHERE a > ? [0] 4", "SELECT x FROM t [] 0 failed", "DROP TABLE nothing [] 0 failed"}) {
		t.Errorf("%q", got)
	}
	x.Stop()
	exec("DELETE FROM t")
	if got := x.Take(); got != nil {
		t.Errorf("%q", words(got))
	}
}
