package cli

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// logOptions are the flags of log.
type logOptions struct {
	repositoryOption
	format, out string
	all         bool
}

func newLogCommand(a *App) *cobra.Command {
	var o logOptions
	cmd := &cobra.Command{
		Use:   "log REPO RUN TASK DIMENSION=VALUE.. [OPTIONS]",
		Short: "Print the log of a quantum",
		Long: `Log prints what the newest attempt at a quantum logged, a record a line; with --all what the attempts before it in the run logged comes first.

With --format json or jsonl a record has the names that it has in the dataset, and the number of its attempt.`,
		Example: `  valet log REPO u/metrics memory_diaForcedSource visit=42 detector=3
  valet log REPO u/metrics memory_diaForcedSource visit=42 detector=3 --all --format jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 2, -1, "RUN TASK DIMENSION=VALUE..")
			if err != nil {
				return err
			}
			if o.format != "text" {
				if format, err := ui.ParseFormat(o.format); err != nil || format != ui.JSONFormat && format != ui.JSONLFormat {
					return usagef(cmd, "--format: %q is none of text, json, jsonl", o.format)
				}
			}
			q, err := parseQuantum(cmd, rest[1:])
			if err != nil {
				return err
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error {
				r, err := a.findRun(cmd.Context(), b, repo, rest[0])
				if err != nil {
					return err
				}
				return a.runLog(cmd, &o, r, q)
			})
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&o.all, "all", false, "earlier attempts first")
	cmd.Flags().StringVar(&o.format, "format", "text", "output `FORMAT`: text, json or jsonl")
	cmd.Flags().StringVar(&o.out, "out", "", "write to `FILE`, which appears when it is complete")
	o.repositoryOption.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) runLog(cmd *cobra.Command, o *logOptions, r *recordedRun, q *quantumArgument) error {
	ctx := cmd.Context()
	id, err := r.dataID(ctx, q)
	if err != nil {
		return err
	}
	text, err := r.readLog(ctx, q.label, id)
	if err != nil {
		return err
	}
	if text == nil {
		return &classError{class: "DatasetNotFoundError", reason: fmt.Sprintf("run %s has no log of %s %s", r.name, q.label, dataIDWords(id)),
			hint: "what became of it: " + a.command("why", r.repo, r.name, q.label) + " " + dataIDWords(id)}
	}
	log, err := formatter.ParseLog(text)
	if err != nil {
		return err
	}
	attempts, err := log.EarlierAttempts()
	if err != nil {
		return err
	}
	first := 0
	if !o.all {
		first = len(attempts) - 1
	}
	return ui.WriteFile(o.out, a.Stdout, func(w io.Writer) error {
		if o.format == "text" {
			return writeLogText(w, attempts, first)
		}
		format, _ := ui.ParseFormat(o.format)
		return writeLogRows(w, format, attempts, first)
	})
}

// readLog is the file with the log of a quantum, nil if there is none.
func (r *recordedRun) readLog(ctx context.Context, label string, id dimension.DataID) ([]byte, error) {
	ref, err := r.findOutput(ctx, label+"_log", id, r.name)
	if err != nil || ref == nil {
		return nil, err
	}
	for _, s := range r.Store.Files() {
		records, err := r.Registry.Records(ctx, s.Config.Name, s.Config.Table, []dataset.ID{ref.ID})
		if err != nil {
			return nil, err
		}
		if len(records) == 1 {
			text, err := s.Read(&records[0])
			if text == nil && err == nil {
				text = []byte{}
			}
			return text, err
		}
	}
	return nil, nil
}

// writeLogText writes a record a line; further lines of a message are indented.
func writeLogText(w io.Writer, attempts []formatter.Attempt, first int) error {
	out := bufio.NewWriter(w)
	for i := first; i < len(attempts); i++ {
		if len(attempts)-first > 1 {
			fmt.Fprintf(out, "--- attempt %d of %d\n", i+1, len(attempts))
		}
		for _, rec := range attempts[i].Logs {
			fmt.Fprintf(out, "%s %-7s %s: %s\n", rec.Time.UTC().Format("2006-01-02T15:04:05.000000Z"), ui.OneLine(rec.LevelName), ui.OneLine(rec.Name), textLines(rec.Message))
			if rec.ExcInfo != nil {
				fmt.Fprintf(out, "    %s\n", textLines(*rec.ExcInfo))
			}
		}
	}
	return out.Flush()
}

// textLines indents the lines of a text behind the first, and shows control characters as escapes.
func textLines(s string) string {
	var out []byte
	for i, line := range strings.Split(strings.TrimRight(s, "\n"), "\n") {
		if i > 0 {
			out = append(out, "\n    "...)
		}
		out = append(out, ui.OneLine(line)...)
	}
	return string(out)
}

// logColumns are the fields of a record as the dataset has them.
var logColumns = []ui.Column{{Name: "attempt", Kind: ui.Int}, {Name: "name", Kind: ui.Text}, {Name: "asctime", Kind: ui.Time}, {Name: "message", Kind: ui.Text}, {Name: "levelno", Kind: ui.Int},
	{Name: "levelname", Kind: ui.Text}, {Name: "filename", Kind: ui.Text}, {Name: "pathname", Kind: ui.Text}, {Name: "lineno", Kind: ui.Int}, {Name: "funcName", Kind: ui.Text},
	{Name: "process", Kind: ui.Int}, {Name: "processName", Kind: ui.Text}, {Name: "exc_info", Kind: ui.Text}, {Name: "MDC", Kind: ui.JSON}}

func writeLogRows(w io.Writer, format ui.Format, attempts []formatter.Attempt, first int) error {
	rows, err := ui.NewRows(w, format, "", logColumns)
	if err != nil {
		return err
	}
	for i := first; i < len(attempts); i++ {
		for _, rec := range attempts[i].Logs {
			optional := func(s *string) ui.Cell {
				if s == nil {
					return ui.Absent
				}
				return ui.TextCell(*s)
			}
			names, values := make([]ui.Column, len(rec.MDC)), make([]ui.Cell, len(rec.MDC))
			for k, v := range rec.MDC {
				names[k], values[k] = ui.Column{Name: v.Name, Kind: ui.Text}, ui.TextCell(v.Value)
			}
			err := rows.Row(ui.IntCell(int64(i+1)), ui.TextCell(rec.Name), ui.TimeCell(rec.Time.Truncate(time.Microsecond)), ui.TextCell(rec.Message), ui.IntCell(int64(rec.Level)),
				ui.TextCell(rec.LevelName), ui.TextCell(rec.Filename), ui.TextCell(rec.Pathname), ui.IntCell(int64(rec.Line)), optional(rec.FuncName), ui.IntCell(int64(rec.Process)),
				ui.TextCell(rec.ProcessName), optional(rec.ExcInfo), ui.JSONCell(string(ui.AppendObject(nil, names, values))))
			if err != nil {
				return err
			}
		}
	}
	return rows.Close()
}
