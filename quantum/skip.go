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
		if err := b.skip(ctx, q); err != nil {
			return err
		}
	}
	if err := b.rerunUnretained(); err != nil {
		return err
	}
	if b.opts.Choice != nil {
		b.choose()
	}
	if c.RunExists {
		for _, q := range b.graph.Tasks {
			if err := b.outputsInTheWay(ctx, q, blocking); err != nil {
				return err
			}
		}
	}
	if blocking.Count > 0 {
		return blocking
	}
	return b.outputsOfSkipped(ctx)
}

// skip marks the quanta whose metadata exists.
func (b *builder) skip(ctx context.Context, q *Quanta) error {
	t := q.Task.MetadataType
	if t == nil || !t.Registered || len(b.opts.Collections.SkipIn) == 0 {
		return nil
	}
	s := search{what: "looking for finished quanta", typ: t, in: b.opts.Collections.SkipIn, exist: true, index: q.index()}
	return b.find(ctx, s, q, func(i int, _ *Found) error {
		if !b.opts.Choice.again(q, i) {
			q.States[i] = Skipped
		}
		return nil
	})
}

func (b *builder) outputsInTheWay(ctx context.Context, q *Quanta, blocking *OutputExistsError) error {
	if !slices.Contains(q.States, Planned) {
		return nil
	}
	index := q.index()
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
		err := b.find(ctx, search{what: "looking for outputs in the way", typ: t, in: []string{b.opts.Collections.Run}, planned: true, index: at}, q, func(i int, f *Found) error {
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
			finder := b.rowsOf[in.Edge.Type.Name]
			finder.start(false)
			rows := make([]int32, in.Producer.Len())
			for i := range rows {
				rows[i] = -1
			}
			err := b.find(ctx, search{what: "looking for outputs of finished quanta", typ: in.Edge.Type, in: b.opts.Collections.SkipIn, index: in.Producer.index()}, in.Producer, func(i int, f *Found) error {
				rows[i] = finder.row(f)
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

// search is what find looks for.
type search struct {
	// what is the name of the phase.
	what string
	typ  *pipeline.DatasetType
	in   []string
	// exist says that it is enough to know that a dataset is there.
	exist bool
	// planned says that only planned quanta matter.
	planned bool
	// index maps the keys of the type's data IDs to quanta.
	index map[string]int
}

// find calls f with every dataset of a type that lies at the data ID of a quantum; with nil if it is enough to know that there is one.
func (b *builder) find(ctx context.Context, s search, q *Quanta, f func(i int, found *Found) error) error {
	g := s.typ.Dimensions
	ids := newDataIDs(g, b.graph.strings)
	positions := project(g, g)
	rows := b.phases.search(ctx, b.src, Search{Dimensions: g, Types: []string{s.typ.Name}, Collections: s.in, DataID: b.opts.DataID, Exist: s.exist,
		Where: nearQuanta(q, g, s.planned)})
	for row, err := range rows {
		if err != nil {
			return err
		}
		b.scratch = ids.key(b.scratch[:0], row.DataID, positions)
		i, ok := s.index[string(b.scratch)]
		if !ok {
			continue
		}
		var found *Found
		if !s.exist {
			copied := row.Datasets[0]
			if copied.Record != nil {
				// The row lives until the next one only.
				record := *copied.Record
				copied.Record = &record
			}
			found = &copied
		}
		if err := f(i, found); err != nil {
			return err
		}
	}
	b.phases.done(s.what+": "+s.typ.Name, b.phases.rows)
	return nil
}

// nearQuanta restricts a search for datasets of some dimensions to about the data IDs of the quanta, or of those that are planned, if
// these are few.
func nearQuanta(q *Quanta, g *dimension.Group, planned bool) query.Expr {
	var ids []dimension.DataID
	for i, s := range q.States {
		if planned && s != Planned {
			continue
		}
		if len(ids) == fewQuanta {
			return nil
		}
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
