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
	"valet/tasks"
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

func newWorker(r *run) *worker {
	return &worker{run: r, writer: r.butler.Store.Writer(), inputs: map[*quantum.Datasets]input{}}
}

// do runs one quantum and writes its files (pipelines.md 5.2). The error stops the run: a file could not be written, or the machine
// lacks something that other quanta would lack too. Files written by then are in the result.
func (w *worker) do(ctx context.Context, it Item) (res result, err error) {
	q, t := it.Task, w.run.tasks[it.Task]
	res = result{item: it, state: quantum.Succeeded}
	id := q.DataID(it.Row)
	if q.Taken[it.Row] {
		// Upstream leaves no log either (pipelines.md 5.2, step 3). What is in the way here is the earlier quantum's: it stays.
		res.state = quantum.Failed
		res.failure = failureOf(&TakenError{Task: q.Task.Label, DataID: id.String()})
		return res, nil
	}
	for _, old := range q.InTheWay[it.Row] {
		res.removed = append(res.removed, old.Found.ID)
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
