package cli

import (
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum/values"
	"valet/registry/dimension"
)

// measurementsOptions are the flags of measurements.
type measurementsOptions struct {
	repositoryOption
	condition   conditionOptions
	listing     outputOptions
	collections []string
	all         bool
	unit        string
	stats       bool
	groupBy     []string
	noStore     bool
	style, kind string
	keys        []string
}

// AddFlags declares the flags.
func (o *measurementsOptions) AddFlags(f *pflag.FlagSet) {
	f.Var(listValue{&o.collections, "COLL[,COLL..]"}, "collections", "collections to search in order; the first with a data ID counts")
	f.BoolVar(&o.all, "all", false, "every match in every collection, not only the first; collections may be globs")
	f.StringVar(&o.unit, "unit", "", "convert all values to `UNIT`; metrics whose unit does not convert are an error")
	f.BoolVar(&o.stats, "stats", false, "statistics per group instead of a row per measurement")
	f.Var(listValue{&o.groupBy, "KEY[,KEY..]"}, "group-by", "with --stats: metric, run or dimensions; metrics are never mixed (default metric)")
	f.StringVar(&o.style, "style", "valet", "`STYLE` valet, or upstream: as print_metricvalues prints one collection")
	f.StringVar(&o.kind, "kind", "value", "with --style upstream: `KIND` value, timing or memory")
	f.Var(listValue{&o.keys, "KEY[,KEY..]"}, "data-id-keys", "with --style upstream: only these keys of data IDs")
	f.BoolVar(&o.noStore, "no-store", false, "write nothing to the repository, so that what is read is read again next time")
	o.condition.AddFlags(f)
	f.Lookup("limit").DefValue = "0"
	f.Lookup("limit").Usage = "at most `N` rows; 0 for all, negative to be warned if there are more"
	o.condition.limit = 0
	o.repositoryOption.AddFlags(f)
	o.listing.AddFlags(f)
}

func newMeasurementsCommand(a *App) *cobra.Command {
	var o measurementsOptions
	cmd := &cobra.Command{
		Use:   "measurements REPO [METRIC-GLOB..] --collections C[,C..] [OPTIONS]",
		Short: "List stored measurements, or statistics of them",
		Long: `Measurements lists what was measured: metric, data ID, value, unit, run. Globs match package.metric (ap_association.*), or names of dataset
types. --where takes the Butler's language with the further names value, unit and metric, which mean what is shown: with --unit MiB,
value > 100 means MiB. --order-by takes value, metric, unit, run, id, dimensions, and fields such as visit.exposure_time.

--stats prints count, mean, std (of a sample), min, p5, median, p95, p99 and max per metric and --group-by key; missing counts what is not
a number. In a table a small picture shows the distribution from min to max.

Values come from an index in the repository. What valet itself did not write is read from its file once. A measurement that cannot be read
is reported, the others are shown, and the exit code is 1, as it is if there are none.`,
		Example: `  valet measurements REPO --collections u/metrics
  valet measurements REPO 'ap_association.*Memory' --collections u/metrics --unit MiB --order-by -value --limit 10
  valet measurements REPO --collections u/metrics --where "unit = 's' AND value > 0.01" --format jsonl
  valet measurements REPO '*Memory' --collections u/metrics --stats --group-by detector --unit MiB`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runMeasurements(cmd, &o, args) },
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) runMeasurements(cmd *cobra.Command, o *measurementsOptions, args []string) error {
	repo, globs, err := o.take(cmd, args, 0, -1, "")
	if err != nil {
		return err
	}
	if _, err := o.listing.check(cmd); err != nil {
		return err
	}
	switch {
	case len(o.collections) == 0:
		return usagef(cmd, "no collections: give --collections COLL[,COLL..]")
	case len(o.groupBy) > 0 && !o.stats:
		return usagef(cmd, "--group-by needs --stats")
	case o.style != "valet" && o.style != "upstream":
		return usagef(cmd, "--style: %q is none of valet, upstream", o.style)
	case upstreamKinds[o.kind] == nil:
		return usagef(cmd, "--kind: %q is none of value, timing, memory", o.kind)
	case o.style == "valet" && (len(o.keys) > 0 || cmd.Flags().Changed("kind")):
		return usagef(cmd, "--kind and --data-id-keys need --style upstream")
	case o.style == "upstream" && (o.stats || cmd.Flags().Changed("format")):
		return usagef(cmd, "--style upstream has a format of its own")
	}
	where, binds, err := o.condition.read(cmd)
	if err != nil {
		return err
	}
	unit, err := parseUnitFlag(o.unit, cmd.Flags().Changed("unit"))
	if err != nil {
		return err
	}
	q := values.Query{Metrics: splitCommas(globs), Collections: o.collections, All: o.all, Where: where, Binds: binds, Unit: unit}
	if !o.stats {
		q.OrderBy = o.condition.orderBy
		if q.Limit = o.condition.limit; q.Limit < 0 {
			q.Limit = 1 - q.Limit
		}
	}
	return a.withIndex(cmd.Context(), repo, !o.noStore, func(b *butler.Butler, x *values.Index) error {
		s, err := x.Measurements(cmd.Context(), q)
		if err != nil {
			return metricError(err)
		}
		a.reportFaults(s.Faults)
		if o.style == "upstream" {
			err = a.writeUpstream(o, s)
		} else if o.stats {
			err = a.writeStatistics(cmd, o, b.Registry.Universe(), s)
		} else {
			err = a.writeMeasurements(cmd, o, b.Registry.Universe(), s)
		}
		switch {
		case err != nil:
			return err
		case len(s.Faults) > 0:
			return &reportedError{ExitFailure}
		case s.Len() == 0:
			return &noMeasurementsError{o.collections, s.Why}
		}
		return nil
	})
}

