package cli

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"valet/cmd/internal/ui"
	"valet/quantum/values"
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// upstreamKey orders as print_metricvalues does: by data ID, then dataset type.
type upstreamKey struct {
	id   dimension.DataID
	typ  string
	i, j int
}

// writeUpstream prints what print_metricvalues prints of two collections (metrics.md 5.2): plain metrics only.
func (d *diff) writeUpstream() error {
	first, second := d.sets[0], d.sets[1]
	var rows []upstreamKey
	same, total := 0, 0
	for _, m := range second.All() {
		if plainMetric(m.Dataset.Type.Name) {
			total++
		}
	}
	for _, j := range values.Join(first, second) {
		if j[0] < 0 {
			continue
		}
		m := first.At(int(j[0]))
		if plainMetric(m.Dataset.Type.Name) {
			rows = append(rows, upstreamKey{m.Dataset.DataID, m.Dataset.Type.Name, int(j[0]), int(j[1])})
		}
	}
	sortUpstream(rows)
	return ui.WriteFile(d.options.listing.out, d.app.Stdout, func(out io.Writer) error {
		w := bufio.NewWriter(out)
		other := d.repo
		label1, label2 := "("+d.names[0]+")", "("+d.names[1]+")"
		if d.options.repo2 != "" {
			other = d.options.repo2
			label1, label2 = "("+d.repo+")", "("+other+")"
		}
		fmt.Fprintf(w, "Printed values are `repo2 - repo1 = delta`, where:\nrepo2 = %s#%s\nrepo1 = %s#%s\ndelta = %s - %s\n", other, d.names[1], d.repo, d.names[0], label2, label1)
		missing := 0
		for i, r := range rows {
			if i == 0 || !sameUpstreamID(rows[i-1].id, r.id) {
				fmt.Fprintf(w, "\n%s\n", upstreamID(r.id, d.options.keys))
			}
			if r.j < 0 {
				missing++
				fmt.Fprintf(w, "Result 2 does not contain metric '%s'\n", r.typ)
				continue
			}
			a, unitA, okA := first.Value(r.i)
			b, unitB, okB := second.Value(r.j)
			if !okA || !okB {
				continue
			}
			q1, q2 := metric.Q(a, unitA), metric.Q(b, unitB)
			delta, err := q2.Sub(q1)
			if err != nil {
				return fmt.Errorf("%s: %w", first.Metric(r.i), err)
			}
			if delta.Value == 0 {
				same++
			}
			if delta.Value != 0 || d.options.verbose {
				fmt.Fprintf(w, "%s: %s - %s = %s\n", first.Metric(r.i), q2, q1, delta)
			}
		}
		fmt.Fprintf(w, "Number of metrics that are the same in both runs: %d / %d\n", same, total)
		if missing > 0 {
			fmt.Fprintf(w, "\nbutler1 metrics found: %d\nbutler2 metrics found: %d\nmetrics in butler1 that were not found in butler2: %d\n", len(rows), total, missing)
		}
		return w.Flush()
	})
}

// plainMetric reports whether a dataset type is of the kind value: neither a time nor memory, by its name.
func plainMetric(typ string) bool {
	return strings.HasPrefix(typ, "metricvalue") && !strings.HasSuffix(typ, "Time") && !strings.HasSuffix(typ, "Memory")
}

func sortUpstream(rows []upstreamKey) {
	slices.SortStableFunc(rows, func(a, b upstreamKey) int {
		if c := a.id.Compare(b.id); c != 0 {
			return c
		}
		return strings.Compare(a.typ, b.typ)
	})
}

// upstreamID is a data ID as print_metricvalues shows it: required values, or the given keys if it has them all.
func upstreamID(id dimension.DataID, keys []string) string {
	var parts []string
	for _, k := range keys {
		v := id.Get(k)
		if v.IsZero() {
			parts = nil
			break
		}
		parts = append(parts, k+": "+v.Text())
	}
	if len(parts) > 0 {
		return strings.Join(parts, ", ")
	}
	return dimension.NewDataID(id.Group(), id.RequiredValues()).String()
}
