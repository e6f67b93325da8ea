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
	"valet/quantum"
	"valet/quantum/ledger"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// whyOptions are the flags of why.
type whyOptions struct {
	repositoryOption
	listing outputOptions
}

func newWhyCommand(a *App) *cobra.Command {
	var o whyOptions
	cmd := &cobra.Command{
		Use:   "why REPO RUN TASK DIMENSION=VALUE.. [OPTIONS]",
		Short: "Tell what became of a quantum, attempt by attempt, and why",
		Long: `Why lists the attempts at a quantum, the oldest first: when and where it was tried, how that ended and for what reason, and where the log
is. A quantum that was never tried is explained too: it was skipped, was not planned, or waits.

The data ID may be given by other keys than its dimensions, as for 'valet get'; an instrument that is the only one need not be given.`,
		Example: `  valet why REPO u/metrics memory_diaForcedSource visit=42 detector=3
  valet why REPO u/metrics memory_diaForcedSource day_obs=20260801 seq_num=2 detector=R00_S00 --format jsonl`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 2, -1, "RUN TASK DIMENSION=VALUE..")
			if err != nil {
				return err
			}
			if _, err := o.listing.check(cmd); err != nil {
				return err
			}
			q, err := parseQuantum(cmd, rest[1:])
			if err != nil {
				return err
			}
			return a.withRun(cmd, repo, rest[0], func(r *recordedRun) error { return a.runWhy(cmd, &o, r, q) })
		},
	}
	cmd.Flags().SortFlags = false
	o.listing.AddFlags(cmd.Flags())
	o.repositoryOption.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

// fate is one line of the answer: an attempt, or why there was none.
type fate struct {
	*ledger.Attempt
	// number counts attempts from 1; 0 if there was none.
	number       int
	state, words string
	execution    *ledger.Execution
	log          string
}

func (a *App) runWhy(cmd *cobra.Command, o *whyOptions, r *recordedRun, q *quantumArgument) error {
	ctx := cmd.Context()
	id, err := r.dataID(ctx, q)
	if err != nil {
		return err
	}
	fates, err := a.fates(ctx, r, q.label, id)
	if err != nil {
		return err
	}
	if format, _ := o.listing.check(cmd); format != ui.TableFormat {
		return a.writeFates(cmd, &o.listing, fates)
	}
	return ui.WriteFile(o.listing.out, a.Stdout, func(w io.Writer) error {
		out := bufio.NewWriter(w)
		fmt.Fprintf(out, "%s in %s: %s\n", ui.OneLine(q.label+" "+dataIDWords(id)), r.name, fates[len(fates)-1].state)
		tries := 0
		for _, f := range fates {
			tries = max(tries, f.number)
		}
		for _, f := range fates {
			writeFate(out, f, tries)
		}
		return out.Flush()
	})
}

// fates are the attempts at a quantum or, if there was none, the reason.
func (a *App) fates(ctx context.Context, r *recordedRun, label string, id dimension.DataID) ([]fate, error) {
	attempts, err := r.attempts(ctx, label, id)
	if err != nil {
		return nil, err
	}
	if len(attempts) == 0 {
		f, err := a.untried(ctx, r, label, id)
		return []fate{f}, err
	}
	executions := map[int64]*ledger.Execution{}
	if !r.derived {
		list, err := r.ledger.Executions(ctx, r.name)
		if err != nil {
			return nil, err
		}
		for _, e := range list {
			executions[e.ID] = e
		}
	}
	var ids []dataset.ID
	for _, t := range attempts {
		ids = append(ids, t.Log)
	}
	logs, err := r.logPaths(ctx, ids)
	if err != nil {
		return nil, err
	}
	var out []fate
	for i, t := range attempts {
		f := fate{Attempt: t, number: i + 1, state: t.State.String(), words: reasonWords(t.Reason), execution: executions[t.Execution], log: logs[t.Log]}
		if t.State == quantum.Blocked && i == len(attempts)-1 {
			if by := a.blockedBy(ctx, r, label, id); by != "" {
				f.words = "blocked by " + by
			}
		}
		out = append(out, f)
	}
	since, err := r.since(ctx, label, id, attempts[len(attempts)-1])
	if err != nil || since == nil {
		return out, err
	}
	return append(out, *since), nil
}

// since tells what something else did to the outputs of a quantum after its newest attempt, nil if nothing.
func (r *recordedRun) since(ctx context.Context, label string, id dimension.DataID, last *ledger.Attempt) (*fate, error) {
	if r.derived {
		return nil, nil
	}
	if _, err := r.Registry.DatasetType(ctx, label+"_metadata"); err != nil {
		return nil, nil // The task writes none, or nothing was written yet.
	}
	in, err := r.whereSucceeded(ctx, label, id, []string{r.name})
	if err != nil {
		return nil, err
	}
	switch succeeded := last.State == quantum.Succeeded || last.State == quantum.NoWork; {
	case succeeded && in == "":
		return &fate{state: "removed", words: "its metadata was removed since: 'rerun --missing' runs it again"}, nil
	case !succeeded && in != "":
		return &fate{state: "succeeded", words: "another program ran it since: its metadata is in the run"}, nil
	}
	return nil, nil
}

