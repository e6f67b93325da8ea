package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/datastore/butler"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/tasks/pipeline"
)

// rerunOptions are the flags of rerun.
type rerunOptions struct {
	runOptions
	failed, missing, all bool
	tasks                []string
	message              string
}

// AddFlags declares the flags.
func (o *rerunOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.repo, "butler-config", "b", "", "`REPO`, in place of the first argument")
	f.BoolVar(&o.failed, "failed", false, "run what failed, and what that blocked (the default)")
	f.BoolVar(&o.missing, "missing", false, "run what was planned but never finished")
	f.BoolVar(&o.all, "all", false, "run everything, and replace what there is")
	f.StringVarP(&o.where, "data-query", "d", "", "`WHERE` expression that data IDs have to satisfy too")
	f.StringSliceVar(&o.tasks, "task", nil, "only the tasks with these `LABELS`; may be repeated")
	f.StringVar(&o.message, "message", "", "with --failed: only failures whose message holds `TEXT`")
	f.VarP(actionValue{pipeline.SetConfig, &o.actions, "LABEL:FIELD=VALUE"}, "config", "c", "change a config field of a task, in a new run of the chain")
	f.VarP(actionValue{pipeline.ConfigFile, &o.actions, "LABEL:FILE"}, "config-file", "C", "apply a config file to a task, in a new run of the chain")
	o.addExecutionFlags(f)
	f.StringVarP(&o.pipeline, "pipeline", "p", "", "pipeline YAML, `FILE[#LABELS]`, of a run that valet has no records of")
	f.VarP(listValue{&o.inputs, "COLL[,COLL..]"}, "input", "i", "input collections of a run that valet has no records of (default those of its chain)")
}

