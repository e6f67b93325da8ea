package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"valet/cmd/internal/report"
	"valet/cmd/internal/ui"
	"valet/quantum"
	"valet/quantum/ledger"
	"valet/registry/dimension"
)

// reportOptions are the flags of report.
type reportOptions struct {
	repositoryOption
	html string
}

func newReportCommand(a *App) *cobra.Command {
	var o reportOptions
	cmd := &cobra.Command{
		Use:   "report REPO RUN --html FILE [OPTIONS]",
		Short: "Write what became of a run as one HTML page",
		Long: `Report writes one page that needs nothing else, to be mailed or kept: totals, counts per task, failures grouped by message with their
first data ID, log and the command to run them again, the rate over time, the slowest quanta, and the executions. It has no script, and
is small also for a run of a million quanta.`,
		Example: `  valet report REPO u/metrics --html report.html`,
		RunE: func(cmd *cobra.Command, args []string) error {
			repo, rest, err := o.take(cmd, args, 1, 1, "RUN")
			if err != nil {
				return err
			}
			if o.html == "" {
				return usagef(cmd, "give --html FILE")
			}
			return a.withRun(cmd, repo, rest[0], func(r *recordedRun) error { return a.runReport(cmd, &o, r) })
		},
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&o.html, "html", "", "write the page to `FILE`, which appears when it is complete; - is stdout")
	o.repositoryOption.AddFlags(cmd.Flags())
	exits(cmd, ExitOK, ExitFailure, ExitUsage, ExitInternal, ExitTryAgain)
	return cmd
}

func (a *App) runReport(cmd *cobra.Command, o *reportOptions, r *recordedRun) error {
	p, err := a.reportPage(cmd.Context(), r)
	if err != nil {
		return err
	}
	err = ui.WriteFile(o.html, a.Stdout, func(w io.Writer) error { return report.Write(w, p) })
	if err != nil && o.html != "-" {
		return fmt.Errorf("write %s: %w", o.html, err)
	}
	return err
}

// slowestShown is how many of the slowest quanta the page shows.
const slowestShown = 25

// reportPage gathers what the page shows.
func (a *App) reportPage(ctx context.Context, r *recordedRun) (*report.Page, error) {
	s, err := r.status(ctx)
	if err != nil {
		return nil, err
	}
	p := &report.Page{Run: r.name, Repository: r.Root, Output: s.Output, State: string(s.State), Started: s.Started, Ended: s.Ended, Seconds: s.Seconds,
		Made: a.Now(), Version: versionLine(), Totals: reportCounts(&s.Counts)}
	for i := range s.Tasks {
		t := &s.Tasks[i]
		p.Tasks = append(p.Tasks, report.Task{Label: t.Label, Class: t.Class, Counts: reportCounts(&t.Counts)})
	}
	if r.derived {
		err = a.reportDerived(ctx, r, p)
	} else {
		err = a.reportRecorded(ctx, r, s, p)
	}
	if err != nil {
		return nil, err
	}
	for _, step := range []struct {
		n    int
		what string
		args []string
	}{{p.Totals.Failed, "Run again what failed", []string{"rerun", r.repo, r.name, "--failed"}}, {p.Totals.Left(), "Run what never finished", []string{"rerun", r.repo, r.name, "--missing"}}} {
		if step.n > 0 && s.State != ledger.Running {
			p.Commands = append(p.Commands, report.Command{For: step.what, Line: a.command(step.args...)})
		}
	}
	return p, nil
}

func reportCounts(c *ledger.Counts) report.Counts { return report.Counts(*c) }

