package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// queryDatasetTypesOptions are the flags of query-dataset-types.
type queryDatasetTypesOptions struct {
	repositoryOption
	listing     outputOptions
	verbose     bool
	collections []string
}

// AddFlags declares the flags. --verbose takes the place of the one that all commands have, as with butler.
func (o *queryDatasetTypesOptions) AddFlags(f *pflag.FlagSet) {
	f.BoolVarP(&o.verbose, "verbose", "v", false, "show dimensions and storage class too")
	f.StringSliceVar(&o.collections, "collections", nil, "only types that the `COLLECTIONS` or globs may hold datasets of")
	o.repositoryOption.AddFlags(f)
	o.listing.AddFlags(f)
}

func newQueryDatasetTypesCommand(a *App) *cobra.Command {
	var o queryDatasetTypesOptions
	cmd := &cobra.Command{
		Use:   "query-dataset-types REPO [GLOB..] [OPTIONS]",
		Short: "List dataset types",
		Long:  `Query-dataset-types lists the dataset types whose names match one of the globs, or all. Formats other than table always have all columns.`,
		Example: `  valet query-dataset-types REPO 'metricvalue_*' --verbose
  valet query-dataset-types REPO --collections u/metrics --format jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, globs, err := o.take(cmd, args, 0, -1, "")
			if err != nil {
				return err
			}
			if _, err := o.listing.check(cmd); err != nil {
				return err
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.runQueryDatasetTypes(cmd, &o, b.Registry, globs)
			})
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	addOptionsFile(cmd)
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) runQueryDatasetTypes(cmd *cobra.Command, o *queryDatasetTypesOptions, r *registry.Registry, globs []string) error {
	ctx := cmd.Context()
	globs = splitCommas(globs)
	if len(globs) == 0 {
		globs = []string{"*"}
	}
	types, _, err := r.MatchDatasetTypes(ctx, globs...)
	if err != nil {
		return err
	}
	if len(o.collections) > 0 {
		held, err := typesIn(ctx, r, o.collections)
		if err != nil {
			return err
		}
		types = slices.DeleteFunc(types, func(t *dataset.Type) bool { return !held[t.Name] })
	}
	format, _ := ui.ParseFormat(o.listing.format)
	l := listing{notes: []string{noResults}}
	switch {
	case format != ui.TableFormat:
		l.columns = []ui.Column{{Name: "name", Kind: ui.Text}, {Name: "dimensions", Kind: ui.Texts}, {Name: "storage_class", Kind: ui.Text}, {Name: "is_calibration", Kind: ui.Bool}}
	case o.verbose:
		l.columns = []ui.Column{{Name: "name", Kind: ui.Text, Left: true}, {Name: "dimensions", Kind: ui.Text, Left: true}, {Name: "storage class", Kind: ui.Text, Left: true}}
	default:
		l.columns = []ui.Column{{Name: "name", Kind: ui.Text, Left: true}}
	}
	for _, t := range types {
		row := []ui.Cell{ui.TextCell(t.Name)}
		switch {
		case format != ui.TableFormat:
			row = append(row, ui.TextsCell(t.Dimensions.Names()), ui.TextCell(t.StorageClass), ui.BoolCell(t.IsCalibration))
		case o.verbose:
			row = append(row, ui.TextCell(pythonList(t.Dimensions.Names())), ui.TextCell(t.StorageClass))
		}
		l.rows = append(l.rows, row)
	}
	return a.writeListing(cmd, &o.listing, l)
}

// typesIn returns the names of the types that collections, given as names and globs, may hold.
func typesIn(ctx context.Context, r *registry.Registry, collections []string) (map[string]bool, error) {
	list, err := r.QueryCollections(ctx, registry.CollectionQuery{Expression: collections, Chains: registry.FlattenChains})
	if err != nil {
		return nil, err
	}
	held := map[string]bool{}
	if len(list) == 0 {
		return held, nil
	}
	summaries, err := r.Summaries(ctx, collectionNames(list)...)
	if err != nil {
		return nil, err
	}
	for _, types := range summaries {
		for _, t := range types {
			held[t] = true
		}
	}
	return held, nil
}

// pythonList shows texts as Python shows a list of them.
func pythonList(texts []string) string {
	quoted := make([]string, len(texts))
	for i, s := range texts {
		quoted[i] = dimension.Quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}
