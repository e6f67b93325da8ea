package metadata

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// The upstream classes of the errors of a file that cannot be read.
const (
	classValidation = "pydantic_core._pydantic_core.ValidationError"
	classType       = "TypeError"
	classOverflow   = "OverflowError"
)

// ParseError says why a text is not task metadata.
type ParseError struct {
	// Class is the class of the error in the Python stack: ValidationError of pydantic, TypeError or OverflowError.
	Class string
	// Line and Column count bytes from 1 and are set when the text is not JSON or YAML.
	Line, Column int
	// Path leads to the value that is refused, such as metadata.isr.scalars.x, when the text is JSON of another shape.
	Path   string
	Reason string
}

func (e *ParseError) Error() string {
	switch {
	case e.Line > 0:
		return fmt.Sprintf("task metadata: line %d column %d: %s", e.Line, e.Column, e.Reason)
	case e.Path != "":
		return fmt.Sprintf("task metadata: %s: %s", e.Path, e.Reason)
	}
	return "task metadata: " + e.Reason
}

// ClassName is the upstream error class.
func (e *ParseError) ClassName() string { return e.Class }

// Hint tells what to do about the file.
func (e *ParseError) Hint() string {
	return "the file is damaged or is no task metadata; run the quantum that wrote it again"
}

func syntaxError(text []byte, offset int, reason string) *ParseError {
	offset = min(offset, len(text))
	before := text[:offset]
	return &ParseError{
		Class:  classValidation,
		Line:   1 + bytes.Count(before, []byte{'\n'}),
		Column: offset - bytes.LastIndexByte(before, '\n'),
		Reason: reason,
	}
}

// NotFoundError says that a name has no value.
type NotFoundError struct{ Name string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("'%s' not found", e.Name) }

// ClassName is the upstream error class.
func (e *NotFoundError) ClassName() string { return "KeyError" }

// AmbiguousError says that several names contain a fragment of which one was wanted.
type AmbiguousError struct {
	Fragment string
	// Names are the full names that contain it, sorted.
	Names []string
}

func newAmbiguousError(fragment string, names []string) *AmbiguousError {
	slices.Sort(names)
	return &AmbiguousError{Fragment: fragment, Names: names}
}

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("String %s matches multiple metadata keys: {'%s'}", e.Fragment, strings.Join(e.Names, "', '"))
}

// Hint tells how to make the search unique.
func (e *AmbiguousError) Hint() string {
	return "name the task in the target, for example label:subtask.run"
}
