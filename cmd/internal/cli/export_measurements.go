package cli

import (
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
)

func newExportMeasurementsCommand(a *App) *cobra.Command {
	var o measurementsOptions
	cmd := &cobra.Command{
		Use:   "export-measurements REPO [METRIC-GLOB..] --out FILE.(parquet|csv|jsonl|json) [OPTIONS]",
		Short: "Write all measurements to one file",
		Long: `Export-measurements writes the measurements of all collections, or of those given, to one file: metric, value, unit, a column for each dimension, run, dataset ID
and notes. The format is that of the file's name unless --format says otherwise. With --collections the first collection with a data ID
counts, unless --all asks for every match. 'valet export REPO --out FILE' is the same.`,
		Example: `  valet export-measurements REPO --out measurements.parquet
  valet export-measurements REPO 'ap_association.*' --collections u/metrics --unit MiB --where "unit = 'Mibyte'" --out memory.csv`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.runExportMeasurements(cmd, &o, args) },
	}
	cmd.Flags().SortFlags = false
	o.AddFlags(cmd.Flags())
	for _, name := range []string{"stats", "group-by", "style", "kind", "data-id-keys"} {
		cmd.Flags().Lookup(name).Hidden = true
	}
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain, ExitInterrupted)
	return cmd
}

func (a *App) runExportMeasurements(cmd *cobra.Command, o *measurementsOptions, args []string) error {
	if o.listing.out == "" {
		return usagef(cmd, "no file: give --out FILE")
	}
	if !cmd.Flags().Changed("format") {
		format, err := ui.ParseFormat(strings.TrimPrefix(filepath.Ext(o.listing.out), "."))
		if err != nil || format == ui.TableFormat {
			return usagef(cmd, "--out %s: the name tells no format; end it with .parquet, .csv, .jsonl or .json, or give --format", o.listing.out)
		}
		o.listing.format = string(format)
	}
	if len(o.collections) == 0 {
		o.collections, o.all = []string{"*"}, true
	}
	return a.runMeasurements(cmd, o, args)
}
