package pipeline

import (
	"valet/tasks"
)

// Pipeline is a set of labelled tasks with their config entries, as loaded and merged: no config is evaluated yet. Labels of
// tasks, names of subsets and labels of steps are unique. It is not safe for concurrent changes.
type Pipeline struct {
	Description string
	// Instrument is the class path of the instrument, or empty.
	Instrument string
	// InstrumentPos is where Instrument was given.
	InstrumentPos Pos
	Contracts     []Contract

	tasks      ordered[*Task]
	subsets    ordered[*Subset]
	steps      ordered[*Step]
	parameters ordered[Parameter]
}

// Task is a labelled task of a pipeline before its config is evaluated.
type Task struct {
	Label string
	// Class is the class path as written; it may be unknown to valet until the pipeline is resolved.
	Class string
	Pos   Pos
	// Entries are the config entries in order of application.
	Entries []Entry
}

// Entry is one config entry. Its parts apply in the order Files, Python, Pairs, whatever their order in the YAML.
type Entry struct {
	Pos   Pos
	Files []FileRef
	// Python is the body of a python block, or empty; PythonPos is where its first line is.
	Python    string
	PythonPos Pos
	Pairs     []Pair
	// DataID is set if the entry is limited to some data IDs, which upstream always refuses.
	DataID bool
}

// FileRef names a config file. Path may hold $VAR.
type FileRef struct {
	Path string
	Pos  Pos
}

// Pair sets one field to one value.
type Pair struct {
	Field string
	// Value is as YAML gave it, or the text of a command-line option. Texts are converted when the config is resolved.
	Value tasks.Value
	Pos   Pos
}

// Subset is a named set of task labels.
type Subset struct {
	Name        string
	Description string
	// Labels in the order of the file.
	Labels []string
	Pos    Pos
}

// Step declares the dimensions over which campaign tools shard a subset. Runs do not use it.
type Step struct {
	// Label is the name of a subset.
	Label      string
	Dimensions []string
	Pos        Pos
}

// Contract is an expression over the configs of the tasks that has to hold.
type Contract struct {
	Expression string
	// Message explains a failure, or is empty.
	Message string
	Pos     Pos
}

// Parameter is a named value of the pipeline.
type Parameter struct {
	Name  string
	Value tasks.Value
	Pos   Pos
}

// New returns a pipeline without tasks, to be filled by actions.
func New(description string) *Pipeline { return &Pipeline{Description: description} }

// Tasks are the tasks in pipeline order. The slice is a copy.
func (p *Pipeline) Tasks() []*Task { return p.tasks.values() }

// Task returns the labelled task, or nil.
func (p *Pipeline) Task(label string) *Task { t, _ := p.tasks.get(label); return t }

// Labels are the task labels in pipeline order.
func (p *Pipeline) Labels() []string { return p.tasks.keys() }

// Subsets are the subsets in pipeline order. The slice is a copy.
func (p *Pipeline) Subsets() []*Subset { return p.subsets.values() }

// Subset returns the named subset, or nil.
func (p *Pipeline) Subset(name string) *Subset { s, _ := p.subsets.get(name); return s }

// Steps are the steps in pipeline order. The slice is a copy.
func (p *Pipeline) Steps() []*Step { return p.steps.values() }

// Parameters are the parameters in pipeline order. The slice is a copy.
func (p *Pipeline) Parameters() []Parameter { return p.parameters.values() }

// Parameter returns the value of the named parameter.
func (p *Pipeline) Parameter(name string) (tasks.Value, bool) {
	v, ok := p.parameters.get(name)
	return v.Value, ok
}
