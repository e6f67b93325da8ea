package datastore

import (
	"fmt"

	"valet/datastore/vfs"
	"valet/registry/dataset"
)

// ChainError says that a repository with a chain of datastores cannot be written.
type ChainError struct{}

func (e *ChainError) Error() string {
	return "the repository has a chain of datastores, which valet reads but does not write"
}

// Hint says what works instead.
func (e *ChainError) Hint() string {
	return "write with the Python stack, or into a repository with a single file datastore"
}

// MissingFileError says that a recorded file is not there.
type MissingFileError struct {
	// ID is the dataset that the record is of; Path is the full path or URI.
	ID   dataset.ID
	Path string
	Err  error
}

func (e *MissingFileError) Error() string {
	return fmt.Sprintf("file %s of dataset %s is missing", e.Path, e.ID)
}

// Unwrap is the file system's error.
func (e *MissingFileError) Unwrap() error { return e.Err }

// Hint says how that comes about.
func (e *MissingFileError) Hint() string {
	return "the repository records the file, but somebody removed it: restore it or remove the dataset"
}

// ClassName is upstream's name of the error.
func (e *MissingFileError) ClassName() string { return "FileNotFoundError" }

// IntegrityError says that a file has another size than recorded.
type IntegrityError struct {
	ID               dataset.ID
	Path             string
	Recorded, Actual int64
}

func (e *IntegrityError) Error() string {
	return fmt.Sprintf("file %s of dataset %s has %d bytes, but %d are recorded", e.Path, e.ID, e.Actual, e.Recorded)
}

// Hint says how that comes about.
func (e *IntegrityError) Hint() string {
	return "the file was overwritten or cut short after it was stored: restore it, or remove the dataset and make it again"
}

// ClassName is upstream's name of the error.
func (e *IntegrityError) ClassName() string { return "lsst.daf.butler._formatter.FileIntegrityError" }

// LocationError says why a recorded location cannot be used.
type LocationError struct {
	ID           dataset.ID
	Path, Reason string
}

func (e *LocationError) Error() string {
	return fmt.Sprintf("location %q of dataset %s %s", e.Path, e.ID, e.Reason)
}

// PathError says why nothing can be written at a path.
type PathError struct{ Path, Reason string }

func (e *PathError) Error() string { return fmt.Sprintf("path %q %s", e.Path, e.Reason) }

// FileError is a failed operation on a file of the datastore. vfs.IsDiskFull and its kin tell causes apart.
type FileError struct {
	// Op is what was being done: read, write, sync or remove.
	Op, Path string
	Err      error
}

func (e *FileError) Error() string { return fmt.Sprintf("%s %s: %s", e.Op, e.Path, cause(e.Err)) }

// Unwrap is the file system's error.
func (e *FileError) Unwrap() error { return e.Err }

// Hint is the remedy, if there is one.
func (e *FileError) Hint() string { return vfs.Hint(e.Err) }
