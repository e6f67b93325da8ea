//go:build unix && !linux

package vfs

import (
	"errors"
	"io/fs"
)

// Volume is not available: this system cannot sync one file system as a whole and wait for it.
func (Real) Volume(dir string) (Volume, error) {
	return nil, &fs.PathError{Op: "syncfs", Path: dir, Err: errors.ErrUnsupported}
}
