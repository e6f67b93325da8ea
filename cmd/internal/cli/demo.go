package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"valet/cmd/internal/example"
	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// demoOptions are the flags of demo.
type demoOptions struct {
	keep string
}

func newDemoCommand(a *App) *cobra.Command {
	var o demoOptions
	cmd := &cobra.Command{
		Use:   "demo [--keep DIR]",
		Short: "Run the main job on a small example repository",
		Long: `Demo copies an embedded example repository of real data into a temporary directory (or DIR), runs the main job on it, the peak
memory of diaPipe:diaForcedSource.run for every visit and detector, prints the measurements and their distribution, and says
where everything is and what to type next. It needs no network.

One quantum of the example fails and some find no work, as in real life; that is no failure of the demo.`,
		Example: "  valet demo\n  valet demo --keep /data/example",
		Args:    argsBetween(0, 0, ""),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.runDemo(cmd.Context(), &o) },
	}
	cmd.Flags().StringVar(&o.keep, "keep", "", "make the repository in `DIR`, which must be new or empty, instead of a temporary directory")
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

// What the demo runs.
const (
	demoTask   = "memory_diaForcedSource"
	demoMetric = "metricvalue_ap_association_DiaForcedSourceMemory"
	demoInput  = "u/sci"
	demoOutput = "u/metrics"
)

func (a *App) runDemo(ctx context.Context, o *demoOptions) (err error) {
	dir, err := demoDir(o.keep)
	if err != nil {
		return err
	}
	if err := example.Extract(dir); err != nil {
		return err
	}
	repo, pipeline := filepath.Join(dir, example.Repository), filepath.Join(dir, example.Pipeline)
	run := &runOptions{inputOptions: inputOptions{
		repo: repo, pipeline: pipeline + "#" + demoTask, inputs: []string{demoInput}, output: demoOutput}, processes: 2, register: true}
	fmt.Fprintf(a.Stdout, "$ valet run -b %s -p %s#%s -i %s -o %s -j 2 --register-dataset-types\n",
		shellQuote(repo), shellQuote(pipeline), demoTask, demoInput, demoOutput)
	// The example holds a quantum that fails. What the run tells of it is part of the demo, not its end.
	var told *reportedError
	if err := a.runRun(ctx, run); err != nil && (!errors.As(err, &told) || told.code != ExitFailure) {
		return err
	}
	b, err := a.openButler(ctx, repo, true)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	found, err := readMeasurements(ctx, b, demoMetric, demoOutput)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &InternalError{Reason: "the demo measured nothing"}
	}
	return writeDemo(a.Stdout, found, dir)
}

// demoDir is the directory of the demo, made if it is new. One that holds something is refused: nothing is overwritten.
func demoDir(keep string) (string, error) {
	if keep == "" {
		return os.MkdirTemp("", "valet-demo-")
	}
	dir, err := filepath.Abs(keep)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return "", err
	}
	entries, err := os.ReadDir(dir)
	if err == nil && len(entries) > 0 {
		err = &UsageError{Command: "valet demo", Message: fmt.Sprintf("--keep: directory %s is not empty", dir), Advice: "name a new directory"}
	}
	return dir, err
}

// measurementAt is a measurement and its data ID.
type measurementAt struct {
	id dimension.DataID
	m  *metric.Measurement
}

// readMeasurements reads all measurements of a dataset type, sorted by data ID. The search ends before the first file is read.
func readMeasurements(ctx context.Context, b *butler.Butler, name, collection string) ([]measurementAt, error) {
	t, err := b.Registry.DatasetType(ctx, name)
	if err != nil {
		return nil, err
	}
	type row struct {
		id     dimension.DataID
		record dataset.FileRecord
	}
	var rows []row
	q := registry.Query{Dimensions: t.Dimensions, Sorted: true, Datasets: []registry.DatasetSearch{
		{Type: name, Collections: []string{collection}, Records: true, RecordTable: b.Store.Config.Table}}}
	for r, err := range b.Registry.Select(ctx, q) {
		if err != nil {
			return nil, err
		}
		// The record belongs to the row of the iteration, which is used again: it is copied, not pointed to.
		if record := r.Datasets[0].Record; record != nil {
			rows = append(rows, row{r.DataID, *record})
		}
	}
	var list []measurementAt
	for _, r := range rows {
		text, err := b.Store.Read(&r.record)
		if err != nil {
			return nil, err
		}
		m, err := metric.ParseMeasurement(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.record.Path, err)
		}
		list = append(list, measurementAt{r.id, m})
	}
	return list, nil
}

// writeDemo prints the measurements, their distribution, and what to do next.
func writeDemo(w io.Writer, found []measurementAt, dir string) error {
	columns := append([]ui.Column{{Name: "metric", Left: true}}, ui.DataIDColumns(found[0].id.Group())...)
	columns = append(columns, ui.Column{Name: "value"}, ui.Column{Name: "unit", Left: true})
	table := ui.NewTable("", columns...)
	var values []float64
	for _, f := range found {
		if f.m.Quantity == nil {
			continue
		}
		row := []string{f.m.Metric}
		for _, v := range f.id.Values() {
			row = append(row, v.Text())
		}
		table.Add(append(row, string(metric.AppendFloatRepr(nil, f.m.Quantity.Value)), f.m.Quantity.Unit.String())...)
		if q, err := f.m.Quantity.In(metric.Mibyte); err == nil {
			values = append(values, q.Value)
		}
	}
	fmt.Fprintln(w)
	if _, err := table.WriteTo(w); err != nil {
		return err
	}
	if len(values) > 0 {
		fmt.Fprintf(w, "\n%d measurements, median %.2f Mibyte:\n", len(values), median(values))
		if err := ui.Histogram(w, values, "Mibyte", 8, 40); err != nil {
			return err
		}
	}
	repo := shellQuote(filepath.Join(dir, example.Repository))
	_, err := fmt.Fprintf(w, `
The repository is %s. What next:
  valet graph -b %s -p %s -i %s -o %s
  valet run -b %s -p %s -i %s -o %s --register-dataset-types
  rm -r %s
`, repo, repo, shellQuote(filepath.Join(dir, example.Pipeline)), demoInput, demoOutput,
		repo, shellQuote(filepath.Join(dir, example.Pipeline)), demoInput, demoOutput, shellQuote(dir))
	return err
}

// median of at least one value.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
