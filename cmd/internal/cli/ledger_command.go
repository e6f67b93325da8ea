package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/quantum/ledger"
	"valet/registry/dataset"
)

// rebuildOptions are the flags of rebuild-ledger.
type rebuildOptions struct {
	repositoryOption
}

func newRebuildLedgerCommand(a *App) *cobra.Command {
	var o rebuildOptions
	cmd := &cobra.Command{
		Use:   "rebuild-ledger REPO [RUN..]",
		Short: "Record what the datasets tell of runs that valet has no records of",
		Long: `Rebuild-ledger reads the metadata and logs of runs that another program wrote, or whose records were lost, and stores what became of
their quanta, so that 'valet status', 'failures', 'why' and 'rerun' know them. Without RUN it does so for every run with logs or metadata
of tasks that has no records yet. It opens every such file: a million quanta take minutes. Where it was interrupted it starts again.

Nothing is known afterwards of quanta that left no dataset, such as blocked ones.`,
		Example: `  valet rebuild-ledger REPO u/sci/20260801T120000Z
  valet rebuild-ledger REPO`,
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			repo, runs, err := o.take(cmd, args, 0, -1, "")
			if err != nil {
				return err
			}
			b, err := a.openButler(cmd.Context(), repo, false)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, b.Close()) }()
			return a.runRebuild(cmd.Context(), b, repo, runs)
		},
	}
	cmd.Flags().SortFlags = false
	o.repositoryOption.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) runRebuild(ctx context.Context, b *butler.Butler, repo string, names []string) error {
	runs := []string{}
	for _, name := range names {
		r, err := a.findRun(ctx, b, repo, name)
		if err != nil {
			return err
		}
		runs = append(runs, r.name)
	}
	all := len(names) == 0
	if all {
		var err error
		if runs, err = unrecordedRuns(ctx, b); err != nil {
			return err
		}
		if len(runs) == 0 {
			fmt.Fprintln(a.Stderr, "nothing to do: there is no run of tasks without records")
		}
	}
	l := ledger.New(b.Registry, ledger.Options{})
	for _, run := range runs {
		n, err := l.Rebuild(ctx, b, run, versionLine())
		var held *ledger.HeldError
		var known *ledger.KnownRunError
		switch {
		case all && (errors.As(err, &held) || errors.As(err, &known)):
			// Somebody writes to it, or has begun to since it was listed.
			log := a.Log("ledger")
			log.Warn().Str("run", run).Msg("left out: " + err.Error())
		case err != nil:
			return err
		default:
			fmt.Fprintf(a.Stderr, "%s: %s recorded\n", run, plural(n, "attempt", "attempts"))
		}
	}
	return nil
}

// unrecordedRuns are the runs that hold metadata or logs of tasks and that the ledger does not know, the oldest first.
func unrecordedRuns(ctx context.Context, b *butler.Butler) ([]string, error) {
	all, err := b.Registry.Collections(ctx)
	if err != nil {
		return nil, err
	}
	list, err := ledger.New(b.Registry, ledger.Options{}).Runs(ctx)
	if err != nil {
		return nil, err
	}
	known := map[string]bool{}
	for _, r := range list {
		known[r.Name] = true
	}
	var names []string
	for _, c := range all {
		if c.Kind == dataset.Run && !known[c.Name] {
			names = append(names, c.Name)
		}
	}
	summaries, err := b.Registry.Summaries(ctx, names...)
	if err != nil {
		return nil, err
	}
	ofTask := func(typ string) bool { return strings.HasSuffix(typ, "_metadata") || strings.HasSuffix(typ, "_log") }
	var out []string
	for _, name := range names {
		if !slices.ContainsFunc(summaries[name], ofTask) {
			continue
		}
		labels, err := ledger.Labels(ctx, b.Registry, name)
		if err != nil {
			return nil, err
		}
		if len(labels) > 0 {
			out = append(out, name)
		}
	}
	return out, nil
}
