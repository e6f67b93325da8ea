package quantum

import (
	"context"
	"iter"
	"time"
)

// Phase is a part of the work of Build, for people who wonder where its time went. Phases follow each other without gaps.
type Phase struct {
	// Name tells what was done and, after a colon, for which dataset types.
	Name string
	// Rows is the number of rows, quanta or datasets that it gave.
	Rows int
	Took time.Duration
}

// phases measures phases for Options.Phase.
type phases struct {
	report func(Phase) // nil if nobody wants to know
	since  time.Time
	// rows and inside are the number of rows of the search at hand, and the time that was spent on them.
	rows   int
	inside time.Duration
}

func newPhases(report func(Phase)) phases {
	p := phases{report: report}
	if report != nil {
		p.since = time.Now()
	}
	return p
}

// done ends a phase.
func (p *phases) done(name string, rows int) {
	if p.report == nil {
		return
	}
	now := time.Now()
	p.report(Phase{name, rows, now.Sub(p.since)})
	p.since = now
}

// search is Rows of a source. If somebody wants to know, it keeps the time of the source from the time that the loop over the rows takes:
// both work in turns, row by row.
func (p *phases) search(ctx context.Context, src Source, s Search) iter.Seq2[*Row, error] {
	rows := src.Rows(ctx, s)
	if p.report == nil {
		return rows
	}
	return func(yield func(*Row, error) bool) {
		p.rows, p.inside = 0, 0
		for row, err := range rows {
			start := time.Now()
			if err == nil {
				p.rows++
			}
			more := yield(row, err)
			p.inside += time.Since(start)
			if !more {
				return
			}
		}
	}
}

// searched ends two phases: a search that read its rows to the end, and what the loop did with them.
func (p *phases) searched(query, loop string) {
	if p.report == nil {
		return
	}
	now := time.Now()
	p.report(Phase{query, p.rows, now.Sub(p.since) - p.inside})
	p.report(Phase{loop, p.rows, p.inside})
	p.since = now
}
