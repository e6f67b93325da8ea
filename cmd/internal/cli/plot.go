package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/figure"
	"valet/cmd/internal/plot"
	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum/values"
	"valet/registry"
	"valet/tasks/metric"
)

// plotOptions are the flags of plot.
type plotOptions struct {
	repositoryOption
	collections []string
	kind        string
	along       string
	where       string
	binds       []string
	unit        string
	out         string
}

// AddFlags declares the flags.
func (o *plotOptions) AddFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.collections, "collections", nil, "`COLLECTIONS` to draw; several are compared")
	f.StringVar(&o.kind, "kind", "", "`KIND` of figure: hist, focal-plane, series, heatmap or compare (default by the dimensions)")
	f.StringVar(&o.along, "along", "", "`DIMENSION` that a series goes along, or time (default visit, exposure..)")
	f.StringVar(&o.where, "where", "", "only what satisfies the `EXPRESSION`, which may also use value, unit and metric")
	f.StringArrayVar(&o.binds, "bind", nil, "`NAME=JSON` gives the value of :NAME in the expression; may be repeated")
	f.StringVar(&o.unit, "unit", "", "convert values to `UNIT`, such as Mibyte")
	f.StringVar(&o.out, "out", "", "write the figure to `FILE`.svg, .png or .pdf")
	o.repositoryOption.AddFlags(f)
}

func newPlotCommand(a *App) *cobra.Command {
	var o plotOptions
	cmd := &cobra.Command{
		Use:   "plot REPO METRIC --collections COLLECTIONS --out FILE [OPTIONS]",
		Short: "Draw a metric as histogram, focal plane, series, heat map or comparison",
		Long: `Plot draws the measurements of a metric, named as package.metric or by its dataset type.

Without --kind the dimensions decide: several collections are compared on the data IDs that they share; several detectors make a focal
plane (the median of each detector, where it stands in the camera if the names tell, else in a grid); several visits make a series;
everything else is a histogram. heatmap shows visits by detectors.

A measurement that cannot be read is reported, the others are drawn, and the exit code is 1.

Axes and colors show the bulk of the values; what lies far beyond is named in a note, and what is no number is counted there.`,
		Example: `  valet plot REPO ap_association.DiaForcedSourceMemory --collections u/metrics --out memory.svg
  valet plot REPO ap_association.DiaForcedSourceMemory --collections u/metrics --kind hist --unit Gibyte --out memory.png
  valet plot REPO ap_association.DiaForcedSourceMemory --collections u/before,u/after --out compared.pdf`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, 1, "REPO METRIC")
			if err != nil {
				return err
			}
			format, ask, err := o.check(cmd, rest[0])
			if err != nil {
				return err
			}
			return a.withIndex(cmd.Context(), repo, true, func(b *butler.Butler, x *values.Index) error {
				return a.runPlot(cmd, &o, b, x, repo, format, ask)
			})
		},
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// check reads the options. The query lacks its collections.
func (o *plotOptions) check(cmd *cobra.Command, name string) (plot.Format, values.Query, error) {
	ask := values.Query{Metrics: []string{name}}
	switch {
	case o.out == "":
		return "", ask, usagef(cmd, "no file: give --out FILE.svg, FILE.png or FILE.pdf")
	case len(o.collections) == 0:
		return "", ask, usagef(cmd, "no collections: give --collections")
	}
	format, err := plot.ParseFormat(o.out)
	if err != nil {
		e := usagef(cmd, "--out: %v", err)
		e.Advice = hintOf(err)
		return "", ask, e
	}
	if o.kind != "" && !slices.Contains(figure.Kinds, figure.Kind(o.kind)) {
		e := usagef(cmd, "--kind: %q is no kind of figure", o.kind)
		var names []string
		for _, k := range figure.Kinds {
			names = append(names, string(k))
		}
		e.Advice = "kinds are " + quoteList(names)
		if near := nearest(o.kind, names); near != "" {
			e.Advice = fmt.Sprintf("did you mean %s?", near)
		}
		return "", ask, e
	}
	if o.unit != "" {
		unit, err := metric.ParseUnit(o.unit)
		if err != nil {
			e := usagef(cmd, "--unit: %v", err)
			if hint := hintOf(err); hint != "" {
				e.Advice = hint
			}
			return "", ask, e
		}
		ask.Unit = &unit
	}
	condition := conditionOptions{where: o.where, binds: o.binds}
	ask.Where, ask.Binds, err = condition.read(cmd)
	return format, ask, err
}

func (a *App) runPlot(cmd *cobra.Command, o *plotOptions, b *butler.Butler, index *values.Index, repo string, format plot.Format, ask values.Query) error {
	ctx := cmd.Context()
	if err := a.checkCollections(cmd, b, repo, o.collections); err != nil {
		return err
	}
	var sources []figure.Source
	var why []string
	found, faults := 0, 0
	for _, c := range o.collections {
		ask.Collections = []string{c}
		set, err := index.Measurements(ctx, ask)
		if err != nil {
			return metricError(err)
		}
		a.reportFaults(set.Faults)
		faults += len(set.Faults)
		found += set.Len()
		why = append(why, set.Why...)
		sources = append(sources, figure.Source{Name: c, Set: set})
	}
	if found == 0 {
		return &noMeasurementsError{collections: o.collections, why: slices.Compact(why)}
	}
	f, err := figure.Make(ctx, b.Registry, sources, figure.Options{Kind: figure.Kind(o.kind), Along: o.along, Unit: ask.Unit, Where: o.where})
	if err != nil {
		return err
	}
	if faults > 0 {
		f.Notes = append(f.Notes, fmt.Sprintf("Left out: %s that cannot be read.", plural(faults, "measurement", "measurements")))
	}
	if err := ui.WriteFile(o.out, a.Stdout, func(w io.Writer) error { return f.Write(w, format) }); err != nil {
		return fmt.Errorf("write %s: %w", o.out, err)
	}
	if !a.global.quiet {
		fmt.Fprintf(a.Stderr, "%s: %s\n", ui.OneLine(o.out), ui.OneLine(strings.TrimSpace(f.Summary)))
		for _, n := range f.Notes {
			fmt.Fprintf(a.Stderr, "  %s\n", ui.OneLine(n))
		}
	}
	if faults > 0 {
		return &reportedError{ExitFailure}
	}
	return nil
}

// checkCollections refuses collections that do not exist, with the ones that may be meant.
func (a *App) checkCollections(cmd *cobra.Command, b *butler.Butler, repo string, names []string) error {
	for _, name := range names {
		_, err := b.Registry.Collection(cmd.Context(), name)
		var missing *registry.NotFoundError
		if !errors.As(err, &missing) {
			if err != nil {
				return err
			}
			continue
		}
		e := &classError{class: "MissingCollectionError", reason: fmt.Sprintf("there is no collection %q", name), hint: "'" + a.command("query-collections", repo) + "' lists the collections"}
		all, err := b.Registry.Collections(cmd.Context())
		if err != nil {
			return err
		}
		var known []string
		for _, c := range all {
			known = append(known, c.Name)
		}
		if near := nearest(name, known); near != "" {
			e.hint = fmt.Sprintf("did you mean %s?", shellQuote(near))
		}
		return e
	}
	return nil
}
