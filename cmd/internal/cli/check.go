package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum/values"
	"valet/registry"
	"valet/tasks/metric"
)

// checkOptions are the flags of check.
type checkOptions struct {
	repositoryOption
	specs       string
	names       []string
	tags        []string
	metricTags  []string
	metadata    []string
	collections []string
	where       string
	binds       []string
	failedOnly  bool
	junit       string
	noStore     bool
	listing     outputOptions
}

// AddFlags declares the flags.
func (o *checkOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.specs, "specs", "", "`DIR` of a package like verify_metrics: specs/<package>/**.yaml, and metrics/<package>.yaml if there are definitions")
	f.Var(listValue{&o.collections, "COLL[,COLL..]"}, "collections", "collections to search in order; the first with a data ID counts")
	f.StringVar(&o.where, "where", "", "only measurements that satisfy the `EXPRESSION`, which may name value, unit and metric too")
	f.StringArrayVar(&o.binds, "bind", nil, "`NAME=JSON` gives the value of :NAME in the expression; may be repeated")
	f.Var(listValue{&o.names, "GLOB[,GLOB..]"}, "spec", "only specifications whose package.metric.spec matches, such as '*.design'")
	f.Var(listValue{&o.tags, "TAG[,TAG..]"}, "tags", "only specifications with all these tags")
	f.Var(listValue{&o.metricTags, "TAG[,TAG..]"}, "metric-tags", "only metrics whose definition has all these tags")
	f.StringArrayVar(&o.metadata, "metadata", nil, "`KEY=VALUE` that metadata queries find beside the data ID, filter and notes; may be repeated")
	f.BoolVar(&o.failedOnly, "failed", false, "only tests that did not pass")
	f.StringVar(&o.junit, "junit", "", "also write the results to `FILE` as JUnit XML")
	f.BoolVar(&o.noStore, "no-store", false, "write nothing to the repository, so that what is read is read again next time")
	o.repositoryOption.AddFlags(f)
	o.listing.AddFlags(f)
}

func newCheckCommand(a *App) *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use:   "check REPO --specs DIR --collections C[,C..] [OPTIONS]",
		Short: "Check stored measurements against specifications",
		Long: `Check compares every measurement with the specifications of its metric: YAML files as in verify_metrics, with thresholds, operators, units,
tags, metadata queries, and inheritance from bases and partials. A metadata query is compared with the data ID (all dimensions), with
filter (the physical filter), the measurement's notes, and what --metadata gives.

A test passes, fails, is not measured (NaN or no value), or is an error (units that do not convert). The exit code is 1 if a test failed
or is an error, if a measurement cannot be read, if a specification file is wrong, and if nothing was tested.`,
		Example: `  valet check REPO --specs verify_metrics --collections u/metrics
  valet check REPO --specs verify_metrics --collections u/metrics --spec '*.design' --junit check.xml --failed`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runCheck(cmd, &o, args) },
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) runCheck(cmd *cobra.Command, o *checkOptions, args []string) error {
	repo, _, err := o.take(cmd, args, 0, 0, "REPO")
	if err != nil {
		return err
	}
	if _, err := o.listing.check(cmd); err != nil {
		return err
	}
	switch {
	case o.specs == "":
		return usagef(cmd, "no specifications: give --specs DIR")
	case len(o.collections) == 0:
		return usagef(cmd, "no collections: give --collections COLL[,COLL..]")
	}
	c := &checking{app: a, cmd: cmd, options: o, given: map[string]metric.Value{}}
	for _, text := range o.metadata {
		key, value, ok := strings.Cut(text, "=")
		if !ok || key == "" {
			return usagef(cmd, "--metadata: %q is not KEY=VALUE", text)
		}
		c.given[key] = metadataValue(value)
	}
	condition := conditionOptions{where: o.where, binds: o.binds}
	where, binds, err := condition.read(cmd)
	if err != nil {
		return err
	}
	if err := c.load(); err != nil {
		return err
	}
	q := values.Query{Collections: o.collections, Where: where, Binds: binds}
	return a.withIndex(cmd.Context(), repo, !o.noStore, func(b *butler.Butler, x *values.Index) error {
		return c.run(cmd.Context(), b, x, q)
	})
}

