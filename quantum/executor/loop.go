package executor

import (
	"context"
	"errors"
	"sync"

	"valet/quantum"
)

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
