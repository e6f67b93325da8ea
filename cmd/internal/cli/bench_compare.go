package cli

import (
	"context"
	"fmt"
	"path/filepath"

	"valet/cmd/internal/floor"
	"valet/cmd/internal/synthetic"
)

// benchComparison is what is measured beside runs, in turn with them, on a repository of its own: the floor, or a run of a single task if
// the runs have several.
type benchComparison struct {
	app     *App
	options *benchOptions
	made    *synthetic.Repository // nil if nothing is compared
	// pipeline of the single task; empty for the floor.
	pipeline string
	floors   []floor.Result
	singles  []benchRun
}

func (a *App) newComparison(ctx context.Context, o *benchOptions, dir string, size synthetic.Options) (c *benchComparison, err error) {
	c = &benchComparison{app: a, options: o}
	if o.noFloor {
		return c, nil
	}
	if o.tasks > 1 {
		// As many quanta as the tasks have together.
		size.Visits *= o.tasks
		c.pipeline = filepath.Join(dir, "single.yaml")
		if err := writeBenchPipeline(c.pipeline, 1); err != nil {
			return nil, err
		}
	}
	c.made, err = a.makeBench(ctx, filepath.Join(dir, "beside"), size)
	return c, err
}

func (c *benchComparison) measure(ctx context.Context, round int) error {
	switch {
	case c.made == nil:
		return nil
	case c.pipeline != "":
		r, err := c.app.runBench(ctx, c.options, c.made, c.pipeline, fmt.Sprintf("%s/%d", benchChain, round))
		c.singles = append(c.singles, r)
		return err
	}
	f, err := floorBench(ctx, c.options, c.made, fmt.Sprintf("u/floor/%d", round))
	c.floors = append(c.floors, f)
	return err
}

// report reports the medians, and the rate of runs against what was measured beside each.
func (c *benchComparison) report(runs []benchRun, add func(part string) func(string, float64, string) error) error {
	over := func(f func(i int) float64) float64 {
		var values []float64
		for i := range runs {
			values = append(values, f(i))
		}
		return median(values)
	}
	rate := func(i int) float64 { return float64(runs[i].quanta) / runs[i].total.Seconds() }
	var out []benchFigure
	switch {
	case c.made == nil:
	case c.pipeline != "":
		single := func(i int) float64 { return float64(c.singles[i].quanta) / c.singles[i].total.Seconds() }
		out = []benchFigure{
			{"single task", "quanta", float64(c.singles[0].quanta), ""},
			{"single task", "rate", over(single), "quanta/s"},
			{"run", "rate against a single task's", over(func(i int) float64 { return rate(i) / single(i) }), ""},
		}
	default:
		least := func(i int) float64 { return float64(c.floors[i].Quanta) / c.floors[i].Total.Seconds() }
		out = []benchFigure{
			{"floor", "rate", over(least), "quanta/s"},
			{"floor", "time to select inputs", over(func(i int) float64 { return c.floors[i].Select.Seconds() }), "s"},
			{"floor", "time of the rest", over(func(i int) float64 { return (c.floors[i].Total - c.floors[i].Select).Seconds() }), "s"},
			{"floor", "commits", over(func(i int) float64 { return float64(c.floors[i].Commits) }), ""},
			{"run", "rate against the floor's", over(func(i int) float64 { return rate(i) / least(i) }), ""},
		}
	}
	for _, f := range out {
		if err := add(f.part)(f.figure, f.value, f.unit); err != nil {
			return err
		}
	}
	return nil
}
