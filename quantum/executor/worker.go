package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/quantum"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks"
	"valet/tasks/metadata"
)

// result is how a quantum ended and what it left on disk, not yet committed.
type result struct {
	item    Item
	state   quantum.State
	caveats quantum.Caveats
	failure *Failure
	// noWork says why there was nothing to do.
	noWork string
	files  []butler.File
	// removed are datasets of an earlier attempt that the files replace.
	removed []dataset.ID
	seconds float64
}

// worker runs quanta one after the other. It belongs to one goroutine.
type worker struct {
	run    *run
	writer *datastore.Writer
	inputs map[*quantum.Datasets]input
	buf    []byte
	note   []byte // text of messages
	path   []byte
}

// input is the last dataset read of a type: tasks that share it come one after the other.
type input struct {
	row int
	obj any
	err error
}

func newWorker(r *run) *worker {
	return &worker{run: r, writer: r.butler.Store.Writer(), inputs: map[*quantum.Datasets]input{}}
}

// errNoArtifact says that an input has no file.
var errNoArtifact = errors.New("no dataset artifact found")

// do runs one quantum and writes its files (pipelines.md 5.2). The error stops the run: a file could not be written, or the machine
// lacks something that other quanta would lack too. Files written by then are in the result.
func (w *worker) do(ctx context.Context, it Item) (res result, err error) {
	q, t := it.Task, w.run.tasks[it.Task]
	res = result{item: it, state: quantum.Succeeded}
	for _, old := range q.InTheWay[it.Row] {
		res.removed = append(res.removed, old.Found.ID)
	}
	id := q.DataID(it.Row)
	if q.Taken[it.Row] {
		// Upstream leaves no log either (pipelines.md 5.2, step 3).
		res.state = quantum.Failed
		res.failure = failureOf(&TakenError{Task: q.Task.Label, DataID: id.String()})
		return res, nil
	}
	a := account{label: q.Task.Label, nodeName: w.run.nodeName, prep: takeSnapshot()}
	defer func() { res.seconds = time.Since(a.prep.utc).Seconds() }()
	w.note = id.Append(append(append(w.note[:0], q.Task.Label...), ':'))
	mdc := string(w.note)
	dataID := mdc[len(q.Task.Label)+1:]
	lc := logContext{process: w.run.process, mdc: [2]formatter.ContextValue{{Name: "LABEL", Value: mdc}, {Name: "RUN", Value: w.run.name}}}
	records := make([]formatter.Record, 0, 4)
	say := func(level int, message string) {
		records = append(records, lc.record(time.Now(), level, message))
	}
	say(levelInf, "Preparing execution of quantum for label="+q.Task.Label+" dataId="+dataID+".")

	if missing := w.missingInput(it); missing != "" {
		a.caveats = quantum.AnyOutputMissing | quantum.AllOutputsMissing | quantum.NoWorkCaveat | quantum.AdjustQuantumRaised
		res.state, res.noWork = quantum.NoWork, "no dataset artifact found for input "+missing
		say(levelInf, "No dataset artifact found for "+missing)
		say(levelInf, "Nothing to do for task '"+q.Task.Label+"' on quantum "+dataID+"; saving metadata and skipping: ("+res.noWork+")")
	} else {
		a.started, a.start = true, a.prep
		say(levelInf, "Constructing task and executing quantum for label="+q.Task.Label+" dataId="+dataID+".")
		outputs, runErr := w.runTask(ctx, it, t, &a)
		runErr = w.locate(it, runErr)
		var none *tasks.NoWorkError
		switch {
		case runErr != nil && stopsRun(runErr):
			return res, runErr
		case errors.As(runErr, &none):
			res.state, res.noWork = quantum.NoWork, none.Message
			a.caveats = quantum.NoWorkCaveat
		case runErr != nil:
			res.state, res.failure = quantum.Failed, failureOf(runErr)
			a.failed = true
		}
		if err := w.putOutputs(&res, t, id, outputs, &a); err != nil {
			return res, err
		}
	}
	a.end = takeSnapshot()
	res.caveats = a.caveats
	w.buf = a.appendMetadata(w.buf[:0])
	var attempt formatter.Attempt
	if res.failure != nil {
		say(levelErr, "Execution of task '"+q.Task.Label+"' on quantum "+dataID+" failed. Exception "+res.failure.ShortClass()+": "+res.failure.Message)
		attempt.Exception = &formatter.Exception{TypeName: res.failure.Class, Message: res.failure.Message}
		attempt.Metadata = json.RawMessage(bytes.Clone(w.buf))
	} else {
		if t.metadata != nil {
			if err := w.put(&res, t.metadata, id, w.buf); err != nil {
				return res, err
			}
		}
		if a.started {
			say(levelInf, fmt.Sprintf("Execution of task '%s' on quantum %s took %.3f seconds", q.Task.Label, dataID, a.end.utc.Sub(a.prep.utc).Seconds()))
		}
	}
	if t.log != nil {
		if err := w.putLog(&res, t, id, records, &attempt); err != nil {
			return res, err
		}
	}
	return res, nil
}

