package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"time"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/quantum"
)

// result is how a quantum ended and what it left on disk, not yet committed.
type result struct {
	out Outcome
	// earlier are tries of this execution that were followed by another one.
	earlier []Outcome
	files   []butler.File
	// members are the bytes of the files, if they are packed.
	members []datastore.Member
}

// fail sets how the quantum ended.
func (r *result) fail(why quantum.Reason, err error) {
	r.out.State, r.out.Reason, r.out.Failure = quantum.Failed, why, failureOf(err)
}

// worker runs quanta one after the other. It belongs to one goroutine.
type worker struct {
	run     *run
	number  int
	options *Options
	writer  *datastore.Writer
	reader  *reader
	buf     []byte
	note    []byte // text of messages
	path    []byte
	arena   []byte // of kept bytes
}

func newWorker(r *run, number int, o *Options) *worker {
	w := &worker{run: r, number: number, options: o, writer: r.butler.Store.Writer(), reader: newReader(r)}
	w.writer.Guard = r.guard
	return w
}

// do runs one quantum and writes its files (pipelines.md 5.2). The error stops the run: a file could not be written, or the machine
// lacks something that other quanta would lack too. Files written by then are in the result.
func (w *worker) do(ctx context.Context, it Item) (res result, err error) {
	if err := w.run.mayWrite(); err != nil {
		return res, err
	}
	q := it.Task
	id := q.DataID(it.Row)
	started := time.Now()
	res.out = Outcome{Item: it, State: quantum.Succeeded, Reason: quantum.Ran, Worker: w.number, Started: started}
	if q.Taken[it.Row] {
		// Upstream leaves no log either (pipelines.md 5.2, step 3). What is in the way here is the earlier quantum's: it stays.
		res.fail(quantum.OutputTaken, &TakenError{Task: q.Task.Label, DataID: id.String()})
		res.out.Ended = started
		return res, nil
	}
	w.note = id.Append(append(append(w.note[:0], q.Task.Label...), ':'))
	t := w.newTry(string(w.note), q.Task.Label)
	var before []formatter.Attempt
	for {
		w.attempt(ctx, it, &t, &res)
		if res.out.Failure == nil || res.out.Try >= w.options.Retries || !Transient(res.out.Failure.Err) || !pause(ctx, res.out.Try) {
			break
		}
		t.end()
		w.sayFailed(&t, res.out.Failure)
		before = append(before, t.asAttempt(res.out.Failure, t.account.appendMetadata(nil)))
		again := Outcome{Item: it, State: quantum.Succeeded, Reason: quantum.Ran, Worker: w.number, Try: res.out.Try + 1}
		res.out.Retried, res.out.Ended = true, time.Now()
		res.out.Seconds = res.out.Ended.Sub(res.out.Started).Seconds()
		res.earlier = append(res.earlier, res.out)
		again.Started = res.out.Ended
		res.out = again
		w.reader.forget()
		t = w.newTry(t.context.mdc[0].Value, q.Task.Label)
	}
	if f := res.out.Failure; f != nil && stopsRun(f.Err) {
		return res, f.Err
	}
	err = w.putAll(&res, &t, before)
	res.out.Ended = time.Now()
	res.out.Seconds = res.out.Ended.Sub(res.out.Started).Seconds()
	return res, err
}

// try is one attempt at a quantum and what is told of it.
type try struct {
	account account
	context logContext
	records []formatter.Record
	outputs map[string]any
	dataID  string
}

// newTry begins a try of the quantum that note names: label, colon, data ID.
func (w *worker) newTry(note, label string) try {
	t := try{account: account{label: label, nodeName: w.run.nodeName, prep: takeSnapshot()}, dataID: note[len(label)+1:],
		context: logContext{process: w.run.process, mdc: [2]formatter.ContextValue{{Name: "LABEL", Value: note}, {Name: "RUN", Value: w.run.name}}},
		records: make([]formatter.Record, 0, 4)}
	t.say(levelInf, "Preparing execution of quantum for label="+label+" dataId="+t.dataID+".")
	return t
}

