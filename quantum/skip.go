package quantum

import (
	"context"
	"slices"

	"valet/registry/dimension"
	"valet/registry/query"
	"valet/tasks/pipeline"
)

// skipAndClobber decides which quanta need not run, because their metadata exists, and what of the others is in the way
// (pipelines.md 4.4, 4.5).
func (b *builder) skipAndClobber(ctx context.Context) error {
	c := b.opts.Collections
	blocking := &OutputExistsError{Run: c.Run}
	for _, q := range b.graph.Tasks {
		index := q.index()
		if t := q.Task.MetadataType; t != nil && t.Registered && len(c.SkipIn) > 0 {
			err := b.find(ctx, t, c.SkipIn, index, q, func(i int, _ *Found) error {
				if !b.opts.Choice.again(q, i) {
					q.States[i] = Skipped
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
		if c.RunExists && b.opts.Choice == nil {
			if err := b.outputsInTheWay(ctx, q, index, blocking); err != nil {
				return err
			}
		}
	}
	if b.opts.Choice != nil {
		b.choose()
		for _, q := range b.graph.Tasks {
			if !c.RunExists {
				break
			}
			if err := b.outputsInTheWay(ctx, q, q.index(), blocking); err != nil {
				return err
			}
		}
	}
	if blocking.Count > 0 {
		return blocking
	}
	return b.outputsOfSkipped(ctx)
}

func (b *builder) outputsInTheWay(ctx context.Context, q *Quanta, index map[string]int, blocking *OutputExistsError) error {
	types := []*pipeline.DatasetType{q.Task.MetadataType, q.Task.LogType}
	for _, e := range q.Task.Outputs {
		types = append(types, e.Type)
	}
	for _, t := range types {
		if t == nil || !t.Registered {
			continue
		}
		at := index
		for _, out := range q.Outputs {
			if out.Edge.Type == t && out.DataIDs != q.DataIDs {
				at = out.DataIDs.index(q.Len())
			}
		}
		err := b.find(ctx, t, []string{b.opts.Collections.Run}, at, q, func(i int, f *Found) error {
			switch {
			case q.States[i] == Skipped:
			case b.opts.Clobber:
				if q.InTheWay == nil {
					q.InTheWay = map[int][]InTheWay{}
				}
				q.InTheWay[i] = append(q.InTheWay[i], InTheWay{Type: t, Found: *f})
			default:
				if blocking.Count++; blocking.Count == 1 {
					blocking.Task, blocking.DatasetType, blocking.DataID = q.Task.Label, t.Name, q.DataID(i).String()
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// outputsOfSkipped lets consumers of skipped quanta read what those wrote.
func (b *builder) outputsOfSkipped(ctx context.Context) error {
	for _, q := range b.graph.Tasks {
		for c := range q.Inputs {
			in := &q.Inputs[c]
			if in.Producer == nil || !slices.Contains(in.Producer.States, Skipped) || !in.Edge.Type.Registered {
				continue
			}
			in.Existing = b.datasets(in.Edge.Type.Name)
			rows := make([]int32, in.Producer.Len())
			for i := range rows {
				rows[i] = -1
			}
			err := b.find(ctx, in.Edge.Type, b.opts.Collections.SkipIn, in.Producer.index(), in.Producer, func(i int, f *Found) error {
				rows[i] = b.datasetRow(in.Edge.Type.Name, f)
				return nil
			})
			if err != nil {
				return err
			}
			in.FromSkipped = make([]int32, q.Len())
			for i, p := range in.Rows {
				in.FromSkipped[i] = -1
				if p >= 0 && in.Producer.States[p] == Skipped {
					in.FromSkipped[i] = rows[p]
				}
			}
		}
	}
	return nil
}

// find calls f with every dataset of a type that lies at the data ID of a quantum.
func (b *builder) find(ctx context.Context, t *pipeline.DatasetType, in []string, index map[string]int, q *Quanta, f func(i int, found *Found) error) error {
	ids := newDataIDs(t.Dimensions, b.graph.strings)
	positions := project(t.Dimensions, t.Dimensions)
	s := Search{Dimensions: t.Dimensions, Types: []string{t.Name}, Collections: in, DataID: b.opts.DataID, Where: nearQuanta(q, t.Dimensions)}
	for row, err := range b.src.Rows(ctx, s) {
		if err != nil {
			return err
		}
		b.scratch = ids.key(b.scratch[:0], row.DataID, positions)
		if i, ok := index[string(b.scratch)]; ok {
			found := row.Datasets[0]
			if found.Record != nil {
				// The row lives until the next one only.
				record := *found.Record
				found.Record = &record
			}
			if err := f(i, &found); err != nil {
				return err
			}
		}
	}
	return nil
}

// nearQuanta restricts a search for datasets of some dimensions to about the data IDs of the quanta, if these are few.
func nearQuanta(q *Quanta, g *dimension.Group) query.Expr {
	n := q.Len()
	if n > fewQuanta {
		return nil
	}
	ids := make([]dimension.DataID, 0, n)
	for i := range n {
		id := q.DataID(i)
		for c := range q.Outputs {
			if d := q.Outputs[c].DataIDs; d.Group() == g {
				id, _ = d.At(i, nil)
			}
		}
		if id.Group() != g {
			return nil
		}
		ids = append(ids, id)
	}
	return near(ids)
}

// index maps the keys of the required values to quanta.
func (q *Quanta) index() map[string]int { return q.DataIDs.index(q.Len()) }

func (d *DataIDs) index(n int) map[string]int {
	out := make(map[string]int, n)
	positions := project(d.group, d.group)
	var key []byte
	var scratch []dimension.Value
	for i := range n {
		var id dimension.DataID
		id, scratch = d.At(i, scratch)
		key = d.key(key[:0], id, positions)
		out[string(key)] = i
	}
	return out
}