// missingInput names the first input that has no file, or nothing.
func (w *worker) missingInput(it Item) string {
	for c := range it.Task.Inputs {
		in := &it.Task.Inputs[c]
		if _, err := w.input(in, it.Row); errors.Is(err, errNoArtifact) || isMissing(err) {
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
func (w *worker) input(in *quantum.InputColumn, row int) (any, error) {
	if in.Producer != nil && (in.FromSkipped == nil || in.FromSkipped[row] < 0) {
		return w.produced(in, row)
	}
	i := int(in.Rows[row])
	if in.FromSkipped != nil && in.FromSkipped[row] >= 0 {
		i = int(in.FromSkipped[row])
	}
	if i < 0 {
		return nil, errNoArtifact
	}
	if have, ok := w.inputs[in.Existing]; ok && have.row == i {
		return have.obj, have.err
	}
	rec, ok := in.Existing.Record(i)
	if !ok {
		return nil, errNoArtifact
	}
	obj, err := w.read(&rec)
	if err != nil && !isMissing(err) {
		err = fmt.Errorf("read input %s %s: %w", in.Existing.Type, rec.Path, err)
	}
	w.inputs[in.Existing] = input{i, obj, err}
	return obj, err
}

// produced reads what another quantum of the run wrote.
func (w *worker) produced(in *quantum.InputColumn, row int) (any, error) {
	p := in.Rows[row]
	if p < 0 {
		return nil, errNoArtifact
	}
	t := w.run.tasks[in.Producer]
	for _, out := range append([]*output{t.metadata}, t.outputs...) {
		if out == nil || out.typ.Name != in.Edge.Type.Name {
			continue
		}
		var err error
		if w.path, err = out.placer.AppendPath(w.path[:0], in.Producer.DataID(int(p)), dataset.ID{}); err != nil {
			return nil, err
		}
		return w.read(&dataset.FileRecord{Path: string(w.path), Formatter: out.placer.Formatter().Class, StorageClass: out.typ.StorageClass,
			Component: dataset.WholeDataset, Size: -1})
	}
	return nil, errNoArtifact
}

func (w *worker) read(rec *dataset.FileRecord) (any, error) {
	text, err := w.run.butler.Store.Read(rec)
	if err != nil {
		return nil, err
	}
	if rec.Formatter == formatter.JSONClass && rec.StorageClass == "TaskMetadata" {
		return metadata.NewDocument(text), nil
	}
	return formatter.Read(rec.Formatter, rec.StorageClass, text)
}

// runTask reads the inputs and runs the task. A panic becomes an error.
func (w *worker) runTask(ctx context.Context, it Item, t *taskRun, a *account) (out tasks.Outputs, err error) {
	defer func() {
		if v := recover(); v != nil {
			out, err = nil, newPanicError(v)
		}
	}()
	in := make(tasks.Inputs, len(it.Task.Inputs))
	for c := range it.Task.Inputs {
		col := &it.Task.Inputs[c]
		obj, err := w.input(col, it.Row)
		if err != nil {
			return nil, err
		}
		a.gets++
		in[col.Edge.Connection] = obj
	}
	return t.task.Run(ctx, in)
}

// locate says which file is meant by an error of its content, which the task found without knowing the file.
func (w *worker) locate(it Item, err error) error {
	var bad *metadata.ParseError
	if !errors.As(err, &bad) {
		return err
	}
	for c := range it.Task.Inputs {
		in := &it.Task.Inputs[c]
		if in.Existing == nil || in.Rows[it.Row] < 0 {
			continue
		}
		doc, ok := w.inputs[in.Existing].obj.(*metadata.Document)
		if rec, found := in.Existing.Record(int(in.Rows[it.Row])); ok && found && doc.Check() != nil {
			return fmt.Errorf("read %s: %w", rec.Path, err)
		}
	}
	return err
}

// putOutputs writes the outputs that the task gave.
func (w *worker) putOutputs(res *result, t *taskRun, id dimension.DataID, given tasks.Outputs, a *account) error {
	missing := 0
	for c, out := range t.outputs {
		obj, ok := given[out.connection]
		if !ok || obj == nil {
			missing++
			continue
		}
		var err error
		if w.buf, err = encode(w.buf[:0], obj); err != nil {
			res.state, res.failure, a.failed = quantum.Failed, failureOf(err), true
			return nil
		}
		at := id
		if ids := res.item.Task.Outputs[c].DataIDs; ids != res.item.Task.DataIDs {
			at, _ = ids.At(res.item.Row, nil)
		}
		if err := w.put(res, out, at, w.buf); err != nil {
			return err
		}
		a.puts++
		a.outputs = append(a.outputs, res.files[len(res.files)-1].Ref.ID)
	}
	if missing > 0 && !a.failed {
		a.caveats |= quantum.AnyOutputMissing
		if missing == len(t.outputs) {
			a.caveats |= quantum.AllOutputsMissing
		}
	}
	return nil
}

// encode appends the file of an output object.
func encode(dst []byte, obj any) ([]byte, error) {
	if m, ok := obj.(interface {
		AppendYAML(dst []byte) ([]byte, error)
	}); ok {
		return m.AppendYAML(dst)
	}
	return dst, fmt.Errorf("output of type %T cannot be written", obj)
}

// put writes one file of a quantum and adds it to the result. A dataset of an earlier attempt lends its ID.
func (w *worker) put(res *result, out *output, id dimension.DataID, data []byte) error {
	ref := dataset.Ref{Type: out.typ, DataID: id, Run: w.run.name}
	for _, old := range res.item.Task.InTheWay[res.item.Row] {
		if old.Type.Name == out.typ.Name {
			ref.ID = old.Found.ID
		}
	}
	if ref.ID.IsZero() {
		ref.ID = dataset.NewID()
	}
	var err error
	if w.path, err = out.placer.AppendPath(w.path[:0], id, ref.ID); err != nil {
		return fmt.Errorf("place dataset %q %s: %w", out.typ.Name, id, err)
	}
	f, err := out.placer.FormatterOf(id)
	if err != nil {
		return err
	}
	path := string(w.path)
	if err := w.writer.Write(path, data); err != nil {
		return fmt.Errorf("write dataset %q %s: %w", out.typ.Name, id, err)
	}
	res.files = append(res.files, butler.File{Ref: ref, Record: dataset.FileRecord{ID: ref.ID, Path: path, Formatter: f.Class,
		StorageClass: out.typ.StorageClass, Component: dataset.WholeDataset, Checksum: w.run.butler.Store.Checksum(data), Size: int64(len(data))}})
	return nil
}

// putLog writes the log; what an earlier attempt logged is kept inside (pipelines.md 5.4).
func (w *worker) putLog(res *result, t *taskRun, id dimension.DataID, records []formatter.Record, a *formatter.Attempt) error {
	for _, old := range res.item.Task.InTheWay[res.item.Row] {
		if old.Type.Name != t.log.typ.Name || old.Found.Record == nil {
			continue
		}
		// An earlier log that cannot be read is no reason to fail: it is replaced.
		if obj, err := w.read(old.Found.Record); err == nil {
			if l, ok := obj.(*formatter.Log); ok {
				a.PreviousAttempts, _ = l.EarlierAttempts()
			}
		}
	}
	w.buf = formatter.AppendLogStart(w.buf[:0])
	for i := range records {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = formatter.AppendRecord(w.buf, &records[i])
	}
	w.buf = formatter.AppendLogEnd(w.buf, a)
	return w.put(res, t.log, id, w.buf)
}
