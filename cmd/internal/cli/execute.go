package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/pprof"
	"strings"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum"
	"valet/quantum/executor"
)

// FailedQuantaError says that a run was carried out and quanta failed in it. Exit code 1.
type FailedQuantaError struct{ Failed, Blocked int }

func (e *FailedQuantaError) Error() string {
	return "One or more tasks failed during execution."
}

// ClassName is the upstream error class.
func (e *FailedQuantaError) ClassName() string {
	return "lsst.pipe.base.mp_graph_executor.MPGraphExecutorError"
}

// Hint says how to run them again.
func (e *FailedQuantaError) Hint() string {
	return "run the same command with --extend-run --clobber-outputs to run the failed quanta again"
}

func (a *App) runRun(ctx context.Context, o *runOptions) (err error) {
	if o.onlyShowsPipeline() {
		return a.showPipeline(&o.inputOptions)
	}
	if o.cpuProfile != "" {
		f, err := os.Create(o.cpuProfile)
		if err != nil {
			return fmt.Errorf("--profile: %w", err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return fmt.Errorf("--profile: %w", err)
		}
		defer pprof.StopCPUProfile()
	}
	if o.savedPipeline != "" {
		if err := a.savePipeline(o); err != nil {
			return err
		}
	}
	b, err := a.openButler(ctx, o.repo, o.dryRun)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	g, err := a.buildGraph(ctx, b, &o.inputOptions)
	if err != nil {
		return err
	}
	if o.explain {
		for _, n := range g.Notes {
			fmt.Fprintln(a.Stderr, n.Message)
		}
	}
	if g.Len() == 0 {
		return &EmptyGraphError{Done: g.Skipped()}
	}
	if len(o.show) > 0 {
		return a.showGraph(g, &o.inputOptions)
	}
	if !a.global.quiet {
		writeGraphTable(a.Stderr, g)
	}
	if o.dryRun {
		return nil
	}
	if err := executor.Prepare(ctx, b, g, executor.PrepareOptions{Register: o.register, SkipInit: o.skipInit, NoVersions: o.noVersions, Version: versionLine()}); err != nil {
		return err
	}
	if o.initOnly {
		return nil
	}
	return a.executeGraph(ctx, b, g, o)
}

// executeGraph runs the quanta of a prepared run, shows progress, and tells how it ended.
func (a *App) executeGraph(ctx context.Context, b *butler.Butler, g *quantum.Graph, o *runOptions) error {
	log := a.Log("run")
	progress := ui.StartProgress(ui.ProgressOptions{Out: a.Stderr, Terminal: isTerminal(a.Stderr) && !a.global.quiet, What: "quanta"})
	counts := ui.Counts{Total: int64(g.Len())}
	progress.Set(counts)
	failures := map[executor.Item]*executor.Failure{}
	drain := make(chan struct{})
	if a.interrupts != nil {
		defer a.interrupts.onDrain(func() { close(drain) })()
	}
	events := executor.Events{
		Finished: func(out executor.Outcome) {
			counts.Done++
			if out.State == quantum.Failed {
				counts.Failed++
				failures[out.Item] = out.Failure
				log.Error().Str("task", out.Item.Task.Task.Label).Stringer("dataId", out.Item.Task.DataID(out.Item.Row)).Str("log", out.Log).
					Msg(out.Failure.Error())
			}
			progress.Set(counts)
		},
	}
	result, err := executor.Execute(ctx, b, g, executor.Options{Workers: o.processes, FailFast: o.failFast, Drain: drain, Events: events})
	progress.Close()
	interrupted := a.interrupts != nil && a.interrupts.count() > 0
	if o.summary != "" {
		if werr := a.writeSummary(o, g, failures); werr != nil {
			err = errors.Join(err, fmt.Errorf("--summary: %w", werr))
		}
	}
	a.writeRunLine(g, result)
	left := result.Unfinished()
	switch {
	case err != nil:
		return err
	case interrupted && left > 0:
		return &InterruptedError{Resume: a.resumeCommand()}
	case result.Failed > 0:
		return &FailedQuantaError{Failed: result.Failed, Blocked: result.Blocked}
	case left != 0 && !o.failFast:
		return &InternalError{Reason: fmt.Sprintf("%d of %d quanta planned are neither done nor failed nor blocked", left, result.Planned)}
	}
	return nil
}

// writeRunLine writes the last line of a run, which programs may parse (cli.md).
func (a *App) writeRunLine(g *quantum.Graph, r *executor.Result) {
	rate := 0.0
	if r.Seconds > 0 {
		rate = float64(r.Succeeded+r.NoWork+r.Failed) / r.Seconds
	}
	fmt.Fprintf(a.Stderr, "run=%s planned=%d succeeded=%d no_work=%d failed=%d blocked=%d skipped=%d datasets=%d seconds=%.3f quanta_per_s=%.1f\n",
		g.Collections.Run, r.Planned, r.Succeeded, r.NoWork, r.Failed, r.Blocked, g.Skipped(), r.Datasets, r.Seconds, rate)
}

// resumeCommand is the command that goes on with the run.
func (a *App) resumeCommand() string {
	words := []string{"valet"}
	extend := false
	for _, arg := range a.Args {
		extend = extend || arg == "--extend-run"
		words = append(words, shellQuote(arg))
	}
	if !extend {
		words = append(words, "--extend-run")
	}
	return strings.Join(append(words, "--clobber-outputs"), " ")
}

func shellQuote(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\n'\"\\$`&|;<>()*?[]#~!{}") {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// savePipeline writes the pipeline of -s.
func (a *App) savePipeline(o *runOptions) error {
	p, err := a.loadPipeline(&o.inputOptions)
	if err != nil {
		return err
	}
	if err := os.WriteFile(o.savedPipeline, p.AppendYAML(nil), 0o666); err != nil {
		return fmt.Errorf("-s: %w", err)
	}
	return nil
}
