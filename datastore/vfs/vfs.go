// Package vfs is the file seam: the operations on files that the datastore needs, on the real disk, in memory with a crash
// clone, and with injected faults.
package vfs

// FS is a file system.
type FS interface{}
