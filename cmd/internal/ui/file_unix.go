//go:build unix

package ui

import (
	"os"
	"sync"
	"syscall"
)

// filePerm is what the process's umask leaves of 0666: files made by os.CreateTemp are private otherwise. The mask can only be
// read by setting it, so that is done once.
var filePerm = sync.OnceValue(func() os.FileMode {
	mask := syscall.Umask(0o022)
	syscall.Umask(mask)
	return os.FileMode(0o666 &^ mask)
})
