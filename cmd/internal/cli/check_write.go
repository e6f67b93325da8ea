package cli

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"

	"valet/cmd/internal/ui"
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// write writes the results, sorted by specification.
func (c *checking) write(u *dimension.Universe) error {
	format, err := c.options.listing.check(c.cmd)
	if err != nil {
		return err
	}
	slices.SortStableFunc(c.results, func(a, b checkResult) int { return strings.Compare(a.spec.Name.String(), b.spec.Name.String()) })
	shown := c.results
	if c.options.failedOnly {
		shown = slices.DeleteFunc(slices.Clone(shown), func(r checkResult) bool { return r.status == passed })
	}
	if format == ui.TableFormat {
		if len(shown) == 0 {
			return nil
		}
		return c.writeTable(u, shown)
	}
	ids := measuredCells{group: c.set.Group(u)}
	columns := []ui.Column{{Name: "status", Kind: ui.Text}, {Name: "specification", Kind: ui.Text}, {Name: "metric", Kind: ui.Text}, {Name: "value", Kind: ui.Float}, {Name: "unit", Kind: ui.Text},
		{Name: "operator", Kind: ui.Text}, {Name: "threshold", Kind: ui.Float}, {Name: "threshold_unit", Kind: ui.Text}, ui.DataIDColumn("dataId", ids.group),
		{Name: "run", Kind: ui.Text}, {Name: "metric_tags", Kind: ui.Texts}, {Name: "specification_tags", Kind: ui.Texts}, {Name: "error", Kind: ui.Text}}
	return c.app.writeRows(c.cmd, &c.options.listing, "", columns, func(out ui.Rows) error {
		for i := range shown {
			r := &shown[i]
			m := c.set.At(r.at)
			value, unit, problem := ui.Null, ui.Null, ui.Null
			if m.HasValue {
				value, unit = ui.FloatCell(m.Value), ui.TextCell(m.Unit.String())
			}
			if r.err != nil {
				problem = ui.TextCell(errorText(r.err))
			}
			err := out.Row(ui.TextCell(r.status.String()), ui.TextCell(r.spec.Name.String()), ui.TextCell(m.Metric), value, unit, ui.TextCell(string(r.spec.Operator)),
				ui.FloatCell(r.spec.Threshold.Value), ui.TextCell(r.spec.Threshold.Unit.String()), ui.ObjectCell(ids.dataID(m.Dataset.DataID)...), ui.TextCell(m.Dataset.Run),
				ui.TextsCell(c.metricTags(m.Metric)), ui.TextsCell(r.spec.Tags), problem)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *checking) metricTags(name string) []string {
	if d := c.definitions[name]; d != nil {
		return d.Tags
	}
	return nil
}

// writeTable writes the report as people know it (metrics.md 4.4), with data IDs.
func (c *checking) writeTable(u *dimension.Universe, shown []checkResult) error {
	ids := measuredCells{group: c.set.Group(u)}
	columns := []ui.Column{{Name: "Status", Kind: ui.Text, Left: true}, {Name: "Specification", Kind: ui.Text, Left: true}, {Name: "Measurement", Kind: ui.Text}, {Name: "Test", Kind: ui.Text, Left: true},
		ui.DataIDColumn("dataId", ids.group), {Name: "Metric Tags", Kind: ui.Text, Left: true}, {Name: "Spec. Tags", Kind: ui.Text, Left: true}}
	return c.app.writeRows(c.cmd, &c.options.listing, "", columns, func(out ui.Rows) error {
		for i := range shown {
			r := &shown[i]
			m := c.set.At(r.at)
			tags := "N/A"
			if d := c.definitions[m.Metric]; d != nil {
				tags = strings.Join(d.Tags, ", ")
			}
			err := out.Row(ui.TextCell(r.status.String()), ui.TextCell(r.spec.Name.String()), ui.TextCell(c.measured(r)), ui.TextCell(r.spec.Test()),
				ui.ObjectCell(ids.dataID(m.Dataset.DataID)...), ui.TextCell(tags), ui.TextCell(strings.Join(r.spec.Tags, ", ")))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// measured is a measurement in the unit of the threshold, if it converts: with two decimals, or two digits behind the first if it is small.
func (c *checking) measured(r *checkResult) string {
	v, unit, ok := c.set.Value(r.at)
	if q, err := metric.Q(v, unit).In(r.spec.Threshold.Unit); err == nil {
		v, unit = q.Value, q.Unit
	}
	switch {
	case !ok:
		return "none"
	case v < 0.01:
		return strings.TrimSpace(fmt.Sprintf("%.2e %s", v, unit))
	}
	return strings.TrimSpace(fmt.Sprintf("%.2f %s", v, unit))
}

// writeJUnit writes a test suite for each specification and a test case for each measurement.
func (c *checking) writeJUnit(w io.Writer) error {
	out := bufio.NewWriter(w)
	out.WriteString(xml.Header + "<testsuites>\n")
	for from := 0; from < len(c.results); {
		to, bad, skipped, errors := from, 0, 0, 0
		spec := c.results[from].spec
		for to < len(c.results) && c.results[to].spec == spec {
			switch c.results[to].status {
			case failed:
				bad++
			case notMeasured:
				skipped++
			case checkError:
				errors++
			}
			to++
		}
		fmt.Fprintf(out, "<testsuite name=%s tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\">\n", attribute(spec.Name.String()), to-from, bad, errors, skipped)
		for ; from < to; from++ {
			r := &c.results[from]
			m := c.set.At(r.at)
			fmt.Fprintf(out, "<testcase classname=%s name=%s", attribute(spec.Name.String()), attribute(m.Dataset.DataID.String()))
			message := attribute(c.measured(r) + ", but " + spec.Test())
			switch r.status {
			case passed:
				out.WriteString("/>\n")
			case failed:
				fmt.Fprintf(out, "><failure message=%s/></testcase>\n", message)
			case notMeasured:
				out.WriteString("><skipped message=\"not measured\"/></testcase>\n")
			default:
				fmt.Fprintf(out, "><error message=%s/></testcase>\n", attribute(errorText(r.err)))
			}
		}
		out.WriteString("</testsuite>\n")
	}
	out.WriteString("</testsuites>\n")
	return out.Flush()
}
