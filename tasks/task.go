// Package tasks owns what a task is: its class, its config and its connections, and what running it gives. It knows no
// repository and no files: inputs arrive as objects, outputs leave as objects.
//
// The known classes are handed over as a Table by the program; nothing registers itself.
package tasks

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Inputs are the objects of a quantum's input datasets by connection name.
type Inputs map[string]any

// Outputs are the objects to be stored by connection name. A connection without an object stores nothing.
type Outputs map[string]any

// Task is a task with its config fixed. It is safe for concurrent use: one Task runs all quanta of its label.
type Task interface {
	// Run computes the outputs of one quantum. A *NoWorkError is a success without output; any other error fails the quantum.
	Run(ctx context.Context, in Inputs) (Outputs, error)
}

// NoWorkError says that a quantum rightly produces nothing.
type NoWorkError struct{ Message string }

func (e *NoWorkError) Error() string { return e.Message }

// ClassName is the upstream class that the error stands for.
func (e *NoWorkError) ClassName() string { return "lsst.pipe.base.NoWorkFound" }

// Class describes a kind of task.
type Class struct {
	// Name is upstream's full class path, as pipelines write it.
	Name string
	// DefaultLabel is the label of a task added without one.
	DefaultLabel string
	// Config is the class of its config.
	Config *ConfigClass
	// Connect derives the connections from a validated config. Errors stop the pipeline.
	Connect func(c *Config) (*Connections, error)
	// New makes the task from a validated config.
	New func(c *Config) (Task, error)
}

// ShortName is the last part of the class path.
func (c *Class) ShortName() string { return c.Name[strings.LastIndexByte(c.Name, '.')+1:] }

// Table holds the known task classes.
type Table []*Class

// UnknownClassError names a task class that valet does not have.
type UnknownClassError struct {
	Name string
	// Near is the known class with the most similar name, or empty.
	Near string
}

func (e *UnknownClassError) Error() string { return fmt.Sprintf("unknown task class %q", e.Name) }

// ClassName is the upstream error class.
func (e *UnknownClassError) ClassName() string { return "ModuleNotFoundError" }

// Hint names a similar class.
func (e *UnknownClassError) Hint() string {
	if e.Near == "" {
		return "valet runs metric tasks only; run other tasks with pipetask"
	}
	return fmt.Sprintf("did you mean %q?", e.Near)
}

// Find returns the class of a full name or a short name. The error is an *UnknownClassError.
func (t Table) Find(name string) (*Class, error) {
	i := slices.IndexFunc(t, func(c *Class) bool { return c.Name == name || c.ShortName() == name })
	if i < 0 {
		return nil, &UnknownClassError{Name: name, Near: nearestClass(t, name)}
	}
	return t[i], nil
}
