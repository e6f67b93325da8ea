// Package quantum owns the quantum graph: which task runs on which data ID with which inputs, in which state, and why. Building
// a graph reads through the small Source interface; nothing here knows files or databases.
//
// Graphs are made for ten million quanta: a Quanta holds the quanta of one task column by column, input datasets are rows of
// Datasets tables that tasks share, texts are interned, and IDs are counted up from one random ID. A Quantum is only a cursor.
//
// Weak spots: connections hold one dataset each, as all metric tasks declare.
//
// A graph is built whole before its first quantum runs. While rows of a query come, SQLite lets nobody commit; which quanta write the same
// dataset, whether outputs are in the way, how many quanta are planned and why there are none are known after the last row only, and are
// promised before the first write. It would gain three seconds of the ninety that a million quanta take.
package quantum

import (
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks/pipeline"
)

// Graph is the quantum graph of one pipeline in one repository.
type Graph struct {
	Pipeline    *pipeline.Resolved
	Collections *Collections
	// Tasks are the quanta per task, in topological order of the tasks. Tasks without quanta are left out.
	Tasks []*Quanta
	// Inputs are the existing datasets that the graph reads, by dataset type.
	Inputs map[string]*Datasets
	// Notes explain what was decided while building: one per task and constraint, for people.
	Notes []Note
	// Dropped are the labels of tasks without quanta.
	Dropped []string

	strings *Strings
	done    []*Quanta // tasks of which no quantum is to run
}

// InTheWay is an output that an earlier attempt left at the place of a planned one.
type InTheWay struct {
	Type  *pipeline.DatasetType
	Found Found
	// Shared says that its file is that of another dataset too and has to stay.
	Shared bool
}

// Note explains a decision about a task, or about the whole graph if Task is empty.
type Note struct {
	Task    string
	Warning bool
	Message string
}

// Len is the number of quanta that are to run.
func (g *Graph) Len() int {
	n := 0
	for _, q := range g.Tasks {
		n += q.Count(Planned)
	}
	return n
}

// Skipped is the number of quanta that need not run because they succeeded before.
func (g *Graph) Skipped() int {
	n := 0
	for _, tasks := range [][]*Quanta{g.Tasks, g.done} {
		for _, q := range tasks {
			n += q.Count(Skipped)
		}
	}
	return n
}

// Task returns the quanta of a label, or nil.
func (g *Graph) Task(label string) *Quanta {
	for _, q := range g.Tasks {
		if q.Task.Label == label {
			return q
		}
	}
	return nil
}

// Quanta are the quanta of one task, sorted by data ID.
type Quanta struct {
	Task *pipeline.TaskNode
	// DataIDs of the quanta.
	DataIDs *DataIDs
	// Inputs and Outputs per connection, in the order of Task.Inputs and Task.Outputs.
	Inputs  []InputColumn
	Outputs []OutputColumn
	// States of the quanta. One goroutine writes them.
	States []State
	// InTheWay holds, for a quantum that is to replace what an earlier attempt left, the outputs found in the run; only with
	// clobbering.
	InTheWay map[int][]InTheWay
	// Taken holds the quanta of which an output is also one of an earlier quantum of the task: they must fail, as only one dataset
	// can be stored. This comes of outputs coarser than the task, such as two exposures of one visit.
	Taken map[int]bool
	// WithoutInput tells which quanta had no work when the graph was built, because an input is missing and will not be written; nil if none.
	// Their state is NoWork.
	WithoutInput []bool

	ids idBlock
}

// InputColumn tells for each quantum which dataset an input connection reads: row Rows[i] of Existing, or the output of quantum
// Rows[i] of Producer. -1 is none.
type InputColumn struct {
	Edge     *pipeline.Edge
	Existing *Datasets
	Producer *Quanta
	Rows     []int32
	// FromSkipped are rows of Existing where the producer's quantum was skipped and its output found, -1 elsewhere; nil if no
	// producer was skipped.
	FromSkipped []int32
}

// OutputColumn tells for each quantum at which data ID an output connection writes.
type OutputColumn struct {
	Edge *pipeline.Edge
	// DataIDs of the outputs; the quanta's own if the dimensions are the same.
	DataIDs *DataIDs
}

// Len is the number of quanta of the task.
func (q *Quanta) Len() int { return len(q.States) }

// ID is the ID of quantum i.
func (q *Quanta) ID(i int) ID { return q.ids.at(i) }

// Count is the number of quanta in a state.
func (q *Quanta) Count(s State) int {
	n := 0
	for _, have := range q.States {
		if have == s {
			n++
		}
	}
	return n
}

// DataID is the full data ID of quantum i.
func (q *Quanta) DataID(i int) dimension.DataID {
	id, _ := q.DataIDs.At(i, nil)
	return id
}

// Input is the dataset that input connection c of quantum i reads, if it existed before the run.
func (q *Quanta) Input(c, i int) (dataset.ID, bool) {
	in := &q.Inputs[c]
	rows := in.Rows
	if in.Producer != nil {
		// Rows are quanta of the producer; of these only the skipped ones wrote before the run.
		rows = in.FromSkipped
	}
	if in.Existing == nil || rows == nil || rows[i] < 0 {
		return dataset.ID{}, false
	}
	return in.Existing.ID(int(rows[i])), true
}
