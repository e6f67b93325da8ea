package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"valet/cmd/internal/ui"
)

// outputOptions are the flags of every command that lists something.
type outputOptions struct {
	format string
	out    string
}

// AddFlags declares the flags.
func (o *outputOptions) AddFlags(f *pflag.FlagSet) {
	f.StringVar(&o.format, "format", string(ui.TableFormat), "output `FORMAT`: table, json, jsonl, csv or parquet")
	f.StringVar(&o.out, "out", "", "write to `FILE`, which appears when it is complete")
}

// check reads the format. Errors are *UsageError.
func (o *outputOptions) check(cmd *cobra.Command) (ui.Format, error) {
	format, err := ui.ParseFormat(o.format)
	switch {
	case err != nil:
		return "", usagef(cmd, "--format: %v", err)
	case format == ui.ParquetFormat && o.out == "":
		return "", usagef(cmd, "--format parquet needs --out FILE")
	}
	return format, nil
}

// writeRows writes rows of the columns to stdout or --out: fill gives them. null is how tables show a null.
func (a *App) writeRows(cmd *cobra.Command, o *outputOptions, null string, columns []ui.Column, fill func(rows ui.Rows) error) error {
	format, err := o.check(cmd)
	if err != nil {
		return err
	}
	err = ui.WriteFile(o.out, a.Stdout, func(w io.Writer) error {
		rows, err := ui.NewRows(w, format, null, columns)
		if err != nil {
			return err
		}
		if err := fill(rows); err != nil {
			return err
		}
		return rows.Close()
	})
	if err != nil && o.out != "" {
		return fmt.Errorf("write %s: %w", o.out, err)
	}
	return err
}
