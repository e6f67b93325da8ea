package quantum

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"valet/registry/dimension"
	"valet/tasks/pipeline"
)

// Constraint says which overall inputs restrict the data IDs by their existence (--dataset-query-constraint, pipelines.md 4.2). The zero
// value is all of them. Without constraint the data IDs are all that the other conditions leave, and quanta whose inputs are missing
// have no work.
type Constraint struct {
	// Off lets no input restrict the data IDs.
	Off bool
	// Types are the dataset types that do, if not all; those that no task reads have no influence.
	Types []string
}

// ParseConstraint reads the value of the option: all, off, or names.
func ParseConstraint(names []string) Constraint {
	switch {
	case len(names) == 0 || slices.Equal(names, []string{"all"}):
		return Constraint{}
	case slices.Equal(names, []string{"off"}):
		return Constraint{Off: true}
	}
	return Constraint{Types: names}
}

func (c Constraint) holds(name string) bool {
	return !c.Off && (len(c.Types) == 0 || slices.Contains(c.Types, name))
}

// UnusedConstraintError says that none of the dataset types named as constraints is an input of an independent part of the pipeline.
type UnusedConstraintError struct {
	// Tasks are the labels of that part, Inputs the dataset types that it reads.
	Tasks, Inputs []string
}

func (e *UnusedConstraintError) Error() string {
	return fmt.Sprintf("--dataset-query-constraint names no input of %s", strings.Join(e.Tasks, ", "))
}

// Hint says what may be named.
func (e *UnusedConstraintError) Hint() string {
	return "inputs are " + strings.Join(e.Inputs, ", ") + "; or give all, or off"
}

// ClassName is the upstream error class.
func (e *UnusedConstraintError) ClassName() string {
	return "lsst.pipe.base.quantum_graph_builder.QuantumGraphBuilderError"
}

// loose is an overall input that does not restrict the data IDs: the rows tell at which data IDs it would be read, and afterwards it
// is looked for there.
type loose struct {
	typ       *pipeline.DatasetType
	ids       *DataIDs
	positions []int            // of the type's dimensions in a row
	index     map[string]int32 // key of required values -> place in ids
	found     []int32          // by place: row of the table of datasets, or -1
}

func (b *builder) newLoose(t *pipeline.DatasetType, all *dimension.Group) *loose {
	return &loose{typ: t, ids: newDataIDs(t.Dimensions, b.graph.strings), positions: project(all, t.Dimensions), index: map[string]int32{}}
}

// place is where the projection of a data ID is in ids.
func (l *loose) place(id dimension.DataID, scratch []byte) (int32, []byte) {
	scratch = l.ids.key(scratch[:0], id, l.positions)
	if i, ok := l.index[string(scratch)]; ok {
		return i, scratch
	}
	i := int32(len(l.index))
	l.index[string(scratch)] = i
	l.ids.add(id, l.positions)
	return i, scratch
}

// find looks for the datasets.
func (l *loose) find(ctx context.Context, b *builder) error {
	l.found = make([]int32, len(l.index))
	for i := range l.found {
		l.found[i] = -1
	}
	if !l.typ.Registered || len(l.found) == 0 {
		return nil
	}
	s := Search{Dimensions: l.typ.Dimensions, Types: []string{l.typ.Name}, Collections: b.opts.Collections.Inputs, DataID: b.opts.DataID}
	if len(l.found) <= fewValues {
		var ids []dimension.DataID
		for i := range l.found {
			id, _ := l.ids.At(i, nil)
			ids = append(ids, id)
		}
		s.Where = near(ids)
	}
	positions := project(l.typ.Dimensions, l.typ.Dimensions)
	finder := b.rowsOf[l.typ.Name]
	finder.start(false)
	for row, err := range b.phases.search(ctx, b.src, s) {
		if err != nil {
			return err
		}
		b.scratch = l.ids.key(b.scratch[:0], row.DataID, positions)
		if i, ok := l.index[string(b.scratch)]; ok {
			l.found[i] = finder.row(&row.Datasets[0])
		}
	}
	b.phases.searched("input query: "+l.typ.Name, "joining")
	return nil
}

// settle puts the datasets that were found into the input columns of a task. A quantum that finds more than one for a connection is an
// error, unless it has no work because another input is missing.
func (t *taskBuild) settle() error {
	if !t.isLoose() {
		return nil
	}
	several := map[int32]*ScalarError{}
	for c := range t.inputs {
		in, col := &t.inputs[c], &t.q.Inputs[c]
		if in.loose == nil {
			continue
		}
		for i, place := range col.Rows {
			col.Rows[i] = in.loose.found[place]
		}
		for i, places := range in.more {
			for _, place := range places {
				row := in.loose.found[place]
				if row >= 0 && col.Rows[i] >= 0 && several[i] == nil {
					several[i] = t.scalar(col.Edge, i, false)
				}
				col.Rows[i] = max(col.Rows[i], row)
			}
		}
	}
	for i, err := range t.several {
		if several[i] == nil {
			several[i] = err
		}
	}
	for i := range int32(t.q.Len()) {
		if err := several[i]; err != nil && !t.q.lacksInput(int(i)) {
			return err
		}
	}
	return nil
}

// isLoose reports whether an input of the task does not restrict the data IDs.
func (t *taskBuild) isLoose() bool {
	return slices.ContainsFunc(t.inputs, func(in inputBuild) bool { return in.loose != nil })
}

func (t *taskBuild) scalar(e *pipeline.Edge, i int32, output bool) *ScalarError {
	return &ScalarError{Task: t.q.Task.Label, Connection: e.Connection, DatasetType: e.Type.Name, Output: output, DataID: t.q.DataID(int(i)).String()}
}

// lacksInput reports whether a dataset that has to exist before the run is missing.
func (q *Quanta) lacksInput(i int) bool {
	return slices.ContainsFunc(q.Inputs, func(in InputColumn) bool { return in.Producer == nil && in.Rows[i] < 0 })
}

// findNoWork marks the planned quanta of which an input is missing and will not be written: no dataset exists, or the quantum that writes it
// has no work itself, or it succeeded before without writing it (pipelines.md 4.6). Tasks come in topological order.
func (b *builder) findNoWork() {
	for _, q := range b.graph.Tasks {
		for i, state := range q.States {
			if state == Planned && slices.ContainsFunc(q.Inputs, func(in InputColumn) bool { return in.never(i) }) {
				if q.WithoutInput == nil {
					q.WithoutInput = make([]bool, q.Len())
				}
				q.States[i], q.WithoutInput[i] = NoWork, true
			}
		}
	}
}

// never reports whether the dataset that quantum i is to read neither exists nor will be written.
func (in *InputColumn) never(i int) bool {
	row := in.Rows[i]
	if in.Producer == nil || row < 0 {
		return row < 0
	}
	switch in.Producer.States[row] {
	case NoWork:
		return true
	case Skipped:
		return in.FromSkipped == nil || in.FromSkipped[i] < 0
	}
	return false
}
