// Package vfs is the file seam: the few operations on files that the datastore needs, with three implementations: Real is the
// disk, Memory is a disk in memory that can be cloned as a crash would leave it, and Fault is a layer over either that lets chosen
// operations fail.
//
// Paths are absolute, with / separators. Every error is a *fs.PathError or *os.LinkError that wraps a syscall.Errno, so that
// errors.Is(err, fs.ErrNotExist), IsDiskFull and their kin can tell what happened. All implementations are safe for concurrent
// use.
//
// Weak spots: no locks, no permissions beyond what the disk enforces; Memory has no clock and makes files of any size at once.
package vfs

import (
	"io"
	"time"
)

// FS is a file system. It is what the datastore may do to a disk; the suite in conformance_test.go says what each operation means.
type FS interface {
	// Open opens a file for reading.
	Open(path string) (File, error)
	// Create makes a file that must not exist and writes all of data. After an error a part of the file may be left behind.
	Create(path string, data []byte) error
	// Link gives a file a second name, which must be free; errors.ErrUnsupported, EXDEV, EPERM and EMLINK say that it cannot have one.
	Link(file, path string) error
	// Symlink makes a symbolic link to target, which may be relative to the directory of the link.
	Symlink(target, path string) error
	// Rename gives a file another name, replacing what had it.
	Rename(from, to string) error
	// Remove removes a file, a link or an empty directory.
	Remove(path string) error
	// Mkdir makes one directory; an existing one gives fs.ErrExist.
	Mkdir(path string) error
	// List gives the names in a directory, sorted.
	List(dir string) ([]string, error)
	// Entries gives what is in a directory, sorted by name.
	Entries(dir string) ([]Entry, error)
	// Stat describes what is at a path, without following a link in the last place.
	Stat(path string) (Info, error)
	// Resolve is the path with every link followed.
	Resolve(path string) (string, error)
	// SyncFile makes the content of a file durable, SyncDir the entries of a directory.
	SyncFile(path string) error
	SyncDir(path string) error
	// Volume opens the disk that holds a directory, in order to make it durable as a whole. It gives errors.ErrUnsupported where
	// the operating system cannot do that.
	Volume(dir string) (Volume, error)
}

// File is a file open for reading.
type File interface {
	io.ReaderAt
	io.Closer
	// Size in bytes when it was opened.
	Size() int64
}

// Volume is a disk.
type Volume interface {
	// Sync makes everything durable that was written before the call, and reports write errors that happened since the volume
	// was opened or since the last Sync.
	Sync() error
	io.Closer
}

// Info describes what is at a path.
type Info struct {
	Size int64
	// Dir and Link tell directories and symbolic links from files.
	Dir, Link bool
	// Regular tells files from directories, links, pipes and devices.
	Regular bool
	// Device tells disks apart.
	Device uint64
	// Modified is when the content was written last; zero where that is not known.
	Modified time.Time
}

// Entry is what a directory says of one of its names.
type Entry struct {
	Name string
	// Dir tells directories; a link to one is none.
	Dir bool
}
