package cli

import (
	"fmt"
	"io"
	"math"
	"slices"

	"valet/cmd/internal/ui"
	"valet/quantum/values"
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// writeRows writes the rows, and in a table their summary.
func (d *diff) writeRows(format ui.Format, rows []diffRow) error {
	if d.options.summary {
		return d.app.writeRows(d.cmd, &d.options.listing, "", summaryOfMetricColumns(), func(out ui.Rows) error { return d.writeSummary(out, rows, false) })
	}
	shown := rows
	if n := d.options.limit; n > 0 && len(shown) > n {
		shown = shown[:n]
	}
	if format != ui.TableFormat {
		return d.app.writeRows(d.cmd, &d.options.listing, "", d.columns(format), func(out ui.Rows) error { return d.fill(out, shown, format) })
	}
	if len(rows) == 0 {
		return nil
	}
	return ui.WriteFile(d.options.listing.out, d.app.Stdout, func(w io.Writer) error {
		out, err := ui.NewRows(w, format, "", d.columns(format))
		if err != nil {
			return err
		}
		if err := d.fill(out, shown, format); err != nil {
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
		if len(shown) < len(rows) {
			fmt.Fprintf(w, "... and %d more rows\n", len(rows)-len(shown))
		}
		if _, err := io.WriteString(w, "\n"); err != nil {
			return err
		}
		if out, err = ui.NewRows(w, format, "", summaryOfMetricColumns()); err != nil {
			return err
		}
		if err := d.writeSummary(out, rows, true); err != nil {
			return err
		}
		return out.Close()
	})
}

// group is that of all dimensions of the data IDs.
func (d *diff) group() *dimension.Group {
	g := d.universe.MustGroup()
	for _, s := range d.sets {
		var names []string
		for _, name := range s.Group(d.universe).Names() {
			if d.universe.Dimension(name) != nil {
				names = append(names, name)
			}
		}
		g = g.Union(d.universe.MustGroup(names...))
	}
	return g
}

// columns are those of the rows: JSON has the values as a list, the other formats a column for each collection.
func (d *diff) columns(format ui.Format) []ui.Column {
	columns := []ui.Column{{Name: "metric", Kind: ui.Text, Left: true}, ui.DataIDColumn("dataId", d.group()), {Name: "unit", Kind: ui.Text, Left: true}}
	if isJSON(format) {
		columns = append(columns, ui.Column{Name: "values", Kind: ui.JSON})
	} else {
		for i, name := range d.names {
			if slices.Contains(d.names[:i], name) {
				// Columns have different names.
				if name = fmt.Sprintf("%s#%d", name, i+1); d.options.repo2 != "" {
					name = d.options.repo2 + "#" + d.names[i]
				}
			}
			columns = append(columns, ui.Column{Name: name, Kind: ui.Float})
		}
	}
	return append(columns, ui.Column{Name: "difference", Kind: ui.Float}, ui.Column{Name: "ratio", Kind: ui.Float})
}

func isJSON(f ui.Format) bool { return f == ui.JSONFormat || f == ui.JSONLFormat }

func (d *diff) fill(out ui.Rows, rows []diffRow, format ui.Format) error {
	ids := measuredCells{group: d.group()}
	table := format == ui.TableFormat
	number := func(v float64, ok bool) ui.Cell {
		switch {
		case !ok:
			return ui.Null
		case table:
			return ui.TextCell(fmt.Sprintf("%.6g", v))
		}
		return ui.FloatCell(v)
	}
	var list []byte
	var cells []ui.Cell
	for i := range rows {
		r := &rows[i]
		unit := ui.Null
		if slices.Contains(r.Has, true) {
			unit = ui.TextCell(r.Unit.String())
		}
		cells = append(cells[:0], ui.TextCell(r.at.Metric(d.sets...)), ui.ObjectCell(ids.dataID(r.at.DataID(d.sets...))...), unit)
		if isJSON(format) {
			list = append(list[:0], '[')
			for k, v := range r.Values {
				list = comma(list, k)
				if r.Has[k] {
					list = ui.AppendJSONFloat(list, v)
				} else {
					list = append(list, "null"...)
				}
			}
			cells = append(cells, ui.JSONCell(string(append(list, ']'))))
		} else {
			for k, v := range r.Values {
				cells = append(cells, number(v, r.Has[k]))
			}
		}
		ratio, ok := r.ratio()
		cells = append(cells, number(r.difference(), r.comparable()), number(ratio, ok && r.comparable()))
		if err := out.Row(cells...); err != nil {
			return err
		}
	}
	return nil
}

// metricChange sums up the rows of one metric.
type metricChange struct {
	metric string
	// unit is that of differences; mixed says that there are several.
	unit  metric.Unit
	mixed bool
	// compared counts rows with a first and a last value, changed those of them that differ.
	compared, changed, onlyFirst, onlyLast int
	differences, ratios                    []float64
	largest                                float64
}

func summaryOfMetricColumns() []ui.Column {
	return []ui.Column{{Name: "metric", Kind: ui.Text, Left: true}, {Name: "unit", Kind: ui.Text, Left: true}, {Name: "compared", Kind: ui.Int}, {Name: "changed", Kind: ui.Int},
		{Name: "only_first", Kind: ui.Int}, {Name: "only_last", Kind: ui.Int}, {Name: "median_difference", Kind: ui.Float}, {Name: "median_ratio", Kind: ui.Float},
		{Name: "largest_change", Kind: ui.Float}}
}

// writeSummary writes a row for each metric, in order of name.
func (d *diff) writeSummary(out ui.Rows, rows []diffRow, table bool) error {
	for _, c := range d.sumUp(rows) {
		unit := ui.TextCell(c.unit.String())
		if c.mixed {
			unit = ui.Null
		}
		slices.Sort(c.differences)
		slices.Sort(c.ratios)
		number := func(v float64, ok bool) ui.Cell {
			if !ok || math.IsNaN(v) {
				return ui.Null
			}
			return statisticCell(v, table)
		}
		err := out.Row(ui.TextCell(c.metric), unit, ui.IntCell(int64(c.compared)), ui.IntCell(int64(c.changed)), ui.IntCell(int64(c.onlyFirst)), ui.IntCell(int64(c.onlyLast)),
			number(values.Percentile(c.differences, 0.5), !c.mixed), number(values.Percentile(c.ratios, 0.5), true), number(c.largest, c.compared > 0))
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *diff) sumUp(rows []diffRow) []*metricChange {
	byName := map[string]*metricChange{}
	var out []*metricChange
	for i := range rows {
		r := &rows[i]
		name := r.at.Metric(d.sets...)
		c := byName[name]
		if c == nil {
			c = &metricChange{metric: name, unit: r.Unit}
			byName[name] = c
			out = append(out, c)
		}
		last := len(r.Values) - 1
		switch {
		case r.comparable():
			c.compared++
			c.mixed = c.mixed || !c.unit.Equal(r.Unit)
			if r.change() != 0 {
				c.changed++
			}
			c.largest = math.Max(c.largest, r.change())
			if x := r.difference(); !math.IsNaN(x) {
				c.differences = append(c.differences, x)
			}
			if q, ok := r.ratio(); ok {
				c.ratios = append(c.ratios, q)
			}
		case r.Has[0]:
			c.onlyFirst++
		case r.Has[last]:
			c.onlyLast++
		}
	}
	slices.SortFunc(out, func(a, b *metricChange) int {
		if a.metric < b.metric {
			return -1
		}
		if a.metric > b.metric {
			return 1
		}
		return 0
	})
	return out
}
