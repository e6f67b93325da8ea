package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"

	"valet/registry/internal/dialect"
)

// Options of Open.
type Options struct {
	ReadOnly bool
	// Create makes the file if it is missing.
	Create bool
	// Bulk keeps what statements hold back in memory.
	Bulk    bool
	Timeout time.Duration
	OnBusy  func(waited time.Duration, holder string)
	// Layer is put around every connection, if it is not nil.
	Layer func(driver.Conn) driver.Conn
}

// Path is the file that a database URL names: the URL's path without its first slash (repository.md 1.4). ok is false if the
// URL is not one of SQLite.
func Path(rawURL string) (path string, ok bool) {
	rest, ok := strings.CutPrefix(rawURL, "sqlite:")
	if !ok {
		// sqlite+pysqlite:///... names a Python driver.
		scheme, after, found := strings.Cut(rawURL, "://")
		if !found || !strings.HasPrefix(scheme, "sqlite+") {
			return "", false
		}
		rest = "//" + after
	}
	rest, _, _ = strings.Cut(rest, "?")
	rest, ok = strings.CutPrefix(rest, "///")
	return rest, ok && rest != "" && rest != ":memory:"
}

// Open opens a database file.
//
// Readers of a database that is open for writing too could write as far as the file system is concerned: a read-only handle
// cannot roll back the journal of a crashed writer. query_only keeps them from it.
func Open(ctx context.Context, path string, o Options) (*dialect.Database, error) {
	if !o.Create {
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, &dialect.NotFoundError{Kind: "database", Name: path, Cause: err}
		case err != nil:
			return nil, &dialect.OpenError{Database: path, Reason: err.Error(), Cause: err}
		case info.IsDir():
			return nil, &dialect.OpenError{Database: path, Reason: "it is a directory"}
		}
	}
	d := &SQLite{Path: path}
	db := dialect.Database{Dialect: d, Name: path, Timeout: o.Timeout, OnBusy: o.OnBusy, Holder: func() string { return holder(path) }}
	mode, pragmas := "ro", readPragmas
	if !o.ReadOnly {
		mode, pragmas = "rw", append([]string{"PRAGMA query_only = ON"}, readPragmas...)
		if o.Create {
			mode = "rwc"
		}
		writing := writePragmas
		if o.Bulk {
			writing = append([]string{bulkPragma}, writePragmas...)
		}
		db.Writer = sql.OpenDB(&connector{dsn: dsn(path, mode), pragmas: writing, layer: o.Layer})
		db.Writer.SetMaxOpenConns(1)
		db.Writer.SetConnMaxIdleTime(0)
	}
	db.Readers = sql.OpenDB(&connector{dsn: dsn(path, mode), pragmas: pragmas, layer: o.Layer})
	db.Readers.SetMaxIdleConns(8)
	return dialect.New(db), nil
}

// The page cache of 64 MB keeps the upper levels of the indexes of tens of millions of datasets in memory; it is a property of
// the connection, not of the file. foreign_keys is ON because cascades and guards depend on it (repository.md 11).
var (
	readPragmas  = []string{"PRAGMA foreign_keys = ON", "PRAGMA cache_size = -65536"}
	writePragmas = []string{"PRAGMA foreign_keys = ON", "PRAGMA cache_size = -65536", "PRAGMA synchronous = FULL"}

	// A statement that inserts many rows keeps the pages it changes until it ends, in case it fails; beyond 64 kB in a file, if not told
	// otherwise.
	bulkPragma = "PRAGMA temp_store = MEMORY"
)

// dsn writes the file name as the path of a URI. The driver's own waiting is short, because the registry waits itself, with
// messages; its default for synchronous (NORMAL) is too weak for a rollback journal.
func dsn(path, mode string) string {
	escaped := (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath()
	return fmt.Sprintf("file:%s?mode=%s&_busy_timeout=100&_synchronous=FULL&_stmt_cache_size=64", escaped, mode)
}

type connector struct {
	dsn     string
	pragmas []string
	layer   func(driver.Conn) driver.Conn
	driver  sqlite3.SQLiteDriver
}

func (c *connector) Driver() driver.Driver { return &c.driver }

func (c *connector) Connect(context.Context) (conn driver.Conn, err error) {
	if conn, err = c.driver.Open(c.dsn); err != nil {
		return nil, err
	}
	for _, p := range c.pragmas {
		if _, err := conn.(*sqlite3.SQLiteConn).Exec(p, nil); err != nil {
			conn.Close()
			return nil, err
		}
	}
	if c.layer != nil {
		conn = c.layer(conn)
	}
	return conn, nil
}
