package executor

import (
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

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

// TimeoutError says that a quantum took longer than allowed.
type TimeoutError struct{ After time.Duration }

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("quantum did not finish within %v", e.After)
}

// ClassName is the upstream error class.
func (e *TimeoutError) ClassName() string { return "TimeoutError" }

// Hint says what to do.
func (e *TimeoutError) Hint() string {
	return "allow more with --timeout, or see whether the disk of the inputs answers"
}

// Transient reports whether a failure may pass, so that another try makes sense: the disk or the network had a fault while an input
// was read, or the task says so with upstream's RepeatableQuantumError.
func Transient(err error) bool {
	var c interface{ ClassName() string }
	if errors.As(err, &c) && strings.HasSuffix(c.ClassName(), "RepeatableQuantumError") {
		return true
	}
	return vfs.IsTransient(err)
}

// isInvalid reports upstream's InvalidQuantumError, which stops the whole run (pipelines.md 5.5).
func isInvalid(f *Failure) bool { return f != nil && f.ShortClass() == "InvalidQuantumError" }

// ErrFenced is what the errors of a Journal or a Guard match when another process has taken the run over: this one must not touch
// its files any more.
var ErrFenced = errors.New("another process has taken the run over")

func isFenced(err error) bool { return errors.Is(err, ErrFenced) }

// stopsRun reports whether an error while reading inputs is no fault of the quantum: the machine lacks something, and the next
// quantum would meet the same.
func stopsRun(err error) bool {
	return vfs.IsTooManyOpen(err) || vfs.IsDiskFull(err)
}

// TakenError says that an output of a quantum is the output of another quantum of the task too.
type TakenError struct{ Task, DataID string }

func (e *TakenError) Error() string {
	return fmt.Sprintf("an output of task %q on quantum %s is written by an earlier quantum of the task: several quanta share one output data ID", e.Task, e.DataID)
}

// ClassName is the upstream error class.
func (e *TakenError) ClassName() string { return "RuntimeError" }

// Hint says what to do.
func (e *TakenError) Hint() string {
	return "the output is coarser than the task (metadataDimensions): let -d leave one quantum per output"
}

// CollisionError says that two datasets would have one file (repository.md 9.3).
type CollisionError struct {
	DatasetType, Path string
	// DataIDs of the two, or one if the other is in another run.
	DataIDs []string
}

func (e *CollisionError) Error() string {
	if len(e.DataIDs) < 2 {
		return fmt.Sprintf("dataset type %q: the path %s is that of a dataset of another run already", e.DatasetType, e.Path)
	}
	return fmt.Sprintf("dataset type %q: %s and %s would both be stored at %s", e.DatasetType, e.DataIDs[0], e.DataIDs[1], e.Path)
}

// Hint says what to do.
func (e *CollisionError) Hint() string {
	return "names that differ only in characters that paths cannot hold collide: choose another name for the run, or a path template with {id}"
}
