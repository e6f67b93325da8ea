package cli

import (
	"context"
	"fmt"
	"iter"
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
	addOptionsFile(cmd)
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
	if o.datasets != "" && len(o.collections) > 0 && len(names) == 0 {
		types, _, err := r.MatchDatasetTypes(ctx, o.datasets)
		if err != nil {
			return err
		}
		common, shown := commonDimensions(types)
		if len(common) == 0 {
			return a.writeListing(cmd, &o.listing, listing{notes: []string{
				"No dimensions in common for specified dataset types (" + pythonList(shown) + ")", noResults}})
		}
		if q.Dimensions, err = r.Universe().Group(common...); err != nil {
			return err
		}
	}
	if len(q.Dimensions.Names()) == 0 {
		last := "No results. Try requesting some dimensions or datasets, see --help for more information."
		if o.datasets != "" {
			last = noResults
		}
		return a.writeListing(cmd, &o.listing, listing{notes: []string{"Result has one logical row but no columns because no dimensions were requested.", last}})
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
	if o.streams() {
		return a.writeStream(cmd, &o.listing, l.columns, func(yield func([]ui.Cell, error) bool) {
			var cells []ui.Cell
			for row, err := range distinctRows(r.SelectBounded(ctx, q, o.bounds(a))) {
				if err == nil {
					cells = ui.DataIDCells(cells[:0], row.DataID)
				}
				if !yield(cells, err) {
					return
				}
			}
		})
	}
	var ids []dimension.DataID
	for row, err := range distinctRows(r.SelectBounded(ctx, q, o.bounds(a))) {
		if err != nil {
			return err
		}
		ids = append(ids, row.DataID)
	}
	if len(ids) == 0 {
		reasons, err := r.ExplainNoResults(ctx, q, true)
		if err != nil {
			return err
		}
		l.notes = append(reasons, noResults)
	}
	if len(o.orderBy) == 0 {
		order := keyOrder(q.Dimensions)
		slices.SortStableFunc(ids, func(a, b dimension.DataID) int { return compareBy(order, a, b) })
	}
	for _, id := range ids {
		l.rows = append(l.rows, ui.DataIDCells(nil, id))
	}
	return a.writeListing(cmd, &o.listing, l)
}

// distinctRows leaves out rows of the same data ID as the one before. Rows of a search through several validity ranges repeat; sorted
// ones are neighbours.
func distinctRows(in iter.Seq2[*registry.Row, error]) iter.Seq2[*registry.Row, error] {
	return func(yield func(*registry.Row, error) bool) {
		var last dimension.DataID
		for row, err := range in {
			if err == nil {
				if !last.IsZero() && last.Compare(row.DataID) == 0 {
					continue
				}
				last = row.DataID
			}
			if !yield(row, err) {
				return
			}
		}
	}
}

// streams reports whether rows are written as they come: those of programs that want all. Bounded ones are gathered first, so that
// whoever reads them slowly keeps no other process from writing to the repository.
func (o *queryDataIDsOptions) streams() bool {
	format, err := ui.ParseFormat(o.listing.format)
	return err == nil && format != ui.TableFormat && o.limit == 0
}

// commonDimensions are the names of dimensions that all types have, and the names of the types.
func commonDimensions(types []*dataset.Type) (common, shown []string) {
	for i, t := range types {
		shown = append(shown, t.Name)
		if i == 0 {
			common = slices.Clone(t.Dimensions.Names())
		}
		common = slices.DeleteFunc(common, func(n string) bool { return !t.Dimensions.Has(n) })
	}
	return common, shown
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
	types, _, err := r.MatchDatasetTypes(ctx, o.datasets)
	if err != nil {
		return "", err
	}
	list, err := r.QueryCollections(ctx, registry.CollectionQuery{Expression: collections, Chains: registry.FlattenChains})
	if err != nil {
		return "", err
	}
	in := collectionNames(list)
	summaries, err := r.Summaries(ctx, in...)
	if err != nil {
		return "", err
	}
	// Names that hold no glob are searched as they were given, so that an explanation names them.
	search := collections
	if slices.ContainsFunc(collections, registry.IsGlob) {
		search = in
	}
	for _, t := range types {
		if slices.ContainsFunc(in, func(name string) bool { return slices.Contains(summaries[name], t.Name) }) {
			q.Datasets = append(q.Datasets, registry.DatasetSearch{Type: t.Name, Collections: search, Restrict: true})
		}
	}
	if len(q.Datasets) == 0 {
		return fmt.Sprintf("No datasets of type %s existed in the specified collections %s.", dimension.Quote(o.datasets), strings.Join(collections, ",")), nil
	}
	return "", nil
}
