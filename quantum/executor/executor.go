// Package executor runs the quanta of a graph: it prepares collections and dataset types, writes configs and packages, hands quanta
// to workers, and commits what they wrote in groups.
//
// One loop owns all state. Workers read, compute and write files; one committer makes groups of finished quanta durable and stores
// their rows, while the workers go on:
//
//	Plan ──blocks──> workers ──results──> loop ──group──> committer ──> loop ──> Events
//
// A quantum is finished when its group is committed. When a run stops for whatever reason, files that no row names are removed.
//
// The package tells what happens through Events only; it prints nothing. Weak spots: a task is not interrupted while it runs, and
// tasks on different levels (one reads what another writes) do not overlap.
package executor

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/quantum"
	"valet/registry/dataset"
	"valet/tasks"
)

// Options of Execute.
type Options struct {
	// Workers is the number of quanta run at a time; at least 1.
	Workers int
	// FailFast stops the run at the first failed quantum.
	FailFast bool
	// Drain, when closed, lets the run end early: quanta that run are finished and committed.
	Drain  <-chan struct{}
	Events Events
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
	Caveats quantum.Caveats
	// Failure is set if the quantum failed.
	Failure *Failure
	// NoWork says why there was nothing to do.
	NoWork string
	// Log is the path of its log relative to the datastore's root, or empty.
	Log     string
	Seconds float64
}

// Result counts what became of a run.
type Result struct {
	Planned, Succeeded, NoWork, Failed, Blocked int
	// Datasets is the number of datasets written.
	Datasets int
	// Drained tells that Drain or FailFast ended the run before all quanta were done.
	Drained bool
	Seconds float64
}

// Unfinished is the number of quanta that were not done when the run ended.
func (r *Result) Unfinished() int { return r.Planned - r.Succeeded - r.NoWork - r.Failed - r.Blocked }

