package vfs

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// realVolume is a descriptor of a directory. It stays open from before the first write because the kernel reports to a
// descriptor only the write errors that happened since it was opened (syncfs(2), Linux 5.8).
type realVolume struct {
	fd   int
	path string
}

// Volume opens the file system of a directory for syncfs(2).
func (Real) Volume(dir string) (Volume, error) {
	fd, err := open(dir, unix.O_RDONLY|unix.O_DIRECTORY, 0)
	if err != nil {
		return nil, err
	}
	return &realVolume{fd, dir}, nil
}

// Sync gives errors.ErrUnsupported on kernels without syncfs.
func (v *realVolume) Sync() error {
	err := retry(func() error { return unix.Syncfs(v.fd) })
	if err == unix.ENOSYS || err == unix.EOPNOTSUPP {
		err = errors.ErrUnsupported
	}
	if err != nil {
		return &fs.PathError{Op: "syncfs", Path: v.path, Err: err}
	}
	return nil
}

func (v *realVolume) Close() error { return unix.Close(v.fd) }
