package cli

import (
	"context"
	"iter"
	"slices"
	"strings"

	"valet/quantum"
	"valet/quantum/ledger"
	"valet/registry/dimension"
)

// nearEnough is the number of failed quanta up to which the search for data IDs is restricted to theirs.
const nearEnough = 100_000

// choose decides which quanta are to run again; nil if none failed of those asked for.
func (a *App) choose(ctx context.Context, r *recordedRun, o *rerunOptions) (*quantum.Choice, error) {
	ofTask := func(label string) bool { return len(o.tasks) == 0 || slices.Contains(o.tasks, label) }
	if o.all || o.failed && o.missing {
		return &quantum.Choice{Labels: o.tasks, Again: o.all, Keep: func(label string, _ dimension.DataID) bool { return ofTask(label) }}, nil
	}
	// Those whose newest attempt failed or was blocked, by label.
	unsuccessful := map[string]map[string]bool{}
	near := map[string][]dimension.DataID{}
	n := 0
	for attempt, err := range r.newest(ctx, quantum.Failed, quantum.Blocked) {
		if err != nil {
			return nil, err
		}
		if o.failed && (!ofTask(attempt.Task) || attempt.State == quantum.Failed && !holds(attempt.Message, o.message)) {
			continue
		}
		if unsuccessful[attempt.Task] == nil {
			unsuccessful[attempt.Task] = map[string]bool{}
		}
		unsuccessful[attempt.Task][attempt.DataID.Key()] = true
		if o.missing {
			continue
		}
		if n++; n <= nearEnough {
			near[attempt.Task] = append(near[attempt.Task], attempt.DataID)
		}
	}
	if o.missing {
		return &quantum.Choice{Labels: o.tasks, Keep: func(label string, id dimension.DataID) bool { return ofTask(label) && !unsuccessful[label][id.Key()] }}, nil
	}
	if n == 0 {
		return nil, nil
	}
	c := &quantum.Choice{Near: near, Keep: func(label string, id dimension.DataID) bool { return unsuccessful[label][id.Key()] }}
	if n > nearEnough {
		c.Near = nil
	}
	return c, nil
}

// holds reports whether a message has a text in it, as it is or as failures are grouped by.
func holds(message, text string) bool {
	return text == "" || strings.Contains(message, text) || strings.Contains(ledger.Normalize(message), text)
}

// newest streams the newest attempts that ended in one of the states.
func (r *recordedRun) newest(ctx context.Context, states ...quantum.State) iter.Seq2[*ledger.Attempt, error] {
	if !r.derived {
		return r.ledger.Quanta(ctx, r.name, ledger.Filter{States: states})
	}
	return func(yield func(*ledger.Attempt, error) bool) {
		var last *ledger.Attempt
		give := func() bool { return last == nil || !slices.Contains(states, last.State) || yield(last, nil) }
		for attempt, err := range ledger.Derive(ctx, r.Butler, r.name) {
			if err != nil {
				yield(nil, err)
				return
			}
			if attempt.Try == 0 && !give() {
				return
			}
			last = attempt
		}
		give()
	}
}
