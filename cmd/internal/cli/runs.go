package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"valet/cmd/internal/ui"
	"valet/datastore/butler"
	"valet/quantum/ledger"
)

// runsOptions are the flags of runs.
type runsOptions struct {
	repositoryOption
	listing outputOptions
	check   bool
}

func newRunsCommand(a *App) *cobra.Command {
	var o runsOptions
	cmd := &cobra.Command{
		Use:   "runs REPO [OPTIONS]",
		Short: "List the runs with their states and counts",
		Long: `Runs lists the runs that valet wrote to or read the datasets of, the oldest first. The state is that of the newest start of the
program on the run: running, done, drained (asked to end early), failed (by an error), died (killed), or derived (read from the datasets
of a run that another program wrote).

Counts are of quanta by their newest attempt.`,
		Example: `  valet runs REPO
  valet runs REPO --check --format jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, _, err := o.take(cmd, args, 0, 0, "")
			if err != nil {
				return err
			}
			return a.withButler(cmd.Context(), repo, func(b *butler.Butler) error { return a.runRuns(cmd, &o, b, repo) })
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().BoolVar(&o.check, "check", false, "compare the records of each run with its datasets")
	o.listing.AddFlags(cmd.Flags())
	o.repositoryOption.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// countColumns are the counts of quanta, in the order of countCells.
var countColumns = []ui.Column{{Name: "planned", Kind: ui.Int}, {Name: "succeeded", Kind: ui.Int}, {Name: "no_work", Title: "no work", Kind: ui.Int},
	{Name: "failed", Kind: ui.Int}, {Name: "blocked", Kind: ui.Int}, {Name: "skipped", Kind: ui.Int}, {Name: "running", Kind: ui.Int}}

func countCells(dst []ui.Cell, c *ledger.Counts) []ui.Cell {
	for _, n := range [...]int{c.Planned, c.Succeeded, c.NoWork, c.Failed, c.Blocked, c.Skipped, c.Running} {
		dst = append(dst, ui.IntCell(int64(n)))
	}
	return dst
}

func (a *App) runRuns(cmd *cobra.Command, o *runsOptions, b *butler.Butler, repo string) error {
	ctx := cmd.Context()
	l := ledger.New(b.Registry, ledger.Options{})
	list, err := l.Runs(ctx)
	if err != nil {
		return err
	}
	columns := slices.Concat([]ui.Column{{Name: "run", Kind: ui.Text, Left: true}, {Name: "output", Kind: ui.Text, Left: true}, {Name: "state", Kind: ui.Text, Left: true},
		{Name: "executions", Kind: ui.Int}, {Name: "started", Kind: ui.Time}, {Name: "ended", Kind: ui.Time}, {Name: "seconds", Kind: ui.Float}}, countColumns)
	out := listing{columns: columns}
	for _, r := range list {
		row := []ui.Cell{ui.TextCell(r.Name), textOrNull(r.Output), ui.TextCell(string(r.State)), ui.IntCell(int64(r.Executions)),
			timeOrNull(r.Started), timeOrNull(r.Ended), ui.FloatCell(rounded(r.Seconds))}
		out.rows = append(out.rows, countCells(row, &r.Counts))
	}
	if len(list) == 0 {
		out.notes = []string{"No runs are recorded. Records are made by '" + a.program() + " run', or read from what other programs wrote by '" + a.command("rebuild-ledger", repo) + "'."}
	}
	if err := a.writeListing(cmd, &o.listing, out); err != nil || !o.check {
		return err
	}
	for _, r := range list {
		if err := a.noteDrift(cmd, l, &r.Counts, r.State, r.Name); err != nil {
			return err
		}
	}
	return nil
}

// noteDrift says on stderr where the records of a run and its datasets differ. A run that goes on is not asked: it would differ.
func (a *App) noteDrift(cmd *cobra.Command, l *ledger.Ledger, c *ledger.Counts, state ledger.ExecutionState, run string) error {
	if state == ledger.Running {
		return nil
	}
	drift, err := l.Drift(cmd.Context(), run)
	if err != nil || len(drift) == 0 {
		return err
	}
	var parts []string
	for _, d := range drift {
		parts = append(parts, d.String())
	}
	log := a.Log("ledger")
	log.Warn().Str("run", run).Msg("the records differ from the datasets, which something else wrote or removed: " + strings.Join(parts, "; "))
	return nil
}

func textOrNull(s string) ui.Cell {
	if s == "" {
		return ui.Null
	}
	return ui.TextCell(s)
}

// timeOrNull shows whole milliseconds.
func timeOrNull(t time.Time) ui.Cell {
	if t.IsZero() {
		return ui.Null
	}
	return ui.TimeCell(t.Truncate(time.Millisecond))
}

// rounded rounds seconds to three digits.
func rounded(s float64) float64 { return float64(int64(s*1000+0.5)) / 1000 }

// plural is a number with a noun.
func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
