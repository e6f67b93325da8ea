package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"valet/quantum"
	"valet/quantum/ledger"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// untried explains why a quantum was never tried.
func (a *App) untried(ctx context.Context, r *recordedRun, label string, id dimension.DataID) (fate, error) {
	if r.derived {
		return fate{state: "not tried", words: "it left neither metadata nor a log in the run"}, nil
	}
	in, err := r.whereSucceeded(ctx, label, id, []string{r.name})
	if err != nil {
		return fate{}, err
	}
	if in != "" {
		return fate{state: "succeeded", words: "valet did not try it, but its metadata is in the run: another program wrote it"}, nil
	}
	executions, err := r.ledger.Executions(ctx, r.name)
	if err != nil {
		return fate{}, err
	}
	m, err := a.recall(ctx, r, &rerunOptions{})
	if err != nil {
		return fate{state: "not tried", words: "why is unknown: " + err.Error()}, ctx.Err()
	}
	g, err := a.planQuantum(ctx, r, m, label, id)
	if err != nil {
		return fate{}, err
	}
	if find(g, label, id) != nil && len(m.options.SkipExistingIn) > 0 {
		if in, err = r.whereSucceeded(ctx, label, id, m.options.SkipExistingIn); err != nil {
			return fate{}, err
		}
		if in != "" {
			return fate{state: "skipped", words: "its metadata exists in " + in}, nil
		}
	}
	last := executions[len(executions)-1]
	at := find(g, label, id)
	switch {
	case at != nil && at.States[at.row] == quantum.NoWork:
		return fate{state: "no work", words: reasonWords(quantum.NoInput)}, nil
	case at != nil && last.State == ledger.Running:
		return fate{state: "planned", words: "the run goes on and has not come to it yet"}, nil
	case at != nil:
		if by := a.blockedBy(ctx, r, label, id); by != "" {
			return fate{state: "planned", words: "it reads what has to be written first by " + by}, nil
		}
		return fate{state: "planned", words: fmt.Sprintf("the run ended before it came to it (%s); run it with: %s", endOf(last), a.command("rerun", r.repo, r.name, "--missing"))}, nil
	}
	var reasons []string
	for _, n := range g.Notes {
		if n.Warning && (n.Task == "" || n.Task == label) && !strings.HasPrefix(n.Message, "Initial data ID query") {
			reasons = append(reasons, n.Message)
		}
	}
	if len(reasons) == 0 {
		reasons = []string{"the inputs of the run give no such quantum"}
	}
	return fate{state: "not planned", words: strings.Join(reasons, "; ")}, nil
}

// endOf tells how an execution ended.
func endOf(e *ledger.Execution) string {
	if e.Error == "" {
		return string(e.State)
	}
	return string(e.State) + ": " + e.Error
}

// whereSucceeded is the run with the metadata of a quantum, searched in collections; empty if none has it.
func (r *recordedRun) whereSucceeded(ctx context.Context, label string, id dimension.DataID, in []string) (string, error) {
	ref, err := r.findOutput(ctx, label+"_metadata", id, in...)
	if err != nil || ref == nil {
		return "", err
	}
	return ref.Run, nil
}

// findOutput is the dataset of a type at the data ID of a quantum, nil if there is none in the collections or no such type.
func (r *recordedRun) findOutput(ctx context.Context, name string, id dimension.DataID, in ...string) (*dataset.Ref, error) {
	given := map[string]any{}
	for i, v := range id.RequiredValues() {
		given[id.Group().Required[i].Name] = v.Any()
	}
	ref, err := r.Registry.FindDataset(ctx, registry.Lookup{Type: name, DataID: given, Collections: in})
	var missing *registry.NotFoundError
	if errors.As(err, &missing) {
		return nil, nil
	}
	return ref, err
}

// planQuantum builds the part of the graph that has to do with one quantum, whatever succeeded or failed.
func (a *App) planQuantum(ctx context.Context, r *recordedRun, m *recalled, label string, id dimension.DataID) (*quantum.Graph, error) {
	build := quantum.Options{Collections: m.collections, Where: m.where, Constraint: quantum.ParseConstraint(m.options.Constraint), Clobber: true, Now: a.Now(), DataID: map[string]any{},
		Choice: &quantum.Choice{Again: true, Keep: func(string, dimension.DataID) bool { return true }, Near: map[string][]dimension.DataID{label: {id}}}}
	for i, v := range id.RequiredValues() {
		build.DataID[id.Group().Required[i].Name] = v.Any()
	}
	return quantum.Build(ctx, source(r.Butler), m.resolved, build)
}

// found is a quantum of a graph.
type found struct {
	*quantum.Quanta
	row int
}

// find is a quantum of a graph, nil if it is not there.
func find(g *quantum.Graph, label string, id dimension.DataID) *found {
	for _, q := range g.All() {
		if q.Task.Label != label {
			continue
		}
		for i := range q.Len() {
			if slices.Equal(q.DataID(i).RequiredValues(), id.RequiredValues()) {
				return &found{q, i}
			}
		}
	}
	return nil
}

// blockedBy names the quantum that failed and blocked another; empty if it cannot be found.
func (a *App) blockedBy(ctx context.Context, r *recordedRun, label string, id dimension.DataID) string {
	m, err := a.recall(ctx, r, &rerunOptions{})
	if err != nil {
		return ""
	}
	g, err := a.planQuantum(ctx, r, m, label, id)
	if err != nil {
		return ""
	}
	for at := find(g, label, id); at != nil; {
		var next *found
		for c := range at.Inputs {
			in := &at.Inputs[c]
			if in.Producer == nil || in.Rows[at.row] < 0 {
				continue
			}
			up := &found{in.Producer, int(in.Rows[at.row])}
			attempts, err := r.attempts(ctx, up.Task.Label, up.DataID(up.row))
			if err != nil || len(attempts) == 0 {
				continue
			}
			switch last := attempts[len(attempts)-1]; last.State {
			case quantum.Failed:
				full := up.DataID(up.row)
				return up.Task.Label + " " + dataIDWords(dimension.NewDataID(full.Group(), full.RequiredValues())) + ", which failed: " + failureText(last.Class, last.Message)
			case quantum.Blocked:
				next = up
			}
		}
		at = next
	}
	return ""
}
