package executor

import "slices"

// feed holds the quanta that were taken from the plan and not yet handed to a worker.
//
// Datasets of earlier attempts are in the way of some. Their rows are deleted before the quantum runs, many in one transaction, so
// that no row ever names a file that is being replaced:
//
//	plan ──> behind ──forget──> ready ──> workers
//	                              └────restore──> plan, if the run stops before
type feed struct {
	plan  *Plan
	ready []Item
	// behind are the next quanta, of which some have to be cleared first. sent says that the committer is at it.
	behind []Item
	sent   bool
	// back are quanta whose earlier datasets get their rows back.
	back []Item
	// ended says that nothing more is taken from the plan; failed that what was cleared does not run either.
	ended, failed bool
}

const (
	// blockSize is the number of quanta that a worker takes at a time; it bounds what is lost to a full stop, and spares the loop.
	blockSize = 64
	// clearSize is the number of quanta that are cleared in one transaction.
	clearSize = 512
)

// held is the number of quanta that the feed holds.
func (f *feed) held() int { return len(f.ready) + len(f.behind) + len(f.back) }

// fill takes quanta from the plan when few are ready; it returns those found blocked.
func (f *feed) fill() (blocked []Item) {
	for !f.ended && len(f.ready) < blockSize && f.behind == nil && len(blocked) < clearSize {
		items, none := f.plan.Next(nil, blockSize)
		if len(items)+len(none) == 0 {
			break
		}
		blocked = append(blocked, none...)
		if !slices.ContainsFunc(items, inTheWay) {
			f.ready = append(f.ready, items...)
			continue
		}
		for len(items) < clearSize {
			more, none := f.plan.Next(nil, blockSize)
			if len(more)+len(none) == 0 {
				break
			}
			items, blocked = append(items, more...), append(blocked, none...)
		}
		f.behind = items
	}
	return blocked
}

// toForget are the quanta that the committer has to clear now, if any.
func (f *feed) toForget() []Item {
	if f.sent {
		return nil
	}
	return f.behind
}

// forgotten takes the answer of the committer.
func (f *feed) forgotten(err error) {
	items := f.behind
	f.behind, f.sent = nil, false
	switch {
	case err != nil:
		f.release(items)
	case f.ended:
		f.ready = append(f.ready, items...)
		f.end(f.failed)
	default:
		f.ready = append(f.ready, items...)
	}
}

// end lets nothing more be taken from the plan. What was cleared still runs, unless the run failed: then its rows are to be restored.
func (f *feed) end(failed bool) {
	f.plan.Stop()
	f.ended, f.failed = true, f.failed || failed
	if !f.sent {
		f.release(f.behind)
		f.behind = nil
	}
	if f.failed {
		f.giveBack(f.ready)
		f.ready = nil
		return
	}
	var cleared []Item
	for _, it := range f.ready {
		if inTheWay(it) {
			cleared = append(cleared, it)
		} else {
			f.plan.Release(it)
		}
	}
	f.ready = cleared
}

// giveBack takes quanta that were not touched back to the plan.
func (f *feed) giveBack(items []Item) {
	for _, it := range items {
		if inTheWay(it) {
			f.back = append(f.back, it)
		} else {
			f.plan.Release(it)
		}
	}
}

func (f *feed) release(items []Item) {
	for _, it := range items {
		f.plan.Release(it)
	}
}

// inTheWay reports whether datasets of an earlier attempt have to go before the quantum runs. Those in the way of a quantum that may
// not run, because its outputs are another one's, are that one's.
func inTheWay(it Item) bool { return len(it.Task.InTheWay[it.Row]) > 0 && !it.Task.Taken[it.Row] }
