package quantum

import (
	"slices"
	"strconv"
	"strings"

	"valet/registry/dimension"
	"valet/registry/query"
	"valet/tasks/pipeline"
)

// Choice restricts a graph to some of the quanta that would run. The others are left out of the graph, but those that succeeded before,
// whose outputs may be needed.
type Choice struct {
	// Keep chooses by label and full data ID. What reads the output of a kept quantum, and did not succeed before, is kept too; what reads
	// the output of one that is left out is left out.
	Keep func(label string, id dimension.DataID) bool
	// Again also runs kept quanta that succeeded before.
	Again bool
	// Labels are the tasks among whose quanta Keep chooses; none means all. Only what is linked with them is looked at.
	Labels []string
	// Near, if not nil, has by label data IDs among which all quanta are that Keep chooses, so that little more need be searched. Only their
	// required values count.
	Near map[string][]dimension.DataID
}

// again reports whether a quantum runs whatever it did before.
func (c *Choice) again(q *Quanta, i int) bool {
	return c != nil && c.Again && c.Keep(q.Task.Label, q.DataID(i))
}

// chosen reports whether any of the tasks may have quanta that run.
func (b *builder) chosen(nodes []*pipeline.TaskNode) bool {
	c := b.opts.Choice
	return c == nil || slices.ContainsFunc(nodes, func(n *pipeline.TaskNode) bool {
		return (len(c.Labels) == 0 || slices.Contains(c.Labels, n.Label)) && (c.Near == nil || len(c.Near[n.Label]) > 0)
	})
}

// near is a condition that the chosen quanta of the tasks satisfy, nil for none.
func (c *Choice) near(nodes []*pipeline.TaskNode) query.Expr {
	if c == nil || c.Near == nil {
		return nil
	}
	var ids []dimension.DataID
	for _, n := range nodes {
		ids = append(ids, c.Near[n.Label]...)
	}
	return near(ids)
}

// choose drops the quanta that are not to run. Tasks come in topological order.
func (b *builder) choose() {
	moved := map[*Quanta][]int32{}
	for _, q := range b.graph.Tasks {
		kept := make([]bool, q.Len())
		waiting := 0
		var scratch []dimension.Value
		for i, state := range q.States {
			if state != Planned {
				kept[i] = true
				continue
			}
			var id dimension.DataID
			id, scratch = q.DataIDs.At(i, scratch)
			kept[i] = b.opts.Choice.Keep(q.Task.Label, id)
			for c := range q.Inputs {
				in := &q.Inputs[c]
				if in.Producer == nil || in.Rows[i] < 0 {
					continue
				}
				from := in.Producer
				switch row := in.Rows[i]; {
				case moved[from][row] < 0:
					if kept[i] {
						waiting++
					}
					kept[i] = false
				case from.States[moved[from][row]] == Planned:
					kept[i] = true
					continue
				default:
					continue
				}
				break
			}
		}
		moved[q] = q.retain(kept)
		if waiting > 0 {
			b.note(q.Task.Label, true, "Of task %s, %d left out: they read what quanta have to write that failed and are not run again.", q.Task.Label, waiting)
		}
		for c := range q.Inputs {
			in := &q.Inputs[c]
			if in.Producer == nil {
				continue
			}
			for i, row := range in.Rows {
				if row >= 0 {
					in.Rows[i] = moved[in.Producer][row]
				}
			}
		}
	}
}

// retain drops the other quanta and returns where each old row went, -1 if nowhere. Outputs in the way must not have been looked for yet.
func (q *Quanta) retain(kept []bool) []int32 {
	moved := make([]int32, len(kept))
	n := int32(0)
	for i, k := range kept {
		if moved[i] = -1; k {
			moved[i] = n
			n++
		}
	}
	if int(n) == len(kept) {
		return moved
	}
	q.DataIDs.retain(kept)
	for c := range q.Outputs {
		if d := q.Outputs[c].DataIDs; d != q.DataIDs {
			d.retain(kept)
		}
	}
	q.States = retained(q.States, kept)
	for c := range q.Inputs {
		q.Inputs[c].Rows = retained(q.Inputs[c].Rows, kept)
	}
	taken := q.Taken
	q.Taken = nil
	for i := range taken {
		if moved[i] >= 0 {
			if q.Taken == nil {
				q.Taken = map[int]bool{}
			}
			q.Taken[int(moved[i])] = true
		}
	}
	return moved
}

func (d *DataIDs) retain(kept []bool) {
	var rows []int32
	for i, k := range kept {
		if k {
			rows = append(rows, int32(i))
		}
	}
	d.permute(rows)
}

func retained[T any](list []T, kept []bool) []T {
	out := list[:0]
	for i, k := range kept {
		if k {
			out = append(out, list[i])
		}
	}
	return slices.Clip(out)
}

// fewValues is the largest number of values of a dimension that a search is restricted to by naming them.
const fewValues = 500

// fewQuanta is the number of quanta up to which it is worth while to look for values that restrict a search.
const fewQuanta = 10_000

// near is a condition that the data IDs satisfy; it may let others through, and is nil if there is none that is short.
func near(ids []dimension.DataID) query.Expr {
	if len(ids) == 0 {
		return nil
	}
	var terms []query.Expr
	for _, d := range ids[0].Group().Required {
		seen := map[dimension.Value]struct{}{}
		for _, id := range ids {
			v := id.Get(d.Name)
			if v.IsZero() || !v.IsInt() && strings.ContainsAny(v.Text(), "'\n\r") {
				// Not a dimension of all, or a text that expressions cannot hold.
				seen = nil
				break
			}
			if seen[v] = struct{}{}; len(seen) > fewValues {
				break
			}
		}
		switch {
		case d.Governor && len(seen) != 1:
			// Without the one value of its governor a dimension cannot be named.
			return nil
		case len(seen) == 0 || len(seen) > fewValues:
			continue
		}
		values := make([]dimension.Value, 0, len(seen))
		for v := range seen {
			values = append(values, v)
		}
		slices.SortFunc(values, dimension.Value.Compare)
		var items []query.Expr
		for _, v := range values {
			if v.IsInt() {
				items = append(items, &query.Number{Text: strconv.FormatInt(v.Int(), 10)})
			} else {
				items = append(items, &query.Text{Value: v.Text()})
			}
		}
		name := &query.Identifier{Name: d.Name}
		if len(items) == 1 && !strings.HasPrefix(items[0].String(), "-") {
			terms = append(terms, &query.Binary{Op: "=", X: name, Y: items[0]})
		} else {
			terms = append(terms, &query.Membership{X: name, Items: items})
		}
	}
	return and(terms...)
}

// and joins conditions, of which nil ones are left out.
func and(list ...query.Expr) query.Expr {
	list = slices.DeleteFunc(list, func(e query.Expr) bool { return e == nil })
	for i, e := range list {
		if _, compound := e.(*query.Logical); compound && len(list) > 1 {
			list[i] = &query.Parens{X: e, At: e.Span()}
		}
	}
	switch len(list) {
	case 0:
		return nil
	case 1:
		return list[0]
	}
	return &query.Logical{Op: "AND", Operands: list}
}
