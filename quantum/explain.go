package quantum

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"valet/registry/query"
	"valet/tasks/pipeline"
)

// explainEmpty finds out which constraint removed the last data ID of a subgraph: constraints are added one after the other, and the
// rows left are counted.
func (b *builder) explainEmpty(ctx context.Context, s Search, nodes []*pipeline.TaskNode) error {
	labels := make([]string, len(nodes))
	for i, n := range nodes {
		labels[i] = n.Label
	}
	b.note("", true, "Initial data ID query returned no rows, so QuantumGraph will be empty.")
	count := func(types []string, where query.Expr, id map[string]any) (int, error) {
		n := 0
		for _, err := range b.src.Rows(ctx, Search{Dimensions: s.Dimensions, Types: types, Collections: s.Collections, Where: where, Binds: s.Binds, DataID: id}) {
			if err != nil {
				return 0, err
			}
			n++
		}
		return n, nil
	}
	n, err := count(nil, nil, s.DataID)
	if err != nil {
		return err
	}
	b.note("", true, "tasks %s: the repository has %s of %s", strings.Join(labels, ", "), plural(n, "data ID"), s.Dimensions)
	for i, t := range s.Types {
		if n == 0 {
			break
		}
		if n, err = count(s.Types[:i+1], nil, s.DataID); err != nil {
			return err
		}
		b.note("", true, "%s left where a dataset %q exists in %s", plural(n, "data ID"), t, strings.Join(s.Collections, ", "))
	}
	if n > 0 && s.Where != nil {
		b.note("", true, "none left where the -d expression holds")
	}
	return nil
}

// summarize notes the number of quanta per task, and tells of tasks dropped, as upstream logs them (pipelines.md 4.6, 4.8).
func (b *builder) summarize() {
	for _, label := range b.graph.Dropped {
		if b.opts.Choice != nil && b.byLabel[label] == nil {
			continue // not looked at
		}
		b.note(label, false, "Dropping task %s because no quanta remain.", label)
	}
	b.graph.Tasks = slices.DeleteFunc(b.graph.Tasks, func(q *Quanta) bool {
		planned, skipped, noWork := q.Count(Planned), q.Count(Skipped), q.Count(NoWork)
		var asides []string
		if noWork > 0 {
			asides = append(asides, fmt.Sprintf("%d had no work to do", noWork))
		}
		if skipped > 0 {
			asides = append(asides, fmt.Sprintf("%d previously succeeded and skipped", skipped))
		}
		aside := ""
		if len(asides) > 0 {
			aside = " (" + strings.Join(asides, ", ") + ")"
		}
		if noWork > planned {
			defer b.adviseConstraint(q)
		}
		if planned == 0 {
			b.note(q.Task.Label, false, "Dropping task %s because no quanta remain%s.", q.Task.Label, aside)
			b.graph.done = append(b.graph.done, q)
			b.graph.Dropped = append(b.graph.Dropped, q.Task.Label)
			return true
		}
		quanta := "quanta"
		if planned == 1 {
			quanta = "quantum"
		}
		b.note(q.Task.Label, false, "Generated %d %s for task %s%s.", planned, quanta, q.Task.Label, aside)
		return false
	})
}

// Explained are the quanta of all tasks, those of tasks of which none is to run last.
func (g *Graph) Explained() []*Quanta { return slices.Concat(g.Tasks, g.done) }

// adviseConstraint notes that most data IDs of a task were looked at in vain.
func (b *builder) adviseConstraint(q *Quanta) {
	var types []string
	for _, in := range q.Inputs {
		types = append(types, "'"+in.Edge.Type.Name+"'")
	}
	slices.Sort(types)
	b.note(q.Task.Label, true, "More than half of %s quanta had no work to do given available inputs.\nA query constraint on one of [%s] may yield a much faster build.",
		q.Task.Label, strings.Join(slices.Compact(types), ", "))
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
