package butler

import (
	"context"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// neededRecords finds the dimension records that datasets need elsewhere, each once: those of all elements of their data IDs; those of the
// elements that one of these populates, such as the exposures, regions and systems of a visit (repository.md 5.1), unless some data IDs are of
// that element and say which ones; and what all these refer to. That is upstream's choice.
type neededRecords struct {
	registry *registry.Registry
	x        *registry.Expander
	// sent are those that were returned already, by the key of their required values; a join that has none is in it too.
	sent map[*dimension.Element]map[string]bool
	// named are the elements that data IDs are of.
	named map[*dimension.Element]bool
}

// newNeededRecords is for datasets that come in several calls.
func newNeededRecords(r *registry.Registry, refs []dataset.Ref) *neededRecords {
	n := &neededRecords{registry: r, x: r.Expander(), sent: map[*dimension.Element]map[string]bool{}, named: map[*dimension.Element]bool{}}
	var last *dataset.Type
	for i := range refs {
		if refs[i].Type == last {
			continue
		}
		last = refs[i].Type
		for _, e := range last.Dimensions.Elements {
			n.named[e] = true
		}
	}
	return n
}

// first marks the record of a key and reports whether it is new.
func (n *neededRecords) first(e *dimension.Element, key string) bool {
	if n.sent[e] == nil {
		n.sent[e] = map[string]bool{}
	}
	if n.sent[e][key] {
		return false
	}
	n.sent[e][key] = true
	return true
}

// of returns the records that the datasets need beyond those returned before. Data IDs are full.
func (n *neededRecords) of(ctx context.Context, refs []dataset.Ref) (map[*dimension.Element][]*dimension.Record, error) {
	out := map[*dimension.Element][]*dimension.Record{}
	for i := range refs {
		if err := n.along(ctx, refs[i].DataID, out); err != nil {
			return nil, err
		}
	}
	// What a dimension populates may bring new values of others, hardly ever of itself.
	done := map[*dimension.Element]int{}
	for {
		found := false
		for _, e := range n.registry.Universe().Elements() {
			by := n.registry.Universe().Dimension(e.PopulatedBy)
			if e.PopulatedBy == "" || by == nil || !e.HasTable() || n.named[e] {
				continue
			}
			fresh := out[by][done[e]:]
			if len(fresh) == 0 {
				continue
			}
			found, done[e] = true, len(out[by])
			if err := n.populated(ctx, e, by, fresh, out); err != nil {
				return nil, err
			}
		}
		if !found {
			return out, nil
		}
	}
}

// along adds the records of all elements of a data ID.
func (n *neededRecords) along(ctx context.Context, id dimension.DataID, out map[*dimension.Element][]*dimension.Record) error {
	var own [8]dimension.Value
	for _, e := range id.Group().Elements {
		if !e.HasTable() {
			continue
		}
		values := own[:0]
		for _, d := range e.Required {
			values = append(values, id.Get(d.Name))
		}
		if !n.first(e, dimension.Key(values)) {
			continue
		}
		r, err := n.x.Record(ctx, e, id)
		if err != nil {
			return err
		}
		if r != nil {
			out[e] = append(out[e], r)
		}
	}
	return nil
}

// populated adds the records of an element that belong to new records of the dimension by which it is populated, and what they need.
func (n *neededRecords) populated(ctx context.Context, e, by *dimension.Element, fresh []*dimension.Record, out map[*dimension.Element][]*dimension.Record) error {
	rows := make([][]dimension.Value, len(fresh))
	for i, r := range fresh {
		for k, d := range by.Required {
			v, err := d.ConvertValue(r.Values[k])
			if err != nil {
				return err
			}
			rows[i] = append(rows[i], v)
		}
	}
	records, err := n.registry.RecordsOf(ctx, e, by.Required, rows)
	if err != nil {
		return err
	}
	for _, r := range records {
		id := r.DataID()
		if !n.first(e, dimension.Key(id.RequiredValues())) {
			continue
		}
		out[e] = append(out[e], r)
		full, err := n.x.Expand(ctx, id)
		if err != nil {
			return err
		}
		if err := n.along(ctx, full, out); err != nil {
			return err
		}
	}
	return nil
}
