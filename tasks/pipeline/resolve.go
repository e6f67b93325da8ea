package pipeline

import (
	"errors"

	"valet/registry/dimension"
	"valet/tasks"
)

// Definition is how a dataset type is registered in a repository.
type Definition struct {
	// Dimensions of the type; required ones suffice, implied ones may be listed.
	Dimensions   []string
	StorageClass string
	Calibration  bool
}

// Options of Resolve. The zero value resolves without a repository and without files.
type Options struct {
	// Read and Getenv serve config files as in Loader.
	Read   func(path string) ([]byte, error)
	Getenv func(name string) (string, bool)
	// Universe, if not nil, expands and checks dimensions.
	Universe *dimension.Universe
	// Registered, if not nil, looks up the registered definition of a dataset type. An error stops the resolution.
	Registered func(name string) (*Definition, bool, error)
	// Convertible reports whether datasets stored with one storage class can be read or written as another; nil allows equal
	// ones only.
	Convertible func(stored, wanted string) bool
	// Instrument, if not nil, gives the short name of an instrument class path.
	Instrument func(class string) (string, bool, error)
	// IgnoreContracts leaves contracts unevaluated.
	IgnoreContracts bool
	// NoVersions leaves out the dataset type packages.
	NoVersions bool
	// Select is a --select-tasks expression, or empty.
	Select string
	// Warn receives what the user should know but what stops nothing; nil drops it.
	Warn func(message string)
}

// Resolved is a pipeline with evaluated configs, linked by dataset types. It must not be changed.
type Resolved struct {
	Pipeline *Pipeline
	// Instrument is the short name of the pipeline's instrument: an implicit constraint of the data ID; or empty.
	Instrument string
	// Tasks in topological order: each after all producers of its inputs; ties by label.
	Tasks []*TaskNode
	// DatasetTypes of all tasks, sorted by name, packages included unless Options.NoVersions.
	DatasetTypes []*DatasetType

	byLabel map[string]*TaskNode
	byName  map[string]*DatasetType
}

// TaskNode is a resolved task.
type TaskNode struct {
	Label string
	// Index is the position in Resolved.Tasks.
	Index int
	Class *tasks.Class
	// Config is complete and validated.
	Config      *tasks.Config
	Connections *tasks.Connections
	// Dimensions of the quanta, or nil without a universe.
	Dimensions *dimension.Group
	// Inputs and Outputs are the regular connections, in the order of Connections.
	Inputs, Outputs []Edge
	// ConfigType, MetadataType and LogType are what every task writes; the last two are nil if the config says so.
	ConfigType, MetadataType, LogType *DatasetType
}

// Edge links a task to a dataset type by a connection.
type Edge struct {
	// Connection is the name by which the task knows it.
	Connection string
	Type       *DatasetType
	// Component of the dataset type that is read, or empty.
	Component string
	// StorageClass as the task declares it.
	StorageClass string
}

// DatasetType is a dataset type of the pipeline.
type DatasetType struct {
	Name string
	// Declared are the dimensions as the first task or the registry declares them.
	Declared []string
	// Dimensions is the expanded group, or nil without a universe.
	Dimensions *dimension.Group
	// StorageClass is the registered one if the type is registered, else that of the producer, else that of the first consumer.
	StorageClass string
	// Init types are written once a run, not per quantum: configs and packages.
	Init bool
	// Registered tells that Options.Registered knows the type.
	Registered bool
	// Producer is nil for overall inputs and for packages.
	Producer *TaskNode
	// Consumers in topological order.
	Consumers []*TaskNode
}

// Task returns the node of a label, or nil.
func (r *Resolved) Task(label string) *TaskNode { return r.byLabel[label] }

// DatasetType returns the named dataset type, or nil.
func (r *Resolved) DatasetType(name string) *DatasetType { return r.byName[name] }

// OverallInputs are the types that no task of the pipeline writes, sorted by name; Intermediates are written and read;
// Outputs are written and not read.
func (r *Resolved) OverallInputs() []*DatasetType {
	var out []*DatasetType
	for _, t := range r.DatasetTypes {
		if t.Producer == nil && !t.Init {
			out = append(out, t)
		}
	}
	return out
}

// Subgraphs are the independent parts of the pipeline: no dataset type links a task of one with a task of another. Parts are
// ordered by their first task, tasks are in topological order (pipelines.md 4.2).
func (r *Resolved) Subgraphs() [][]*TaskNode { return nil }

// Resolve evaluates the configs of all tasks, checks contracts, and links tasks and dataset types (pipelines.md 1.5, 2.1, 3).
// Errors are *Error, *DuplicateOutputError or *CycleError.
func (p *Pipeline) Resolve(table tasks.Table, opts Options) (*Resolved, error) {
	return nil, errors.ErrUnsupported
}
