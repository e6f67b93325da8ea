package cli

import (
	"bufio"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/quantum/ledger"
)

// statusOptions are the flags of status.
type statusOptions struct {
	repositoryOption
	listing outputOptions
}

func newStatusCommand(a *App) *cobra.Command {
	var o statusOptions
	cmd := &cobra.Command{
		Use:   "status REPO RUN [OPTIONS]",
		Short: "Tell where a run stands, task by task",
		Long: `Status counts the quanta of a run per task by their newest attempt, also while the run goes on in another process and after that died.
RUN is a run, or an output chain, whose newest run is meant.

A run that valet did not write is read from its datasets: a quantum with metadata succeeded, one with a log alone failed.
With --format json the answer is one object: run, state, tasks with their counts, seconds.`,
		Example: `  valet status REPO u/metrics
  valet status REPO u/metrics/20260801T120000Z --format json`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, 1, "RUN")
			if err != nil {
				return err
			}
			if _, err := o.listing.check(cmd); err != nil {
				return err
			}
			return a.withRun(cmd, repo, rest[0], func(r *recordedRun) error { return a.runStatus(cmd, &o, r) })
		},
	}
	cmd.Flags().SortFlags = false
	o.listing.AddFlags(cmd.Flags())
	o.repositoryOption.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) runStatus(cmd *cobra.Command, o *statusOptions, r *recordedRun) error {
	s, err := r.status(cmd.Context())
	if err != nil {
		return err
	}
	switch format, _ := o.listing.check(cmd); format {
	case ui.JSONFormat:
		err = ui.WriteFile(o.listing.out, a.Stdout, func(w io.Writer) error { return writeStatusJSON(w, s) })
	case ui.TableFormat:
		err = ui.WriteFile(o.listing.out, a.Stdout, func(w io.Writer) error { return writeStatusTable(w, s) })
	default:
		columns := append([]ui.Column{{Name: "task", Kind: ui.Text}}, countColumns...)
		err = a.writeRows(cmd, &o.listing, "", columns, func(rows ui.Rows) error {
			for i := range s.Tasks {
				t := &s.Tasks[i]
				if err := rows.Row(countCells([]ui.Cell{ui.TextCell(t.Label)}, &t.Counts)...); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err != nil || r.derived {
		return err
	}
	if !a.global.quiet {
		for _, line := range a.nextSteps(r, s) {
			fmt.Fprintln(a.Stderr, "hint: "+line)
		}
	}
	return a.noteDrift(cmd, r.ledger, &s.Counts, s.State, r.name)
}

// writeStatusJSON writes the object of cli.md.
func writeStatusJSON(w io.Writer, s *ledger.Status) error {
	tasks, cells := make([]ui.Column, len(s.Tasks)), make([]ui.Cell, len(s.Tasks))
	for i := range s.Tasks {
		tasks[i] = ui.Column{Name: s.Tasks[i].Label, Kind: ui.JSON}
		cells[i] = ui.JSONCell(string(ui.AppendObject(nil, countColumns, countCells(nil, &s.Tasks[i].Counts))))
	}
	columns := []ui.Column{{Name: "run", Kind: ui.Text}, {Name: "state", Kind: ui.Text}, {Name: "tasks", Kind: ui.JSON}, {Name: "seconds", Kind: ui.Float}}
	line := ui.AppendObject(nil, columns, []ui.Cell{ui.TextCell(s.Name), ui.TextCell(string(s.State)), ui.JSONCell(string(ui.AppendObject(nil, tasks, cells))),
		ui.FloatCell(rounded(s.Seconds))})
	_, err := w.Write(append(line, '\n'))
	return err
}

// writeStatusTable writes what the run is, a row per task, and the sum if there is more than one.
func writeStatusTable(w io.Writer, s *ledger.Status) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s: %s", s.Name, s.State)
	if s.State == ledger.Derived {
		fmt.Fprint(out, " from its datasets\n\n")
	} else {
		fmt.Fprintf(out, ", %s, %.3f s\n\n", plural(s.Executions, "execution", "executions"), s.Seconds)
	}
	rows, err := ui.NewRows(out, ui.TableFormat, "", append(countColumns[:len(countColumns):len(countColumns)], ui.Column{Name: "task", Kind: ui.Text, Left: true}))
	if err != nil {
		return err
	}
	for i := range s.Tasks {
		if err := rows.Row(append(countCells(nil, &s.Tasks[i].Counts), ui.TextCell(s.Tasks[i].Label))...); err != nil {
			return err
		}
	}
	if len(s.Tasks) > 1 {
		if err := rows.Row(append(countCells(nil, &s.Counts), ui.TextCell("(all)"))...); err != nil {
			return err
		}
	}
	if err := rows.Close(); err != nil {
		return err
	}
	return out.Flush()
}

// nextSteps are the commands that what is left of a run asks for.
func (a *App) nextSteps(r *recordedRun, s *ledger.Status) (lines []string) {
	if s.Counts.Failed > 0 {
		lines = append(lines, "why quanta failed: "+a.command("failures", r.repo, r.name))
	}
	if left := s.Counts.Left(); left > 0 && s.State != ledger.Running {
		args := []string{"rerun", r.repo, r.name, "--missing"}
		if s.Counts.Failed > 0 {
			// Some may read what failed ones have to write.
			args = append(args, "--failed")
		}
		lines = append(lines, fmt.Sprintf("%s never finished: %s", plural(left, "quantum was", "quanta were"), a.command(args...)))
	}
	return lines
}
