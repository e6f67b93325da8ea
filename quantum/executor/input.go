package executor

import (
	"errors"
	"fmt"

	"valet/datastore"
	"valet/datastore/formatter"
	"valet/quantum"
	"valet/registry/dataset"
	"valet/tasks/metadata"
)

// reader reads the inputs of one quantum after the other. It belongs to one goroutine.
type reader struct {
	run    *run
	inputs map[*quantum.Datasets]input
	path   []byte
}

func newReader(r *run) *reader { return &reader{run: r, inputs: map[*quantum.Datasets]input{}} }

// forget lets everything be read anew.
func (r *reader) forget() { clear(r.inputs) }

// input is the last dataset read of a type: tasks that share it come one after the other.
type input struct {
	row int
	obj any
	err error
}

// errNoArtifact says that an input has no file.
var errNoArtifact = errors.New("no dataset artifact found")

// missingInput names the first input that has no file, or nothing.
func (r *reader) missingInput(it Item) string {
	for c := range it.Task.Inputs {
		in := &it.Task.Inputs[c]
		if _, err := r.input(in, it.Row); errors.Is(err, errNoArtifact) || isMissing(err) {
			return in.Edge.Type.Name
		}
	}
	return ""
}

func isMissing(err error) bool {
	var missing *datastore.MissingFileError
	return errors.As(err, &missing)
}

// input reads the dataset of an input connection, unless it was read for the quantum before.
func (r *reader) input(in *quantum.InputColumn, row int) (any, error) {
	if in.Producer != nil && (in.FromSkipped == nil || in.FromSkipped[row] < 0) {
		return r.produced(in, row)
	}
	i := int(in.Rows[row])
	if in.FromSkipped != nil && in.FromSkipped[row] >= 0 {
		i = int(in.FromSkipped[row])
	}
	if i < 0 {
		return nil, errNoArtifact
	}
	if have, ok := r.inputs[in.Existing]; ok && have.row == i {
		return have.obj, have.err
	}
	rec, ok := in.Existing.Record(i)
	if !ok {
		return nil, errNoArtifact
	}
	obj, err := r.read(&rec)
	if doc, ok := obj.(*metadata.Document); ok && r.run.readers[in.Existing] > 1 {
		obj = metadata.NewSharedDocument(doc.Text())
	}
	if err != nil && !isMissing(err) {
		err = fmt.Errorf("read input %s %s: %w", in.Existing.Type, rec.Path, err)
	}
	r.inputs[in.Existing] = input{i, obj, err}
	return obj, err
}

// produced reads what another quantum of the run wrote.
func (r *reader) produced(in *quantum.InputColumn, row int) (any, error) {
	p := in.Rows[row]
	if p < 0 {
		return nil, errNoArtifact
	}
	t := r.run.tasks[in.Producer]
	for _, out := range append([]*output{t.metadata}, t.outputs...) {
		if out == nil || out.typ.Name != in.Edge.Type.Name {
			continue
		}
		if r.run.pack != nil {
			return r.run.pack.read(r, in.Producer, int(p), out)
		}
		var err error
		if r.path, err = out.placer.AppendPath(r.path[:0], in.Producer.DataID(int(p)), dataset.ID{}); err != nil {
			return nil, err
		}
		return r.read(&dataset.FileRecord{Path: string(r.path), Formatter: out.placer.Formatter().Class, StorageClass: out.typ.StorageClass,
			Component: dataset.WholeDataset, Size: -1})
	}
	return nil, errNoArtifact
}

func (r *reader) read(rec *dataset.FileRecord) (any, error) {
	text, err := r.run.butler.Store.Read(rec)
	if err != nil {
		return nil, err
	}
	return parse(rec, text)
}

// parse is the object in the bytes of a file.
func parse(rec *dataset.FileRecord, text []byte) (any, error) {
	if rec.Formatter == formatter.JSONClass && rec.StorageClass == "TaskMetadata" {
		return metadata.NewDocument(text), nil
	}
	return formatter.Read(rec.Formatter, rec.StorageClass, text)
}

// locate says which file is meant by an error of its content, which the task found without knowing the file.
func (r *reader) locate(it Item, err error) error {
	var bad *metadata.ParseError
	if !errors.As(err, &bad) {
		return err
	}
	for c := range it.Task.Inputs {
		in := &it.Task.Inputs[c]
		if in.Existing == nil || in.Rows[it.Row] < 0 {
			continue
		}
		doc, ok := r.inputs[in.Existing].obj.(*metadata.Document)
		if rec, found := in.Existing.Record(int(in.Rows[it.Row])); ok && found && doc.Check() != nil {
			return fmt.Errorf("read %s: %w", rec.Path, err)
		}
	}
	return err
}
