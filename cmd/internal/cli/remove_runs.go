package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
)

// confirmOption says whether a plan needs a yes.
type confirmOption struct{ confirm bool }

// AddFlags declares the flags.
func (o *confirmOption) AddFlags(f *pflag.FlagSet) {
	o.confirm = true
	f.BoolVar(&o.confirm, "confirm", true, "show what will be done and ask (the default)")
	f.BoolFunc("no-confirm", "do it without asking", func(string) error {
		o.confirm = false
		return nil
	})
}

// abortedError says that nobody said yes.
type abortedError struct{}

func (*abortedError) Error() string { return "not confirmed" }

// Hint says how to go on.
func (*abortedError) Hint() string { return "nothing was changed; answer y, or give --no-confirm" }

// agree shows a plan on stdout and asks for a yes. It reports false if the answer is no; none is an *abortedError.
func (a *App) agree(o *confirmOption, plan []string) (bool, error) {
	if _, err := io.WriteString(a.Stdout, textOf(plan)); err != nil || !o.confirm {
		return err == nil, err
	}
	fmt.Fprint(a.Stderr, "Continue? [y/N] ")
	if a.Stdin == nil {
		return false, &abortedError{}
	}
	line, err := bufio.NewReader(io.LimitReader(a.Stdin, 1000)).ReadString('\n')
	if err != nil && strings.TrimSpace(line) == "" {
		fmt.Fprintln(a.Stderr)
		return false, &abortedError{}
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return true, nil
	}
	fmt.Fprintln(a.Stderr, "nothing was changed")
	return false, nil
}

// whileHolding does f while no other process writes to the runs. What the ledger knows of them is forgotten then if they are gone.
func (a *App) whileHolding(ctx context.Context, b *butler.Butler, runs []string, gone bool, f func(ctx context.Context) error) (err error) {
	for _, run := range runs {
		x := a.newExecution(b)
		if err := x.acquire(ctx, run); err != nil {
			return err
		}
		defer func() {
			err = errors.Join(err, x.close())
			if err == nil && gone {
				err = x.ledger.Forget(ctx, run)
			}
		}()
	}
	return f(ctx)
}

// matching are the collections of the names and globs that are of one of the kinds, sorted. A name that is of another one is an error.
func matching(ctx context.Context, r *registry.Registry, names []string, kinds ...dataset.CollectionKind) ([]string, error) {
	var out []string
	for _, name := range names {
		list, err := r.QueryCollections(ctx, registry.CollectionQuery{Expression: []string{name}})
		if err != nil {
			return nil, err
		}
		for _, c := range list {
			switch {
			case slices.Contains(kinds, c.Kind):
				out = append(out, c.Name)
			case !registry.IsGlob(name):
				return nil, &registry.CollectionKindError{Name: c.Name, Is: c.Kind, Expected: kinds[0]}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func newRemoveRunsCommand(a *App) *cobra.Command {
	var o repositoryOption
	var confirm confirmOption
	var force bool
	cmd := &cobra.Command{
		Use:   "remove-runs REPO RUN.. [OPTIONS]",
		Short: "Remove runs with all their datasets",
		Long: `Remove-runs removes RUN collections with all their datasets, rows and files. What will be removed is shown first. Runs that chains hold are
removed only with --force, which takes them out of the chains. Names may be globs. A removal that a crash interrupts is ended by the next
one.`,
		Example: "  valet remove-runs REPO 'u/old/*'\n  valet remove-runs REPO u/metrics/20261123T180000Z --force --no-confirm",
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, -1, "REPO RUN")
			if err != nil {
				return err
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.removeRuns(cmd.Context(), b, splitCommas(rest), force, &confirm)
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&force, "force", false, "take the runs out of chains that hold them")
	confirm.AddFlags(cmd.Flags())
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) removeRuns(ctx context.Context, b *butler.Butler, names []string, force bool, confirm *confirmOption) error {
	runs, err := matching(ctx, b.Registry, names, dataset.Run)
	if err != nil {
		return err
	}
	if len(runs) == 0 {
		return a.writeLines(&outputOptions{}, []string{"No RUN collections matched."})
	}
	plan := []string{"The following RUN collections will be removed with their datasets:"}
	total := int64(0)
	for _, run := range runs {
		counts, err := b.Registry.CountDatasets(ctx, run)
		if err != nil {
			return err
		}
		parents, err := b.Registry.Parents(ctx, run)
		if err != nil {
			return err
		}
		slices.Sort(parents)
		if len(parents) > 0 && !force {
			return &registry.CollectionInUseError{Name: run, Parents: parents}
		}
		line := "  " + run
		if len(parents) > 0 {
			line += " (is taken out of " + strings.Join(parents, ", ") + ")"
		}
		plan = append(plan, line)
		for _, name := range slices.Sorted(maps.Keys(counts)) {
			plan = append(plan, fmt.Sprintf("    %s(%d)", name, counts[name]))
			total += counts[name]
		}
	}
	yes, err := a.agree(confirm, plan)
	if err != nil || !yes {
		return err
	}
	err = a.whileHolding(ctx, b, runs, true, func(ctx context.Context) error {
		if err := b.EmptyTrash(ctx); err != nil {
			return err
		}
		for _, run := range runs {
			if err := b.RemoveRun(ctx, run, force); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil && !a.global.quiet {
		fmt.Fprintf(a.Stderr, "removed %d runs with %d datasets\n", len(runs), total)
	}
	return err
}
