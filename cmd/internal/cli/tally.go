package cli

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"valet/cmd/internal/ui"
	"valet/quantum"
	"valet/quantum/executor"
)

// shownFailures is the number of failures that are logged one by one unless -v asks for all.
const shownFailures = 20

// tally listens to the events of a run: it logs them, counts, and keeps what reports need.
type tally struct {
	graph   *quantum.Graph
	root    string
	log     zerolog.Logger
	verbose bool
	created time.Time
	// tasks are the counts of the graph before it ran.
	tasks map[string]taskSummary
	// keep says that failures are kept for reports.
	keep                bool
	failures            map[executor.Item]*executor.Failure
	done, failed, shown int64
	planned             int64
	invalid, repeatable bool
	late                bool // a quantum took too long
}

func newTally(a *App, g *quantum.Graph, root string) *tally {
	return &tally{
		graph: g, root: root, log: a.Log("executor"), verbose: a.global.verbose, created: a.Now(), tasks: taskSummaries(g),
		failures: map[executor.Item]*executor.Failure{}, planned: int64(g.Len()),
	}
}

// finished takes one event.
func (t *tally) finished(out executor.Outcome) {
	if out.Retried {
		t.log.Warn().Str("task", out.Item.Task.Task.Label).Stringer("quantum", out.Item.Task.DataID(out.Item.Row)).Int("try", out.Try+1).
			Msg("will be tried again: " + out.Failure.Error())
		return
	}
	t.done++
	switch out.State {
	case quantum.Failed:
		t.failed++
		t.failure(out)
	case quantum.Blocked:
		t.failed++
	}
	if e := t.log.Debug(); e.Enabled() {
		e = e.Str("task", out.Item.Task.Task.Label).Stringer("quantum", out.Item.Task.DataID(out.Item.Row)).Stringer("state", out.State)
		if out.NoWork != "" {
			e = e.Str("reason", out.NoWork)
		}
		e.Msg("quantum is done")
	}
}

func (t *tally) failure(out executor.Outcome) {
	if out.Failure == nil {
		return
	}
	t.late = t.late || out.Reason == quantum.TimedOut
	switch out.Failure.ShortClass() {
	case "InvalidQuantumError":
		t.invalid = true
	case "RepeatableQuantumError":
		t.repeatable = true
	}
	if t.keep {
		t.failures[out.Item] = out.Failure
	}
	t.shown++
	if t.shown > shownFailures && !t.verbose {
		if t.shown == shownFailures+1 {
			t.log.Error().Msg("further failures are not shown; -v shows all")
		}
		return
	}
	e := t.log.Error().Str("task", out.Item.Task.Task.Label).Stringer("quantum", out.Item.Task.DataID(out.Item.Row))
	if out.Log != "" {
		e = e.Str("log", filepath.Join(t.root, out.Log))
	}
	e.Msg(out.Failure.Error())
}

// counts are for the progress.
func (t *tally) counts() ui.Counts {
	return ui.Counts{Total: t.planned, Done: t.done, Failed: t.failed}
}

// taskSummaries counts the quanta that are planned, and their datasets.
func taskSummaries(g *quantum.Graph) map[string]taskSummary {
	tasks := make(map[string]taskSummary, len(g.Tasks))
	for _, q := range g.Tasks {
		n := q.Count(quantum.Planned)
		s := taskSummary{Label: q.Task.Label, Quanta: n, Inputs: datasetCounts{}, Outputs: datasetCounts{}}
		for c, edge := range q.Task.Inputs {
			given := 0
			for i, state := range q.States {
				if state == quantum.Planned && q.Inputs[c].Rows[i] >= 0 {
					given++
				}
			}
			s.Inputs = s.Inputs.add(edge.Type.Name, given)
		}
		for _, edge := range q.Task.Outputs {
			s.Outputs = s.Outputs.add(edge.Type.Name, n)
		}
		if q.Task.MetadataType != nil {
			s.Outputs = s.Outputs.add(q.Task.MetadataType.Name, n)
		}
		if q.Task.LogType != nil {
			s.Outputs = s.Outputs.add(q.Task.LogType.Name, n)
		}
		tasks[q.Task.Label] = s
	}
	return tasks
}