// run is everything that workers share; it does not change while they work.
type run struct {
	butler   *butler.Butler
	name     string
	nodeName string
	process  int
	tasks    map[*quantum.Quanta]*taskRun
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

// blockSize is the number of quanta that a worker takes at a time; it bounds what is lost to a full stop, and spares the loop.
const blockSize = 64

// Execute runs all planned quanta of a graph whose run was prepared. The error tells why the run stopped; failed quanta are none.
func Execute(ctx context.Context, b *butler.Butler, g *quantum.Graph, o Options) (*Result, error) {
	started := time.Now()
	r, err := newRun(ctx, b, g)
	if err != nil {
		return &Result{Planned: g.Len()}, err
	}
	l := &loop{run: r, plan: NewPlan(g), options: o, group: newGroup(firstGroup), result: &Result{Planned: g.Len()}}
	err = l.execute(ctx)
	l.result.Seconds = time.Since(started).Seconds()
	return l.result, err
}

func newRun(ctx context.Context, b *butler.Butler, g *quantum.Graph) (*run, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	r := &run{butler: b, name: g.Collections.Run, nodeName: host, process: os.Getpid(), tasks: map[*quantum.Quanta]*taskRun{}}
	placers := placers{butler: b, run: r.name, records: butler.Records{Ctx: ctx, Expander: b.Registry.Expander()}}
	if err := placers.preload(ctx, g); err != nil {
		return nil, err
	}
	for _, q := range g.Tasks {
		if r.tasks[q], err = placers.task(q.Task); err != nil {
			return nil, err
		}
	}
	return r, checkCollisions(ctx, r, g)
}

// loop owns the state of a run.
type loop struct {
	run     *run
	plan    *Plan
	options Options
	group   *commitGroup
	result  *Result
	// stop is why no more quanta are started, nil while they are.
	stop error
}

type blockResult struct {
	results []result
	rest    []Item // not run because of err
	err     error
}

// execute is the one loop. It ends when nothing runs and nothing waits to be committed.
func (l *loop) execute(ctx context.Context) error {
	// Workers are stopped between quanta by closing jobs, so that what is in flight is finished whatever ended the run.
	jobs := make(chan []Item)
	results := make(chan blockResult, l.options.Workers)
	commits := make(chan *commitGroup)
	committed := make(chan commitResult, 1)
	var workers sync.WaitGroup
	for range max(l.options.Workers, 1) {
		workers.Go(func() { work(ctx, l.run, jobs, results) })
	}
	workers.Go(func() { commit(l.run, commits, committed) })
	defer workers.Wait()
	defer close(commits)
	defer close(jobs)

	committing := false
	var block []Item
	drain, done := l.options.Drain, ctx.Done()
	for {
		if block == nil && l.stop == nil {
			var blocked []Item
			block, blocked = l.plan.Next(nil, blockSize)
			for _, it := range blocked {
				l.result.Blocked++
				l.finished(Outcome{Item: it, State: quantum.Blocked})
			}
		}
		running := l.plan.Running() - len(block) - l.group.quanta() - l.group.waiting
		if running == 0 && len(block) == 0 && !committing && l.group.quanta() == 0 {
			return l.stop
		}
		var toCommit chan<- *commitGroup
		if !committing && l.group.quanta() > 0 && (l.group.full() || running == 0 && len(block) == 0) {
			toCommit = commits
		}
		var toWork chan<- []Item
		if len(block) > 0 && !l.group.overfull() {
			toWork = jobs
		}
		select {
		case toWork <- block:
			block = nil
		case toCommit <- l.group:
			committing = true
			l.group = l.group.next()
		case br := <-results:
			l.collect(br)
		case c := <-committed:
			committing = false
			l.account(c)
		case <-drain:
			drain = nil
			l.halt(&block, nil)
			l.result.Drained = true
		case <-done:
			done = nil
			l.halt(&block, context.Cause(ctx))
		}
		if l.stop != nil && len(block) > 0 {
			l.halt(&block, l.stop)
		}
	}
}

// halt takes back what was not handed to a worker and starts nothing more.
func (l *loop) halt(block *[]Item, why error) {
	for _, it := range *block {
		l.plan.Release(it)
	}
	*block = nil
	l.plan.Stop()
	if l.stop == nil {
		l.stop = why
	}
}

// collect takes what a worker did.
func (l *loop) collect(br blockResult) {
	for _, it := range br.rest {
		l.plan.Release(it)
	}
	if br.err != nil {
		l.plan.Stop()
		l.stop = errors.Join(l.stop, br.err)
	}
	for i := range br.results {
		l.group.add(&br.results[i])
		if br.results[i].state == quantum.Failed && l.options.FailFast {
			l.plan.Stop()
			l.result.Drained = true
		}
	}
}

// account marks the quanta of a group as what they became, or takes them back if their rows could not be stored.
func (l *loop) account(c commitResult) {
	l.group.waiting = 0
	if c.err != nil {
		for i := range c.group.results {
			l.plan.Release(c.group.results[i].item)
		}
		l.plan.Stop()
		l.stop = errors.Join(l.stop, c.err)
		// Nothing that is still collected can be stored either: its files go too.
		for i := range l.group.results {
			l.plan.Release(l.group.results[i].item)
		}
		removeFiles(l.run, l.group.results)
		l.group = newGroup(l.group.limit)
		return
	}
	l.group.adapt(c.group.quanta(), c.held)
	for i := range c.group.results {
		res := &c.group.results[i]
		l.plan.Finish(res.item, res.state)
		switch res.state {
		case quantum.Succeeded:
			l.result.Succeeded++
		case quantum.NoWork:
			l.result.NoWork++
		case quantum.Failed:
			l.result.Failed++
		}
		l.result.Datasets += len(res.files)
		out := Outcome{Item: res.item, State: res.state, Caveats: res.caveats, Failure: res.failure, NoWork: res.noWork, Seconds: res.seconds}
		if t := l.run.tasks[res.item.Task]; t.log != nil && len(res.files) > 0 {
			out.Log = res.files[len(res.files)-1].Record.Path
		}
		l.finished(out)
	}
	if l.options.Events.Committed != nil {
		l.options.Events.Committed(c.group.quanta(), c.held)
	}
}

func (l *loop) finished(o Outcome) {
	if l.options.Events.Finished != nil {
		l.options.Events.Finished(o)
	}
}

// work runs blocks until there are none.
func work(ctx context.Context, r *run, jobs <-chan []Item, results chan<- blockResult) {
	w := newWorker(r)
	for block := range jobs {
		var br blockResult
		for i, it := range block {
			if ctx.Err() != nil {
				br.rest = block[i:]
				break
			}
			res, err := w.do(ctx, it)
			if err != nil {
				removeFiles(r, []result{res})
				br.rest, br.err = block[i:], err
				break
			}
			br.results = append(br.results, res)
		}
		results <- br
	}
}
