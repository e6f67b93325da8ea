package python

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// SyntaxError says that text is not of Python's grammar. Column counts characters from 1 in Line, which counts from the line given.
type SyntaxError struct {
	Line, Column int
	Message      string
	// Class is the upstream class; empty is SyntaxError.
	Class string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Message) }

// ClassName is the upstream error class.
func (e *SyntaxError) ClassName() string {
	if e.Class == "" {
		return "SyntaxError"
	}
	return e.Class
}

// UnsupportedError says that text needs Python: it may be right, but it is outside the subset.
type UnsupportedError struct {
	Line, Column int
	// What is the construct, for example "a call of len".
	What string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("column %d: %s needs Python", e.Column, e.What)
}

// ClassName is the class for what is deliberately not done; upstream would run it.
func (e *UnsupportedError) ClassName() string { return "NotImplementedError" }

// OperationError says that an operation failed as it fails in Python.
type OperationError struct {
	// Class is the Python class: TypeError, ValueError, KeyError, NameError, AttributeError, AssertionError or RecursionError.
	Class   string
	Message string
}

func (e *OperationError) Error() string { return e.Message }

// ClassName is the upstream error class.
func (e *OperationError) ClassName() string { return e.Class }

func typeError(format string, args ...any) error {
	return &OperationError{"TypeError", fmt.Sprintf(format, args...)}
}

// LoadError says that a file of config.load could not be read.
type LoadError struct {
	Path  string
	Cause error
}

func (e *LoadError) Error() string { return fmt.Sprintf("load %s: %v", Repr(e.Path), e.Cause) }

func (e *LoadError) Unwrap() error { return e.Cause }

// ClassName is the upstream error class.
func (e *LoadError) ClassName() string {
	if errors.Is(e.Cause, fs.ErrNotExist) {
		return "FileNotFoundError"
	}
	return "OSError"
}

// ExecError is a fault of a statement.
type ExecError struct {
	File string
	Line int
	// Statement is the first line of the statement, shortened if it is long.
	Statement string
	// Cause is a *SyntaxError, an *UnsupportedError, an *OperationError, or an error of the target or of the environment.
	Cause error
}

func (e *ExecError) Error() string {
	var b strings.Builder
	if e.File == "" {
		fmt.Fprintf(&b, "line %d: ", e.Line)
	} else {
		fmt.Fprintf(&b, "%s:%d: ", e.File, e.Line)
	}
	if e.Statement != "" {
		b.WriteString(e.Statement)
		b.WriteString(": ")
	}
	b.WriteString(e.Cause.Error())
	return b.String()
}

func (e *ExecError) Unwrap() error { return e.Cause }

// ClassName is the upstream error class of the cause, RuntimeError if it has none.
func (e *ExecError) ClassName() string {
	var c interface{ ClassName() string }
	if errors.As(e.Cause, &c) {
		return c.ClassName()
	}
	return "RuntimeError"
}

// Hint is the advice of the cause, or the way around a statement that only Python can execute.
func (e *ExecError) Hint() string {
	var h interface{ Hint() string }
	if errors.As(e.Cause, &h) {
		return h.Hint()
	}
	var u *UnsupportedError
	if errors.As(e.Cause, &u) {
		return "use `config:` key/value pairs, or run this pipeline with the Python tools"
	}
	return ""
}
