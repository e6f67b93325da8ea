package executor

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"valet/datastore/vfs"
)

// Failure is why a quantum failed.
type Failure struct {
	// Class is the full name of the exception class that upstream would raise.
	Class   string
	Message string
	Err     error
}

func (f *Failure) Error() string { return f.ShortClass() + ": " + f.Message }

func (f *Failure) Unwrap() error { return f.Err }

// ShortClass is the class without its module.
func (f *Failure) ShortClass() string { return f.Class[strings.LastIndexByte(f.Class, '.')+1:] }

// failureOf describes an error of a task or of its inputs.
func failureOf(err error) *Failure {
	class := "RuntimeError"
	var c interface{ ClassName() string }
	if errors.As(err, &c) {
		class = c.ClassName()
	}
	return &Failure{Class: class, Message: err.Error(), Err: err}
}

// PanicError is a panic of a task, which fails its quantum only.
type PanicError struct {
	Value any
	Stack string
}

func (e *PanicError) Error() string { return fmt.Sprintf("task panicked: %v", e.Value) }

func newPanicError(v any) error { return &PanicError{Value: v, Stack: string(debug.Stack())} }

// stopsRun reports whether an error while reading inputs is no fault of the quantum: the machine lacks something, and the next
// quantum would meet the same.
func stopsRun(err error) bool {
	return vfs.IsTooManyOpen(err) || vfs.IsDiskFull(err)
}
