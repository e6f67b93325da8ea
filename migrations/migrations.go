// Package migrations owns the versioned SQL files that make valet's own tables (valet_*) in the database of a repository, and runs
// them. It never touches a table of the Butler's, and its tables hold no foreign key into those.
//
// A version once released is not changed: what is to be different comes as a new file. There is no way back to an older version;
// everything in the tables can be made again from the repository.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"sync"

	"github.com/pressly/goose/v3"
)

// Table holds the versions that were applied.
const Table = "valet_schema_version"

// VersionQuery asks Table for the newest version; it gives one row, NULL if there is none.
const VersionQuery = "SELECT MAX(version_id) FROM " + Table + " WHERE is_applied"

//go:embed sqlite/*.sql
var files embed.FS

// dialects are the databases that there are files for, by the registry's name of them.
var dialects = map[string]goose.Dialect{"sqlite": goose.DialectSQLite3}

// DatabaseError says that there are no files for a kind of database.
type DatabaseError struct{ Dialect string }

func (e *DatabaseError) Error() string {
	return fmt.Sprintf("valet's own tables cannot be made in a database of kind %q", e.Dialect)
}

// NewerError says that valet's own tables were made by a newer valet.
type NewerError struct {
	// Database is how messages call it. Found is the version of its tables, Known the newest one that this valet knows.
	Database     string
	Found, Known int64
}

func (e *NewerError) Error() string {
	return fmt.Sprintf("valet's own tables in database %s have version %d; this valet knows versions up to %d", e.Database, e.Found, e.Known)
}

// Hint says how to go on.
func (e *NewerError) Hint() string {
	return "use the newer valet that wrote to this repository; nothing was changed"
}

// Latest is the newest version for a kind of database, 0 if there are no files for it.
func Latest(dialect string) int64 { return latest()[dialect] }

var latest = sync.OnceValue(func() map[string]int64 {
	out := map[string]int64{}
	for dialect := range dialects {
		names, err := fs.Glob(files, dialect+"/*.sql")
		if err != nil {
			panic(err) // the pattern is a constant
		}
		for _, name := range names {
			v, err := goose.NumericComponent(name)
			if err != nil {
				panic(err) // the names are embedded: a test reads them
			}
			out[dialect] = max(out[dialect], v)
		}
	}
	return out
})

// Apply brings the tables to the newest version. db should be inside one write transaction that spans the whole call, so that a crash
// or fault leaves nothing half made and two processes take turns; see registry.Tx.Migrate.
func Apply(ctx context.Context, db *sql.DB, dialect string) error {
	d, ok := dialects[dialect]
	if !ok {
		return &DatabaseError{Dialect: dialect}
	}
	dir, err := fs.Sub(files, dialect)
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", dialect, err)
	}
	p, err := goose.NewProvider(d, db, dir, goose.WithTableName(Table), goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
	if err != nil {
		return fmt.Errorf("migrations of %s: %w", dialect, err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("make valet's own tables: %w", err)
	}
	return nil
}
