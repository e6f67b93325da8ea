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
)

// queryCollectionsOptions are the flags of query-collections.
type queryCollectionsOptions struct {
	repositoryOption
	listing      outputOptions
	kinds        []string
	chains       string
	showTypes    bool
	excludeTypes []string
}

// AddFlags declares the flags.
func (o *queryCollectionsOptions) AddFlags(f *pflag.FlagSet) {
	f.StringArrayVar(&o.kinds, "collection-type", nil, "only collections of `TYPE` RUN, TAGGED, CHAINED or CALIBRATION; may be repeated")
	f.StringVar(&o.chains, "chains", "tree", "`FORM` of chains: tree, table, inverse-tree, inverse-table, flatten or no-children")
	f.BoolVarP(&o.showTypes, "show-dataset-types", "t", false, "show the dataset types of each collection")
	f.StringSliceVar(&o.excludeTypes, "exclude-dataset-types", []string{"*_config", "*_log", "*_metadata", "packages"},
		"`GLOB` of dataset types not to show; may be repeated")
	o.repositoryOption.AddFlags(f)
	o.listing.AddFlags(f)
}

var chainForms = []string{"tree", "table", "inverse-tree", "inverse-table", "flatten", "no-children"}

func newQueryCollectionsCommand(a *App) *cobra.Command {
	var o queryCollectionsOptions
	cmd := &cobra.Command{
		Use:   "query-collections REPO [GLOB..] [OPTIONS]",
		Short: "List collections",
		Long:  `Query-collections lists the collections whose names match one of the globs, or all. Formats other than table list each once, with its children.`,
		Example: `  valet query-collections REPO
  valet query-collections REPO 'u/alice/*' --chains table
  valet query-collections REPO --collection-type RUN --format jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, globs, err := o.take(cmd, args, 0, -1, "")
			if err != nil {
				return err
			}
			o.chains = strings.ToLower(o.chains)
			if !slices.Contains(chainForms, o.chains) {
				return usagef(cmd, "--chains: %q is none of %s", o.chains, strings.Join(chainForms, ", "))
			}
			var kinds []dataset.CollectionKind
			for _, k := range o.kinds {
				kind, err := dataset.ParseCollectionKind(k)
				if err != nil {
					return usagef(cmd, "--collection-type: %v", err)
				}
				kinds = append(kinds, kind)
			}
			if _, err := o.listing.check(cmd); err != nil {
				return err
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.runQueryCollections(cmd, &o, b.Registry, globs, kinds)
			})
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	addOptionsFile(cmd)
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) runQueryCollections(cmd *cobra.Command, o *queryCollectionsOptions, r *registry.Registry, globs []string, kinds []dataset.CollectionKind) error {
	ctx := cmd.Context()
	x, err := indexCollections(ctx, r)
	if err != nil {
		return err
	}
	q := registry.CollectionQuery{Expression: splitCommas(globs), Kinds: kinds}
	if len(globs) == 0 {
		q.Expression = []string{"*"}
	}
	if o.chains == "flatten" {
		q.Chains = registry.FlattenChains
	}
	list, err := r.QueryCollections(ctx, q)
	if err != nil {
		return err
	}
	if o.chains != "flatten" && o.chains != "no-children" {
		slices.SortStableFunc(list, byCollectionName)
	}
	types := func(*dataset.Collection) []string { return nil }
	if o.showTypes {
		if types, err = shownTypes(ctx, r, x, o.excludeTypes); err != nil {
			return err
		}
	}
	if format, _ := ui.ParseFormat(o.listing.format); format != ui.TableFormat {
		return a.writeListing(cmd, &o.listing, collectionRows(list, o.showTypes, types))
	}
	t := &collectionTable{index: x, types: types, showTypes: o.showTypes}
	switch o.chains {
	case "tree":
		t.types = func(c *dataset.Collection) []string {
			if c.Kind == dataset.Chained {
				return nil
			}
			return types(c)
		}
		for _, c := range list {
			t.tree(c, nil, t.children)
		}
	case "inverse-tree":
		t.types = func(c *dataset.Collection) []string {
			if c.Kind == dataset.Chained {
				return nil
			}
			return types(c)
		}
		for _, c := range list {
			t.tree(c, nil, t.parents)
		}
	case "table":
		t.relatives("Children", list, t.children)
	case "inverse-table":
		t.relatives("Parents", list, t.parents)
	default:
		for _, c := range list {
			t.add(c.Name, c.Kind.String(), "", t.types(c))
		}
	}
	return a.writeListing(cmd, &o.listing, t.listing())
}

// shownTypes returns the dataset types of a collection that are not excluded: those of all members for a chain, sorted.
func shownTypes(ctx context.Context, r *registry.Registry, x *collectionIndex, exclude []string) (func(c *dataset.Collection) []string, error) {
	summaries, err := r.Summaries(ctx, collectionNames(x.all)...)
	if err != nil {
		return nil, err
	}
	return func(c *dataset.Collection) []string {
		out := []string{}
		for _, m := range x.members(c) {
			for _, name := range summaries[m.Name] {
				if !registry.MatchAny(exclude, name) {
					out = append(out, name)
				}
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}, nil
}

// collectionRows lists collections for programs.
func collectionRows(list []*dataset.Collection, showTypes bool, types func(*dataset.Collection) []string) listing {
	l := listing{columns: []ui.Column{{Name: "name", Kind: ui.Text}, {Name: "type", Kind: ui.Text}, {Name: "children", Kind: ui.Texts}, {Name: "doc", Kind: ui.Text}}}
	if showTypes {
		l.columns = append(l.columns, ui.Column{Name: "dataset_types", Kind: ui.Texts})
	}
	for _, c := range list {
		children := c.Children
		if children == nil {
			children = []string{}
		}
		row := []ui.Cell{ui.TextCell(c.Name), ui.TextCell(c.Kind.String()), ui.TextsCell(children), ui.TextCell(c.Doc)}
		if showTypes {
			row = append(row, ui.TextsCell(types(c)))
		}
		l.rows = append(l.rows, row)
	}
	return l
}
