package executor

import (
	"context"
	"errors"
	"slices"
	"sync"

	"valet/datastore/butler"
	"valet/quantum"
)

// loop owns the state of a run.
type loop struct {
	run     *run
	plan    *Plan
	feed    *feed
	options Options
	group   *commitGroup
	result  *Result
	// handed is the number of jobs that the committer has, and waiting the number of quanta of their groups that a worker had.
	handed, waiting int
	// stop is why no more quanta are started, if it is an error.
	stop error
}

type blockResult struct {
	results []result
	// rest was not run. With err, its first quantum is the one that err stopped; of what is in its way only that is left of which the
	// file was not written over.
	rest []Item
	err  error
}

// execute is the one loop. It ends when nothing runs and nothing waits to be committed.
func (l *loop) execute(ctx context.Context) error {
	// Workers are stopped between quanta by closing jobs, so that what is in flight is finished whatever ended the run.
	jobs := make(chan []Item)
	results := make(chan blockResult, l.options.Workers)
	commits := make(chan *commitJob)
	committed := make(chan commitResult, 1)
	var workers sync.WaitGroup
	for n := range max(l.options.Workers, 1) {
		workers.Go(func() { work(ctx, newWorker(l.run, n, &l.options), jobs, results) })
	}
	durable := make(chan commitResult)
	c := &committer{run: l.run, journal: l.options.Journal, packer: packer{run: l.run}}
	workers.Go(func() { c.harden(commits, durable) })
	workers.Go(func() { c.record(durable, committed) })
	defer workers.Wait()
	defer close(commits)
	defer close(jobs)

	drain, done := l.options.Drain, ctx.Done()
	for {
		if !l.group.overfull() {
			for _, it := range l.feed.fill() {
				l.group.add(&result{out: Outcome{Item: it, State: quantum.Blocked, Reason: quantum.UpstreamFailed, Worker: -1}})
			}
		}
		running := l.plan.Running() - l.feed.held() - l.group.ran() - l.waiting
		if running == 0 && l.feed.held() == 0 && l.handed == 0 && l.group.quanta() == 0 {
			return l.stop
		}
		job := l.job(running == 0 && len(l.feed.ready) == 0)
		var toCommit chan<- *commitJob
		if job != nil {
			toCommit = commits
		}
		var toWork chan<- []Item
		block := l.feed.ready[:min(blockSize, len(l.feed.ready))]
		if len(block) > 0 && !l.group.overfull() {
			toWork = jobs
		}
		select {
		case toWork <- block:
			l.feed.ready = l.feed.ready[len(block):]
		case toCommit <- job:
			l.handed++
			switch {
			case job.group != nil:
				l.waiting += job.group.ran()
				l.group = l.group.next()
			case job.forget != nil:
				l.feed.sent = true
			}
		case br := <-results:
			l.collect(br)
		case c := <-committed:
			l.handed--
			l.account(c)
		case <-drain:
			drain = nil
			l.result.Drained = true
			l.feed.end(false)
		case <-done:
			done = nil
			l.halt(context.Cause(ctx))
		}
	}
}

// job is the next transaction, or nil. idle says that nothing runs, so that a group need not wait to become full.
func (l *loop) job(idle bool) *commitJob {
	switch {
	case l.group.quanta() > 0 && (l.group.full() || idle):
		return &commitJob{group: l.group}
	case l.feed.toForget() != nil:
		return &commitJob{forget: l.feed.behind}
	case len(l.feed.back) > 0 && l.handed == 0:
		return &commitJob{restore: l.feed.back}
	}
	return nil
}

// halt starts nothing more because of an error.
func (l *loop) halt(why error) {
	if !errors.Is(l.stop, why) {
		l.stop = errors.Join(l.stop, why)
	}
	l.feed.end(true)
}

// collect takes what a worker did.
func (l *loop) collect(br blockResult) {
	for i := range br.results {
		res := &br.results[i]
		if err := l.group.pack(l.run, res); err != nil {
			l.halt(err)
			l.feed.giveBack([]Item{res.out.Item})
			continue
		}
		l.group.add(res)
		if res.out.State == quantum.Failed && (l.options.FailFast || isInvalid(res.out.Failure)) {
			l.result.Drained = true
			l.feed.end(false)
		}
	}
	if br.err != nil {
		l.halt(br.err)
	}
	l.feed.giveBack(br.rest)
}

// account marks the quanta of a group as what they became, or takes them back if their rows could not be stored.
func (l *loop) account(c commitResult) {
	switch {
	case c.forget != nil:
		if l.feed.forgotten(c.err); c.err != nil {
			l.halt(c.err)
		}
		return
	case c.restore != nil:
		l.feed.release(c.restore)
		l.feed.back = l.feed.back[len(c.restore):]
		if c.err != nil {
			l.halt(c.err)
		}
		return
	}
	l.waiting -= c.group.ran()
	if c.err != nil {
		l.drop(c.group)
		// Nothing that is still collected can be stored either: its files go too.
		removeFiles(l.run, l.group.results, c.err)
		l.drop(l.group)
		l.group = newGroup(l.group.limit)
		l.halt(c.err)
		return
	}
	l.group.adapt(c.group.quanta(), c.held)
	for i := range c.group.results {
		res := &c.group.results[i]
		switch res.out.State {
		case quantum.Succeeded:
			l.result.Succeeded++
		case quantum.NoWork:
			l.result.NoWork++
		case quantum.Failed:
			l.result.Failed++
		case quantum.Blocked:
			l.result.Blocked++
		}
		if res.out.State != quantum.Blocked {
			l.plan.Finish(res.out.Item, res.out.State)
		}
		l.result.Datasets += len(res.files)
		l.result.Retried += len(res.earlier)
		for _, e := range append(res.earlier, res.out) {
			if l.options.Events.Finished != nil {
				l.options.Events.Finished(e)
			}
		}
	}
	if l.options.Events.Committed != nil {
		l.options.Events.Committed(c.group.quanta(), c.held)
	}
}

// drop gives the quanta of a group that cannot be stored back to the plan.
func (l *loop) drop(g *commitGroup) {
	for i := range g.results {
		if out := &g.results[i].out; out.State == quantum.Blocked {
			out.Item.Task.States[out.Item.Row] = quantum.Planned
		} else {
			l.plan.Release(out.Item)
		}
	}
}

// keepUntouched takes the records from what was in the way of a quantum and was written over, so that no row comes back for it.
func keepUntouched(it Item, written []butler.File) {
	inTheWay := it.Task.InTheWay[it.Row]
	for i := range inTheWay {
		old := &inTheWay[i].Found
		if old.Record != nil && slices.ContainsFunc(written, func(f butler.File) bool { return f.Record.Path == old.Record.Path }) {
			old.Record = nil
		}
	}
}

// work runs blocks until there are none.
func work(ctx context.Context, w *worker, jobs <-chan []Item, results chan<- blockResult) {
	for block := range jobs {
		var br blockResult
		for i, it := range block {
			if ctx.Err() != nil {
				br.rest = block[i:]
				break
			}
			res, err := w.do(ctx, it)
			if err != nil {
				removeFiles(w.run, []result{res}, err)
				keepUntouched(it, res.files)
				br.rest, br.err = block[i:], err
				break
			}
			br.results = append(br.results, res)
		}
		results <- br
	}
}
