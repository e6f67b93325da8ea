// Package executor runs the quanta of a graph: it prepares collections and dataset types, writes configs and packages, hands quanta
// to workers, and commits what they wrote in groups.
//
// One loop owns all state. Workers read, compute and write files; one committer makes the files of groups of finished quanta durable and
// stores their rows, both at a time for groups that follow each other, while the workers go on:
//
//	Plan ──blocks──> workers ──results──> loop ──group──> committer ──> loop ──> Events
//
// A quantum is finished when its group is committed. When a run stops for whatever reason, files that no row names are removed. What a
// killed process left is written over or removed when its quantum runs again.
//
// The package tells what happens through Events only; it prints nothing. Weak spots: a task that does not heed its context goes on
// after its time is over, and tasks on different levels (one reads what another writes) do not overlap.
package executor

import (
	"context"
	"os"
	"sync"
	"time"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/quantum"
	"valet/registry"
	"valet/registry/dataset"
	"valet/tasks"
	"valet/tasks/metric"
)

// Options of Execute.
type Options struct {
	// Workers is the number of quanta run at a time; at least 1.
	Workers int
	// FailFast stops the run at the first failed quantum.
	FailFast bool
	// Timeout is how long a quantum may read and compute; 0 is for ever. A task that does not heed its context is left behind.
	Timeout time.Duration
	// Retries is how often a quantum is tried again whose failure may pass (Transient).
	Retries int
	// Guard, if set, is asked before each file is written, replaced or removed; its error stops the run. It must be cheap.
	Guard func() error
	// Drain, when closed, lets the run end early: quanta that run are finished and committed.
	Drain <-chan struct{}
	// Pack writes the files of each commit group as one zip file; Compress deflates them in it.
	Pack, Compress bool
	Events         Events
	// Journal, if set, records outcomes with the datasets they describe.
	Journal Journal
}

// Journal keeps a record of what became of quanta.
type Journal interface {
	// Record is called inside the transaction that stores the datasets of the outcomes, so that both are stored or neither. An
	// error undoes the transaction and ends the run. Outcomes may be used until it returns.
	Record(tx *registry.Tx, outcomes []Outcome) error
}

// Events are told what happens, from one goroutine, in the order in which it happens. Nil functions are left out. They must not
// block for long.
type Events struct {
	// Finished is called when the outcome of a quantum is stored, or decided without running it.
	Finished func(Outcome)
	// Committed is called after each transaction with the number of its quanta and how long it kept the database locked.
	Committed func(quanta int, held time.Duration)
}

// Outcome is how a quantum ended.
type Outcome struct {
	Item    Item
	State   quantum.State
	Reason  quantum.Reason
	Caveats quantum.Caveats
	// Try counts the attempts of this execution at the quantum, from 0. Retried says that another one followed.
	Try     int
	Retried bool
	// Worker is the number of the worker, from 0; -1 if none had the quantum.
	Worker int
	// Started and Ended are zero if the quantum did not run.
	Started, Ended time.Time
	// Failure is set if the quantum failed.
	Failure *Failure
	// NoWork says why there was nothing to do.
	NoWork string
	// Log is the path of its log relative to the datastore's root, or empty; LogID its dataset ID, or zero.
	Log     string
	LogID   dataset.ID
	Seconds float64
	// Measured are the measurements that the quantum wrote.
	Measured []Measured
}

// Measured is a measurement and the file that holds it.
type Measured struct {
	Measurement *metric.Measurement
	Record      dataset.FileRecord
}

// Result counts what became of a run.
//
// At the end of every run that was not stopped, Planned is the sum of the others.
type Result struct {
	Planned, Succeeded, NoWork, Failed, Blocked, Skipped int
	// Retried is the number of tries that were followed by another one.
	Retried int
	// Datasets is the number of datasets written.
	Datasets int
	// Drained tells that Drain or FailFast ended the run before all quanta were done.
	Drained bool
	Seconds float64
}

// Unfinished is the number of quanta that were not done when the run ended.
func (r *Result) Unfinished() int {
	return r.Planned - r.Succeeded - r.NoWork - r.Failed - r.Blocked - r.Skipped
}

// run is everything that workers share; it does not change while they work.
type run struct {
	butler   *butler.Butler
	name     string
	nodeName string
	process  int
	// existed says that the run existed before, so that a killed process may have left files in it.
	existed bool
	tasks   map[*quantum.Quanta]*taskRun
	// readers counts the inputs that read each table of datasets.
	readers map[*quantum.Datasets]int
	// guard is that of the options.
	guard func() error
	// swept are the directories that were looked through for temporary files of a killed process.
	swept sync.Map
	// pack is set if files are packed. empty are zips that lost their last member; they are the committer's.
	pack  *packing
	empty map[string]bool
	// kept are logs of earlier attempts without rows, by the paths that they would have as loose files.
	kept map[string]butler.KeptFile
}

// taskRun is a task ready to run.
type taskRun struct {
	task          tasks.Task
	outputs       []*output
	metadata, log *output // nil if not written
}

// output is a dataset type that quanta write.
type output struct {
	connection string
	typ        *dataset.Type
	placer     *datastore.Placer
}

// Execute runs all planned quanta of a graph whose run was prepared. The error tells why the run stopped; failed quanta are none.
func Execute(ctx context.Context, b *butler.Butler, g *quantum.Graph, o Options) (*Result, error) {
	started := time.Now()
	result := &Result{Planned: g.Len() + g.Skipped(), Skipped: g.Skipped()}
	r, err := newRun(ctx, b, g)
	if err != nil {
		return result, err
	}
	r.guard = o.Guard
	if o.Pack {
		r.pack = newPacking(g, o.Compress)
	}
	r.sweepPacks(ctx)
	if err := r.findKept(ctx); err != nil {
		return result, err
	}
	plan := NewPlan(g)
	l := &loop{run: r, plan: plan, feed: &feed{plan: plan}, options: o, group: newGroup(firstGroup), result: result}
	if err = l.execute(ctx); !isFenced(err) {
		r.sweepPacks(ctx)
	}
	result.Seconds = time.Since(started).Seconds()
	return result, err
}

func newRun(ctx context.Context, b *butler.Butler, g *quantum.Graph) (*run, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	r := &run{butler: b, name: g.Collections.Run, nodeName: host, process: os.Getpid(), existed: g.Collections.RunExists, tasks: map[*quantum.Quanta]*taskRun{}, readers: map[*quantum.Datasets]int{}}
	placers := placers{butler: b, run: r.name, records: butler.Records{Ctx: ctx, Expander: b.Registry.Expander()}}
	if err := placers.preload(ctx, g); err != nil {
		return nil, err
	}
	for _, q := range g.Tasks {
		if r.tasks[q], err = placers.task(q.Task); err != nil {
			return nil, err
		}
		for i := range q.Inputs {
			r.readers[q.Inputs[i].Existing]++
		}
	}
	return r, nil
}