// measurementColumns are those of the listing. Tables leave out what is too wide to read.
func measurementColumns(g *dimension.Group, table bool) []ui.Column {
	columns := []ui.Column{{Name: "metric", Kind: ui.Text, Left: true}, {Name: "value", Kind: ui.Float}, {Name: "unit", Kind: ui.Text, Left: true},
		ui.DataIDColumn("dataId", g), {Name: "run", Kind: ui.Text, Left: true}}
	if table {
		return columns
	}
	return append(columns, ui.Column{Name: "id", Kind: ui.Text}, ui.Column{Name: "notes", Kind: ui.JSON})
}

// measuredCells makes the cells of measurementColumns. They are reused from row to row.
type measuredCells struct {
	group  *dimension.Group
	of     *dimension.Group // of the data ID before
	places []int            // of the columns of group in of; -1 for a dimension that it does not have
	table  bool
	cells  []ui.Cell
	id     []ui.Cell
}

func (c *measuredCells) row(m *values.Measured) []ui.Cell {
	value, unit := ui.Null, ui.Null
	if m.HasValue {
		value, unit = ui.FloatCell(m.Value), ui.TextCell(m.Unit.String())
	}
	c.cells = append(c.cells[:0], ui.TextCell(m.Metric), value, unit, ui.ObjectCell(c.dataID(m.Dataset.DataID)...), ui.TextCell(m.Dataset.Run))
	if !c.table {
		c.cells = append(c.cells, ui.TextCell(m.Dataset.ID.String()), ui.JSONCell(m.Notes))
	}
	return c.cells
}

// dataID are the cells of a data ID in a wider group.
func (c *measuredCells) dataID(id dimension.DataID) []ui.Cell {
	if c.of != id.Group() {
		c.of = id.Group()
		c.places = c.places[:0]
		for _, d := range c.group.Dimensions() {
			c.places = append(c.places, c.of.Position(d.Name))
		}
	}
	all := id.Values()
	c.id = c.id[:0]
	for _, p := range c.places {
		if p < 0 {
			c.id = append(c.id, ui.Absent)
		} else {
			c.id = append(c.id, ui.ValueCell(all[p]))
		}
	}
	return c.id
}

