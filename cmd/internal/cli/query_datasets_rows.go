package cli

import (
	"cmp"
	"context"
	"io"
	"iter"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// foundDatasets are the datasets of one type, or the components of one name of them.
type foundDatasets struct {
	of *dataset.Type
	// name is that of the type, with a component if these are components.
	name string
	refs []locatedRef
}

// locatedRef is a dataset and, if asked for, where its file is.
type locatedRef struct {
	dataset.Ref
	uri string
}

// writeDatasets writes a table for each type, or one listing for programs. Results without a limit are written as they come.
func (a *App) writeDatasets(cmd *cobra.Command, o *queryDatasetsOptions, b *butler.Butler, found iter.Seq2[*registry.FoundRef, error]) error {
	format, err := o.listing.check(cmd)
	if err != nil {
		return err
	}
	columns := datasetColumns(o.showURI)
	if format != ui.TableFormat && o.limit == 0 && !o.showURI {
		return a.writeStream(cmd, &o.listing, columns, func(yield func([]ui.Cell, error) bool) {
			var cells datasetCells
			for ref, err := range found {
				if err != nil {
					yield(nil, err)
					return
				}
				if !yield(cells.of(ref.Type.Name, locatedRef{Ref: ref.Ref}, false), nil) {
					return
				}
			}
		})
	}
	groups, err := gatherDatasets(cmd.Context(), o, b, found)
	if err != nil {
		return err
	}
	if format != ui.TableFormat {
		return a.writeStream(cmd, &o.listing, columns, func(yield func([]ui.Cell, error) bool) {
			var cells datasetCells
			for _, f := range groups {
				for _, ref := range f.refs {
					if !yield(cells.of(f.name, ref, o.showURI), nil) {
						return
					}
				}
			}
		})
	}
	return ui.WriteFile(o.listing.out, a.Stdout, func(w io.Writer) error { return writeDatasetTables(w, groups, o.showURI) })
}

// gatherDatasets collects datasets by type, sorted as butler does unless they come in an order that was asked for.
func gatherDatasets(ctx context.Context, o *queryDatasetsOptions, b *butler.Butler, found iter.Seq2[*registry.FoundRef, error]) ([]*foundDatasets, error) {
	var groups []*foundDatasets
	elsewhere := map[dataset.ID]dataset.Ref{}
	add := func(name string, ref locatedRef) {
		for _, g := range groups {
			if g.name == name {
				g.refs = append(g.refs, ref)
				return
			}
		}
		groups = append(groups, &foundDatasets{of: ref.Type, name: name, refs: []locatedRef{ref}})
	}
	for ref, err := range found {
		if err != nil {
			return nil, err
		}
		switch {
		case !o.showURI:
			add(ref.Type.Name, locatedRef{Ref: ref.Ref})
		case ref.Record != nil:
			add(ref.Type.Name, locatedRef{ref.Ref, fileURI(b.Store.Config.Root, ref.Record.Path)})
		default:
			elsewhere[ref.ID] = ref.Ref
		}
	}
	if err := addComponents(ctx, b, elsewhere, add); err != nil {
		return nil, err
	}
	slices.SortStableFunc(groups, func(a, b *foundDatasets) int { return strings.Compare(a.name, b.name) })
	if len(o.orderBy) == 0 {
		for _, g := range groups {
			order := keyOrder(g.of.Dimensions)
			slices.SortStableFunc(g.refs, func(a, b locatedRef) int {
				return cmp.Or(strings.Compare(a.Run, b.Run), compareBy(order, a.DataID, b.DataID))
			})
		}
	}
	return groups, nil
}

func writeDatasetTables(w io.Writer, groups []*foundDatasets, uri bool) error {
	for _, g := range groups {
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
		columns := append([]ui.Column{{Name: "type", Kind: ui.Text}, {Name: "run", Kind: ui.Text}, {Name: "id", Kind: ui.Text}}, ui.DataIDColumns(g.of.Dimensions)...)
		if uri {
			columns = append(columns, ui.Column{Name: "URI", Kind: ui.Text})
		}
		rows, err := ui.NewRows(w, ui.TableFormat, "None", columns)
		if err != nil {
			return err
		}
		for _, ref := range g.refs {
			cells := ui.DataIDCells([]ui.Cell{ui.TextCell(g.name), ui.TextCell(ref.Run), ui.TextCell(ref.ID.String())}, ref.DataID)
			if uri {
				cells = append(cells, ui.TextCell(ref.uri))
			}
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
}

// datasetColumns are those of the listing for programs. Data IDs are JSON, as their dimensions are those of their type.
func datasetColumns(uri bool) []ui.Column {
	columns := []ui.Column{{Name: "type", Kind: ui.Text}, {Name: "run", Kind: ui.Text}, {Name: "id", Kind: ui.Text},
		{Name: "storage_class", Kind: ui.Text}, {Name: "dataId", Kind: ui.JSON}}
	if uri {
		columns = append(columns, ui.Column{Name: "uri", Kind: ui.Text})
	}
	return columns
}

// datasetCells makes rows of datasetColumns, of which the last one is reused.
type datasetCells struct {
	group   *dimension.Group
	columns []ui.Column
	cells   []ui.Cell
	values  []ui.Cell
}

func (c *datasetCells) of(name string, ref locatedRef, uri bool) []ui.Cell {
	if c.group != ref.Type.Dimensions {
		c.group, c.columns = ref.Type.Dimensions, ui.DataIDColumns(ref.Type.Dimensions)
	}
	c.values = ui.DataIDCells(c.values[:0], ref.DataID)
	c.cells = append(c.cells[:0], ui.TextCell(name), ui.TextCell(ref.Run), ui.TextCell(ref.ID.String()), ui.TextCell(ref.Type.StorageClass),
		ui.JSONCell(string(ui.AppendObject(nil, c.columns, c.values))))
	if uri {
		c.cells = append(c.cells, ui.TextCell(ref.uri))
	}
	return c.cells
}