// reportRecorded asks the ledger.
func (a *App) reportRecorded(ctx context.Context, r *recordedRun, s *ledger.Status, p *report.Page) error {
	if s.State != ledger.Running {
		drift, err := r.ledger.Drift(ctx, r.name)
		if err != nil {
			return err
		}
		for _, d := range drift {
			p.Notes = append(p.Notes, "The records differ from the datasets, which something else wrote or removed: "+d.String()+".")
		}
	}
	if err := a.reportFailures(ctx, r, p); err != nil {
		return err
	}
	minutes, err := r.ledger.Rate(ctx, r.name)
	if err != nil {
		return err
	}
	for _, m := range minutes {
		p.Minutes = append(p.Minutes, report.Minute{Start: m.Start, Succeeded: m.Succeeded, NoWork: m.NoWork, Failed: m.Failed})
	}
	slowest, err := r.ledger.Slowest(ctx, r.name, slowestShown)
	if err != nil {
		return err
	}
	for _, t := range slowest {
		p.Slowest = append(p.Slowest, reportQuantum(t))
	}
	executions, err := r.ledger.Executions(ctx, r.name)
	if err != nil {
		return err
	}
	for _, e := range executions {
		var words []string
		for _, word := range e.Command {
			words = append(words, shellQuote(word))
		}
		x := report.Execution{State: string(e.State), Version: e.Version, Command: strings.Join(words, " "), Error: e.Error, Started: e.Started, Ended: e.Ended, Workers: e.Workers}
		if e.Process.Host != "" {
			x.Process = fmt.Sprintf("%s, process %d", e.Process.Host, e.Process.PID)
		}
		p.Executions = append(p.Executions, x)
	}
	return nil
}

func (a *App) reportFailures(ctx context.Context, r *recordedRun, p *report.Page) error {
	groups, logs, err := r.failureGroups(ctx, ledger.ByMessage)
	if err != nil {
		return err
	}
	for _, g := range groups {
		p.Failures = append(p.Failures, report.Failure{Count: g.Count, Tasks: quoteList(g.Tasks), Class: g.Class, Message: g.Message,
			First: g.Task + " " + dataIDWords(g.First), Log: logs[g.Log], Rerun: a.rerunGroup(r, g, ledger.ByMessage)})
	}
	return nil
}

func reportQuantum(t *ledger.Attempt) report.Quantum {
	return report.Quantum{Task: t.Task, DataID: dataIDWords(dimension.NewDataID(t.DataID.Group(), t.DataID.RequiredValues())), State: t.State.String(), Started: t.Started, Duration: t.Duration}
}

// reportDerived reads the datasets.
func (a *App) reportDerived(ctx context.Context, r *recordedRun, p *report.Page) error {
	p.Notes = append(p.Notes, "Read from the datasets of the run: valet has no records of it. Nothing is known of blocked quanta.")
	if err := a.reportFailures(ctx, r, p); err != nil {
		return err
	}
	at := map[time.Time]*report.Minute{}
	for t, err := range timed(ledger.Derive(ctx, r.Butler, r.name)) {
		if err != nil {
			return err
		}
		start := t.Ended().UTC().Truncate(time.Minute)
		m := at[start]
		if m == nil {
			m = &report.Minute{Start: start}
			at[start] = m
		}
		switch t.State {
		case quantum.Succeeded:
			m.Succeeded++
		case quantum.NoWork:
			m.NoWork++
		default:
			m.Failed++
		}
		p.Slowest = append(p.Slowest, reportQuantum(t))
		if len(p.Slowest) >= 4*slowestShown {
			p.Slowest = slowestOf(p.Slowest)
		}
	}
	p.Slowest = slowestOf(p.Slowest)
	for _, m := range at {
		p.Minutes = append(p.Minutes, *m)
	}
	slices.SortFunc(p.Minutes, func(a, b report.Minute) int { return a.Start.Compare(b.Start) })
	return nil
}

// timed are the attempts of which it is known when they ran.
func timed(attempts iter.Seq2[*ledger.Attempt, error]) iter.Seq2[*ledger.Attempt, error] {
	return func(yield func(*ledger.Attempt, error) bool) {
		for t, err := range attempts {
			if err == nil && t.Started.IsZero() {
				continue
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

func slowestOf(list []report.Quantum) []report.Quantum {
	slices.SortStableFunc(list, func(a, b report.Quantum) int { return cmp.Compare(b.Duration, a.Duration) })
	return list[:min(len(list), slowestShown)]
}
