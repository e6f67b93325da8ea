package executor

import (
	"context"
	"errors"
	"time"

	"valet/quantum"
	"valet/tasks"
)

// computed is what reading the inputs and running the task gave.
type computed struct {
	// missing names the first input that has no file; the task did not run then.
	missing string
	outputs tasks.Outputs
	// gets is the number of inputs read; read says that all were, so that an error is the task's.
	gets int
	read bool
	err  error
}

// reason tells what kind of failure err is.
func (c *computed) reason(err error) quantum.Reason {
	var panicked *PanicError
	var late *TimeoutError
	switch {
	case errors.As(err, &late):
		return quantum.TimedOut
	case errors.As(err, &panicked):
		return quantum.Panicked
	case !c.read:
		return quantum.InputError
	}
	return quantum.TaskError
}

func isNoWork(err error) bool {
	var none *tasks.NoWorkError
	return errors.As(err, &none)
}

func noWorkMessage(err error) string {
	var none *tasks.NoWorkError
	errors.As(err, &none)
	return none.Message
}

// compute reads the inputs of a quantum and runs its task, within the time allowed. When the time is over the goroutine that is at it
// keeps the old reader for itself.
func (w *worker) compute(ctx context.Context, it Item) computed {
	limit := w.options.Timeout
	if limit <= 0 {
		return w.reader.compute(ctx, it)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan computed, 1)
	reader := w.reader
	go func() { done <- reader.compute(ctx, it) }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case got := <-done:
		if got.err != nil && errors.Is(got.err, context.DeadlineExceeded) && ctx.Err() != nil {
			got.err = &TimeoutError{After: limit}
		}
		return got
	case <-timer.C:
		w.reader = newReader(w.run)
		return computed{err: &TimeoutError{After: limit}}
	}
}

// compute is the part of a quantum that may take long. A panic becomes an error.
func (r *reader) compute(ctx context.Context, it Item) (got computed) {
	defer func() {
		if v := recover(); v != nil {
			got.outputs, got.err = nil, newPanicError(v)
		}
	}()
	if got.missing = r.missingInput(it); got.missing != "" {
		return got
	}
	in := make(tasks.Inputs, len(it.Task.Inputs))
	for c := range it.Task.Inputs {
		col := &it.Task.Inputs[c]
		obj, err := r.input(col, it.Row)
		if err != nil {
			got.err = err
			return got
		}
		got.gets++
		in[col.Edge.Connection] = obj
	}
	got.read = true
	got.outputs, got.err = r.run.tasks[it.Task].task.Run(ctx, in)
	return got
}
