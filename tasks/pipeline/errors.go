package pipeline

import (
	"errors"
	"strings"
)

// Error is a fault of a pipeline, of a config in it, or of an action on it.
type Error struct {
	// Class is the upstream class that the error stands for, for example ValueError.
	Class string
	// Pos is where the fault is, as far as known.
	Pos Pos
	// Task is the label of the task at fault, or empty.
	Task string
	// Message names the object at fault.
	Message string
	// Advice says what to do, or is empty.
	Advice string
	// Cause is the error below, or nil. Its text is not in Message.
	Cause error
}

func (e *Error) Error() string {
	var b strings.Builder
	if pos := e.Pos.String(); pos != "" {
		b.WriteString(pos)
		b.WriteString(": ")
	}
	if e.Task != "" {
		b.WriteString("task ")
		b.WriteString(e.Task)
		b.WriteString(": ")
	}
	b.WriteString(e.Message)
	if e.Cause != nil {
		if e.Message != "" {
			b.WriteString(": ")
		}
		b.WriteString(e.Cause.Error())
	}
	return b.String()
}

// ClassName is the upstream error class.
func (e *Error) ClassName() string { return e.Class }

// Hint says what to do. The advice of the cause is used where there is none of its own.
func (e *Error) Hint() string {
	if e.Advice != "" {
		return e.Advice
	}
	var h interface{ Hint() string }
	if e.Cause != nil && errors.As(e.Cause, &h) {
		return h.Hint()
	}
	return ""
}

func (e *Error) Unwrap() error { return e.Cause }

// className is the upstream class of any error: its own, else fallback.
func className(err error, fallback string) string {
	var c interface{ ClassName() string }
	if errors.As(err, &c) {
		return c.ClassName()
	}
	return fallback
}
