package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"valet/datastore/butler"
	"valet/quantum/ledger"
	"valet/registry"
	"valet/registry/dataset"
)

// pruneOptions are the flags of prune-datasets.
type pruneOptions struct {
	repositoryOption
	chosenDatasets
	confirmOption
	datasets     []string
	purge        string
	unstore      bool
	disassociate []string
	dryRun       bool
}

func newPruneDatasetsCommand(a *App) *cobra.Command {
	var o pruneOptions
	cmd := &cobra.Command{
		Use:   "prune-datasets REPO [COLLECTION..] (--purge RUN | --unstore | --disassociate TAGGED) [OPTIONS]",
		Short: "Remove datasets, their files or their tags",
		Long: `Prune-datasets does something to the datasets that are found in the collections: --purge removes those that were born in a run, rows and
files; --unstore removes the files and leaves the rows; --disassociate takes them out of TAGGED collections. What will be done is shown
first. Quanta whose metadata is removed are not done any more: 'valet status' shows them as never finished.`,
		Example: `  valet prune-datasets REPO --purge u/metrics/20261123T180000Z --datasets '*_log'
  valet prune-datasets REPO u/sci --unstore --where "instrument='TestCam' AND visit < 50" --no-confirm`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 0, -1, "")
			if err != nil {
				return err
			}
			o.collections = splitCommas(rest)
			modes := 0
			for _, given := range []bool{o.purge != "", o.unstore, len(o.disassociate) > 0} {
				if given {
					modes++
				}
			}
			switch {
			case modes == 0:
				return usagef(cmd, "nothing to do: give --purge RUN, --unstore or --disassociate TAGGED")
			case o.purge != "" && modes > 1:
				return usagef(cmd, "--purge removes everything of a dataset and goes with neither --unstore nor --disassociate")
			case len(o.collections) == 0 && o.purge != "":
				o.collections = []string{o.purge}
			case len(o.collections) == 0 && o.where == "" && len(o.datasets) == 0:
				return usagef(cmd, "no datasets chosen: give COLLECTION, --datasets or --where")
			case len(o.collections) == 0:
				o.collections = []string{"*"}
			}
			if len(o.datasets) == 0 {
				o.datasets = []string{"*"}
			}
			return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error { return a.pruneDatasets(cmd, &o, b) })
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.purge, "purge", "", "remove the datasets of `RUN` altogether")
	f.BoolVar(&o.unstore, "unstore", false, "remove the files")
	f.StringSliceVar(&o.disassociate, "disassociate", nil, "take them out of the `TAGGED` collections; may be repeated")
	f.StringSliceVar(&o.datasets, "datasets", nil, "`TYPES` or globs; may be repeated (default all)")
	f.StringVar(&o.where, "where", "", "only what satisfies the `EXPRESSION`")
	f.BoolVar(&o.findFirst, "find-first", false, "only the dataset of the first collection that has one, for each type and data ID")
	f.BoolVar(&o.dryRun, "dry-run", false, "show what would be done, and stop")
	o.confirmOption.AddFlags(f)
	o.repositoryOption.AddFlags(f)
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) pruneDatasets(cmd *cobra.Command, o *pruneOptions, b *butler.Butler) error {
	ctx := cmd.Context()
	for name, kind := range map[string]dataset.CollectionKind{o.purge: dataset.Run} {
		if name == "" {
			continue
		}
		if _, err := matching(ctx, b.Registry, []string{name}, kind); err != nil {
			return err
		}
	}
	for _, name := range o.disassociate {
		if _, err := matching(ctx, b.Registry, []string{name}, dataset.Tagged); err != nil {
			return err
		}
	}
	found, err := o.find(cmd, b.Registry, o.datasets)
	if err != nil {
		return err
	}
	var ids []dataset.ID
	var runs, plan []string
	for i := range found {
		if o.purge != "" {
			found[i].refs = slices.DeleteFunc(found[i].refs, func(r dataset.Ref) bool { return r.Run != o.purge })
		}
		byRun := map[string]int{}
		for _, ref := range found[i].refs {
			ids = append(ids, ref.ID)
			byRun[ref.Run]++
			if byRun[ref.Run] == 1 {
				runs = append(runs, ref.Run)
			}
		}
		of := slices.Clone(runs)
		slices.Sort(of)
		for _, run := range slices.Compact(of) {
			if byRun[run] > 0 {
				plan = append(plan, fmt.Sprintf("  %s in %s (%d)", found[i].t.Name, run, byRun[run]))
			}
		}
	}
	if len(ids) == 0 {
		return a.writeLines(&outputOptions{}, []string{"Did not find any datasets."})
	}
	what := "The following datasets will be removed:"
	switch {
	case o.unstore && len(o.disassociate) > 0:
		what = "The following datasets will lose their files and be taken out of " + quoteList(o.disassociate) + ":"
	case o.unstore:
		what = "The following datasets will lose their files:"
	case o.purge == "":
		what = "The following datasets will be taken out of " + quoteList(o.disassociate) + ":"
	}
	plan = append([]string{what}, plan...)
	if o.dryRun {
		return a.writeLines(&outputOptions{}, plan)
	}
	yes, err := a.agree(&o.confirmOption, plan)
	if err != nil || !yes {
		return err
	}
	slices.Sort(runs)
	runs = slices.Compact(runs)
	if o.purge == "" && !o.unstore {
		runs = nil
	}
	err = a.whileHolding(ctx, b, runs, false, func(ctx context.Context) error {
		if len(o.disassociate) > 0 {
			err := b.Registry.Write(ctx, func(tx *registry.Tx) error {
				for _, tagged := range o.disassociate {
					for _, of := range found {
						if err := tx.Disassociate(tagged, of.t, of.refs); err != nil {
							return err
						}
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		switch {
		case o.purge != "":
			return b.Purge(ctx, ids...)
		case o.unstore:
			return b.Unstore(ctx, ids...)
		}
		return nil
	})
	if o.purge != "" && err == nil {
		// Quanta without metadata are not done any more.
		err = ledger.New(b.Registry, a.Ledger).ForgetLost(ctx, o.purge)
	}
	if err == nil && !a.global.quiet {
		fmt.Fprintf(a.Stderr, "%d datasets pruned\n", len(ids))
	}
	return err
}
