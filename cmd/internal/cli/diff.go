package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum/values"
	"valet/registry/dimension"
	"valet/registry/query"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	repositoryOption
	where   string
	binds   []string
	metrics []string
	unit    string
	repo2   string
	failOn  string
	style   string
	limit   int
	changed bool
	summary bool
	verbose bool
	keys    []string
	noStore bool
	listing outputOptions
}

// AddFlags declares the flags.
func (o *diffOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.where, "where", "", "only measurements that satisfy the `EXPRESSION`, which may name value, unit and metric too")
	f.StringArrayVar(&o.binds, "bind", nil, "`NAME=JSON` gives the value of :NAME in the expressions; may be repeated")
	f.Var(listValue{&o.metrics, "GLOB[,GLOB..]"}, "metrics", "only metrics whose package.metric matches")
	f.StringVar(&o.unit, "unit", "", "convert all values to `UNIT`")
	f.StringVar(&o.repo2, "repo2", "", "search all collections but the first in `REPO2`; one collection alone is searched in both")
	f.StringVar(&o.failOn, "fail-on", "", "exit with 1 if a row satisfies the `EXPRESSION`, such as 'ratio > 1.05 AND difference > 0.01'")
	f.BoolVar(&o.changed, "changed", false, "only rows that are not the same everywhere")
	f.BoolVar(&o.summary, "summary", false, "only the summary: a row per metric")
	f.IntVar(&o.limit, "limit", 0, "at most `N` rows, those that changed most; 0 for all")
	f.StringVar(&o.style, "style", "valet", "`STYLE` valet, or upstream: two collections as print_metricvalues prints them, without times and memory")
	f.Var(listValue{&o.keys, "KEY[,KEY..]"}, "data-id-keys", "with --style upstream: only these keys of data IDs")
	f.BoolVar(&o.verbose, "all-rows", false, "with --style upstream: equal values too")
	f.BoolVar(&o.noStore, "no-store", false, "write nothing to the repositories, so that what is read is read again next time")
	o.repositoryOption.AddFlags(f)
	o.listing.AddFlags(f)
}

func newDiffCommand(a *App) *cobra.Command {
	var o diffOptions
	cmd := &cobra.Command{
		Use:   "diff REPO A B [C..] [OPTIONS]",
		Short: "Compare the measurements of runs, collections or repositories",
		Long: `Diff joins the measurements of two or more runs or collections on metric and data ID, and prints the values in one unit (that of the first),
the difference and the ratio of the last to the first. What changed most, as a part of the first value, comes first; what only some
have comes last. A table ends with a summary of each metric.

--fail-on takes the language of --where with the columns ratio, difference, change (the size of the difference as a part of the first
value), first, last, missing (how many collections lack the measurement), metric, unit, and the dimensions of data IDs.
Where a value is missing, ratio, difference and change are NULL and satisfy nothing.`,
		Example: `  valet diff REPO u/metrics/old u/metrics/new
  valet diff REPO u/metrics/old u/metrics/new --metrics '*Memory' --unit MiB --fail-on 'ratio > 1.05'
  valet diff REPO u/metrics --repo2 /other/repo --summary --format json`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runDiff(cmd, &o, args) },
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) runDiff(cmd *cobra.Command, o *diffOptions, args []string) error {
	repo, names, err := o.take(cmd, args, 1, -1, "REPO A B [C..]")
	if err != nil {
		return err
	}
	format, err := o.listing.check(cmd)
	if err != nil {
		return err
	}
	if o.repo2 != "" && len(names) == 1 {
		names = append(names, names[0])
	}
	switch {
	case len(names) < 2:
		return usagef(cmd, "one collection alone is not compared: give two or more, or --repo2 REPO2")
	case o.style != "valet" && o.style != "upstream":
		return usagef(cmd, "--style: %q is none of valet, upstream", o.style)
	case o.style == "upstream" && (len(names) != 2 || format != ui.TableFormat):
		return usagef(cmd, "--style upstream compares two collections, in a format of its own")
	case o.style != "upstream" && (len(o.keys) > 0 || o.verbose):
		return usagef(cmd, "--data-id-keys and --all-rows need --style upstream")
	}
	condition := conditionOptions{where: o.where, binds: o.binds}
	where, binds, err := condition.read(cmd)
	if err != nil {
		return err
	}
	fail, err := query.Parse(o.failOn)
	if err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	unit, err := parseUnitFlag(o.unit, cmd.Flags().Changed("unit"))
	if err != nil {
		return err
	}
	d := &diff{app: a, cmd: cmd, options: o, repo: repo, names: names, binds: binds}
	q := values.Query{Metrics: o.metrics, Where: where, Binds: binds, Unit: unit}
	if err := d.search(cmd.Context(), q); err != nil {
		return err
	}
	if d.failOn, err = bindFailOn(fail, d.universe, binds); err != nil {
		return fmt.Errorf("--fail-on: %w", err)
	}
	return d.write(format)
}

// diff is a comparison.
type diff struct {
	app      *App
	cmd      *cobra.Command
	options  *diffOptions
	repo     string
	names    []string
	binds    query.Binds
	universe *dimension.Universe
	sets     []*values.Set
	failOn   query.Predicate
	faults   int
}

// search asks each collection.
func (d *diff) search(ctx context.Context, q values.Query) error {
	ask := func(repo string, names []string) error {
		return d.app.withIndex(ctx, repo, !d.options.noStore, func(b *butler.Butler, x *values.Index) error {
			if d.universe == nil {
				d.universe = b.Registry.Universe()
			}
			for _, name := range names {
				q.Collections = []string{name}
				s, err := x.Measurements(ctx, q)
				if err != nil {
					return metricError(err)
				}
				d.app.reportFaults(s.Faults)
				d.faults += len(s.Faults)
				if s.Len() == 0 {
					log := d.app.Log("values")
					log.Warn().Str("collection", name).Str("repository", repo).Strs("because", s.Why).Msg("no measurements found")
				}
				d.sets = append(d.sets, s)
			}
			return nil
		})
	}
	if d.options.repo2 == "" {
		return ask(d.repo, d.names)
	}
	if err := ask(d.repo, d.names[:1]); err != nil {
		return err
	}
	return ask(d.options.repo2, d.names[1:])
}

// write prints the comparison and decides about the exit code.
func (d *diff) write(format ui.Format) error {
	empty := true
	for _, s := range d.sets {
		empty = empty && s.Len() == 0
	}
	if d.options.style == "upstream" {
		if err := d.writeUpstream(); err != nil {
			return err
		}
	}
	rows, err := d.join()
	if err != nil {
		return err
	}
	if d.options.style != "upstream" {
		if err := d.writeRows(format, rows); err != nil {
			return err
		}
	}
	failed := d.failing(rows)
	switch {
	case empty && d.faults == 0:
		return &noMeasurementsError{collections: d.names, why: d.sets[0].Why}
	case failed > 0 || d.faults > 0:
		return &reportedError{ExitFailure}
	}
	return nil
}
