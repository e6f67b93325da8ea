package datastore

import (
	"errors"
	"path"

	"valet/datastore/vfs"
)

// Sync makes every file written so far by any Writer of the store durable, so that rows that name them may be committed. It is one
// barrier for all files where the system can do that, otherwise one call per file and directory.
//
// After an error no file written since the last success may be believed to be on the disk, not even those of other workers: the
// system reports what it could not write only once. Therefore every later Sync fails too, unless it was only the means to call it
// that were missing. The error is a *FileError.
func (s *Store) Sync() error {
	var err error
	for _, f := range s.Files() {
		err = errors.Join(err, f.disk.sync())
	}
	return err
}

// Close releases what Sync holds open. The store may be used again afterwards.
func (s *Store) Close() error {
	var err error
	for _, f := range s.Files() {
		err = errors.Join(err, f.disk.close())
	}
	return err
}

func (d *disk) sync() error {
	if !d.ready.Load() {
		return nil
	}
	d.syncing.Lock()
	defer d.syncing.Unlock()
	if d.lost != nil {
		return d.lost
	}
	d.mu.Lock()
	pending, made := d.pending, d.made
	d.pending, d.made = nil, nil
	d.mu.Unlock()
	err := d.syncAll(pending, made)
	if err != nil {
		d.mu.Lock()
		d.pending, d.made = append(pending, d.pending...), append(made, d.made...)
		d.mu.Unlock()
	}
	return err
}

// syncAll makes the disk durable, or the given files one by one, then the directories that name them.
func (d *disk) syncAll(pending, made []string) error {
	if d.volume != nil {
		err := d.volume.Sync()
		switch {
		case err == nil:
			// Only what lies on other disks still needs a call.
			d.proven.Store(true)
			pending = keep(pending, func(p string) bool { return !d.isHome(parentOf(p)) })
			made = keep(made, func(p string) bool { return !d.isHome(p) })
		case errors.Is(err, errors.ErrUnsupported):
			d.volume = nil
		default:
			return d.fail(d.root, err)
		}
	}
	dirs := map[string]bool{}
	for _, p := range pending {
		if err := d.fs.SyncFile(d.root + "/" + p); err != nil {
			return d.fail(d.root+"/"+p, err)
		}
		dirs[parentOf(p)] = true
	}
	for _, p := range made {
		dirs[p] = true
	}
	for p := range dirs {
		full := d.root
		if p != "" {
			full += "/" + p
		}
		if err := d.fs.SyncDir(full); err != nil {
			return d.fail(full, err)
		}
	}
	return nil
}

func (d *disk) fail(p string, err error) error {
	out := &FileError{"sync", p, err}
	if !vfs.IsTooManyOpen(err) {
		d.lost = out
	}
	return out
}

func (d *disk) close() error {
	d.started.Lock()
	defer d.started.Unlock()
	if !d.ready.Swap(false) || d.volume == nil {
		return nil
	}
	err := d.volume.Close()
	d.volume = nil
	return err
}

func parentOf(p string) string {
	if dir := path.Dir(p); dir != "." {
		return dir
	}
	return ""
}

func keep(list []string, want func(string) bool) []string {
	var out []string
	for _, p := range list {
		if want(p) {
			out = append(out, p)
		}
	}
	return out
}