// metadataValue is a number if it is written as one, else text.
func metadataValue(text string) metric.Value {
	var n json.Number
	if err := json.Unmarshal([]byte(text), &n); err == nil && !strings.HasPrefix(text, `"`) {
		if i, err := n.Int64(); err == nil {
			return i
		}
		if f, err := n.Float64(); err == nil {
			return f
		}
	}
	return text
}

// checking is one execution of check.
type checking struct {
	app     *App
	cmd     *cobra.Command
	options *checkOptions
	given   map[string]metric.Value
	specs   []*metric.Specification
	// byMetric are the chosen specifications; definitions are by package.metric.
	byMetric    map[string][]*metric.Specification
	definitions map[string]*metric.Definition
	set         *values.Set
	results     []checkResult
	counts      [len(statusNames)]int
}

// checkStatus is how a test ended.
type checkStatus uint8

const (
	passed checkStatus = iota
	failed
	notMeasured
	checkError
)

var statusNames = [...]string{"pass", "fail", "not measured", "error"}

func (s checkStatus) String() string { return statusNames[s] }

// checkResult is a test of a measurement of the Set.
type checkResult struct {
	spec   *metric.Specification
	at     int
	status checkStatus
	err    error
}

// load reads the specifications and chooses among them. What is wrong in them is told of, each with its place.
func (c *checking) load() error {
	if info, err := os.Stat(c.options.specs); err != nil || !info.IsDir() {
		return &classError{class: "FileNotFoundError", reason: fmt.Sprintf("there is no directory %s", c.options.specs), hint: (&metric.NoSpecificationsError{}).Hint()}
	}
	fsys := os.DirFS(c.options.specs)
	all, problems, err := metric.LoadSpecifications(fsys, c.options.specs)
	if err != nil {
		return err
	}
	definitions, wrong, err := metric.LoadDefinitions(fsys, c.options.specs)
	if err != nil {
		return err
	}
	if problems = append(problems, wrong...); len(problems) > 0 {
		for i, p := range problems {
			if i == maxFaults {
				fmt.Fprintf(c.app.Stderr, "error: %d more problems\n", len(problems)-i)
				break
			}
			c.app.printError(p)
		}
		return &reportedError{ExitFailure}
	}
	c.definitions = map[string]*metric.Definition{}
	for _, d := range definitions {
		c.definitions[d.Name.String()] = d
	}
	c.byMetric = map[string][]*metric.Specification{}
	for _, s := range all.All() {
		d := c.definitions[s.Name.MetricName()]
		switch {
		case len(c.options.names) > 0 && !registry.MatchAny(c.options.names, s.Name.String()) && !registry.MatchAny(c.options.names, s.Name.Spec):
		case !s.HasTags(c.options.tags):
		case len(c.options.metricTags) > 0 && (d == nil || !d.HasTags(c.options.metricTags)):
		default:
			c.lint(s, d)
			c.specs = append(c.specs, s)
			c.byMetric[s.Name.MetricName()] = append(c.byMetric[s.Name.MetricName()], s)
		}
	}
	if len(c.specs) == 0 {
		return &classError{reason: fmt.Sprintf("none of the %d specifications in %s is chosen", all.Len(), c.options.specs), hint: "check --spec, --tags and --metric-tags"}
	}
	return nil
}

// lint warns of a specification that does not fit the definitions.
func (c *checking) lint(s *metric.Specification, d *metric.Definition) {
	log := c.app.Log("specifications")
	switch {
	case len(c.definitions) > 0 && d == nil:
		log.Warn().Msgf("%s:%d: %s is of a metric that has no definition", s.File, s.Line, s.Name)
	case d != nil && !d.Unit.Compatible(s.Threshold.Unit):
		log.Warn().Msgf("%s:%d: %s is in %q, but the metric is defined in %q", s.File, s.Line, s.Name, s.Threshold.Unit, d.Unit)
	}
}

