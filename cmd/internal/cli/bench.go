package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/synthetic"
	"valet/cmd/internal/ui"
)

// benchOptions are the flags of bench.
type benchOptions struct {
	listing   outputOptions
	dir       string
	keep      bool
	quanta    int
	detectors int
	tasks     int
	inputSize int
	rounds    int
	processes int
	noFloor   bool
	pack      bool
	rows      int
}

// AddFlags declares the flags.
func (o *benchOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.dir, "dir", "", "make the repositories below `DIR`, which chooses the disk, or memory with /dev/shm (default that of temporary files)")
	f.BoolVar(&o.keep, "keep", false, "leave the repositories there")
	f.IntVar(&o.quanta, "quanta", 20_000, "`N` quanta of the run, at least; 0 runs nothing")
	f.IntVar(&o.detectors, "detectors", 100, "`N` detectors of each visit")
	f.IntVar(&o.tasks, "tasks", 1, "`N` tasks over each metadata file; with more than one the run is compared with one of a single task, not with the floor")
	f.IntVar(&o.inputSize, "input-size", 0, "metadata files of `BYTES`, at least (default those of a small task, 5 kB)")
	f.IntVar(&o.rounds, "rounds", 3, "run `N` times, and take the medians")
	f.IntVarP(&o.processes, "processes", "j", runtime.GOMAXPROCS(0), "`N` quanta at a time (default all cores)")
	f.Lookup("processes").DefValue = "0"
	f.BoolVar(&o.noFloor, "no-floor", false, "do not measure the floor")
	f.BoolVar(&o.pack, "pack", false, "run with --pack")
	f.IntVar(&o.rows, "rows", 200_000, "query a repository of `N` datasets, at least; 0 queries nothing")
	o.listing.AddFlags(f)
}

