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

// upstreamKinds are the kinds of print_metricvalues, by the name of the dataset type alone (metrics.md 5).
var upstreamKinds = map[string]func(typ string) bool{
	"value":  plainMetric,
	"timing": func(typ string) bool { return strings.HasPrefix(typ, "metricvalue") && strings.HasSuffix(typ, "Time") },
	"memory": func(typ string) bool {
		return strings.HasPrefix(typ, "metricvalue") && strings.HasSuffix(typ, "Memory")
	},
}

// writeUpstream prints measurements as print_metricvalues prints those of one repository: by data ID, then dataset type.
func (a *App) writeUpstream(o *measurementsOptions, s *values.Set) error {
	is := upstreamKinds[o.kind]
	var rows []upstreamKey
	for i, m := range s.All() {
		if m.HasValue && is(m.Dataset.Type.Name) {
			rows = append(rows, upstreamKey{id: m.Dataset.DataID, typ: m.Dataset.Type.Name, i: i})
		}
	}
	sortUpstream(rows)
	return ui.WriteFile(o.listing.out, a.Stdout, func(out io.Writer) error {
		w := bufio.NewWriter(out)
		if a.global.verbose {
			ids := 0
			for i := range rows {
				if i == 0 || !sameUpstreamID(rows[i-1].id, rows[i].id) {
					ids++
				}
			}
			kinds := 0
			for _, t := range s.Types() {
				if is(t.Name) {
					kinds++
				}
			}
			fmt.Fprintf(w, "Loaded %d values for %d dataIds and %d metrics.\n", len(rows), ids, kinds)
		}
		for i, r := range rows {
			if i == 0 || !sameUpstreamID(rows[i-1].id, r.id) {
				fmt.Fprintf(w, "\n%s\n", upstreamID(r.id, o.keys))
			}
			v, unit, _ := s.Value(r.i)
			q := metric.Q(v, unit)
			text := q.String()
			switch o.kind {
			case "timing":
				text = string(q.Append(nil, metric.Four))
			case "memory":
				in, err := q.In(metric.Mibyte)
				if err != nil {
					return fmt.Errorf("%s: %w", s.Metric(r.i), err)
				}
				text = string(in.Append(nil, metric.Five))
			}
			fmt.Fprintf(w, "%s: %s\n", s.Metric(r.i), text)
		}
		return w.Flush()
	})
}

// sameUpstreamID reports whether two data IDs stand under one head.
func sameUpstreamID(a, b dimension.DataID) bool {
	return a.Compare(b) == 0 && slices.Equal(a.Group().RequiredNames(), b.Group().RequiredNames())
}