// reasonWords is a reason in words.
func reasonWords(reason quantum.Reason) string {
	switch reason {
	case quantum.Ran:
		return "the task ran and stored its outputs"
	case quantum.TaskFoundNoWork:
		return "the task found nothing to do"
	case quantum.InputFileMissing:
		return "an input dataset has no file"
	case quantum.NoInput:
		return "there is no dataset for an input"
	case quantum.TaskError:
		return "the task raised an exception"
	case quantum.InputError:
		return "an input could not be read"
	case quantum.OutputError:
		return "an output could not be stored"
	case quantum.OutputTaken:
		return "another quantum of the run writes the same output"
	case quantum.Panicked:
		return "the task crashed, which is a fault of valet"
	case quantum.TimedOut:
		return "it took longer than --timeout allows"
	case quantum.UpstreamFailed:
		return "a quantum whose output it needs failed"
	case quantum.SucceededBefore:
		return "it succeeded before"
	}
	return ""
}

// writeFates writes a row for each attempt.
func (a *App) writeFates(cmd *cobra.Command, o *outputOptions, fates []fate) error {
	columns := []ui.Column{{Name: "attempt", Kind: ui.Int}, {Name: "state", Kind: ui.Text}, {Name: "reason", Kind: ui.Text}, {Name: "why", Kind: ui.Text},
		{Name: "class", Kind: ui.Text}, {Name: "message", Kind: ui.Text}, {Name: "started", Kind: ui.Time}, {Name: "seconds", Kind: ui.Float}, {Name: "execution", Kind: ui.Int},
		{Name: "host", Kind: ui.Text}, {Name: "pid", Kind: ui.Int}, {Name: "worker", Kind: ui.Int}, {Name: "log", Kind: ui.Text}}
	return a.writeRows(cmd, o, "", columns, func(rows ui.Rows) error {
		for _, f := range fates {
			if f.Attempt == nil {
				row := make([]ui.Cell, len(columns))
				row[1], row[3] = ui.TextCell(f.state), ui.TextCell(f.words)
				if err := rows.Row(row...); err != nil {
					return err
				}
				continue
			}
			seconds, execution, host, pid, worker := ui.Null, ui.Null, ui.Null, ui.Null, ui.Null
			if !f.Started.IsZero() {
				seconds = ui.FloatCell(f.Duration.Seconds())
			}
			if f.execution != nil {
				execution, host, pid = ui.IntCell(f.execution.ID), textOrNull(f.execution.Process.Host), ui.IntCell(int64(f.execution.Process.PID))
			}
			if f.Worker >= 0 {
				worker = ui.IntCell(int64(f.Worker))
			}
			err := rows.Row(ui.IntCell(int64(f.number)), ui.TextCell(f.state), ui.TextCell(f.Reason.String()), ui.TextCell(f.words), textOrNull(f.Class), textOrNull(f.Message),
				timeOrNull(f.Started), seconds, execution, host, pid, worker, textOrNull(f.log))
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// writeFate tells of an attempt in a few lines.
func writeFate(w io.Writer, f fate, of int) {
	if f.Attempt == nil {
		fmt.Fprintf(w, "\n%s\n", ui.OneLine(f.words))
		return
	}
	fmt.Fprintf(w, "\nattempt %d of %d: %s, %s\n", f.number, of, f.state, ui.OneLine(f.words))
	if f.Message != "" || f.Class != "" {
		fmt.Fprintf(w, "  message  %s\n", ui.OneLine(failureText(f.Class, f.Message)))
	}
	if !f.Started.IsZero() {
		fmt.Fprintf(w, "  when     %s, %s\n", f.Started.UTC().Format("2006-01-02T15:04:05.000Z"), f.Duration.Round(time.Microsecond))
	}
	if e := f.execution; e != nil && e.State != ledger.Derived {
		where := fmt.Sprintf("process %d of %s", e.Process.PID, e.Process.Host)
		if f.Worker >= 0 {
			where += fmt.Sprintf(", worker %d", f.Worker)
		}
		var words []string
		for _, word := range e.Command {
			words = append(words, shellQuote(word))
		}
		fmt.Fprintf(w, "  where    %s\n  command  %s\n", ui.OneLine(where), ui.OneLine(strings.Join(words, " ")))
	}
	if f.log != "" {
		fmt.Fprintf(w, "  log      %s\n", ui.OneLine(f.log))
	}
}
