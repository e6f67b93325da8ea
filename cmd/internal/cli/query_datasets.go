package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
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
	noFindFirst bool
}

// AddFlags declares the flags.
func (o *queryDatasetsOptions) AddFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.collections, "collections", nil, "`COLLECTIONS` or globs to search; may be repeated (default all)")
	f.BoolVar(&o.findFirst, "find-first", false, "only the dataset of the first collection that has one, for each type and data ID")
	f.BoolVar(&o.all, "all", false, "all datasets (the default)")
	f.BoolVar(&o.noFindFirst, "no-find-first", false, "the same as --all")
	o.conditionOptions.AddFlags(f)
	o.repositoryOption.AddFlags(f)
	o.listing.AddFlags(f)
}

func newQueryDatasetsCommand(a *App) *cobra.Command {
	var o queryDatasetsOptions
	cmd := &cobra.Command{
		Use:   "query-datasets REPO [GLOB..] [OPTIONS]",
		Short: "List datasets",
		Long:  `Query-datasets lists the datasets of the types whose names match one of the globs. If one type is named and has none, the command fails.`,
		Example: `  valet query-datasets REPO 'metricvalue_*' --collections u/metrics --where "instrument='TestCam' AND visit=42"
  valet query-datasets REPO diaPipe_metadata --collections u/sci --find-first --format jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, globs, err := o.take(cmd, args, 0, -1, "")
			if err != nil {
				return err
			}
			if o.findFirst && (o.all || o.noFindFirst) {
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
				return a.runQueryDatasets(cmd, &o, b.Registry, globs, where, binds)
			})
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// foundDatasets are the datasets of one type.
type foundDatasets struct {
	of   *dataset.Type
	refs []dataset.Ref
}

func (a *App) runQueryDatasets(cmd *cobra.Command, o *queryDatasetsOptions, r *registry.Registry, globs []string, where query.Expr, binds query.Binds) error {
	ctx := cmd.Context()
	collections := o.collections
	if len(collections) == 0 {
		collections = []string{"*"}
	}
	if o.findFirst && slices.ContainsFunc(collections, isGlob) {
		return &query.Error{Kind: query.Invalid, Reason: "--find-first needs collections in an order, which globs do not give"}
	}
	single := len(globs) == 1 && !isGlob(globs[0])
	if len(o.orderBy) > 0 && !single {
		return &classError{class: "NotImplementedError", reason: "--order-by works with one dataset type only"}
	}
	x, err := indexCollections(ctx, r)
	if err != nil {
		return err
	}
	in, err := x.match(collections, true)
	if err != nil {
		return err
	}
	types, missing, err := matchTypes(ctx, r, globs)
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		types = nil
		log := a.Log("registry")
		log.Warn().Strs("missing", missing).Msg("dataset types are not registered")
	}
	keep, ask := o.most()
	base := registry.Query{Where: where, Binds: binds, OrderBy: o.orderBy, Sorted: true}
	summaries, err := r.Summaries(ctx, collectionNames(in)...)
	if err != nil {
		return err
	}
	var found []foundDatasets
	left := ask
	for _, t := range types {
		var names []string
		for _, c := range in {
			if slices.Contains(summaries[c.Name], t.Name) {
				names = append(names, c.Name)
			}
		}
		if !single && len(names) == 0 {
			continue
		}
		base.Limit = left
		refs, err := selectRefs(ctx, r, base, t, names, !o.findFirst)
		if err != nil {
			return err
		}
		if len(refs) > 0 {
			found = append(found, foundDatasets{t, refs})
		}
		if left > 0 {
			if left -= len(refs); left <= 0 {
				break
			}
		}
	}
	if single && len(types) == 1 && len(found) == 0 {
		return &classError{class: "EmptyQueryResultError", reason: fmt.Sprintf("no datasets of type %q in the collections satisfy the query", types[0].Name)}
	}
	if keep != ask && left <= 0 && len(found) > 0 {
		last := &found[len(found)-1]
		if last.refs = last.refs[:len(last.refs)-1]; len(last.refs) == 0 {
			found = found[:len(found)-1]
		}
		a.warnCut(keep)
	}
	for _, f := range found {
		if len(o.orderBy) == 0 {
			order := keyOrder(f.of.Dimensions)
			slices.SortStableFunc(f.refs, func(a, b dataset.Ref) int {
				return cmp.Or(strings.Compare(a.Run, b.Run), compareBy(order, a.DataID, b.DataID))
			})
		}
	}
	return a.writeDatasets(cmd, &o.listing, found)
}

// selectRefs returns the datasets of a type that a query finds in collections.
func selectRefs(ctx context.Context, r *registry.Registry, q registry.Query, t *dataset.Type, collections []string, all bool) ([]dataset.Ref, error) {
	q.Dimensions = t.Dimensions
	q.Datasets = []registry.DatasetSearch{{Type: t.Name, Collections: collections, All: all}}
	var out []dataset.Ref
	seen := map[dataset.ID]bool{}
	for row, err := range r.Select(ctx, q) {
		if err != nil {
			return nil, err
		}
		f := row.Datasets[0]
		if !seen[f.ID] {
			seen[f.ID] = true
			out = append(out, dataset.Ref{ID: f.ID, Type: t, DataID: row.DataID, Run: f.Run})
		}
	}
	return out, nil
}

// writeDatasets writes a table for each type, or one listing for programs.
func (a *App) writeDatasets(cmd *cobra.Command, o *outputOptions, found []foundDatasets) error {
	format, err := o.check(cmd)
	if err != nil {
		return err
	}
	if format != ui.TableFormat {
		return a.writeListing(cmd, o, datasetRows(found))
	}
	return ui.WriteFile(o.out, a.Stdout, func(w io.Writer) error {
		for _, f := range found {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
			columns := append([]ui.Column{{Name: "type", Kind: ui.Text}, {Name: "run", Kind: ui.Text}, {Name: "id", Kind: ui.Text}}, ui.DataIDColumns(f.of.Dimensions)...)
			rows, err := ui.NewRows(w, ui.TableFormat, "None", columns)
			if err != nil {
				return err
			}
			for _, ref := range f.refs {
				cells := ui.DataIDCells([]ui.Cell{ui.TextCell(f.of.Name), ui.TextCell(ref.Run), ui.TextCell(ref.ID.String())}, ref.DataID)
				if err := rows.Row(cells...); err != nil {
					return err
				}
			}
			if err := rows.Close(); err != nil {
				return err
			}
		}
		_, err := io.WriteString(w, "\n")
		return err
	})
}

// datasetRows lists datasets for programs. Data IDs are JSON, as their dimensions are those of their type.
func datasetRows(found []foundDatasets) listing {
	l := listing{columns: []ui.Column{{Name: "type", Kind: ui.Text}, {Name: "run", Kind: ui.Text}, {Name: "id", Kind: ui.Text},
		{Name: "storage_class", Kind: ui.Text}, {Name: "dataId", Kind: ui.JSON}}}
	for _, f := range found {
		columns := ui.DataIDColumns(f.of.Dimensions)
		for _, ref := range f.refs {
			l.rows = append(l.rows, []ui.Cell{ui.TextCell(f.of.Name), ui.TextCell(ref.Run), ui.TextCell(ref.ID.String()),
				ui.TextCell(f.of.StorageClass), ui.JSONCell(dataIDObject(columns, ref.DataID))})
		}
	}
	return l
}

func dataIDObject(columns []ui.Column, id dimension.DataID) string {
	return string(ui.AppendObject(nil, columns, ui.DataIDCells(nil, id)))
}
