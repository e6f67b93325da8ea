package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/registry/query"
)

// resourcesOptions are the flags of resources.
type resourcesOptions struct {
	repo        string
	collections []string
	where       string
	stats       bool
	groupBy     string
	listing     outputOptions
}

// AddFlags declares the flags.
func (o *resourcesOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.repo, "butler-config", "b", "", "`REPO`, instead of the argument")
	f.Var(listValue{&o.collections, "COLL[,COLL..]"}, "collections", "collections to search in order; the first with a data ID counts")
	f.StringVar(&o.where, "where", "", "`WHERE` expression that data IDs have to satisfy")
	f.BoolVar(&o.stats, "stats", false, "print quanta, hours and percentiles per task instead of a row per quantum")
	f.StringVar(&o.groupBy, "group-by", "task", "with --stats: what a row is for, `KEY` task")
	o.listing.AddFlags(f)
}

// check finds contradictions that need no repository, and takes the repository from the argument. Errors are *UsageError.
func (o *resourcesOptions) check(cmd *cobra.Command, args []string) error {
	if len(args) == 1 {
		if o.repo != "" {
			return usagef(cmd, "two repositories: %s and -b %s", args[0], o.repo)
		}
		o.repo = args[0]
	}
	_, err := o.listing.check(cmd)
	switch {
	case err != nil:
		return err
	case o.repo == "":
		return usagef(cmd, "no repository: give REPO")
	case len(o.collections) == 0:
		return usagef(cmd, "no collections: give --collections COLL[,COLL..]")
	case o.groupBy != "task":
		return usagef(cmd, "--group-by: %q is not task", o.groupBy)
	case cmd.Flags().Changed("group-by") && !o.stats:
		return usagef(cmd, "--group-by needs --stats")
	}
	return nil
}

func newResourcesCommand(a *App) *cobra.Command {
	var o resourcesOptions
	cmd := &cobra.Command{
		Use:   "resources REPO --collections C[,C..] [OPTIONS]",
		Short: "Show memory, times and host of the quanta of every task",
		Long: `Resources reads the <label>_metadata datasets of all tasks in the collections and prints what each quantum used: peak memory in
bytes, seconds of processor time (prep_time, init_time, run_time, and cpu_time for all three), wall_time in seconds, start (UTC)
and node. Rows are in order of task and data ID. With --stats it prints a row per task: quanta, hours of processor time, and
percentiles of memory (GB of 2^30 bytes), run_time and wall_time.

A quantum whose metadata cannot be read is reported and left out; the exit code is then 1, as it is if there are no quanta.`,
		Example: `  valet resources REPO --collections u/sci
  valet resources REPO --collections u/sci --where "detector=3" --format csv --out usage.csv
  valet resources REPO --collections u/sci --stats --format jsonl`,
		Args: argsBetween(0, 1, "REPO"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(cmd, args); err != nil {
				return err
			}
			return a.runResources(cmd.Context(), cmd, &o)
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

// noUsageError says that there is nothing to show.
type noUsageError struct{ collections []string }

func (e *noUsageError) Error() string {
	return "no task metadata found in " + strings.Join(e.collections, ", ")
}

// Hint says what is looked for.
func (e *noUsageError) Hint() string {
	return "check --collections and --where; datasets of types named <label>_metadata are shown"
}

func (a *App) runResources(ctx context.Context, cmd *cobra.Command, o *resourcesOptions) (err error) {
	where, err := query.Parse(o.where)
	if err != nil {
		return fmt.Errorf("--where: %w", err)
	}
	b, err := a.openButler(ctx, o.repo, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	scan, err := newUsageScan(ctx, b, o.collections, where, a.Log("tasks"))
	if err != nil {
		return err
	}
	fill, columns := scan.rows, usageColumns(scan.dimensions)
	if o.stats {
		fill, columns = scan.summaries, summaryColumns()
	}
	unreadable := func(u *quantumUsage) {
		path := ""
		if u.record.Path != "" {
			path = u.record.Path + ": "
		}
		fmt.Fprintf(a.Stderr, "error: %s %s: %s%s\n", u.datasetType, u.dataID, path, errorText(u.err))
	}
	err = a.writeRows(cmd, &o.listing, "", columns, func(rows ui.Rows) error { return fill(ctx, rows, unreadable) })
	switch {
	case err != nil:
		return err
	case scan.unreadable > 0:
		return &reportedError{ExitFailure}
	case scan.read == 0:
		return &noUsageError{o.collections}
	}
	return nil
}