func (t *try) say(level int, message string) {
	t.records = append(t.records, t.context.record(time.Now(), level, message))
}

func (t *try) end() { t.account.end = takeSnapshot() }

// asAttempt is what the log of a later try keeps of this one.
func (t *try) asAttempt(f *Failure, metadata []byte) formatter.Attempt {
	return formatter.Attempt{Exception: &formatter.Exception{TypeName: f.Class, Message: f.Message}, Metadata: metadata, Logs: t.records}
}

// attempt reads the inputs and runs the task.
func (w *worker) attempt(ctx context.Context, it Item, t *try, res *result) {
	label := it.Task.Task.Label
	got := w.compute(ctx, it)
	if got.missing != "" {
		t.account.caveats = quantum.AnyOutputMissing | quantum.AllOutputsMissing | quantum.NoWorkCaveat | quantum.AdjustQuantumRaised
		res.out.State, res.out.Reason, res.out.NoWork = quantum.NoWork, quantum.InputFileMissing, "no dataset artifact found for input "+got.missing
		t.say(levelInf, "No dataset artifact found for "+got.missing)
		t.say(levelInf, "Nothing to do for task '"+label+"' on quantum "+t.dataID+"; saving metadata and skipping: ("+res.out.NoWork+")")
		return
	}
	t.account.started, t.account.start, t.account.gets = true, t.account.prep, got.gets
	t.say(levelInf, "Constructing task and executing quantum for label="+label+" dataId="+t.dataID+".")
	err := w.reader.locate(it, got.err)
	switch {
	case err == nil:
		t.outputs = got.outputs
	case isNoWork(err):
		res.out.State, res.out.Reason, res.out.NoWork = quantum.NoWork, quantum.TaskFoundNoWork, noWorkMessage(err)
		t.account.caveats = quantum.NoWorkCaveat
	default:
		res.fail(got.reason(err), err)
		t.account.failed = true
	}
}

// putAll writes the files of a quantum: outputs, metadata, log. What an earlier attempt left in their places and this one does not
// write goes.
func (w *worker) putAll(res *result, t *try, before []formatter.Attempt) error {
	it := res.out.Item
	q, r, id := it.Task, w.run.tasks[it.Task], it.Task.DataID(it.Row)
	a := &t.account
	if !(res.out.Reason == quantum.InputFileMissing) {
		if err := w.putOutputs(res, r, id, t.outputs, a); err != nil {
			return err
		}
	}
	t.end()
	res.out.Caveats = a.caveats
	w.buf = a.appendMetadata(w.buf[:0])
	attempt := formatter.Attempt{PreviousAttempts: before}
	if f := res.out.Failure; f != nil {
		w.sayFailed(t, f)
		attempt.Exception = &formatter.Exception{TypeName: f.Class, Message: f.Message}
		attempt.Metadata = json.RawMessage(bytes.Clone(w.buf))
	} else {
		if r.metadata != nil {
			if err := w.put(res, r.metadata, id, w.buf, false); err != nil {
				return err
			}
		}
		if a.started {
			t.say(levelInf, fmt.Sprintf("Execution of task '%s' on quantum %s took %.3f seconds", q.Task.Label, t.dataID, a.end.utc.Sub(a.prep.utc).Seconds()))
		}
	}
	if r.log != nil {
		if err := w.putLog(res, r, id, t.records, &attempt); err != nil {
			return err
		}
		last := &res.files[len(res.files)-1]
		res.out.Log, res.out.LogID = last.Record.Path, last.Ref.ID
	}
	if w.run.pack == nil {
		w.sweep(res)
	}
	return nil
}

func (w *worker) sayFailed(t *try, f *Failure) {
	t.say(levelErr, "Execution of task '"+t.account.label+"' on quantum "+t.dataID+" failed. Exception "+f.ShortClass()+": "+f.Message)
}

// pause waits before the next try, longer each time. It reports false if the run is being stopped.
func pause(ctx context.Context, try int) bool {
	wait := min(50*time.Millisecond<<min(try, 10), 5*time.Second)
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
