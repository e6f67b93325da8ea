//go:build unix

package vfs

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Real is the disk. It calls the system directly, without the poller that os.File registers each file with, because the
// datastore opens tens of thousands of small files a second.
type Real struct{}

var _ FS = Real{}

// retry repeats a call that a signal interrupted, as Go's own preemption signals may on some file systems.
func retry(f func() error) error {
	for {
		if err := f(); err != unix.EINTR {
			return err
		}
	}
}

func open(path string, flags int, mode uint32) (fd int, err error) {
	err = retry(func() error { fd, err = unix.Open(path, flags|unix.O_CLOEXEC, mode); return err })
	if err != nil {
		return -1, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return fd, nil
}

type realFile struct {
	fd   int
	size int64
	path string
}

// Open opens a regular file.
func (Real) Open(path string) (File, error) {
	fd, err := open(path, unix.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		unix.Close(fd)
		return nil, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	if st.Mode&unix.S_IFMT == unix.S_IFDIR {
		unix.Close(fd)
		return nil, &fs.PathError{Op: "read", Path: path, Err: unix.EISDIR}
	}
	return &realFile{fd, st.Size, path}, nil
}

func (f *realFile) Size() int64 { return f.size }

func (f *realFile) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		var m int
		err := retry(func() (err error) { m, err = unix.Pread(f.fd, p[n:], off+int64(n)); return err })
		if err != nil {
			return n, &fs.PathError{Op: "read", Path: f.path, Err: err}
		}
		if m == 0 {
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

func (f *realFile) Close() error {
	if err := unix.Close(f.fd); err != nil && err != unix.EINTR {
		return &fs.PathError{Op: "close", Path: f.path, Err: err}
	}
	return nil
}

// Create makes a file with the permissions that the umask leaves of 0666.
func (Real) Create(path string, data []byte) error {
	fd, err := open(path, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	for len(data) > 0 {
		var n int
		err := retry(func() (err error) { n, err = unix.Write(fd, data); return err })
		if err == nil && n == 0 {
			err = io.ErrShortWrite
		}
		if err != nil {
			unix.Close(fd)
			return &fs.PathError{Op: "write", Path: path, Err: err}
		}
		data = data[n:]
	}
	// Close may report what a network file system could not store.
	if err := unix.Close(fd); err != nil && err != unix.EINTR {
		return &fs.PathError{Op: "close", Path: path, Err: err}
	}
	return nil
}

// Link is link(2): a symbolic link in the last place of file is not followed.
func (Real) Link(file, path string) error {
	if err := retry(func() error { return unix.Link(file, path) }); err != nil {
		return &os.LinkError{Op: "link", Old: file, New: path, Err: err}
	}
	return nil
}

// Symlink is symlink(2).
func (Real) Symlink(target, path string) error {
	if err := retry(func() error { return unix.Symlink(target, path) }); err != nil {
		return &os.LinkError{Op: "symlink", Old: target, New: path, Err: err}
	}
	return nil
}

// Rename renames in one step.
func (Real) Rename(from, to string) error {
	err := retry(func() error { return unix.Rename(from, to) })
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// Remove removes a file, a link or an empty directory.
func (Real) Remove(path string) error { return os.Remove(path) }

// Mkdir makes a directory with the permissions that the umask leaves of 0777.
func (Real) Mkdir(path string) error {
	if err := retry(func() error { return unix.Mkdir(path, 0o777) }); err != nil {
		return &fs.PathError{Op: "mkdir", Path: path, Err: err}
	}
	return nil
}

// List reads a directory.
func (Real) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// Entries reads a directory with the kinds of what it holds, which most file systems tell without a look at each.
func (Real) Entries(dir string) ([]Entry, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	out := make([]Entry, len(entries))
	for i, e := range entries {
		out[i] = Entry{e.Name(), e.IsDir()}
	}
	return out, nil
}

// Stat describes a path.
func (Real) Stat(path string) (Info, error) {
	var st unix.Stat_t
	if err := retry(func() error { return unix.Lstat(path, &st) }); err != nil {
		return Info{}, &fs.PathError{Op: "stat", Path: path, Err: err}
	}
	kind := st.Mode & unix.S_IFMT
	return Info{Size: st.Size, Dir: kind == unix.S_IFDIR, Link: kind == unix.S_IFLNK, Regular: kind == unix.S_IFREG, Device: uint64(st.Dev), Modified: time.Unix(st.Mtim.Unix())}, nil
}

// Resolve follows every link.
func (Real) Resolve(path string) (string, error) { return filepath.EvalSymlinks(path) }

// SyncFile is fsync(2) of a file.
func (Real) SyncFile(path string) error { return fsync(path) }

// SyncDir is fsync(2) of a directory.
func (Real) SyncDir(path string) error { return fsync(path) }

func fsync(path string) error {
	fd, err := open(path, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := retry(func() error { return unix.Fsync(fd) }); err != nil {
		return &fs.PathError{Op: "sync", Path: path, Err: err}
	}
	return nil
}
