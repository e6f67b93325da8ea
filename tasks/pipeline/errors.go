package pipeline

import (
	"errors"
	"fmt"
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

// The upstream classes of faults of the graph.
const (
	graphErrors       = "lsst.pipe.base.pipeline_graph._exceptions."
	incompatibleType  = graphErrors + "IncompatibleDatasetTypeError"
	invalidSteps      = graphErrors + "InvalidStepsError"
	invalidExpression = graphErrors + "InvalidExpressionError"
	missingType       = "lsst.daf.butler._exceptions.MissingDatasetTypeError"
)

// DuplicateOutputError says that two tasks write one dataset type.
type DuplicateOutputError struct {
	DatasetType string
	// Tasks are the labels.
	Tasks [2]string
	// Pos is the later task.
	Pos Pos
}

func (e *DuplicateOutputError) Error() string {
	where := ""
	if pos := e.Pos.String(); pos != "" {
		where = pos + ": "
	}
	return fmt.Sprintf("%sdataset type %q is produced by both task %s and task %s", where, e.DatasetType, e.Tasks[0], e.Tasks[1])
}

// ClassName is the upstream error class.
func (e *DuplicateOutputError) ClassName() string { return graphErrors + "DuplicateOutputError" }

// Hint says what to do.
func (e *DuplicateOutputError) Hint() string {
	return "give one of them another connections.package, connections.metric or label"
}

// CycleError says that tasks wait for each other's outputs.
type CycleError struct {
	// Path alternates labels and dataset types: each task writes the type after it, which the next task reads. It ends with the
	// label that it begins with.
	Path []string
	// Pos is the first task.
	Pos Pos
}

func (e *CycleError) Error() string {
	where := ""
	if pos := e.Pos.String(); pos != "" {
		where = pos + ": "
	}
	return where + "tasks depend on each other in a cycle: " + strings.Join(e.Path, " -> ")
}

// ClassName is the upstream error class.
func (e *CycleError) ClassName() string { return graphErrors + "PipelineDataCycleError" }

// Hint says what to do.
func (e *CycleError) Hint() string {
	return "change the connections of one of the tasks, for example connections.labelName"
}

// className is the upstream class of any error: its own, else fallback.
func className(err error, fallback string) string {
	var c interface{ ClassName() string }
	if errors.As(err, &c) {
		return c.ClassName()
	}
	return fallback
}