// add counts datasets of a type.
func (c datasetCounts) add(name string, n int) datasetCounts {
	for i := range c {
		if c[i].Type == name {
			c[i].N += n
			return c
		}
	}
	return append(c, datasetCount{name, n})
}

// summary is the JSON of --summary for a run that ended with err.
func (t *tally) summary(cmdLine []string, err error) *runSummary {
	c := t.graph.Collections
	s := &runSummary{
		Graph: &graphSummary{
			CmdLine: strings.Join(cmdLine, " "), Created: t.created.UTC().Format(creationLayout), Inputs: c.Inputs, Output: c.Output, Run: c.Run,
			Tasks: t.tasks,
		},
		Status: "success", CmdLine: cmdLine,
	}
	if err != nil {
		s.Status = "failure"
		s.Exception = &exceptionInfo{Class: fullClassName(err), Message: err.Error()}
		if failed, ok := err.(*failedQuantaError); ok {
			s.Exception.Message = "One or more tasks failed during execution."
			if failed.late {
				s.Status, s.Exception.Message = "timeout", "One or more tasks failed or timed out during execution."
			}
		}
	}
	return s
}

// reports describes the quanta of the run that pipetask would have in its graph.
func (t *tally) reports() iter.Seq[quantumReport] {
	return func(yield func(quantumReport) bool) {
		for _, q := range t.inOrder() {
			for i, state := range q.States {
				if q.WithoutInput != nil && q.WithoutInput[i] {
					continue // never part of the graph for pipetask
				}
				if report, ok := t.quantumReport(executor.Item{Task: q, Row: i}, state); ok && !yield(report) {
					return
				}
			}
		}
	}
}

// inOrder are the tasks sorted by label, as one process of pipetask runs independent ones.
func (t *tally) inOrder() []*quantum.Quanta {
	return slices.SortedFunc(slices.Values(t.graph.Tasks), func(x, y *quantum.Quanta) int {
		return strings.Compare(x.Task.Label, y.Task.Label)
	})
}

// quantumReport describes a quantum that was run or blocked.
func (t *tally) quantumReport(it executor.Item, state quantum.State) (quantumReport, bool) {
	r := quantumReport{Label: it.Task.Task.Label}
	switch state {
	case quantum.Succeeded, quantum.NoWork:
		r.Status, r.ID = "success", it.Task.ID(it.Row).String()
	case quantum.Failed:
		r.Status = "failure"
		if f := t.failures[it]; f != nil {
			if f.Class == (&executor.TimeoutError{}).ClassName() {
				r.Status = "timeout"
			}
			r.Exception = &exceptionInfo{Class: f.Class, Message: f.Message}
		}
	case quantum.Blocked, quantum.Planned:
		r.Status = "skipped"
	default:
		return r, false
	}
	r.DataID = dataIDJSON(it.Task.DataID(it.Row))
	return r, true
}

// summaryLine is the last line of a run: name=value pairs, the names fixed.
func summaryLine(g *quantum.Graph, r *executor.Result) string {
	done := r.Succeeded + r.NoWork + r.Failed
	rate := 0.0
	if r.Seconds > 0 {
		rate = float64(done) / r.Seconds
	}
	return fmt.Sprintf("run=%s planned=%d succeeded=%d no_work=%d failed=%d blocked=%d skipped=%d datasets=%d seconds=%.3f quanta_per_s=%.1f",
		g.Collections.Run, r.Planned, r.Succeeded, r.NoWork, r.Failed, r.Blocked, r.Skipped, r.Datasets, r.Seconds, rate)
}
