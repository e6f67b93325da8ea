package pipeline

import (
	"errors"

	"valet/tasks"
)

// Loader loads pipelines and applies actions to them.
type Loader struct {
	// Read returns the content of a file. Relative paths are relative to the working directory of the process.
	Read func(path string) ([]byte, error)
	// Getenv looks up an environment variable; nil knows none.
	Getenv func(name string) (string, bool)
	// Table is needed for range selectors and for default labels.
	Table tasks.Table
	// Warn receives what the user should know but what stops nothing; nil drops it.
	Warn func(message string)
}

// Load reads the pipeline at location, PATH or PATH#SELECTOR, with all its imports. Errors are *Error.
func (l *Loader) Load(location string) (*Pipeline, error) { return nil, errors.ErrUnsupported }

// Parse reads the text of a pipeline with all its imports; file is its name in errors. Errors are *Error.
func (l *Loader) Parse(file string, text []byte) (*Pipeline, error) {
	return nil, errors.ErrUnsupported
}
