package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/pprof"
	"time"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum"
	"valet/quantum/executor"
)

func newRunCommand(a *App) *cobra.Command {
	var o runOptions
	cmd := &cobra.Command{
		Use:   "run -b REPO -p FILE[#LABELS] -i IN[,IN..] -o OUT [OPTIONS]",
		Short: "Run a pipeline over the data of a repository",
		Long: `Run builds the quantum graph of a pipeline over the input collections, runs its quanta, and writes their datasets into a new run
of the output chain. Its options and their meaning are those of 'pipetask run'.

The first SIGINT or SIGTERM drains: running quanta are finished and stored, then the command to resume is printed. The second
stops at once; what is stored stays whole.

The last line on stderr is a summary that programs may parse.`,
		Example: `  valet run -b REPO -p metrics.yaml -i u/sci -o u/metrics --register-dataset-types
  valet run -b REPO -p metrics.yaml#timing_isr -i u/sci -o u/metrics -d "instrument='TestCam' AND detector < 4" -j 8
  valet run -b REPO -p metrics.yaml -o u/metrics --extend-run --clobber-outputs   # again what failed
  valet run -p metrics.yaml --show dump-config=timing_isr`,
		Args: argsBetween(0, 0, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.runRun(cmd.Context(), &o)
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitRepeatable, ExitInvalid, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) runRun(ctx context.Context, o *runOptions) (err error) {
	if o.cpuProfile != "" {
		f, err := ui.CreateFile(o.cpuProfile)
		if err != nil {
			return fmt.Errorf("write CPU profile: %w", err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			f.Abort()
			return fmt.Errorf("write CPU profile: %w", err)
		}
		defer func() {
			pprof.StopCPUProfile()
			if e := f.Commit(); err == nil {
				err = e
			}
		}()
	}
	p, err := a.loadPipeline(&o.inputOptions)
	if err != nil {
		return err
	}
	if o.savedPipeline != "" {
		err := ui.WriteFile(o.savedPipeline, a.Stdout, func(w io.Writer) error {
			_, err := w.Write(p.AppendYAML(nil))
			return err
		})
		if err != nil {
			return fmt.Errorf("write pipeline: %w", err)
		}
	}
	if o.repo == "" {
		return a.showPipeline(&o.inputOptions, p)
	}
	readOnly := o.dryRun || len(o.show) > 0
	a.explain(o.explain)
	b, err := a.openToRun(ctx, o.repo, readOnly)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	x := a.newExecution(b)
	defer func() { err = errors.Join(err, x.close()) }()
	g, err := a.buildGraph(ctx, b, &o.inputOptions, p, func(c *quantum.Collections) error {
		if readOnly || !c.RunExists {
			return nil
		}
		// What another process writes to the run meanwhile would make the graph untrue.
		return x.acquire(ctx, c.Run)
	})
	if err != nil || len(o.show) > 0 {
		return err
	}
	a.explainGraph(g, o.explain)
	if err := a.explainCost(); err != nil {
		return err
	}
	if g.Len() == 0 {
		if err := x.tidy(ctx, b); err != nil {
			return err
		}
		return &emptyGraphError{skipped: g.Skipped()}
	}
	if o.dryRun {
		return printGraph(a.Stdout, g)
	}
	if !a.global.quiet {
		if err := printGraph(a.Stderr, g); err != nil {
			return err
		}
	}
	return a.execute(ctx, b, g, o, x, p.AppendYAML(nil))
}

// emptyGraphError says that there is nothing to run. Upstream takes that as a failure, also if all is done (pipelines.md 4.4).
type emptyGraphError struct{ skipped int }

func (e *emptyGraphError) Error() string {
	if e.skipped > 0 {
		return fmt.Sprintf("QuantumGraph was empty: all %d quanta succeeded before", e.skipped)
	}
	return "QuantumGraph was empty"
}

// Hint says where the reasons are.
func (e *emptyGraphError) Hint() string {
	if e.skipped > 0 {
		return "nothing is left to do in this run; start a new one without --extend-run and --skip-existing to run them again"
	}
	return "the log lines above tell which constraint left nothing"
}

// execute prepares the run, runs its quanta, and tells how it went: the reports asked for, then the summary line, which is the last
// on stderr whatever happened.
func (a *App) execute(ctx context.Context, b *butler.Butler, g *quantum.Graph, o *runOptions, x *execution, pipelineText []byte) error {
	t := newTally(a, g, b.Root)
	t.keep = o.summary != "" || o.junit != ""
	ctx, x.lost = context.WithCancelCause(ctx)
	defer x.lost(nil)
	prepare := executor.PrepareOptions{Register: o.register, SkipInit: o.skipInit, NoVersions: o.noVersions, Version: versionLine()}
	err := executor.Check(ctx, b, g, prepare)
	if err != nil {
		return err
	}
	if x.lease == nil {
		if err := x.acquire(ctx, g.Collections.Run); err != nil {
			return err
		}
	}
	prepare.Warn = func(err error) {
		log := a.Log("executor")
		log.Warn().Msg(err.Error())
	}
	err = a.whilePruning(ctx, b, g.Collections, func() error { return executor.Prepare(ctx, b, g, prepare) })
	if err != nil {
		return err
	}
	if o.initOnly {
		log := a.Log("executor")
		log.Info().Str("run", g.Collections.Run).Msg("configs and packages are written")
		return nil
	}
	if err := x.begin(ctx, g, o, pipelineText); err != nil {
		return err
	}
	drain := make(chan struct{})
	restore := a.interrupts.onDrain(func() {
		fmt.Fprintln(a.Stderr, "interrupted: finishing what runs; interrupt again to stop at once")
		close(drain)
	})
	defer a.giveGarbageRoom()()
	progress := a.startProgress("quanta")
	result, err := executor.Execute(ctx, b, g, executor.Options{
		Workers: o.processes, FailFast: o.failFast, Drain: drain, Retries: o.retries,
		Timeout: time.Duration(o.timeout * float64(time.Second)), Journal: x.journal, Guard: x.guard, Pack: o.packOutputs, Compress: o.compress,
		Events: executor.Events{Finished: func(out executor.Outcome) {
			t.finished(out)
			progress.Set(t.counts())
		}},
	})
	progress.Close()
	restore()
	return a.report(ctx, g, o, t, x, result, err)
}

// report writes the files asked for and the summary line; it returns what the exit code is made of.
func (a *App) report(ctx context.Context, g *quantum.Graph, o *runOptions, t *tally, x *execution, result *executor.Result, err error) error {
	if err == nil {
		err = x.journal.Reconcile(ctx, counts(result), !result.Drained)
	}
	if err == nil && a.interrupts.count() == 0 && !result.Drained && result.Unfinished() != 0 {
		err = &InternalError{Reason: fmt.Sprintf("%d quanta were planned, but %d succeeded + %d had no work + %d failed + %d were blocked + %d were skipped = %d",
			result.Planned, result.Succeeded, result.NoWork, result.Failed, result.Blocked, result.Skipped, result.Planned-result.Unfinished())}
	}
	if errors.Is(err, context.Canceled) || err == nil && a.interrupts.count() > 0 && result.Unfinished() > 0 {
		err = &InterruptedError{Resume: o.resume}
		if o.resume == "" {
			err = &InterruptedError{Resume: a.resumeCommand(result.Failed > 0)}
		}
	}
	if err == nil && result.Failed+result.Blocked > 0 {
		err = &failedQuantaError{next: "why they failed: " + a.command("failures", o.repo, g.Collections.Run) +
			"\nrun them again: " + a.command("rerun", o.repo, g.Collections.Run), result: result, invalid: t.invalid, repeatable: t.repeatable && o.failFast, late: t.late}
	}
	for _, f := range []struct {
		path  string
		write func(w io.Writer) error
	}{
		{o.summary, func(w io.Writer) error { return t.summary(a.cmdLine(), err).write(w, t.reports()) }},
		{o.junit, t.writeJUnit},
		{o.promFile, func(w io.Writer) error { return writeProm(w, g, result) }},
	} {
		if f.path == "" {
			continue
		}
		if e := ui.WriteFile(f.path, a.Stdout, f.write); e != nil {
			err = errors.Join(err, fmt.Errorf("write %s: %w", f.path, e))
		}
	}
	err = errors.Join(err, x.end(ctx, result, err))
	if err != nil {
		a.printError(err)
	}
	fmt.Fprintln(a.Stderr, summaryLine(g, result))
	if err != nil {
		return &reportedError{exitCode(err)}
	}
	return nil
}

// cmdLine is the command as the summary records it.
func (a *App) cmdLine() []string { return append([]string{a.program()}, a.Args...) }

func (a *App) program() string {
	if a.Program == "" {
		return "valet"
	}
	return a.Program
}

// startProgress shows progress on stderr unless -q forbids it. The returned progress takes the log lines meanwhile.
func (a *App) startProgress(what string) *ui.Progress {
	o := ui.ProgressOptions{Out: a.Stderr, Terminal: isTerminal(a.Stderr), What: what}
	if a.global.quiet {
		o.Out, o.Terminal = io.Discard, false
	}
	return ui.StartProgress(o)
}

// failedQuantaError says that quanta failed.
type failedQuantaError struct {
	result              *executor.Result
	invalid, repeatable bool
	late                bool // a quantum took too long
	// next are the commands to type next.
	next string
}

func (e *failedQuantaError) Error() string {
	text := fmt.Sprintf("%d of %d quanta failed", e.result.Failed, e.result.Planned-e.result.Skipped)
	if e.result.Blocked > 0 {
		text += fmt.Sprintf(", %d were blocked by them", e.result.Blocked)
	}
	return text
}

// Hint says how to find out why, and how to run them again.
func (e *failedQuantaError) Hint() string { return e.next }

// ClassName is what pipetask would raise.
func (e *failedQuantaError) ClassName() string {
	if e.late {
		return "lsst.pipe.base.mp_graph_executor.MPTimeoutError"
	}
	return "lsst.pipe.base.mp_graph_executor.MPGraphExecutorError"
}

// ExitCode is that of pipetask (pipelines.md 5.7).
func (e *failedQuantaError) ExitCode() int {
	switch {
	case e.invalid:
		return ExitInvalid
	case e.repeatable:
		return ExitRepeatable
	}
	return ExitFailure
}

// lookupEnv is LookupEnv that may be nil.
func (a *App) lookupEnv(name string) (string, bool) {
	if a.LookupEnv == nil {
		return "", false
	}
	return a.LookupEnv(name)
}
