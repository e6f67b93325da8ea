// Package registry is the database side of a repository: what exists, where it is labelled, in which collections.
//
// It owns the tables of a Butler registry (repository.md 2 to 8): it opens and checks them, reads collections, dataset types,
// dimension records and datasets, and writes runs, chains, dataset types and datasets. It keeps upstream's layout to the letter
// and follows the layout it finds. It never upgrades a repository, changes a journal mode or touches a file other than the
// database; files are the business of package datastore.
//
// Reading methods run on their own connections and are safe for concurrent use. Writing goes through one connection, one
// transaction at a time (Write). On SQLite an unfinished Select keeps every writer, in this process and in others, from
// committing: consume rows promptly and do slow work afterwards.
//
// Weak spots: overlaps of regions with pixels other than those that are stored are refused; nothing is cached between calls except
// by an Expander, so that each call sees what other processes committed.
package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
	"valet/registry/internal/sqlite"
)

// Options of Open.
type Options struct {
	// URL is the database URL of butler.yaml with <butlerRoot> substituted, for example sqlite:////data/repo/gen3.sqlite3.
	URL string
	// Managers are the configured class names by role (attributes, collections, ...); absent roles have upstream's defaults.
	Managers map[string]string
	ReadOnly bool
	// BusyTimeout is how long a locked database is waited for; 0 means a minute. Waiting is told, once a second at most, to
	// OnBusy, if set, with the time waited so far and what is known about the process that holds the lock, which may be nothing.
	BusyTimeout time.Duration
	OnBusy      func(waited time.Duration, holder string)
	// Layer, if set, is put around every connection of the driver: it sees each statement and may let it fail, as vfs.Fault does with
	// files. It has to keep the interfaces that package registrytest's Fault keeps.
	Layer func(driver.Conn) driver.Conn
	// Bulk keeps in memory what a statement holds back in case it fails, which speeds up inserts of many rows. A statement that changes a
	// large part of the database needs memory for all that it changes.
	Bulk bool
	Log  zerolog.Logger
}

// Registry is an open registry. Reading methods are safe for concurrent use.
type Registry struct {
	universe *dimension.Universe
	db       *dialect.Database
	layout   catalog.Layout
	// refuseDatasets is why datasets may not be written, or empty.
	refuseDatasets string
	log            zerolog.Logger
}

// Open opens an existing registry and checks versions (repository.md 2.2). Nothing is written. Errors are a *NotFoundError for a
// missing database, *VersionError, *dimension.UniverseError, or one of the database errors.
func Open(ctx context.Context, o Options) (*Registry, error) {
	if o.BusyTimeout <= 0 {
		o.BusyTimeout = time.Minute
	}
	path, ok := sqlite.Path(o.URL)
	if !ok {
		return nil, &URLError{URL: o.URL}
	}
	db, err := sqlite.Open(ctx, path, sqlite.Options{ReadOnly: o.ReadOnly, Timeout: o.BusyTimeout, OnBusy: o.OnBusy, Layer: o.Layer, Bulk: o.Bulk})
	if err != nil {
		return nil, err
	}
	r := &Registry{db: db, log: o.Log}
	if err := r.check(ctx, o); err != nil {
		db.Close()
		return nil, err
	}
	r.log.Debug().Str("database", db.Name).Bool("read_only", o.ReadOnly).Int("universe", r.universe.Version).Msg("opened registry")
	return r, nil
}

// Close closes all connections. It waits for a transaction under way.
func (r *Registry) Close() error { return r.db.Close() }

// Universe is the repository's dimension universe.
func (r *Registry) Universe() *dimension.Universe { return r.universe }

// view runs f with a catalog over one consistent picture of the database.
func (r *Registry) view(ctx context.Context, f func(*catalog.Catalog) error) error {
	return r.db.View(ctx, func(c *dialect.Conn) error { return f(r.catalog(c)) })
}

func (r *Registry) catalog(c *dialect.Conn) *catalog.Catalog {
	return catalog.New(c, r.universe, r.layout, r.db.Name)
}

// URLError says that a database URL names nothing valet can open.
type URLError struct{ URL string }

func (e *URLError) Error() string {
	scheme, rest, _ := strings.Cut(e.URL, "://")
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		// Messages show no password.
		rest = "...@" + rest[at+1:]
	}
	return fmt.Sprintf("database URL %s://%s is not supported", scheme, rest)
}

// Hint says which URLs are.
func (e *URLError) Hint() string {
	return "registry.db in butler.yaml must be like sqlite:///<butlerRoot>/gen3.sqlite3"
}
