package pipeline

import "errors"

// ActionKind is the kind of a command-line action on a pipeline.
type ActionKind uint8

// The kinds, each with the text it takes.
const (
	AddTask       ActionKind = iota + 1 // -t CLASS[:LABEL]
	DeleteTask                          // --delete LABEL
	SetConfig                           // -c LABEL:FIELD=VALUE
	ConfigFile                          // -C LABEL:FILE[,LABEL:FILE...]
	SetInstrument                       // --instrument CLASS
)

// Action is one command-line option that changes the pipeline. All options of a command make one list in command-line order.
type Action struct {
	Kind ActionKind
	Text string
}

// Apply changes the pipeline by the actions from left to right (pipelines.md 1.8). Errors are *Error.
func (l *Loader) Apply(p *Pipeline, actions []Action) error { return errors.ErrUnsupported }