func (a *App) writeMeasurements(cmd *cobra.Command, o *measurementsOptions, u *dimension.Universe, s *values.Set) error {
	format, err := o.listing.check(cmd)
	if err != nil {
		return err
	}
	rows := s.Len()
	if o.condition.limit < 0 && rows > -o.condition.limit {
		rows = -o.condition.limit
		log := a.Log("registry")
		log.Warn().Int("limit", rows).Msg("more results are available than the limit; use --limit 0 for all")
	}
	table := format == ui.TableFormat
	if rows == 0 && table {
		return nil
	}
	cells := measuredCells{group: s.Group(u), table: table}
	return a.writeRows(cmd, &o.listing, "", measurementColumns(cells.group, table), func(out ui.Rows) error {
		for i, m := range s.All() {
			if i >= rows {
				break
			}
			if err := out.Row(cells.row(&m)...); err != nil {
				return err
			}
		}
		return nil
	})
}

// sparkWidth is the width of the picture of a distribution in a table.
const sparkWidth = 20

// statisticNames are the columns of statistics that --order-by may name too.
var statisticNames = []string{"count", "mean", "std", "min", "p5", "median", "p95", "p99", "max", "missing"}

func (a *App) writeStatistics(cmd *cobra.Command, o *measurementsOptions, u *dimension.Universe, s *values.Set) error {
	format, err := o.listing.check(cmd)
	if err != nil {
		return err
	}
	groups, err := s.Groups(u, o.groupBy...)
	if err != nil {
		return err
	}
	stats := make(map[*values.Group]values.Statistics, len(groups))
	for _, g := range groups {
		stats[g] = values.Describe(g.Values)
	}
	keys := slices.DeleteFunc(slices.Clone(o.groupBy), func(k string) bool { return k == "metric" })
	if err := sortGroups(groups, stats, keys, o.condition.orderBy); err != nil {
		return err
	}
	if o.condition.limit != 0 {
		groups = groups[:min(len(groups), max(o.condition.limit, -o.condition.limit))]
	}
	table := format == ui.TableFormat
	if table && len(groups) == 0 {
		return nil
	}
	columns := []ui.Column{{Name: "metric", Kind: ui.Text, Left: true}}
	for _, k := range keys {
		kind := ui.Text
		if d := u.Dimension(k); d != nil && d.KeyType() == dimension.Int {
			kind = ui.Int
		}
		columns = append(columns, ui.Column{Name: k, Kind: kind})
	}
	columns = append(columns, ui.Column{Name: "unit", Kind: ui.Text, Left: true}, ui.Column{Name: "count", Kind: ui.Int})
	for _, name := range statisticNames[1 : len(statisticNames)-1] {
		columns = append(columns, ui.Column{Name: name, Kind: ui.Float})
	}
	columns = append(columns, ui.Column{Name: "missing", Kind: ui.Int})
	if table {
		columns = append(columns, ui.Column{Name: "distribution", Kind: ui.Text, Left: true})
	}
	return a.writeRows(cmd, &o.listing, "", columns, func(out ui.Rows) error {
		for _, g := range groups {
			st := stats[g]
			cells := []ui.Cell{ui.TextCell(g.Metric)}
			for _, v := range g.Keys {
				cells = append(cells, ui.ValueCell(v))
			}
			unit := ui.Null
			if len(g.Values) > 0 {
				unit = ui.TextCell(g.Unit.String())
			}
			cells = append(cells, unit, ui.IntCell(int64(st.Count)))
			for _, v := range [...]float64{st.Mean, st.Std, st.Min, st.P5, st.Median, st.P95, st.P99, st.Max} {
				cells = append(cells, statisticCell(v, table))
			}
			cells = append(cells, ui.IntCell(int64(g.Missing)))
			if table {
				cells = append(cells, ui.TextCell(ui.Sparkline(g.Values, sparkWidth)))
			}
			if err := out.Row(cells...); err != nil {
				return err
			}
		}
		return nil
	})
}

// statisticCell is a number of a statistic, with six digits in a table; NaN, of too few values, is nothing.
func statisticCell(v float64, table bool) ui.Cell {
	switch {
	case v != v:
		return ui.Null
	case table:
		return ui.TextCell(fmt.Sprintf("%.6g", v))
	}
	return ui.FloatCell(v)
}
