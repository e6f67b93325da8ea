package pipeline

import (
	"errors"
	"fmt"
	"slices"

	"valet/tasks"
	"valet/tasks/python"
)

// withNearest advises the known name that is most like the wrong one.
func withNearest(e *Error, known []string, name string) *Error {
	known = slices.Sorted(slices.Values(known))
	if near := tasks.Nearest(known, name); near != "" && e.Advice == "" {
		e.Advice = fmt.Sprintf("did you mean %q?", near)
	}
	return e
}

// inTask says which task an error belongs to, if it does not say so itself.
func inTask(err error, label string) error {
	var twice *DuplicateOutputError
	if errors.As(err, &twice) {
		return err
	}
	var e *Error
	if errors.As(err, &e) {
		if e.Task == "" {
			e.Task = label
		}
		return err
	}
	return &Error{Class: className(err, "RuntimeError"), Task: label, Cause: err}
}

// reclass changes what upstream class an error stands for.
func reclass(err error, class string) error {
	var e *Error
	if errors.As(err, &e) {
		e.Class = class
	}
	return err
}

// describe is a value as a description.
func describe(v tasks.Value) string {
	if v == nil {
		return ""
	}
	return python.Str(v)
}