// run tests what is measured.
func (c *checking) run(ctx context.Context, b *butler.Butler, x *values.Index, q values.Query) (err error) {
	if c.set, err = x.Measurements(ctx, q); err != nil {
		return metricError(err)
	}
	c.app.reportFaults(c.set.Faults)
	c.test()
	if err := c.write(b.Registry.Universe()); err != nil {
		return err
	}
	if c.options.junit != "" {
		if err := ui.WriteFile(c.options.junit, c.app.Stdout, func(w io.Writer) error { return c.writeJUnit(w) }); err != nil {
			return fmt.Errorf("write %s: %w", c.options.junit, err)
		}
	}
	unmeasured := 0
	tested := map[*metric.Specification]bool{}
	for i := range c.results {
		tested[c.results[i].spec] = true
	}
	for _, s := range c.specs {
		if !tested[s] {
			unmeasured++
		}
	}
	if len(c.results) == 0 {
		return c.nothing()
	}
	fmt.Fprintf(c.app.Stderr, "%d specifications, %d tests: %d passed, %d failed, %d not measured, %d errors; %d specifications apply to no measurement\n",
		len(c.specs), len(c.results), c.counts[passed], c.counts[failed], c.counts[notMeasured], c.counts[checkError], unmeasured)
	if c.counts[failed]+c.counts[checkError]+len(c.set.Faults) > 0 {
		return &reportedError{ExitFailure}
	}
	return nil
}

// nothing is the error of a check that tested nothing.
func (c *checking) nothing() error {
	if c.set.Len() == 0 {
		return &noMeasurementsError{c.options.collections, c.set.Why}
	}
	e := &classError{reason: fmt.Sprintf("none of %d specifications applies to any of %d measurements", len(c.specs), c.set.Len()),
		hint: "the metrics of the specifications are not measured, or their metadata queries do not match: give --metadata KEY=VALUE for what they ask"}
	for i := range c.set.Len() {
		if len(c.byMetric[c.set.Metric(i)]) > 0 {
			return e
		}
	}
	e.hint = fmt.Sprintf("no metric of the specifications is measured; one that is measured is %s, one that is specified is %s", c.set.Metric(0), c.specs[0].Name.MetricName())
	return e
}

// test tests all measurements against the specifications of their metrics that apply.
func (c *checking) test() {
	for i, m := range c.set.All() {
		of := c.byMetric[m.Metric]
		if len(of) == 0 {
			continue
		}
		look := c.metadata(&m)
		for _, s := range of {
			if !s.Applies(look) {
				continue
			}
			r := checkResult{spec: s, at: i}
			switch ok, err := s.Check(metric.Q(m.Value, m.Unit)); {
			case !m.HasValue || m.Value != m.Value:
				r.status = notMeasured
			case err != nil:
				r.status, r.err = checkError, err
			case !ok:
				r.status = failed
			}
			c.counts[r.status]++
			c.results = append(c.results, r)
		}
	}
}

// metadata is what metadata queries of a measurement find: --metadata, the data ID, filter, what gen3_to_job adds, and notes.
func (c *checking) metadata(m *values.Measured) func(key string) (metric.Value, bool) {
	var notes map[string]any
	return func(key string) (metric.Value, bool) {
		if v, ok := c.given[key]; ok {
			return v, true
		}
		if v := m.Dataset.DataID.Get(key); !v.IsZero() {
			return v.Any(), true
		}
		switch key {
		case "filter":
			return filterOf(m.Dataset.DataID)
		case "butler_generation":
			return "Gen3", true
		}
		if !strings.Contains(key, ".") {
			return nil, false
		}
		if notes == nil {
			if err := json.Unmarshal([]byte(m.Notes), &notes); err != nil {
				notes = map[string]any{}
			}
		}
		v, ok := notes[key]
		return v, ok
	}
}
