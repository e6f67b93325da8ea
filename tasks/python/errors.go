package python

import "fmt"

// SyntaxError says that text is not of the subset's grammar. Column counts characters from 1 in Line, which counts from 1.
type SyntaxError struct {
	Line, Column int
	Message      string
}

func (e *SyntaxError) Error() string { return fmt.Sprintf("column %d: %s", e.Column, e.Message) }

// ClassName is the upstream error class.
func (e *SyntaxError) ClassName() string { return "SyntaxError" }

// UnsupportedError says that text needs Python: it may be right, but it is outside the subset.
type UnsupportedError struct {
	Line, Column int
	// What is the construct, for example "a call".
	What string
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("column %d: %s needs Python", e.Column, e.What)
}

// ClassName is the upstream error class that comes nearest; upstream would run it.
func (e *UnsupportedError) ClassName() string { return "NotImplementedError" }

// OrderError says that two values have no order in Python.
type OrderError struct{ Operator, Left, Right string }

func (e *OrderError) Error() string {
	return fmt.Sprintf("'%s' not supported between instances of '%s' and '%s'", e.Operator, e.Left, e.Right)
}

// ClassName is the upstream error class.
func (e *OrderError) ClassName() string { return "TypeError" }

// ExecError is a fault of a statement.
type ExecError struct {
	File string
	Line int
	// Statement is the text of the statement, shortened if it is long.
	Statement string
	// Cause is a *SyntaxError, an *UnsupportedError, or an error of the target, the environment or an operation.
	Cause error
	// Class is the upstream error class.
	Class string
	// Advice says what to do.
	Advice string
}

func (e *ExecError) Error() string {
	return fmt.Sprintf("%s:%d: %s: %v", e.File, e.Line, e.Statement, e.Cause)
}

func (e *ExecError) Unwrap() error { return e.Cause }

// ClassName is the upstream error class.
func (e *ExecError) ClassName() string { return e.Class }

// Hint says what to do.
func (e *ExecError) Hint() string { return e.Advice }
