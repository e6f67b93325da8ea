package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dimension"
)

// queryDataIDsOptions are the flags of query-data-ids and query-dimension-records.
type queryDataIDsOptions struct {
	repositoryOption
	conditionOptions
	listing     outputOptions
	collections []string
	datasets    string
	offset      int
}

// AddFlags declares the flags.
func (o *queryDataIDsOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.datasets, "datasets", "", "only where a dataset of `TYPE` or glob exists")
	f.StringSliceVar(&o.collections, "collections", nil, "`COLLECTIONS` or globs of those datasets; may be repeated (default all)")
	o.conditionOptions.AddFlags(f)
	f.IntVar(&o.offset, "offset", 0, "refused, as butler does")
	o.repositoryOption.AddFlags(f)
	o.listing.AddFlags(f)
}

func newQueryDataIDsCommand(a *App) *cobra.Command {
	var o queryDataIDsOptions
	cmd := &cobra.Command{
		Use:   "query-data-ids REPO [DIMENSION..] [OPTIONS]",
		Short: "List data IDs",
		Long: `Query-data-ids lists the data IDs of the dimensions that the records of the repository allow or, with --datasets, that datasets
have.`,
		Example: `  valet query-data-ids REPO visit detector --where "instrument='TestCam' AND visit=42"
  valet query-data-ids REPO visit --datasets diaPipe_metadata --collections u/sci`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, dims, err := o.take(cmd, args, 0, -1, "")
			if err != nil {
				return err
			}
			var names []string
			for _, d := range dims {
				names = append(names, strings.Split(d, ",")...)
			}
			q, err := o.start(cmd)
			if err != nil {
				return err
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.runQueryDataIDs(cmd, &o, b.Registry, names, q)
			})
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// start checks the flags and begins the query.
func (o *queryDataIDsOptions) start(cmd *cobra.Command) (q registry.Query, err error) {
	if _, err := o.listing.check(cmd); err != nil {
		return q, err
	}
	if o.offset != 0 {
		return q, &classError{class: "NotImplementedError", reason: "--offset is not supported", hint: "use --order-by and --where"}
	}
	q = registry.Query{OrderBy: o.orderBy, Sorted: true}
	q.Where, q.Binds, err = o.read(cmd)
	return q, err
}

func (a *App) runQueryDataIDs(cmd *cobra.Command, o *queryDataIDsOptions, r *registry.Registry, names []string, q registry.Query) error {
	ctx := cmd.Context()
	var err error
	if q.Dimensions, err = r.Universe().Group(names...); err != nil {
		return err
	}
	if o.datasets != "" && len(names) == 0 {
		types, _, err := matchTypes(ctx, r, []string{o.datasets})
		if err != nil {
			return err
		}
		var common, shown []string
		for i, t := range types {
			shown = append(shown, t.Name)
			if i == 0 {
				common = slices.Clone(t.Dimensions.Names())
			}
			common = slices.DeleteFunc(common, func(n string) bool { return !t.Dimensions.Has(n) })
		}
		if len(common) == 0 {
			return a.writeListing(cmd, &o.listing, listing{notes: []string{
				"No dimensions in common for specified dataset types (" + pythonList(shown) + ")", noResults}})
		}
		if q.Dimensions, err = r.Universe().Group(common...); err != nil {
			return err
		}
	}
	if len(q.Dimensions.Names()) == 0 {
		return a.writeListing(cmd, &o.listing, listing{notes: []string{
			"Result has one logical row but no columns because no dimensions were requested.",
			"No results. Try requesting some dimensions or datasets, see --help for more information."}})
	}
	l := listing{columns: ui.DataIDColumns(q.Dimensions), notes: []string{noResults}}
	none, err := o.join(ctx, r, &q)
	if err != nil {
		return err
	}
	if none != "" {
		l.notes = []string{none, noResults}
		return a.writeListing(cmd, &o.listing, l)
	}
	ids, err := a.selectDataIDs(ctx, o, r, q)
	if err != nil {
		return err
	}
	for _, id := range ids {
		l.rows = append(l.rows, ui.DataIDCells(nil, id))
	}
	return a.writeListing(cmd, &o.listing, l)
}

// join adds the searches of --datasets to a query. If no type has datasets in the collections, it says so.
func (o *queryDataIDsOptions) join(ctx context.Context, r *registry.Registry, q *registry.Query) (none string, err error) {
	if o.datasets == "" {
		return "", nil
	}
	collections := o.collections
	if len(collections) == 0 {
		collections = []string{"*"}
	}
	x, err := indexCollections(ctx, r)
	if err != nil {
		return "", err
	}
	in, err := x.match(collections, true)
	if err != nil {
		return "", err
	}
	summaries, err := r.Summaries(ctx, collectionNames(in)...)
	if err != nil {
		return "", err
	}
	types, _, err := matchTypes(ctx, r, []string{o.datasets})
	if err != nil {
		return "", err
	}
	for _, t := range types {
		var with []string
		for _, c := range in {
			if slices.Contains(summaries[c.Name], t.Name) {
				with = append(with, c.Name)
			}
		}
		if len(with) > 0 {
			q.Datasets = append(q.Datasets, registry.DatasetSearch{Type: t.Name, Collections: with, Restrict: true})
		}
	}
	if len(q.Datasets) == 0 {
		return fmt.Sprintf("No datasets of type %s existed in the specified collections %s.", dimension.Quote(o.datasets), strings.Join(collections, ",")), nil
	}
	return "", nil
}

// selectDataIDs returns the data IDs of a query in butler's order, cut at the limit.
func (a *App) selectDataIDs(ctx context.Context, o *queryDataIDsOptions, r *registry.Registry, q registry.Query) ([]dimension.DataID, error) {
	keep, ask := o.most()
	q.Limit = ask
	var ids []dimension.DataID
	for row, err := range r.Select(ctx, q) {
		if err != nil {
			return nil, err
		}
		ids = append(ids, row.DataID)
	}
	if keep > 0 && len(ids) > keep {
		ids = ids[:keep]
		a.warnCut(keep)
	}
	if len(o.orderBy) == 0 {
		order := keyOrder(q.Dimensions)
		slices.SortStableFunc(ids, func(a, b dimension.DataID) int { return compareBy(order, a, b) })
	}
	return ids, nil
}
