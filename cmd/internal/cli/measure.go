package cli

import (
	"context"

	"github.com/spf13/cobra"
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

func (a *App) runMeasure(ctx context.Context, cmd *cobra.Command, o *measureOptions, files []string) error {
	return errNotBuilt("measure")
}
