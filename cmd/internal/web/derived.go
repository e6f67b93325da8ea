package web

import (
	"context"
	"iter"
	"net/http"
	"slices"
	"sync"
	"time"

	"valet/quantum"
	"valet/quantum/ledger"
	"valet/registry/dataset"
)

const (
	// derivedLimit is how many attempts of a run without records are read from its datasets; of more, the ledger is to be rebuilt.
	derivedLimit = 20_000
	// derivedLifetime is how long what was read is kept.
	derivedLifetime = 2 * time.Minute
	// unrecordedShown is how many runs without records a page shows.
	unrecordedShown = 50
)

// derivedRun is what the datasets tell of a run that the ledger does not know, as of pipetask.
type derivedRun struct {
	status   *ledger.Status
	attempts []*ledger.Attempt
	made     time.Time
}

// derivedRuns keeps the one that was asked for last: reading it opens a file for each quantum.
type derivedRuns struct {
	mu   sync.Mutex
	name string
	run  *derivedRun
}

// derive reads a run that the ledger does not know.
func (s *Server) derive(ctx context.Context, name string) (*derivedRun, error) {
	d := &s.derived
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.name == name && s.options.Now().Sub(d.run.made) < derivedLifetime {
		return d.run, nil
	}
	run := &derivedRun{made: s.options.Now()}
	for a, err := range ledger.Derive(ctx, s.butler, name) {
		if err != nil {
			return nil, err
		}
		if run.attempts = append(run.attempts, a); len(run.attempts) > derivedLimit {
			return nil, &requestError{http.StatusNotFound, "valet has no records of " + quoted(name) + ", and it has too many datasets to read them now", s.rebuildHint(name)}
		}
	}
	if len(run.attempts) == 0 {
		return nil, &requestError{http.StatusNotFound, "valet has no records of " + quoted(name) + ", and no task left metadata or a log in it", "the page of measurements shows what it holds"}
	}
	var err error
	if run.status, err = ledger.DeriveStatus(ctx, s.butler, name); err != nil {
		return nil, err
	}
	d.name, d.run = name, run
	return run, nil
}

func (s *Server) rebuildHint(name string) string {
	return "'" + s.options.Program + " rebuild-ledger " + s.options.Repository + " " + name + "' reads what its datasets tell, once"
}

// all are the attempts as the ledger would give them.
func (d *derivedRun) all() iter.Seq2[*ledger.Attempt, error] {
	return func(yield func(*ledger.Attempt, error) bool) {
		for _, a := range d.attempts {
			if !yield(a, nil) {
				return
			}
		}
	}
}

// newest are the newest attempts that a filter lets through.
func (d *derivedRun) newest(f ledger.Filter) iter.Seq2[*ledger.Attempt, error] {
	return func(yield func(*ledger.Attempt, error) bool) {
		for i, a := range d.attempts {
			if i+1 < len(d.attempts) && sameQuantum(a, d.attempts[i+1]) {
				continue
			}
			if len(f.Tasks) > 0 && !slices.Contains(f.Tasks, a.Task) || len(f.States) > 0 && !slices.Contains(f.States, a.State) {
				continue
			}
			if !yield(a, nil) {
				return
			}
		}
	}
}

func sameQuantum(a, b *ledger.Attempt) bool {
	return a.Task == b.Task && slices.Equal(a.DataID.RequiredValues(), b.DataID.RequiredValues())
}

// minutes counts the attempts by the minute in which they ended, in order.
func (d *derivedRun) minutes() []minute {
	at := map[time.Time]*minute{}
	var out []minute
	for _, a := range d.attempts {
		if a.Started.IsZero() {
			continue
		}
		start := a.Ended().UTC().Truncate(time.Minute)
		if at[start] == nil {
			at[start] = &minute{Start: start}
		}
		switch a.State {
		case quantum.Succeeded:
			at[start].Succeeded++
		case quantum.NoWork:
			at[start].NoWork++
		default:
			at[start].Failed++
		}
	}
	for _, m := range at {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b minute) int { return a.Start.Compare(b.Start) })
	return out
}

// slowest are the attempts that took longest.
func (d *derivedRun) slowest() []*ledger.Attempt {
	list := slices.DeleteFunc(slices.Clone(d.attempts), func(a *ledger.Attempt) bool { return a.Started.IsZero() })
	slices.SortStableFunc(list, func(a, b *ledger.Attempt) int { return int(min(max(b.Duration-a.Duration, -1), 1)) })
	return list[:min(len(list), slowestShown)]
}

// unrecorded are runs in which tasks left metadata or logs and of which the ledger knows nothing.
func (s *Server) unrecorded(ctx context.Context, known []*ledger.Run) ([]string, error) {
	all, err := s.butler.Registry.Collections(ctx)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, c := range all {
		if len(out) == unrecordedShown {
			break
		}
		if c.Kind != dataset.Run || slices.ContainsFunc(known, func(r *ledger.Run) bool { return r.Name == c.Name }) {
			continue
		}
		labels, err := ledger.Labels(ctx, s.butler.Registry, c.Name)
		if err != nil {
			return nil, err
		}
		if len(labels) > 0 {
			out = append(out, c.Name)
		}
	}
	return out, nil
}
