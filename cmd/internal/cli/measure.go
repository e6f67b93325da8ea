package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"valet/tasks"
	"valet/tasks/metadata"
	"valet/tasks/metric"
)

// measureOptions are the flags of measure.
type measureOptions struct {
	task       string
	config     []string
	configJSON string
	format     string
}

func newMeasureCommand(a *App) *cobra.Command {
	var o measureOptions
	cmd := &cobra.Command{
		Use:   "measure -t CLASS (-c FIELD=VALUE.. | --config-json JSON) METADATA.json [END_METADATA.json]",
		Short: "Run one metric task on one metadata file, without a repository",
		Long: `Measure runs one metric task on a task metadata file and prints the measurement. PipelineTimingMetricTask takes two files, that
of the first task and that of the last. A file named - is standard input.

The outcome is measurement, no_work, error or config_error. With --format yaml the exact measurement file is printed.`,
		Example: `  valet measure -t MemoryMetricTask -c connections.package=ap_association -c connections.metric=DiaForcedSourceMemory \
      -c connections.labelName=diaPipe -c target=diaPipe:diaForcedSource.run diaPipe_metadata.json
  valet measure -t TimingMetricTask --config-json '{"connections":{"package":"ip_isr","metric":"IsrTime"},"target":"isr.run"}' \
      --format yaml isr_metadata.json`,
		Args: argsBetween(1, 2, "METADATA.json [END_METADATA.json]"),
		RunE: func(cmd *cobra.Command, args []string) error { return a.runMeasure(cmd.Context(), cmd, &o, args) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVarP(&o.task, "task", "t", "", "task `CLASS`, full or short name")
	f.StringArrayVarP(&o.config, "config", "c", nil, "set a config field, `FIELD=VALUE`; may be repeated")
	f.StringVar(&o.configJSON, "config-json", "", "the whole config as one `JSON` object")
	f.StringVar(&o.format, "format", "table", "output `FORMAT`: table, json, jsonl or yaml")
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitTryAgain)
	return cmd
}

// The outcomes of measure.
const (
	measured    = "measurement"
	noWork      = "no_work"
	taskError   = "error"
	configError = "config_error"
)

// badConfigError is a config that the task refuses. Exit code 2.
type badConfigError struct{ error }

// ExitCode is 2.
func (e badConfigError) ExitCode() int { return ExitUsage }

func (e badConfigError) Unwrap() error { return e.error }

func (a *App) runMeasure(ctx context.Context, cmd *cobra.Command, o *measureOptions, files []string) error {
	write, ok := map[string]func(*measureResult, io.Writer) error{
		"table": (*measureResult).writeTable, "json": (*measureResult).writeJSON, "jsonl": (*measureResult).writeJSON, "yaml": (*measureResult).writeYAML,
	}[strings.ToLower(o.format)]
	switch {
	case !ok:
		return usagef(cmd, "--format: %q is none of table, json, jsonl, yaml", o.format)
	case o.task == "":
		return usagef(cmd, "no task: give -t CLASS")
	case len(o.config) > 0 && o.configJSON != "":
		return usagef(cmd, "-c and --config-json exclude each other")
	}
	class, err := a.Tasks.Find(o.task)
	if err != nil {
		return badConfigError{err}
	}
	result := &measureResult{}
	config, connections, err := o.configure(cmd, class)
	var usage *UsageError
	switch {
	case errors.As(err, &usage):
		return err
	case err != nil:
		result.outcome, result.err = configError, badConfigError{err}
	default:
		if len(files) != len(connections.Inputs) {
			return usagef(cmd, "%s takes %d metadata files, %d given", class.ShortName(), len(connections.Inputs), len(files))
		}
		in := tasks.Inputs{}
		texts := make([]*metadata.Document, len(files))
		for i, file := range files {
			text, err := a.readInput(file)
			if err != nil {
				return err
			}
			texts[i] = metadata.NewDocument(text)
			in[connections.Inputs[i].Name] = texts[i]
		}
		result.run(ctx, class, config, connections, in, files, texts)
	}
	if err := write(result, a.Stdout); err != nil {
		return err
	}
	return result.err
}

// readInput reads a whole file, or standard input for -.
func (a *App) readInput(file string) ([]byte, error) {
	if file == "-" {
		return io.ReadAll(a.Stdin)
	}
	return os.ReadFile(file)
}

// configure makes the config of a class from the flags and derives its connections. Flags that cannot be read give a *UsageError.
func (o *measureOptions) configure(cmd *cobra.Command, class *tasks.Class) (*tasks.Config, *tasks.Connections, error) {
	config := tasks.NewConfig(class.Config)
	for _, text := range o.config {
		field, value, ok := strings.Cut(text, "=")
		if !ok || field == "" {
			return nil, nil, usagef(cmd, "-c: %q is not of the form FIELD=VALUE", text)
		}
		if err := config.SetText(field, value); err != nil {
			return nil, nil, err
		}
	}
	if o.configJSON != "" {
		pairs, err := configPairs(o.configJSON)
		if err != nil {
			return nil, nil, usagef(cmd, "--config-json: %v", err)
		}
		for _, p := range pairs {
			if err := config.Set(p.field, p.value); err != nil {
				return nil, nil, err
			}
		}
	}
	if err := config.Validate(); err != nil {
		return nil, nil, err
	}
	connections, err := class.Connect(config)
	return config, connections, err
}

// measureResult is what became of a measurement.
type measureResult struct {
	outcome     string
	measurement *metric.Measurement
	// err is why there is no measurement, for outcomes that are failures; reason is that of no_work.
	err, reason error
}

// run runs the task on files that are read. All are checked first, as Butler reads all inputs before a task sees one.
func (r *measureResult) run(ctx context.Context, class *tasks.Class, config *tasks.Config, connections *tasks.Connections, in tasks.Inputs, files []string, texts []*metadata.Document) {
	for i, text := range texts {
		if err := text.Check(); err != nil {
			r.outcome, r.err = taskError, fmt.Errorf("%s: %w", files[i], err)
			return
		}
	}
	task, err := class.New(config)
	if err != nil {
		r.outcome, r.err = configError, badConfigError{err}
		return
	}
	out, err := task.Run(ctx, in)
	var none *tasks.NoWorkError
	switch {
	case errors.As(err, &none):
		r.outcome, r.reason = noWork, none
	case err != nil:
		r.outcome, r.err = taskError, err
	default:
		for _, c := range connections.Outputs {
			if m, ok := out[c.Name].(*metric.Measurement); ok {
				r.outcome, r.measurement = measured, m
				return
			}
		}
		r.outcome, r.reason = noWork, &tasks.NoWorkError{Message: "the task measured nothing"}
	}
}
