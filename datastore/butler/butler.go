// Package butler is registry and datastore as one: it finds and reads butler.yaml, opens both sides, and writes to both so that a
// dataset that the registry shows has its complete file.
//
// The order of every write is: files under their final names, one barrier that makes them durable, then one transaction with all
// rows. A crash at any instant leaves at most files without rows.
//
// It refuses remote butlers and writing to chains of datastores.
package butler

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/rs/zerolog"

	"valet/datastore"
	"valet/datastore/vfs"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Options of Open. The zero value opens a repository for reading and writing on the real disk.
type Options struct {
	ReadOnly bool
	// FS is the file system of the artifacts; nil is the disk.
	FS vfs.FS
	// Getenv looks up environment variables; nil is that of the process.
	Getenv func(string) (string, bool)
	// BusyTimeout and OnBusy are those of the registry.
	BusyTimeout time.Duration
	OnBusy      func(waited time.Duration, holder string)
	// Layer is that of the registry; nil is none.
	Layer func(driver.Conn) driver.Conn
	// Bulk is that of the registry.
	Bulk bool
	Log  zerolog.Logger
}

// Butler is an open repository.
type Butler struct {
	// Registry and Store are its two sides.
	Registry *registry.Registry
	Store    *datastore.Store
	// Root is the directory of the repository, File its butler.yaml.
	Root, File string
	// Forgetting, if set, is called in every transaction that removes datasets, for tables that are neither of the two sides'.
	Forgetting func(tx *registry.Tx, ids []dataset.ID) error

	removal removal
	// storageClasses are the names of those that the configuration adds.
	storageClasses []string
	// files is the file system of the artifacts.
	files vfs.FS
}

// Open opens the repository that a user named: a directory, a butler.yaml or a label of the repository index. Nothing is written.
func Open(ctx context.Context, location string, o Options) (*Butler, error) {
	if o.Getenv == nil {
		o.Getenv = os.LookupEnv
	}
	if o.FS == nil {
		o.FS = vfs.Real{}
	}
	file, err := locate(location, o.Getenv)
	if err != nil {
		return nil, err
	}
	c, err := readConfig(file, o.Getenv)
	if err != nil {
		return nil, err
	}
	reg, err := registry.Open(ctx, registry.Options{URL: c.db, Managers: c.managers, ReadOnly: o.ReadOnly,
		BusyTimeout: o.BusyTimeout, OnBusy: o.OnBusy, Layer: o.Layer, Bulk: o.Bulk, Log: o.Log})
	if err != nil {
		return nil, fmt.Errorf("open repository %s: %w", location, err)
	}
	store, err := datastore.New(o.FS, c.store, reg.Universe())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open repository %s: %w", location, err), reg.Close())
	}
	return &Butler{Registry: reg, Store: store, Root: c.root, File: file, removal: removal{oneTransaction, firstPiece}, storageClasses: c.storageClasses, files: o.FS}, nil
}

// Close closes both sides.
func (b *Butler) Close() error { return errors.Join(b.Store.Close(), b.Registry.Close()) }

// File is a written file and the dataset it holds.
type File struct {
	Ref    dataset.Ref
	Record dataset.FileRecord
}

// Commit makes the files durable that were written since the last commit, then stores all rows of the given datasets in one
// transaction, together with what also writes; also may be nil. Refs need a type, an ID, a data ID and a run.
//
// The result is how long the write transaction was open: other processes had to wait for so long. A *registry.UnsettledError says that
// the rows may be stored, so that the files must stay.
func (b *Butler) Commit(ctx context.Context, files []File, also func(tx *registry.Tx) error) (held time.Duration, err error) {
	if err := b.Store.Sync(); err != nil {
		return 0, err
	}
	return b.Record(ctx, files, also)
}

// Record is Commit for files that a Sync made durable already.
func (b *Butler) Record(ctx context.Context, files []File, also func(tx *registry.Tx) error) (held time.Duration, err error) {
	var now time.Time
	err = b.Registry.Write(ctx, func(tx *registry.Tx) error {
		// The clock starts when the lock is held, not when it is asked for.
		now = time.Now()
		if err := b.Insert(tx, files, now); err != nil {
			return err
		}
		if also != nil {
			return also(tx)
		}
		return nil
	})
	return time.Since(now), b.Settle(err, files)
}

// Settle takes the error of a transaction that inserted files. If that does not tell whether the transaction was stored, the database is
// asked: the result is nil if it was, an error without that doubt if it was not, and err if the database does not answer, in which case the files
// must stay.
func (b *Butler) Settle(err error, files []File) error {
	var unsettled *registry.UnsettledError
	if !errors.As(err, &unsettled) || len(files) == 0 {
		return err
	}
	found, e := b.Registry.Records(context.Background(), b.Store.Config.Name, b.Store.Config.Table, []dataset.ID{files[0].Ref.ID})
	switch {
	case e != nil:
		return err
	case len(found) > 0:
		return nil
	}
	return unsettled.Cause
}

// Forget deletes the rows of datasets in one transaction, together with what also writes, so that their IDs and their places may be
// used again; also may be nil. Files stay: the result are those that no other dataset shares, which the caller replaces or removes.
// Until then they are files without rows.
func (b *Butler) Forget(ctx context.Context, ids []dataset.ID, also func(tx *registry.Tx) error) (left []dataset.FileRecord, err error) {
	store := &b.Store.Config
	err = b.Registry.Write(ctx, func(tx *registry.Tx) error {
		var err error
		if left, err = b.deleteDatasets(tx, store.Name, store.Table, ids); err != nil {
			return err
		}
		// The records must go now: the IDs may be used again.
		if err := tx.FinishTrash(store.Name, store.Table, ids); err != nil {
			return err
		}
		if also != nil {
			return also(tx)
		}
		return nil
	})
	return left, err
}

// Insert stores the rows of files that are durable already, for callers with a transaction of their own.
func (b *Butler) Insert(tx *registry.Tx, files []File, ingested time.Time) error {
	refs := make([]dataset.Ref, len(files))
	records := make([]dataset.FileRecord, len(files))
	for i := range files {
		refs[i], records[i] = files[i].Ref, files[i].Record
	}
	if err := tx.InsertRefs(ingested, refs); err != nil {
		return err
	}
	return tx.InsertRecords(b.Store.Config.Name, b.Store.Config.Table, records)
}

// Records adapts an expander to what the datastore asks: it looks records up without a deadline.
type Records struct {
	Ctx      context.Context
	Expander *registry.Expander
}

// Record finds a record; see registry.Expander.
func (r Records) Record(e *dimension.Element, id dimension.DataID) (*dimension.Record, error) {
	return r.Expander.Record(r.Ctx, e, id)
}
