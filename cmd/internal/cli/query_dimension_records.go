package cli

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dimension"
)

func newQueryDimensionRecordsCommand(a *App) *cobra.Command {
	var o queryDataIDsOptions
	var noCheck bool
	cmd := &cobra.Command{
		Use:   "query-dimension-records REPO ELEMENT [OPTIONS]",
		Short: "List the records of a dimension",
		Long: `Query-dimension-records lists the records of a dimension element. Formats other than table have hashes and regions as
hexadecimal digits and timespans as objects with begin and end in TAI.`,
		Example: `  valet query-dimension-records REPO visit --where "instrument='TestCam' AND visit.exposure_time > 30"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, 1, "ELEMENT")
			if err != nil {
				return err
			}
			q, err := o.start(cmd)
			if err != nil {
				return err
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error {
				return a.runQueryDimensionRecords(cmd, &o, b.Registry, rest[0], noCheck, q)
			})
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&noCheck, "no-check", false, "no effect, as with butler")
	addOptionsFile(cmd)
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) runQueryDimensionRecords(cmd *cobra.Command, o *queryDataIDsOptions, r *registry.Registry, name string, noCheck bool, q registry.Query) error {
	ctx := cmd.Context()
	format, _ := ui.ParseFormat(o.listing.format)
	table := format == ui.TableFormat
	if noCheck {
		// Butler prints it where the table goes.
		w := a.Stderr
		if table {
			w = a.Stdout
		}
		fmt.Fprintln(w, "WARNING: --no-check option has no effect and will be removed after v28.")
	}
	e := r.Universe().Element(name)
	if e == nil {
		var names []string
		for _, known := range r.Universe().Elements() {
			names = append(names, known.Name)
		}
		err := &classError{class: "DimensionNameError", reason: fmt.Sprintf("no dimension element %q", name)}
		if near := nearest(name, names); near != "" {
			err.hint = fmt.Sprintf("did you mean %q?", near)
		}
		return err
	}
	q.Element, q.Dimensions = e, e.Group()
	l := listing{notes: []string{noResults}}
	for _, f := range e.Fields() {
		l.columns = append(l.columns, recordColumn(f, table))
	}
	none, err := o.join(ctx, r, &q)
	if err != nil {
		return err
	}
	if none != "" {
		return a.writeListing(cmd, &o.listing, l)
	}
	if o.streams() {
		return a.writeStream(cmd, &o.listing, l.columns, func(yield func([]ui.Cell, error) bool) {
			var cells []ui.Cell
			for row, err := range distinctRows(r.SelectBounded(ctx, q, o.bounds(a))) {
				if err == nil {
					cells = appendRecord(cells[:0], row.Record, table)
				}
				if !yield(cells, err) {
					return
				}
			}
		})
	}
	var found []*registry.Row
	for row, err := range distinctRows(r.SelectBounded(ctx, q, o.bounds(a))) {
		if err != nil {
			return err
		}
		found = append(found, &registry.Row{DataID: row.DataID, Record: row.Record})
	}
	if len(o.orderBy) == 0 {
		order := keyOrder(q.Dimensions)
		slices.SortStableFunc(found, func(a, b *registry.Row) int { return compareBy(order, a.DataID, b.DataID) })
	}
	for _, row := range found {
		l.rows = append(l.rows, appendRecord(nil, row.Record, table))
	}
	return a.writeListing(cmd, &o.listing, l)
}

// appendRecord appends a cell for each field of a record.
func appendRecord(cells []ui.Cell, rec *dimension.Record, table bool) []ui.Cell {
	for i, f := range rec.Element.Fields() {
		cells = append(cells, recordCell(f, rec.Values[i], table))
	}
	return cells
}

// recordColumn is the column of a field. Tables show a timespan in one column and no region.
func recordColumn(f dimension.Column, table bool) ui.Column {
	c := ui.Column{Name: f.Name, Kind: ui.Text}
	switch {
	case f.Type == dimension.Int:
		c.Kind = ui.Int
	case f.Type == dimension.Float:
		c.Kind = ui.Float
	case f.Type == dimension.Bool && !table:
		c.Kind = ui.Bool
	case f.Type == dimension.TimespanColumn && table:
		c.Title = "timespan (TAI)"
	case f.Type == dimension.TimespanColumn:
		c.Kind, c.Fields = ui.Object, []ui.Column{{Name: "begin", Kind: ui.Text}, {Name: "end", Kind: ui.Text}}
	}
	return c
}

// recordCell is the cell of a field's value.
func recordCell(f dimension.Column, v any, table bool) ui.Cell {
	switch v := v.(type) {
	case int64:
		return ui.IntCell(v)
	case float64:
		return ui.FloatCell(v)
	case string:
		return ui.TextCell(v)
	case bool:
		switch {
		case !table:
			return ui.BoolCell(v)
		case v:
			return ui.TextCell("True")
		}
		return ui.TextCell("False")
	case []byte:
		switch {
		case table && f.Type == dimension.RegionColumn:
			return ui.TextCell("(elided)")
		case table:
			return ui.TextCell("0x" + hex.EncodeToString(v))
		}
		return ui.TextCell(hex.EncodeToString(v))
	case dimension.Timespan:
		if table {
			return ui.TextCell(showTimespan(v))
		}
		return ui.ObjectCell(boundCell(v.Begin, dimension.MinTime), boundCell(v.End, dimension.MaxTime))
	}
	return ui.Null
}

// boundCell is a bound in full precision, null if there is none.
func boundCell(tai, unbounded int64) ui.Cell {
	if tai == unbounded {
		return ui.Null
	}
	return ui.TextCell(time.Unix(0, tai).UTC().Format("2006-01-02T15:04:05.999999999"))
}

// showTimespan shows a timespan as butler does, in TAI, cut to the second.
func showTimespan(t dimension.Timespan) string {
	if t.IsEmpty() {
		return "(empty)"
	}
	var b strings.Builder
	bound := func(tai int64) string {
		return time.Unix(0, tai).Truncate(time.Second).UTC().Format("2006-01-02T15:04:05")
	}
	if t.Begin == dimension.MinTime {
		b.WriteString("(-∞, ")
	} else {
		b.WriteString("[" + bound(t.Begin) + ", ")
	}
	if t.End == dimension.MaxTime {
		b.WriteString("∞)")
	} else {
		b.WriteString(bound(t.End) + ")")
	}
	return b.String()
}
