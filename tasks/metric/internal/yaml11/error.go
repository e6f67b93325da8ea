package yaml11

import "fmt"

// Error is a text that cannot be read, or a value that cannot be written.
type Error struct {
	Class   string // upstream's exception class, for example "ScannerError" or "ValueError"
	Line    int    // from 1; 0 when there is no place
	Column  int    // from 1, in characters
	Problem string // what is wrong, lower case, no full stop
	Cause   error  // nil, or an error of the application that reads
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Error names the place and the problem.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Problem
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// ClassName is the exception class that upstream raises in the same case, as its last path element.
func (e *Error) ClassName() string { return e.Class }

// mark is a place in the text, both from 0.
type mark struct{ line, col int }

func (m mark) fail(class, format string, args ...any) *Error {
	return &Error{Class: class, Line: m.line + 1, Column: m.col + 1, Problem: fmt.Sprintf(format, args...)}
}
