package datastore

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"sync"
	"sync/atomic"

	"valet/datastore/vfs"
)

// disk is what the writers of a store share: which directories exist, and what has to be made durable.
//
// Where the system can make a whole file system durable, Sync does that once for all files. Files of which it is not sure that this
// reaches them are kept in pending and made durable one by one: all of them until the first success shows that the system can do
// it, afterwards those in directories of another disk.
type disk struct {
	fs     vfs.FS
	root   string
	create bool

	dirs sync.Map // directory relative to the root -> true if it is on the root's disk

	started sync.Mutex
	ready   atomic.Bool // the root exists, device and volume are set
	// realRoot is the root without links; device is its disk.
	realRoot string
	device   uint64
	volume   vfs.Volume  // nil where the system cannot sync as a whole; used by Sync and Close alone
	proven   atomic.Bool // volume.Sync worked once

	mu      sync.Mutex
	pending []string // files relative to the root
	made    []string // directories, relative to the root, that got a new directory

	syncing sync.Mutex // held for the whole of a Sync; workers go on writing meanwhile
	lost    error      // a failed Sync: what the system did not write is gone
}

func newDisk(f vfs.FS, root string, create bool) *disk {
	return &disk{fs: f, root: root, create: create}
}

// start makes sure of the root before the first file.
func (d *disk) start() error {
	if d.ready.Load() {
		return nil
	}
	d.started.Lock()
	defer d.started.Unlock()
	if d.ready.Load() {
		return nil
	}
	if err := d.makeRoot(); err != nil {
		return &FileError{"write", d.root, err}
	}
	real, err := d.fs.Resolve(d.root)
	if err != nil {
		return &FileError{"write", d.root, err}
	}
	info, err := d.fs.Stat(real)
	if err != nil {
		return &FileError{"write", d.root, err}
	}
	volume, err := d.fs.Volume(real)
	if err != nil && !errors.Is(err, errors.ErrUnsupported) {
		return &FileError{"write", d.root, err}
	}
	d.realRoot, d.device, d.volume = real, info.Device, volume
	d.ready.Store(true)
	return nil
}

// makeRoot makes the root and what is missing above it.
func (d *disk) makeRoot() error {
	_, err := d.fs.Stat(d.root)
	if err == nil || !d.create || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	var missing []string
	for p := d.root; ; p = path.Dir(p) {
		if _, err := d.fs.Stat(p); err == nil || p == "/" {
			break
		}
		missing = append(missing, p)
	}
	for i := len(missing) - 1; i >= 0; i-- {
		if err := d.fs.Mkdir(missing[i]); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		// Parents of the root are outside what Sync covers.
		if err := d.fs.SyncDir(path.Dir(missing[i])); err != nil {
			return err
		}
	}
	return nil
}

// enter makes sure that a directory exists and lies inside the root.
func (d *disk) enter(dir string) error {
	if err := d.start(); err != nil {
		return err
	}
	if _, ok := d.dirs.Load(dir); ok || dir == "" {
		return nil
	}
	parent := path.Dir(dir)
	if parent == "." {
		parent = ""
	}
	if err := d.enter(parent); err != nil {
		return err
	}
	full := d.root + "/" + dir
	err := d.fs.Mkdir(full)
	if errors.Is(err, fs.ErrNotExist) {
		// The parent vanished since it was last seen.
		d.forget(parent)
		if err := d.enter(parent); err != nil {
			return err
		}
		err = d.fs.Mkdir(full)
	}
	if err == nil {
		if !d.proven.Load() || !d.isHome(parent) {
			d.mu.Lock()
			d.made = append(d.made, parent)
			d.mu.Unlock()
		}
		d.dirs.Store(dir, d.isHome(parent))
		return nil
	}
	if !errors.Is(err, fs.ErrExist) {
		return &FileError{"make directory", full, err}
	}
	info, err := d.fs.Stat(full)
	if err == nil && info.Link {
		// Links inside the root are followed, so that a run may be moved; a link to elsewhere could lead anywhere.
		var real string
		if real, err = d.fs.Resolve(full); err == nil {
			if real != d.realRoot && !strings.HasPrefix(real, strings.TrimSuffix(d.realRoot, "/")+"/") {
				return &PathError{dir, "is a link out of the datastore, to " + real}
			}
			info, err = d.fs.Stat(real)
		}
	}
	if err != nil {
		return &FileError{"make directory", full, err}
	}
	d.dirs.Store(dir, info.Device == d.device)
	return nil
}

func (d *disk) isHome(dir string) bool {
	if dir == "" {
		return true
	}
	home, _ := d.dirs.Load(dir)
	return home == true
}

// forget drops what is known of a directory and everything above and below it.
func (d *disk) forget(dir string) {
	d.dirs.Range(func(key, _ any) bool {
		k := key.(string)
		if k == dir || strings.HasPrefix(k, dir+"/") || strings.HasPrefix(dir, k+"/") {
			d.dirs.Delete(k)
		}
		return true
	})
}

// written notes a file for Sync.
func (d *disk) written(p, dir string) {
	if d.proven.Load() && d.isHome(dir) {
		return
	}
	d.mu.Lock()
	d.pending = append(d.pending, p)
	d.mu.Unlock()
}
