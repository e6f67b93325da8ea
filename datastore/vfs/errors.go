package vfs

import (
	"errors"
	"io/fs"
	"syscall"
)

// IsDiskFull reports whether err comes of a full disk or an exhausted quota.
func IsDiskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// IsTooManyOpen reports whether the process or the machine has no file descriptors left.
func IsTooManyOpen(err error) bool {
	return errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)
}

// IsTransient reports whether the fault may pass by itself: the disk or the network failed, not the file.
func IsTransient(err error) bool {
	for _, errno := range []syscall.Errno{syscall.EIO, syscall.ESTALE, syscall.ETIMEDOUT, syscall.EAGAIN, syscall.EINTR, syscall.EBUSY, syscall.ECONNRESET, syscall.EHOSTUNREACH} {
		if errors.Is(err, errno) {
			return true
		}
	}
	return false
}

// IsReadOnly reports whether err says that the file system, or a file or directory in it, may not be written.
func IsReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, fs.ErrPermission)
}

// Hint is the remedy of a file error, or empty if there is none to offer.
func Hint(err error) string {
	switch {
	case IsDiskFull(err):
		return "free some space on the disk or raise the quota, then run again: finished work is kept"
	case IsTooManyOpen(err):
		return "raise the limit of open files (ulimit -n) or use fewer workers"
	case errors.Is(err, syscall.EROFS):
		return "the file system is mounted read-only"
	case errors.Is(err, fs.ErrPermission):
		return "check owner and permissions of the directory"
	case errors.Is(err, syscall.ENAMETOOLONG):
		return "a name in the path is too long: choose a shorter run or dataset type name, or another file template"
	}
	return ""
}
