package pipeline

import (
	"valet/registry/dimension"
	"valet/tasks"
)

// Resolved is a pipeline with evaluated configs, linked by dataset types. It must not be changed.
type Resolved struct {
	Pipeline *Pipeline
	// Instrument is the short name of the pipeline's instrument: an implicit constraint of the data ID; or empty.
	Instrument string
	// Tasks in topological order: each after all producers of its inputs; ties by step, then by label.
	Tasks []*TaskNode
	// DatasetTypes of all tasks, sorted by name, packages included unless Options.NoVersions.
	DatasetTypes []*DatasetType

	byLabel map[string]*TaskNode
	byName  map[string]*DatasetType
	// selected tells that a --select-tasks expression removed tasks that Pipeline still has.
	selected bool
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

	pos Pos
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

	dimensions []string // as the task declares them
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

// OverallInputs are the types that tasks read and no task of the pipeline writes, sorted by name.
func (r *Resolved) OverallInputs() []*DatasetType {
	return r.types(func(t *DatasetType) bool { return t.Producer == nil && !t.Init })
}

// Intermediates are the types that tasks write and tasks read, sorted by name.
func (r *Resolved) Intermediates() []*DatasetType {
	return r.types(func(t *DatasetType) bool { return t.Producer != nil && len(t.Consumers) > 0 })
}

// Outputs are the types that tasks write and none reads, sorted by name; configs are, packages is not among them.
func (r *Resolved) Outputs() []*DatasetType {
	return r.types(func(t *DatasetType) bool { return t.Producer != nil && len(t.Consumers) == 0 })
}

func (r *Resolved) types(wanted func(*DatasetType) bool) []*DatasetType {
	var out []*DatasetType
	for _, t := range r.DatasetTypes {
		if wanted(t) {
			out = append(out, t)
		}
	}
	return out
}

// written are all types that the task writes once it runs.
func (t *TaskNode) written() []*DatasetType {
	var out []*DatasetType
	for _, e := range t.Outputs {
		out = append(out, e.Type)
	}
	for _, d := range []*DatasetType{t.MetadataType, t.LogType} {
		if d != nil {
			out = append(out, d)
		}
	}
	return out
}

// downstream are the tasks that read what the task writes.
func (t *TaskNode) downstream() []*TaskNode {
	var out []*TaskNode
	for _, d := range append(t.written(), t.ConfigType) {
		out = append(out, d.Consumers...)
	}
	return out
}

// upstream are the tasks that write what the task reads.
func (t *TaskNode) upstream() []*TaskNode {
	var out []*TaskNode
	for _, e := range t.Inputs {
		if e.Type.Producer != nil {
			out = append(out, e.Type.Producer)
		}
	}
	return out
}

// reach adds to seen the labels of a task and of all tasks that steps lead to from it.
func (r *Resolved) reach(seen map[string]bool, from *TaskNode, steps func(*TaskNode) []*TaskNode) {
	for todo := []*TaskNode{from}; len(todo) > 0; {
		t := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		if !seen[t.Label] {
			seen[t.Label] = true
			todo = append(todo, steps(t)...)
		}
	}
}

// Subgraphs are the independent parts of the pipeline, each to be planned by a data ID query of its own: tasks are of one part if one
// reads what the other writes, directly or through others. Tasks that merely read the same overall input are not linked by it, as
// upstream has it (pipelines.md 4.2). Parts are ordered by their first task, tasks are in the order of Tasks.
func (r *Resolved) Subgraphs() [][]*TaskNode {
	part := map[string]int{}
	var parts [][]*TaskNode
	for _, t := range r.Tasks {
		if _, ok := part[t.Label]; ok {
			continue
		}
		seen := map[string]bool{}
		r.reach(seen, t, func(t *TaskNode) []*TaskNode { return append(t.upstream(), t.downstream()...) })
		for label := range seen {
			part[label] = len(parts)
		}
		parts = append(parts, nil)
	}
	for _, t := range r.Tasks {
		parts[part[t.Label]] = append(parts[part[t.Label]], t)
	}
	return parts
}
