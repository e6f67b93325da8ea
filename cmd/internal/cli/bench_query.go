package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"valet/cmd/internal/synthetic"
)

// benchRepeats is how often a query is asked for its median; those that stream the whole repository are asked less often.
const benchRepeats, benchStreams = 15, 3

// queryBench asks the usual questions.
func (a *App) queryBench(ctx context.Context, made *synthetic.Repository, o synthetic.Options, add func(figure string, value float64, unit string) error) (err error) {
	var first []time.Duration
	for range benchRepeats {
		took, err := a.firstRow(ctx, made.Root, o)
		if err != nil {
			return err
		}
		first = append(first, took)
	}
	if err := add("open to first row", milliseconds(middle(first)), "ms"); err != nil {
		return err
	}
	b, err := a.openButler(ctx, made.Root, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	questions, err := synthetic.Questions(b.Registry.Universe(), o)
	if err != nil {
		return err
	}
	for _, q := range questions {
		repeats := benchRepeats
		if q.Streams {
			repeats = benchStreams
		}
		var times []time.Duration
		for range repeats {
			started := time.Now()
			n := 0
			for _, err := range b.Registry.Select(ctx, q.Query) {
				if err != nil {
					return err
				}
				n++
			}
			times = append(times, time.Since(started))
			if n != q.Rows {
				return &InternalError{Reason: fmt.Sprintf("%s: %d rows instead of %d", q.Name, n, q.Rows)}
			}
		}
		if q.Streams {
			err = add(q.Name, float64(q.Rows)/middle(times).Seconds(), "rows/s")
		} else {
			err = add(fmt.Sprintf("%s, %d rows", q.Name, q.Rows), milliseconds(middle(times)), "ms")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// firstRow measures the time from nothing to the first row of a query.
func (a *App) firstRow(ctx context.Context, repo string, o synthetic.Options) (took time.Duration, err error) {
	started := time.Now()
	b, err := a.openButler(ctx, repo, true)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	questions, err := synthetic.Questions(b.Registry.Universe(), o)
	if err != nil {
		return 0, err
	}
	for _, err := range b.Registry.Select(ctx, questions[0].Query) {
		return time.Since(started), err
	}
	return 0, &InternalError{Reason: "a query without rows"}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// middle is the median of at least one time.
func middle(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[len(times)/2]
}
