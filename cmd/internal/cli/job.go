package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum/values"
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// jobOptions are the flags of job.
type jobOptions struct {
	repositoryOption
	collections []string
	where       string
	binds       []string
	pkg         string
	spec        string
	datasetName string
	definitions string
	dir         string
	format      string
}

// AddFlags declares the flags.
func (o *jobOptions) AddFlags(f *pflag.FlagSet) {
	f.Var(listValue{&o.collections, "COLL[,COLL..]"}, "collections", "collections to search in order; the first with a data ID counts")
	f.StringVar(&o.where, "where", "", "only measurements that satisfy the `EXPRESSION`, which may name value, unit and metric too")
	f.StringArrayVar(&o.binds, "bind", nil, "`NAME=JSON` gives the value of :NAME in the expression; may be repeated")
	f.StringVar(&o.pkg, "metrics-package", "", "only metrics of `PACKAGE`")
	f.StringVar(&o.spec, "spec", "design", "`NAME` of the level of specifications that file names show")
	f.StringVar(&o.datasetName, "dataset-name", "", "`NAME` of the data for the key ci_dataset")
	f.StringVar(&o.definitions, "specs", "", "`DIR` of a package like verify_metrics, whose metric definitions go into the files")
	f.StringVar(&o.dir, "out", ".", "`DIR` for the files, made if it is new")
	f.StringVar(&o.format, "format", string(ui.TableFormat), "`FORMAT` of the list of files: table, json, jsonl or csv")
	o.repositoryOption.AddFlags(f)
}

func newJobCommand(a *App) *cobra.Command {
	var o jobOptions
	cmd := &cobra.Command{
		Use:   "job REPO [METRIC-GLOB..] --collections C[,C..] [--out DIR] [OPTIONS]",
		Short: "Write lsst.verify Job files of stored measurements",
		Long: `Job writes a JSON file of the kind that lsst.verify.Job reads for each data ID, named and filled as gen3_to_job does:
<package or all>_<spec>_<data ID>_<run>.verify.json, with measurements, blobs, and in meta the data ID, filter and notes. Metric definitions
are not needed; --specs adds them. It prints the files that it wrote.`,
		Example: `  valet job REPO --collections u/metrics --out jobs
  valet job REPO --collections u/metrics --metrics-package ap_association --dataset-name ci_hits2015 --out jobs`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runJob(cmd, &o, args) },
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) runJob(cmd *cobra.Command, o *jobOptions, args []string) error {
	repo, globs, err := o.take(cmd, args, 0, -1, "")
	if err != nil {
		return err
	}
	listing := outputOptions{format: o.format}
	if _, err := listing.check(cmd); err != nil {
		return err
	}
	if len(o.collections) == 0 {
		return usagef(cmd, "no collections: give --collections COLL[,COLL..]")
	}
	if strings.ContainsAny(o.spec+o.pkg, "/\x00") {
		return usagef(cmd, "--spec and --metrics-package are part of file names: no slash is allowed")
	}
	condition := conditionOptions{where: o.where, binds: o.binds}
	where, binds, err := condition.read(cmd)
	if err != nil {
		return err
	}
	w := &jobWriter{app: a, options: o, taken: map[string]bool{}, filters: map[string]string{}}
	if err := w.loadDefinitions(); err != nil {
		return err
	}
	q := values.Query{Metrics: splitCommas(globs), Collections: o.collections, Where: where, Binds: binds}
	if o.pkg != "" && len(q.Metrics) == 0 {
		q.Metrics = []string{o.pkg + ".*"}
	}
	ctx := cmd.Context()
	return a.withIndex(ctx, repo, true, func(b *butler.Butler, x *values.Index) error {
		s, err := x.Measurements(ctx, q)
		if err != nil {
			return metricError(err)
		}
		a.reportFaults(s.Faults)
		w.faults = len(s.Faults)
		if s.Len() == 0 {
			if w.faults > 0 {
				return &reportedError{ExitFailure}
			}
			return &noMeasurementsError{o.collections, s.Why}
		}
		if err := os.MkdirAll(o.dir, 0o777); err != nil {
			return err
		}
		columns := []ui.Column{{Name: "file", Kind: ui.Text, Left: true}, {Name: "measurements", Kind: ui.Int}}
		err = a.writeRows(cmd, &listing, "", columns, func(out ui.Rows) error { return w.writeAll(ctx, b, x, s, out) })
		if err == nil && w.faults > 0 {
			err = &reportedError{ExitFailure}
		}
		return err
	})
}

