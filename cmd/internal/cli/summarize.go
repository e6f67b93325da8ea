package cli

import (
	"io"
	"slices"
	"strings"

	"valet/cmd/internal/ui"
	"valet/quantum"
	"valet/quantum/executor"
)

// writeSummary writes the file of --summary. Quanta are in the order in which pipetask runs them: by label, then by data ID.
func (a *App) writeSummary(o *runOptions, g *quantum.Graph, failures map[executor.Item]*executor.Failure) error {
	command := append([]string{"valet"}, a.Args...)
	s := &runSummary{Status: "success", CmdLine: command, Quanta: []quantumReport{}, Graph: &graphSummary{
		CmdLine: strings.Join(command, " "), Created: a.Now().UTC().Format(creationLayout), Inputs: g.Collections.Inputs,
		Output: g.Collections.Output, Run: g.Collections.Run, Tasks: map[string]taskSummary{}}}
	tasks := slices.Clone(g.Tasks)
	slices.SortFunc(tasks, func(p, q *quantum.Quanta) int { return strings.Compare(p.Task.Label, q.Task.Label) })
	for _, q := range tasks {
		s.Graph.Tasks[q.Task.Label] = summarizeTask(q)
		for i, state := range q.States {
			r := quantumReport{DataID: dataIDJSON(q.DataID(i)), Label: q.Task.Label}
			switch state {
			case quantum.Succeeded, quantum.NoWork:
				r.Status, r.ID = "success", q.ID(i).String()
			case quantum.Failed:
				r.Status = "failure"
				if f := failures[executor.Item{Task: q, Row: i}]; f != nil {
					r.Exception = &exceptionInfo{f.Class, f.Message}
				}
				s.fail()
			case quantum.Blocked, quantum.Planned:
				r.Status = "skipped"
				s.fail()
			default:
				continue
			}
			s.Quanta = append(s.Quanta, r)
		}
	}
	return ui.WriteFile(o.summary, a.Stdout, func(w io.Writer) error { return s.write(w) })
}

func (s *runSummary) fail() {
	s.Status = "failure"
	s.Exception = &exceptionInfo{"lsst.pipe.base.mp_graph_executor.MPGraphExecutorError", "One or more tasks failed during execution."}
}

func summarizeTask(q *quantum.Quanta) taskSummary {
	n := q.Len() - q.Count(quantum.Skipped)
	t := taskSummary{Label: q.Task.Label, Quanta: n}
	for _, e := range q.Task.Inputs {
		t.Inputs = append(t.Inputs, datasetCount{e.Type.Name, n})
	}
	for _, e := range q.Task.Outputs {
		t.Outputs = append(t.Outputs, datasetCount{e.Type.Name, n})
	}
	if m := q.Task.MetadataType; m != nil {
		t.Outputs = append(t.Outputs, datasetCount{m.Name, n})
	}
	if l := q.Task.LogType; l != nil {
		t.Outputs = append(t.Outputs, datasetCount{l.Name, n})
	}
	return t
}
