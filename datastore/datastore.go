// Package datastore is the bytes side of a repository: where a ref's file is and how it is read and written.
package datastore

import (
	"valet/datastore/vfs"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Store is one file datastore.
type Store struct{ Config Config }

// New checks the configuration, compiles templates, and returns the store on a file system.
func New(fs vfs.FS, c Config, u *dimension.Universe) (*Store, error) { panic("seam") }

// Records finds dimension records for template fields such as detector.full_name.
type Records interface {
	Record(e *dimension.Element, id dimension.DataID) (*dimension.Record, error)
}

// Placer computes paths of the datasets of one type in one run. It is safe for concurrent use.
type Placer struct{}

// Placer compiles the template, formatter and extension of a dataset type in a run.
func (s *Store) Placer(t *dataset.Type, run string, records Records) (*Placer, error) { panic("seam") }

// Formatter is the formatter that the placer's files are recorded with.
func (p *Placer) Formatter() *Formatter { panic("seam") }

// AppendPath appends the path of a dataset relative to the root. The data ID must be full.
func (p *Placer) AppendPath(dst []byte, id dimension.DataID, ref dataset.ID) ([]byte, error) {
	panic("seam")
}

// Formatter is one row of the formatter table (repository.md 9.4).
type Formatter struct {
	// Class is the full Python class name.
	Class     string
	Extension string
}

// Read returns the bytes of a stored file after comparing its size with the recorded one (repository.md 9.1, 9.7).
func (s *Store) Read(r *dataset.FileRecord) ([]byte, error) { panic("seam") }

// Writer writes the files of one worker: directories are made once, each file is written under a temporary name and renamed. It
// is not safe for concurrent use.
type Writer struct{}

// Writer returns a writer for one worker.
func (s *Store) Writer() *Writer { panic("seam") }

// Write writes one file at a path relative to the root, replacing an unrecorded one.
func (w *Writer) Write(path string, data []byte) error { panic("seam") }

// Sync makes every file written so far by any Writer of the store durable, so that rows that name them may be committed.
func (s *Store) Sync() error { panic("seam") }

// Remove removes a stored file; a missing one is fine; files outside the root are left alone.
func (s *Store) Remove(r *dataset.FileRecord) error { panic("seam") }
