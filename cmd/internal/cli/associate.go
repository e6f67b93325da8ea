package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
)

// chosenDatasets are the flags that choose datasets to do something with.
type chosenDatasets struct {
	conditionOptions
	collections []string
	findFirst   bool
}

// AddFlags declares the flags.
func (o *chosenDatasets) AddFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.collections, "collections", nil, "`COLLECTIONS` or globs to search; may be repeated")
	f.StringVar(&o.where, "where", "", "only what satisfies the `EXPRESSION`")
	f.StringArrayVar(&o.binds, "bind", nil, "`NAME=JSON` gives the value of :NAME in the expression; may be repeated")
	f.BoolVar(&o.findFirst, "find-first", false, "only the dataset of the first collection that has one, for each type and data ID")
}

// typedRefs are datasets of one type.
type typedRefs struct {
	t    *dataset.Type
	refs []dataset.Ref
}

// find returns the chosen datasets type by type in the order of names.
func (o *chosenDatasets) find(cmd *cobra.Command, r *registry.Registry, types []string) ([]typedRefs, error) {
	where, binds, err := o.read(cmd)
	if err != nil {
		return nil, err
	}
	byType := map[string]*typedRefs{}
	seen := map[dataset.ID]bool{}
	q := registry.AllDatasetsQuery{Types: types, Collections: o.collections, First: o.findFirst, Where: where, Binds: binds, Bounds: registry.Bounds{AllRows: true}}
	for ref, err := range r.AllDatasets(cmd.Context(), q) {
		if err != nil {
			return nil, err
		}
		if seen[ref.ID] {
			continue
		}
		seen[ref.ID] = true
		if byType[ref.Type.Name] == nil {
			byType[ref.Type.Name] = &typedRefs{t: ref.Type}
		}
		byType[ref.Type.Name].refs = append(byType[ref.Type.Name].refs, ref.Ref)
	}
	var out []typedRefs
	for _, name := range slices.Sorted(maps.Keys(byType)) {
		out = append(out, *byType[name])
	}
	return out, nil
}

func newAssociateCommand(a *App) *cobra.Command {
	return a.newTagCommand(&cobra.Command{
		Use:   "associate REPO TAGGED DATASET_TYPE.. --collections C [OPTIONS]",
		Short: "Add datasets to a TAGGED collection",
		Long: `Associate adds the chosen datasets to a TAGGED collection, which is made if it is new. A TAGGED collection has at most one dataset of each
type and data ID: use --find-first if the collections have more.`,
		Example: `  valet associate REPO u/best 'metricvalue_*' --collections u/metrics --where "instrument='TestCam' AND visit < 50"`,
	}, "associated with", true, (*registry.Tx).Associate)
}

func newDisassociateCommand(a *App) *cobra.Command {
	return a.newTagCommand(&cobra.Command{
		Use:     "disassociate REPO TAGGED DATASET_TYPE.. [OPTIONS]",
		Short:   "Take datasets out of a TAGGED collection",
		Long:    `Disassociate takes the chosen datasets out of a TAGGED collection. The datasets stay in their runs.`,
		Example: `  valet disassociate REPO u/best 'metricvalue_*' --where "instrument='TestCam' AND visit = 42"`,
	}, "taken out of", false, (*registry.Tx).Disassociate)
}

func (a *App) newTagCommand(cmd *cobra.Command, done string, makes bool, change func(tx *registry.Tx, tagged string, t *dataset.Type, refs []dataset.Ref) error) *cobra.Command {
	var o repositoryOption
	var chosen chosenDatasets
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		repo, rest, err := o.take(cmd, args, 2, -1, "REPO TAGGED DATASET_TYPE")
		if err != nil {
			return err
		}
		tagged := rest[0]
		if len(chosen.collections) == 0 {
			if makes {
				return usagef(cmd, "no collections: give --collections C")
			}
			chosen.collections = []string{tagged}
		}
		return a.changeButler(cmd.Context(), repo, func(b *butler.Butler) error {
			found, err := chosen.find(cmd, b.Registry, splitCommas(rest[1:]))
			if err != nil {
				return err
			}
			n := 0
			err = b.Registry.Write(cmd.Context(), func(tx *registry.Tx) error {
				if makes {
					if _, err := tx.RegisterCollection(tagged, dataset.Tagged, ""); err != nil {
						return err
					}
				}
				for _, of := range found {
					if err := change(tx, tagged, of.t, of.refs); err != nil {
						return err
					}
					n += len(of.refs)
				}
				return nil
			})
			if err == nil && !a.global.quiet {
				fmt.Fprintf(a.Stderr, "%d datasets %s %s\n", n, done, tagged)
			}
			return err
		})
	}
	cmd.Flags().SortFlags = false
	chosen.AddFlags(cmd.Flags())
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}
