package vfs

import (
	"errors"
	"io/fs"
	"sync"
	"syscall"
)

// Kind is a kind of file operation.
type Kind string

// The kinds. A short write is a Create that writes the first half and then fails.
const (
	OpOpen   Kind = "open"
	OpRead   Kind = "read"
	OpCreate Kind = "create"
	OpRename Kind = "rename"
	OpRemove Kind = "remove"
	OpMkdir  Kind = "mkdir"
	OpStat   Kind = "stat"
	OpSync   Kind = "sync"
	OpLink   Kind = "link"
)

// Op is one operation as the decider of a Fault sees it.
type Op struct {
	Kind Kind
	Path string
	// N counts the operations from 1.
	N int
}

// Short makes a Create write the first half of the data before it fails with Err.
type Short struct{ Err error }

func (s Short) Error() string { return "short write: " + s.Err.Error() }

// Fault is a layer that lets chosen operations of a file system fail, and counts them.
type Fault struct {
	fs     FS
	decide func(Op) error

	mu sync.Mutex
	n  int
}

var _ FS = (*Fault)(nil)

// NewFault puts a layer over a file system. decide is asked before every operation, one at a time; its error, commonly a
// syscall.Errno such as ENOSPC, EIO, EMFILE, EACCES or EROFS, becomes the operation's. A nil decide only counts.
func NewFault(under FS, decide func(Op) error) *Fault { return &Fault{fs: under, decide: decide} }

// FailNth lets the n-th operation of a kind fail, counted from 1; an empty kind counts all.
func FailNth(kind Kind, n int, err error) func(Op) error {
	seen := 0
	return func(op Op) error {
		if kind != "" && op.Kind != kind {
			return nil
		}
		if seen++; seen == n {
			return err
		}
		return nil
	}
}

// Count is the number of operations so far.
func (f *Fault) Count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n
}

func (f *Fault) ask(kind Kind, path string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	if f.decide == nil {
		return nil
	}
	if err := f.decide(Op{kind, path, f.n}); err != nil {
		if _, short := err.(Short); short {
			return err
		}
		return &fs.PathError{Op: string(kind), Path: path, Err: err}
	}
	return nil
}

type faultFile struct {
	File
	fault *Fault
	path  string
}

// ReadAt may fail.
func (f *faultFile) ReadAt(p []byte, off int64) (int, error) {
	if err := f.fault.ask(OpRead, f.path); err != nil {
		return 0, err
	}
	return f.File.ReadAt(p, off)
}

// Open may fail, and so may reading later.
func (f *Fault) Open(path string) (File, error) {
	if err := f.ask(OpOpen, path); err != nil {
		return nil, err
	}
	file, err := f.fs.Open(path)
	if err != nil {
		return nil, err
	}
	return &faultFile{file, f, path}, nil
}

// Create may fail before anything is written or, with Short, half way.
func (f *Fault) Create(path string, data []byte) error {
	err := f.ask(OpCreate, path)
	var short Short
	if errors.As(err, &short) {
		if err := f.fs.Create(path, data[:len(data)/2]); err != nil {
			return err
		}
		return &fs.PathError{Op: "write", Path: path, Err: short.Err}
	}
	if err != nil {
		return err
	}
	return f.fs.Create(path, data)
}

// Link may fail.
func (f *Fault) Link(file, path string) error {
	if err := f.ask(OpLink, path); err != nil {
		return err
	}
	return f.fs.Link(file, path)
}

// Symlink may fail.
func (f *Fault) Symlink(target, path string) error {
	if err := f.ask(OpLink, path); err != nil {
		return err
	}
	return f.fs.Symlink(target, path)
}

// Rename may fail.
func (f *Fault) Rename(from, to string) error {
	if err := f.ask(OpRename, to); err != nil {
		return err
	}
	return f.fs.Rename(from, to)
}

// Remove may fail.
func (f *Fault) Remove(path string) error {
	if err := f.ask(OpRemove, path); err != nil {
		return err
	}
	return f.fs.Remove(path)
}

// Mkdir may fail.
func (f *Fault) Mkdir(path string) error {
	if err := f.ask(OpMkdir, path); err != nil {
		return err
	}
	return f.fs.Mkdir(path)
}

// List may fail as opening does.
func (f *Fault) List(dir string) ([]string, error) {
	if err := f.ask(OpOpen, dir); err != nil {
		return nil, err
	}
	return f.fs.List(dir)
}

// Entries may fail as opening does.
func (f *Fault) Entries(dir string) ([]Entry, error) {
	if err := f.ask(OpOpen, dir); err != nil {
		return nil, err
	}
	return f.fs.Entries(dir)
}

// Stat may fail.
func (f *Fault) Stat(path string) (Info, error) {
	if err := f.ask(OpStat, path); err != nil {
		return Info{}, err
	}
	return f.fs.Stat(path)
}

// Resolve may fail.
func (f *Fault) Resolve(path string) (string, error) {
	if err := f.ask(OpStat, path); err != nil {
		return "", err
	}
	return f.fs.Resolve(path)
}

// SyncFile may fail.
func (f *Fault) SyncFile(path string) error {
	if err := f.ask(OpSync, path); err != nil {
		return err
	}
	return f.fs.SyncFile(path)
}

// SyncDir may fail.
func (f *Fault) SyncDir(path string) error {
	if err := f.ask(OpSync, path); err != nil {
		return err
	}
	return f.fs.SyncDir(path)
}

type faultVolume struct {
	Volume
	fault *Fault
	path  string
}

// Volume may fail, and so may syncing it later.
func (f *Fault) Volume(dir string) (Volume, error) {
	if err := f.ask(OpOpen, dir); err != nil {
		return nil, err
	}
	v, err := f.fs.Volume(dir)
	if err != nil {
		return nil, err
	}
	return &faultVolume{v, f, dir}, nil
}

// Sync may fail.
func (v *faultVolume) Sync() error {
	if err := v.fault.ask(OpSync, v.path); err != nil {
		return err
	}
	return v.Volume.Sync()
}

// Errnos are the failures worth trying at every step.
func Errnos() []error {
	return []error{syscall.ENOSPC, syscall.EIO, syscall.EMFILE, syscall.EACCES, syscall.EROFS}
}
