package datastore

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"valet/registry/dataset"
)

// RemoveError says that files of removed datasets could not be removed.
type RemoveError struct {
	// Failed are the datasets whose files are still there; what the registry says of them in the trash has to stay.
	Failed map[dataset.ID]bool
	// First is the first cause.
	First error
}

func (e *RemoveError) Error() string {
	return fmt.Sprintf("the files of %d datasets could not be removed: %s", len(e.Failed), e.First)
}

// Unwrap is the first cause.
func (e *RemoveError) Unwrap() error { return e.First }

// Hint says how to go on.
func (e *RemoveError) Hint() string {
	return "they are in the trash of the repository, which the next removal empties, by valet or by the Python stack"
}

// RemoveFiles removes the artifacts of records that no dataset needs any more, and makes that durable, so that the records may be
// forgotten. Missing files are fine, files outside the root are left alone (repository.md 8.5), a zip is removed as a whole: give its
// members only when nobody needs any of them. All files are tried; the error is a *RemoveError, or a *FileError if only making it
// durable went wrong, or a *ChainError.
func (s *Store) RemoveFiles(records []dataset.FileRecord) error {
	if s.Config.Class == ChainedClass {
		return &ChainError{}
	}
	failed := &RemoveError{Failed: map[dataset.ID]bool{}}
	done := map[string]error{}
	dirs := map[string]bool{}
	for i := range records {
		r := &records[i]
		if _, _, absolute := splitScheme(r.Path); absolute {
			continue
		}
		name, _, err := s.locate(r)
		if err == nil {
			var known bool
			if err, known = done[name]; !known {
				err = s.fs.Remove(name)
				switch {
				case err == nil:
					dirs[parentOf(strings.TrimPrefix(name, s.Config.Root+"/"))] = true
				case isMissing(err):
					err = nil
				default:
					err = &FileError{"remove", name, err}
				}
				done[name] = err
			}
		}
		if err != nil {
			failed.Failed[r.ID] = true
			if failed.First == nil {
				failed.First = err
			}
		}
	}
	if err := s.disk.syncRemoved(dirs); err != nil {
		return err
	}
	if failed.First != nil {
		return failed
	}
	return nil
}

// isMissing reports whether there is no such file, be it that a directory on its way is missing or is none.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}

// syncRemoved makes it durable that files are gone from directories. Unlike what sync does for written files, this may be tried again.
func (d *disk) syncRemoved(dirs map[string]bool) error {
	if len(dirs) == 0 {
		return nil
	}
	if err := d.start(); err != nil {
		return err
	}
	if err := d.sync(); err != nil {
		return err
	}
	for dir := range dirs {
		full := d.root
		if dir != "" {
			full += "/" + dir
		}
		if d.proven.Load() {
			// The disk of the root is durable as a whole by now.
			info, err := d.fs.Stat(full)
			if err == nil && !info.Link && info.Device == d.device || isMissing(err) {
				continue
			}
		}
		if err := d.fs.SyncDir(full); err != nil && !isMissing(err) {
			return &FileError{"sync", full, err}
		}
	}
	return nil
}