func newRerunCommand(a *App) *cobra.Command {
	var o rerunOptions
	cmd := &cobra.Command{
		Use:   "rerun REPO RUN [OPTIONS]",
		Short: "Run quanta of a run again: failed ones, missing ones or all",
		Long: `Rerun goes on in a run with the pipeline, inputs and condition that it was recorded with. RUN may be an output chain, whose newest run
is meant. Failed quanta, and those that they blocked, are run again unless --missing or --all says otherwise. Attempts are kept: what an earlier attempt
logged stays in the log of the next one, and 'valet why' shows all of them. If nothing is left to do it says so and exits 0.

All quanta of a run have one config. If -c or -C changes that of a task, the quanta chosen therefore go to a new run in front of the
chain, where everything that searches the chain finds them first; what succeeded stays where it is.`,
		Example: `  valet rerun REPO u/metrics
  valet rerun REPO u/metrics --missing -j 8
  valet rerun REPO u/metrics --failed -d 'detector = 3' --retries 2
  valet rerun REPO u/metrics --failed -c memory_diaForcedSource:target=diaPipe.run`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := (&repositoryOption{o.repo}).take(cmd, args, 1, 1, "RUN")
			if err != nil {
				return err
			}
			o.repo = repo
			if err := o.check(cmd); err != nil {
				return err
			}
			return a.runRerun(cmd.Context(), &o, rest[0])
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitRepeatable, ExitInvalid, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

// check finds contradictions. Errors are *UsageError.
func (o *rerunOptions) check(cmd *cobra.Command) error {
	if !o.missing && !o.all {
		o.failed = true
	}
	switch {
	case o.all && (o.failed || o.missing):
		return usagef(cmd, "--all includes what failed and what is missing: give it alone")
	case o.message != "" && (!o.failed || o.missing):
		return usagef(cmd, "--message chooses among failures: give it with --failed alone")
	}
	return o.checkExecution(cmd)
}

func (a *App) runRerun(ctx context.Context, o *rerunOptions, name string) (err error) {
	a.explain(o.explain)
	b, err := a.openToRun(ctx, o.repo, o.dryRun)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	r, err := a.findRun(ctx, b, o.repo, name)
	if err != nil {
		return err
	}
	again, err := a.recall(ctx, r, o)
	if err != nil {
		return err
	}
	x := a.newExecution(b)
	defer func() { err = errors.Join(err, x.close()) }()
	if !o.dryRun {
		if err := a.adopt(ctx, r); err != nil {
			return err
		}
		// What another process writes to the run meanwhile would make the choice untrue.
		if err := x.acquire(ctx, r.name); err != nil {
			return err
		}
	}
	choice, err := a.choose(ctx, r, o)
	if err != nil {
		return err
	}
	if choice == nil {
		return a.nothingToDo(r.name, "no quantum "+o.wanted()+" failed", 0)
	}
	if again.newRun {
		if err := x.close(); err != nil {
			return err
		}
		if !o.dryRun {
			if err := x.acquire(ctx, again.collections.Run); err != nil {
				return err
			}
		}
	}
	a.explained.done("choosing quanta", 0)
	g, err := a.buildAgain(ctx, b, again, choice)
	a.explained.end()
	if err != nil {
		return err
	}
	a.explainGraph(g, o.explain)
	if err := a.explainCost(); err != nil {
		return err
	}
	switch {
	case g.Len() == 0:
		return a.nothingToDo(r.name, "no quantum "+o.wanted()+" is left to run", g.Skipped())
	case o.dryRun:
		return printGraph(a.Stdout, g)
	case !a.global.quiet:
		if err := printGraph(a.Stderr, g); err != nil {
			return err
		}
	}
	run := o.runOptions
	run.inputs, run.skipExistingIn, run.where, run.selected = again.options.Inputs, again.options.SkipExistingIn, again.options.Where, again.options.Selected
	run.constraint = again.options.Constraint
	run.ignoreContracts, run.noVersions = again.options.IgnoreContracts, again.options.NoVersions
	run.resume = a.command(a.Args...)
	return a.execute(ctx, b, g, &run, x, again.pipeline.AppendYAML(nil))
}

// wanted describes the quanta that were asked for, after a noun.
func (o *rerunOptions) wanted() string {
	var parts []string
	if len(o.tasks) > 0 {
		parts = append(parts, "of "+quoteList(o.tasks))
	}
	if o.where != "" {
		parts = append(parts, "where "+o.where)
	}
	if o.message != "" {
		parts = append(parts, "with that message")
	}
	if len(parts) == 0 {
		return "of the run"
	}
	return strings.Join(parts, " ")
}

// nothingToDo says that all is done, which is a success of rerun.
func (a *App) nothingToDo(run, why string, skipped int) error {
	fmt.Fprintf(a.Stderr, "nothing to do: %s\n", why)
	fmt.Fprintln(a.Stderr, summaryLine(&quantum.Graph{Collections: &quantum.Collections{Run: run}}, &executor.Result{Planned: skipped, Skipped: skipped}))
	return nil
}

// adopt stores what the datasets of a run tell that the ledger does not know, so that its attempts are kept.
func (a *App) adopt(ctx context.Context, r *recordedRun) error {
	if !r.derived {
		return nil
	}
	log := a.Log("ledger")
	log.Info().Str("run", r.name).Msg("valet has no records of this run: they are read from its datasets first")
	if _, err := r.ledger.Rebuild(ctx, r.Butler, r.name, versionLine()); err != nil {
		return err
	}
	r.derived = false
	return nil
}

// buildAgain builds the graph of the chosen quanta.
func (a *App) buildAgain(ctx context.Context, b *butler.Butler, again *recalled, choice *quantum.Choice) (*quantum.Graph, error) {
	build := quantum.Options{Collections: again.collections, Where: again.where, Constraint: quantum.ParseConstraint(again.options.Constraint), Clobber: true,
		Now: a.Now(), Choice: choice, Phase: a.explained.observer()}
	if again.resolved.Instrument != "" {
		build.DataID = map[string]any{"instrument": again.resolved.Instrument}
	}
	return quantum.Build(ctx, source(b), again.resolved, build)
}