// jobWriter writes the files of one execution of job.
type jobWriter struct {
	app         *App
	options     *jobOptions
	definitions []*metric.Definition
	taken       map[string]bool
	filters     map[string]string
	faults      int
}

func (w *jobWriter) loadDefinitions() error {
	if w.options.definitions == "" {
		return nil
	}
	all, problems, err := metric.LoadDefinitions(os.DirFS(w.options.definitions), w.options.definitions)
	if err != nil {
		return err
	}
	if len(problems) > 0 {
		return errors.Join(problems...)
	}
	for _, d := range all {
		if w.options.pkg == "" || d.Name.Package == w.options.pkg {
			w.definitions = append(w.definitions, d)
		}
	}
	return nil
}

// writeAll writes a file for each data ID, in order of the first measurement.
func (w *jobWriter) writeAll(ctx context.Context, b *butler.Butler, x *values.Index, s *values.Set, out ui.Rows) error {
	// Rows are gathered by data ID: the measurements of one come one after the other, by metric.
	byID := map[string][]int{}
	var order []string
	for i, m := range s.All() {
		if m.Dataset.Type.StorageClass != values.StorageClass {
			continue // bundles have neither notes nor blobs
		}
		key := strings.Join(m.Dataset.DataID.Group().RequiredNames(), ",") + "\x00" + m.Dataset.DataID.Key()
		if byID[key] == nil {
			order = append(order, key)
		}
		byID[key] = append(byID[key], i)
	}
	var places []int
	ends := map[int]bool{}
	for _, key := range order {
		rows := byID[key]
		slices.SortStableFunc(rows, func(a, b int) int { return strings.Compare(s.Metric(a), s.Metric(b)) })
		places = append(places, rows...)
		ends[rows[len(rows)-1]] = true
	}
	j := job{definitions: w.definitions}
	return x.Files(ctx, s, places, func(i int, m *metric.Measurement, err error) error {
		at := s.At(i)
		if err != nil {
			w.app.reportFaults([]values.Fault{{Dataset: at.Dataset, Err: err}})
			w.faults++
		} else {
			j.add(m)
		}
		if !ends[i] {
			return nil
		}
		if len(j.measurements) > 0 {
			if j.meta, err = w.meta(ctx, b, at.Dataset.DataID); err != nil {
				return err
			}
			name := w.name(&at)
			err := ui.WriteFile(filepath.Join(w.options.dir, name), io.Discard, func(f io.Writer) error {
				_, err := f.Write(j.append(nil))
				return err
			})
			if err != nil {
				return fmt.Errorf("write %s: %w", name, err)
			}
			if err := out.Row(ui.TextCell(filepath.Join(w.options.dir, name)), ui.IntCell(int64(len(j.measurements)))); err != nil {
				return err
			}
		}
		j = job{definitions: w.definitions}
		return nil
	})
}

// name is the name of the file of a data ID: values of required dimensions in order of their names, then the run.
func (w *jobWriter) name(m *values.Measured) string {
	id := m.Dataset.DataID
	names := slices.Sorted(slices.Values(id.Group().RequiredNames()))
	pkg := w.options.pkg
	if pkg == "" {
		pkg = "all"
	}
	parts := []string{pkg, w.options.spec}
	for _, n := range names {
		parts = append(parts, id.Get(n).Text())
	}
	parts = append(parts, m.Dataset.Run)
	base := strings.NewReplacer("/", "_", "\x00", "_").Replace(strings.Join(parts, "_"))
	name := base
	// Data IDs of different dimensions may have the same values.
	for n := 2; w.taken[name]; n++ {
		name = fmt.Sprintf("%s_%d", base, n)
	}
	w.taken[name] = true
	return name + ".verify.json"
}

// meta is what the file says of the data ID.
func (w *jobWriter) meta(ctx context.Context, b *butler.Butler, id dimension.DataID) (map[string]any, error) {
	meta := map[string]any{"butler_generation": "Gen3"}
	if w.options.datasetName != "" {
		meta["ci_dataset"] = w.options.datasetName
	}
	for i, v := range id.Values() {
		if !v.IsZero() {
			meta[id.Group().Dimensions()[i].Name] = v.Any()
		}
	}
	filter, ok := filterOf(id)
	if !ok {
		name, err := w.shortestFilter(ctx, b, id)
		if err != nil {
			return nil, err
		}
		filter, ok = name, name != ""
	}
	if ok {
		meta["filter"] = filter
	}
	return meta, nil
}
