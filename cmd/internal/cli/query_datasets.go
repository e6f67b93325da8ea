package cli

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/query"
)

// queryDatasetsOptions are the flags of query-datasets.
type queryDatasetsOptions struct {
	repositoryOption
	conditionOptions
	listing     outputOptions
	collections []string
	findFirst   bool
	all         bool
	showURI     bool
}

// AddFlags declares the flags.
func (o *queryDatasetsOptions) AddFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.collections, "collections", nil, "`COLLECTIONS` or globs to search; may be repeated (default all)")
	f.BoolVar(&o.findFirst, "find-first", false, "only the dataset of the first collection that has one, for each type and data ID")
	f.BoolVar(&o.all, "all", false, "all datasets (the default)")
	f.BoolFunc("no-find-first", "takes back a --find-first before it", func(string) error {
		o.findFirst = false
		return nil
	})
	f.BoolVar(&o.showURI, "show-uri", false, "show where the file of each dataset is, or of each of its components")
	o.conditionOptions.AddFlags(f)
	o.repositoryOption.AddFlags(f)
	o.listing.AddFlags(f)
}

func newQueryDatasetsCommand(a *App) *cobra.Command {
	var o queryDatasetsOptions
	cmd := &cobra.Command{
		Use:   "query-datasets REPO [GLOB..] [OPTIONS]",
		Short: "List datasets",
		Long: `Query-datasets lists the datasets of the types whose names match one of the globs. If one type is named and has none, the command fails.
With --limit 0 rows of formats other than table are written while the database is read: read them promptly, because no other process
can write to the repository until they are through.`,
		Example: `  valet query-datasets REPO 'metricvalue_*' --collections u/metrics --where "instrument='TestCam' AND visit=42"
  valet query-datasets REPO diaPipe_metadata --collections u/sci --find-first --format jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, globs, err := o.take(cmd, args, 0, -1, "")
			if err != nil {
				return err
			}
			if o.findFirst && o.all {
				return usagef(cmd, "--find-first and --all exclude each other")
			}
			if _, err := o.listing.check(cmd); err != nil {
				return err
			}
			where, binds, err := o.read(cmd)
			if err != nil {
				return err
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.runQueryDatasets(cmd, &o, b, splitCommas(globs), where, binds)
			})
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	addOptionsFile(cmd)
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// runQueryDatasets asks for one type by its name, or for all that match: the answers to nothing found differ (queries.md 10.1).
func (a *App) runQueryDatasets(cmd *cobra.Command, o *queryDatasetsOptions, b *butler.Butler, globs []string, where query.Expr, binds query.Binds) error {
	ctx := cmd.Context()
	single := len(globs) == 1 && !registry.IsGlob(globs[0])
	if len(o.orderBy) > 0 && !single {
		return &classError{class: "NotImplementedError", reason: "--order-by works with one dataset type only"}
	}
	in := o.collections
	switch {
	case len(in) > 0:
	case cmd.Flags().Changed("collections"):
		in = []string{""} // an empty name, which no collection has
	default:
		in = []string{"*"}
	}
	q := registry.AllDatasetsQuery{Types: globs, Collections: in, First: o.findFirst, Where: where, Binds: binds, OrderBy: o.orderBy, Sorted: true,
		Bounds: o.bounds(a), Records: o.showURI, RecordTable: b.Store.Config.Table}
	var found iter.Seq2[*registry.FoundRef, error]
	if single {
		found = oneType(ctx, b.Registry, q)
	} else {
		found = b.Registry.AllDatasets(ctx, q)
	}
	if !o.findFirst {
		found = distinct(found, len(o.orderBy) == 0)
	}
	err := a.writeDatasets(cmd, o, b, found)
	var missing *registry.NotFoundError
	var noType *registry.TypeExpressionError
	if errors.As(err, &missing) && missing.Kind == "dataset type" || single && errors.As(err, &noType) {
		log := a.Log("registry")
		log.Warn().Msg(err.Error())
		return a.writeDatasets(cmd, o, b, func(func(*registry.FoundRef, error) bool) {})
	}
	return err
}

// oneType streams the datasets of the one type of a query. Finding none is an error.
func oneType(ctx context.Context, r *registry.Registry, q registry.AllDatasetsQuery) iter.Seq2[*registry.FoundRef, error] {
	return func(yield func(*registry.FoundRef, error) bool) {
		// Globs are wrong for the first match whatever the type is; collections matter only if the type exists.
		if q.First && slices.ContainsFunc(q.Collections, registry.IsGlob) {
			_, err := r.SearchIn(ctx, q.Collections, q.Defaults, true)
			yield(nil, err)
			return
		}
		types, missing, err := r.MatchDatasetTypes(ctx, q.Types...)
		if err == nil && len(missing) > 0 {
			err = &registry.NotFoundError{Kind: "dataset type", Name: missing[0]}
		}
		var in []string
		if err == nil {
			in, err = r.SearchIn(ctx, q.Collections, q.Defaults, q.First)
		}
		if err != nil {
			yield(nil, err)
			return
		}
		q.Bounds.Explain = true
		of := types[0]
		one := registry.Query{Dimensions: of.Dimensions, Where: q.Where, Binds: q.Binds, OrderBy: q.OrderBy, Sorted: q.Sorted,
			Datasets: []registry.DatasetSearch{{Type: of.Name, Collections: in, All: !q.First, Records: q.Records, RecordTable: q.RecordTable}}}
		for row, err := range r.SelectBounded(ctx, one, q.Bounds) {
			if err != nil {
				yield(nil, err)
				return
			}
			f := row.Datasets[0]
			if !yield(&registry.FoundRef{Ref: dataset.Ref{ID: f.ID, Type: of, DataID: row.DataID, Run: f.Run}, Record: f.Record}, nil) {
				return
			}
		}
	}
}

// distinct leaves out what was found before, through another collection. Sorted rows of one dataset have one data ID, so that little
// has to be remembered.
func distinct(in iter.Seq2[*registry.FoundRef, error], sorted bool) iter.Seq2[*registry.FoundRef, error] {
	return func(yield func(*registry.FoundRef, error) bool) {
		seen := map[dataset.ID]struct{}{}
		var last dataset.Ref
		for ref, err := range in {
			if err == nil {
				if sorted && (ref.Type != last.Type || ref.DataID.Compare(last.DataID) != 0) {
					clear(seen)
					last = ref.Ref
				}
				if _, ok := seen[ref.ID]; ok {
					continue
				}
				seen[ref.ID] = struct{}{}
			}
			if !yield(ref, err) {
				return
			}
		}
	}
}