func newBenchCommand(a *App) *cobra.Command {
	var o benchOptions
	cmd := &cobra.Command{
		Use:   "bench [OPTIONS]",
		Short: "Measure how fast valet is on this machine",
		Long: `Bench makes synthetic repositories, runs the main job on one of them (the peak memory of a task for every visit and detector), asks
queries of another, and reports rates, times by phase, commits, bytes and memory. Beside the run it measures the floor: a program that does
only what no runner can avoid, one file read, three files written and renamed, twelve rows inserted per quantum. Run and floor take
turns, each on its own repository; as machines are never quiet, the ratio says more than the rates.

Queries are answered in the process, after the first one; their times are medians.`,
		Example: `  valet bench
  valet bench --dir /dev/shm --quanta 20000 --rows 0
  valet bench --quanta 0 --rows 10000000 --dir /data/scratch --format json`,
		Args: argsBetween(0, 0, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.runBenches(cmd, &o)
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

// check finds numbers that make no sense. Errors are *UsageError.
func (o *benchOptions) check(cmd *cobra.Command) error {
	for _, n := range []struct {
		flag         string
		value, least int
	}{{"--quanta", o.quanta, 0}, {"--detectors", o.detectors, 1}, {"--tasks", o.tasks, 1}, {"--input-size", o.inputSize, 0}, {"--rounds", o.rounds, 1}, {"-j", o.processes, 1}, {"--rows", o.rows, 0}} {
		if n.value < n.least {
			return usagef(cmd, "%s: %d is less than %d", n.flag, n.value, n.least)
		}
	}
	_, err := o.listing.check(cmd)
	return err
}

// benchColumns are the columns of the report.
var benchColumns = []ui.Column{
	{Name: "part", Title: "Part", Kind: ui.Text, Left: true}, {Name: "figure", Title: "Figure", Kind: ui.Text, Left: true},
	{Name: "value", Title: "Value", Kind: ui.Float}, {Name: "unit", Title: "Unit", Kind: ui.Text, Left: true},
}

func (a *App) runBenches(cmd *cobra.Command, o *benchOptions) (err error) {
	ctx := cmd.Context()
	dir, err := os.MkdirTemp(o.dir, "valet-bench-")
	if err != nil {
		return err
	}
	if o.keep {
		log := a.Log("bench")
		log.Info().Str("directory", dir).Msg("the repositories are kept")
	} else {
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	return a.writeRows(cmd, &o.listing, "", benchColumns, func(rows ui.Rows) error {
		add := func(part string) func(figure string, value float64, unit string) error {
			return func(figure string, value float64, unit string) error {
				return rows.Row(ui.TextCell(part), ui.TextCell(figure), ui.FloatCell(round(value)), ui.TextCell(unit))
			}
		}
		if o.quanta > 0 {
			if err := a.benchRuns(ctx, o, dir, add); err != nil {
				return err
			}
		}
		if o.rows == 0 {
			return nil
		}
		size := synthetic.Options{Visits: (o.rows + o.detectors - 1) / o.detectors, Detectors: o.detectors, Runs: 4, NoFiles: true}
		made, err := a.makeBench(ctx, filepath.Join(dir, "query"), size)
		if err != nil {
			return err
		}
		if err := add("query")("datasets", float64(made.Datasets), ""); err != nil {
			return err
		}
		return a.queryBench(ctx, made, size, add("query"))
	})
}

// round leaves the digits that mean something.
func round(x float64) float64 {
	if math.Abs(x) >= 1000 {
		return math.Round(x)
	}
	digits := 1e3
	return math.Round(x*digits) / digits
}

// makeBench makes a repository and shows how far it is.
func (a *App) makeBench(ctx context.Context, dir string, o synthetic.Options) (*synthetic.Repository, error) {
	progress := a.startProgress("datasets of a synthetic repository")
	defer progress.Close()
	o.Progress = func(n int) { progress.Set(ui.Counts{Total: int64(o.Visits * o.Detectors), Done: int64(n)}) }
	return synthetic.Make(ctx, dir, o)
}

// benchRuns measures runs and floors in turn and reports them.
func (a *App) benchRuns(ctx context.Context, o *benchOptions, dir string, add func(part string) func(string, float64, string) error) error {
	perVisit := o.detectors * o.tasks
	size := synthetic.Options{Visits: (o.quanta + perVisit - 1) / perVisit, Detectors: o.detectors, InputSize: o.inputSize}
	made, err := a.makeBench(ctx, filepath.Join(dir, "run"), size)
	if err != nil {
		return err
	}
	pipeline := filepath.Join(dir, "bench.yaml")
	if err := writeBenchPipeline(pipeline, o.tasks); err != nil {
		return err
	}
	beside, err := a.newComparison(ctx, o, dir, size)
	if err != nil {
		return err
	}
	var runs []benchRun
	run := ""
	for i := range o.rounds {
		run = fmt.Sprintf("%s/%d", benchChain, i)
		r, err := a.runBench(ctx, o, made, pipeline, run)
		if err != nil {
			return err
		}
		runs = append(runs, r)
		if err := beside.measure(ctx, i); err != nil {
			return err
		}
	}
	if err := reportRuns(runs, add); err != nil {
		return err
	}
	if err := beside.report(runs, add); err != nil {
		return err
	}
	took, err := a.resumeBench(ctx, made, pipeline, run)
	if err != nil {
		return err
	}
	return add("resume")("seconds to find nothing left", took.Seconds(), "s")
}

// reportRuns reports the medians of the rounds.
func reportRuns(runs []benchRun, add func(part string) func(string, float64, string) error) error {
	over := func(f func(r *benchRun) float64) float64 {
		var values []float64
		for i := range runs {
			values = append(values, f(&runs[i]))
		}
		return median(values)
	}
	const mebi = 1 << 20
	for _, f := range []benchFigure{
		{"run", "quanta", float64(runs[0].quanta), ""},
		{"run", "rate", over(func(r *benchRun) float64 { return float64(r.quanta) / r.total.Seconds() }), "quanta/s"},
		{"run", "rate of the graph", over(func(r *benchRun) float64 { return float64(r.quanta) / r.graph.Seconds() }), "quanta/s"},
		{"run", "rate of the execution", over(func(r *benchRun) float64 { return float64(r.quanta) / r.execute.Seconds() }), "quanta/s"},
		{"run", "time to open", over(func(r *benchRun) float64 { return r.open.Seconds() }), "s"},
		{"run", "time of the graph", over(func(r *benchRun) float64 { return r.graph.Seconds() }), "s"},
		{"run", "time to prepare", over(func(r *benchRun) float64 { return r.prepare.Seconds() }), "s"},
		{"run", "time to execute", over(func(r *benchRun) float64 { return r.execute.Seconds() }), "s"},
		{"run", "commits", over(func(r *benchRun) float64 { return float64(r.commits) }), ""},
		{"run", "database held, 99 % of commits", over(func(r *benchRun) float64 { return milliseconds(r.held[(len(r.held)-1)*99/100]) }), "ms"},
		{"run", "written", over(func(r *benchRun) float64 { return float64(r.bytes) / mebi }), "MiB"},
		{"run", "peak memory", over(func(r *benchRun) float64 { return float64(r.peak) / mebi }), "MiB"},
	} {
		if err := add(f.part)(f.figure, f.value, f.unit); err != nil {
			return err
		}
	}
	return nil
}

// benchFigure is a line of the report.
type benchFigure struct {
	part, figure string
	value        float64
	unit         string
}
