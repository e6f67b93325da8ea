package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"valet/cmd/internal/floor"
	"valet/cmd/internal/synthetic"
	"valet/datastore/vfs"
	"valet/quantum/executor"
)

// benchChain is the output chain of the runs that are measured.
const benchChain = "u/bench"

// benchRun is what one run did.
type benchRun struct {
	quanta, commits int
	// The phases: opening, pipeline and graph, preparing, executing, closing. They sum up to total.
	open, graph, prepare, execute, total time.Duration
	held                                 []time.Duration // for which transactions held the database, sorted
	bytes, peak                          int64
}

// runBench does what valet run does, with a clock: the main job on a synthetic repository, into a new run.
func (a *App) runBench(ctx context.Context, o *benchOptions, made *synthetic.Repository, pipeline, run string) (r benchRun, err error) {
	in := &inputOptions{repo: made.Root, pipeline: pipeline, inputs: []string{synthetic.Chain}, output: benchChain, outputRun: run}
	if err := settle(made.Root); err != nil {
		return r, err
	}
	before := databaseSize(made.Root)
	memory := watchMemory()
	started := time.Now()
	last := started
	lap := func() time.Duration {
		now := time.Now()
		d := now.Sub(last)
		last = now
		return d
	}
	b, err := a.openToRun(ctx, in.repo, false)
	if err != nil {
		return r, err
	}
	closed := false
	defer func() {
		if !closed {
			err = errors.Join(err, b.Close())
		}
	}()
	r.open = lap()
	p, err := a.loadPipeline(in)
	if err != nil {
		return r, err
	}
	g, err := a.buildGraph(ctx, b, in, p, nil)
	if err != nil {
		return r, err
	}
	r.quanta, r.graph = g.Len(), lap()
	x := a.newExecution(b)
	defer func() { err = errors.Join(err, x.close()) }()
	if err := x.acquire(ctx, run); err != nil {
		return r, err
	}
	if err := executor.Prepare(ctx, b, g, executor.PrepareOptions{Register: true, Version: versionLine()}); err != nil {
		return r, err
	}
	if err := x.begin(ctx, g, &runOptions{inputOptions: *in, processes: o.processes}, p.AppendYAML(nil)); err != nil {
		return r, err
	}
	defer a.giveGarbageRoom()()
	r.prepare = lap()
	result, err := executor.Execute(ctx, b, g, executor.Options{Workers: o.processes, Pack: o.pack, Journal: x.journal, Guard: x.guard, Events: executor.Events{
		Committed: func(quanta int, held time.Duration) { r.held = append(r.held, held) }}})
	if err == nil && result.Succeeded != r.quanta {
		err = &InternalError{Reason: fmt.Sprintf("%d of %d quanta succeeded", result.Succeeded, r.quanta)}
	}
	if err := errors.Join(err, x.end(ctx, result, err)); err != nil {
		return r, err
	}
	closed = true
	if err := b.Close(); err != nil {
		return r, err
	}
	r.execute, r.total = lap(), time.Since(started)
	r.peak = memory.end()
	r.commits = len(r.held)
	slices.Sort(r.held)
	r.bytes, err = directorySize(filepath.Join(made.Root, filepath.FromSlash(run)))
	r.bytes += databaseSize(made.Root) - before
	return r, err
}

// resumeBench measures how long it takes to find that nothing is left to do in a finished run.
func (a *App) resumeBench(ctx context.Context, made *synthetic.Repository, pipeline, run string) (took time.Duration, err error) {
	in := &inputOptions{repo: made.Root, pipeline: pipeline, inputs: []string{synthetic.Chain}, output: benchChain, outputRun: run,
		extendRun: true, skipExisting: true}
	started := time.Now()
	b, err := a.openToRun(ctx, in.repo, false)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	p, err := a.loadPipeline(in)
	if err != nil {
		return 0, err
	}
	g, err := a.buildGraph(ctx, b, in, p, nil)
	if err != nil {
		return 0, err
	}
	if g.Len() > 0 {
		return 0, &InternalError{Reason: fmt.Sprintf("%d quanta of a finished run are not done", g.Len())}
	}
	return time.Since(started), nil
}

// settle waits until the disk has what was written before: a run, which makes its files durable, would otherwise pay for those of the
// floor, which does not.
func settle(dir string) (err error) {
	volume, err := vfs.Real{}.Volume(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, volume.Close()) }()
	if err := volume.Sync(); !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// floorBench does the least that a run must do on a synthetic repository of its own.
func floorBench(ctx context.Context, o *benchOptions, made *synthetic.Repository, run string) (floor.Result, error) {
	if err := settle(made.Root); err != nil {
		return floor.Result{}, err
	}
	return floor.Run(ctx, floor.Options{Repo: made.Root, DatasetType: synthetic.DatasetType, Instrument: synthetic.Instrument,
		Output: run, Workers: o.processes})
}

// writeBenchPipeline writes a pipeline of some tasks that all read the same metadata.
func writeBenchPipeline(path string, tasks int) error {
	var b strings.Builder
	b.WriteString("description: tasks over one metadata file\ntasks:\n")
	for i := range tasks {
		fmt.Fprintf(&b, `  memory%[1]d:
    class: lsst.verify.tasks.commonMetrics.MemoryMetricTask
    config:
      connections.package: bench
      connections.metric: Memory%[1]d
      connections.labelName: diaPipe
      target: diaPipe:diaForcedSource.run
`, i)
	}
	return os.WriteFile(path, []byte(b.String()), 0o666)
}

// databaseSize is the size of a repository's database file.
func databaseSize(root string) int64 {
	info, err := os.Stat(filepath.Join(root, "gen3.sqlite3"))
	if err != nil {
		return 0
	}
	return info.Size()
}

// directorySize is the size of all files below a directory.
func directorySize(dir string) (size int64, err error) {
	err = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	return size, err
}
