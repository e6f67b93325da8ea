package butler

import (
	"context"
	"database/sql/driver"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"valet/datastore/vfs"
	"valet/registry"
	"valet/registry/dataset"
)

// Universe is the text of the dimension universe of new repositories: version 8, without prose.
//
//go:embed universe.json
var Universe []byte

// newConfig is the butler.yaml of a new repository, byte for byte that of upstream (repository.md 1.2).
const newConfig = `datastore:
  cls: lsst.daf.butler.datastores.fileDatastore.FileDatastore
  records:
    table: file_datastore_records
  root: <butlerRoot>
registry:
  db: sqlite:///<butlerRoot>/gen3.sqlite3
  managers:
    attributes: lsst.daf.butler.registry.attributes.DefaultButlerAttributeManager
    collections: lsst.daf.butler.registry.collections.synthIntKey.SynthIntKeyCollectionManager
    datasets: lsst.daf.butler.registry.datasets.byDimensions.ByDimensionsDatasetRecordStorageManagerUUID
    datastores: lsst.daf.butler.registry.bridge.monolithic.MonolithicDatastoreRegistryBridgeManager
    dimensions: lsst.daf.butler.registry.dimensions.static.StaticDimensionRecordStorageManager
    opaque: lsst.daf.butler.registry.opaque.ByNameOpaqueTableStorageManager
`

const (
	configName, databaseName = "butler.yaml", "gen3.sqlite3"
)

// CreateOptions of Create. The zero value makes a repository of the current universe on the real disk.
type CreateOptions struct {
	// Universe is the text of config:dimensions.json; nil is Universe.
	Universe []byte
	// FS is the file system; nil is the disk. The database is on the disk in any case.
	FS vfs.FS
	// Layer is that of the registry; nil is none.
	Layer func(driver.Conn) driver.Conn
}

// RepositoryExistsError says that there is a repository already where one was to be made, or a file that would be part of it.
type RepositoryExistsError struct {
	File string
	// Alone says that it is a database without a configuration, as a creation leaves it that is killed between its last two steps.
	Alone bool
}

func (e *RepositoryExistsError) Error() string { return e.File + " exists already" }

// Hint says how to go on.
func (e *RepositoryExistsError) Hint() string {
	if e.Alone {
		return "no " + configName + " is beside it: remove it if it is what an interrupted 'valet create' left, or choose another directory; nothing was changed"
	}
	return "choose another directory; nothing was changed"
}

// ClassName is upstream's exception.
func (e *RepositoryExistsError) ClassName() string { return "FileExistsError" }

// LocationError says why a repository cannot be made in a directory.
type LocationError struct{ Location, Reason string }

func (e *LocationError) Error() string {
	return fmt.Sprintf("no repository can be made in %s: %s", e.Location, e.Reason)
}

// Hint says how to go on.
func (e *LocationError) Hint() string { return "choose another directory; nothing was changed" }

// Create makes a repository in a directory, which may exist and hold other files (repository.md 14). The two files of a repository are
// written under other names and renamed when they are complete, butler.yaml last, so that a half-made repository cannot be opened.
// After an error nothing is left of what was made. Errors are a *RepositoryExistsError, a *LocationError, a *dimension.UniverseError and
// those of the disk and the database.
func Create(ctx context.Context, location string, o CreateOptions) (err error) {
	if o.FS == nil {
		o.FS = vfs.Real{}
	}
	if o.Universe == nil {
		o.Universe = Universe
	}
	root, err := localPath(location)
	if err != nil {
		return err
	}
	if root, err = filepath.Abs(root); err != nil {
		return err
	}
	// Upstream opens the database by a URI that it does not escape (repository.md 1.4).
	if strings.ContainsAny(root, "?#%") {
		return &LocationError{root, "the Python stack opens no database below a directory with ?, # or % in its name"}
	}
	c := &creation{fs: o.FS, root: filepath.ToSlash(root)}
	defer func() {
		if err != nil {
			err = errors.Join(fmt.Errorf("create repository %s: %w", location, err), c.undo())
		}
	}()
	for _, name := range []string{configName, databaseName} {
		if _, err := o.FS.Stat(c.root + "/" + name); err == nil {
			return &RepositoryExistsError{File: c.root + "/" + name, Alone: name == databaseName}
		} else if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			return err
		}
	}
	if err := c.mkdir(c.root); err != nil {
		return err
	}
	config, database := c.root+"/"+configName, c.root+"/"+databaseName
	// The names are of this attempt alone: what a killed one left, or another process is making, is in nobody's way.
	unfinished := "." + dataset.NewID().String() + ".tmp"
	c.made = append(c.made, config+unfinished)
	if err := o.FS.Create(config+unfinished, []byte(newConfig)); err != nil {
		return err
	}
	c.made = append(c.made, database+unfinished+"-journal", database+unfinished)
	err = registry.Create(ctx, registry.CreateOptions{URL: "sqlite:///" + database + unfinished, Universe: o.Universe, Layer: o.Layer})
	if err != nil {
		return err
	}
	if err := o.FS.SyncFile(config + unfinished); err != nil {
		return err
	}
	for _, name := range []string{database, config} {
		if err := o.FS.Rename(name+unfinished, name); err != nil {
			return err
		}
		c.made = append(c.made, name)
		// The database has its name for good before the configuration points to it.
		if err := o.FS.SyncDir(c.root); err != nil {
			return err
		}
	}
	return nil
}

// creation remembers what was made, in order to take it back.
type creation struct {
	fs   vfs.FS
	root string
	// made are the files that may be there and directories the directories that are, in the order in which they were made.
	made, directories []string
}

// mkdir makes a directory and those above it.
func (c *creation) mkdir(dir string) error {
	return makeDirectory(c.fs, dir, func(made string) { c.directories = append(c.directories, made) })
}

// makeDirectory makes a directory and those above it, unless they are there, and tells made of each; made may be nil.
func makeDirectory(files vfs.FS, dir string, made func(dir string)) error {
	err := files.Mkdir(dir)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
		if err := makeDirectory(files, filepath.ToSlash(filepath.Dir(dir)), made); err != nil {
			return err
		}
		err = files.Mkdir(dir)
	}
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil
	case err == nil && made != nil:
		made(dir)
	}
	return err
}

// undo removes what was made. The configuration, which makes a repository of the directory, goes first.
func (c *creation) undo() error {
	var failed []error
	for i := len(c.made) - 1; i >= 0; i-- {
		if err := c.fs.Remove(c.made[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	for i := len(c.directories) - 1; i >= 0; i-- {
		// Somebody else may have put something there since.
		if err := c.fs.Remove(c.directories[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
