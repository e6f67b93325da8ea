package butler

import (
	"context"
	"fmt"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// members are datasets of one type that come into a collection, with one validity range if it is a CALIBRATION collection.
type members struct {
	collection string
	kind       dataset.CollectionKind
	t          *dataset.Type
	span       dimension.Timespan
	refs       []dataset.Ref
}

// memberKey is what the members of a collection of one type are found by.
type memberKey struct{ collection, typ string }

// member is a dataset in a collection.
type member struct {
	id   dataset.ID
	span dimension.Timespan
	line int
}

// checkMembers compares associations with those of the repository, and with each other.
func (m *importer) checkMembers(ctx context.Context) error {
	if len(m.associations) == 0 {
		return nil
	}
	known, err := m.associated(ctx)
	if err != nil {
		return err
	}
	type groupKey struct {
		memberKey
		span dimension.Timespan
	}
	held := map[memberKey]map[string][]member{}
	groups := map[groupKey]int{}
	for _, a := range m.associations {
		switch kind := m.kindOf(a.Collection); kind {
		case a.Kind:
		case 0:
			m.faults.add(a.Line, "collection %q is neither in the text nor in the repository", a.Collection)
			continue
		default:
			m.faults.add(a.Line, "collection %q is of type %s, not %s", a.Collection, kind, a.Kind)
			continue
		}
		for _, x := range a.Members {
			ref, ok := known[x.ID]
			if _, told := m.lines[x.ID]; !ok && told {
				// Something is wrong with the dataset itself.
				continue
			}
			if !ok {
				m.faults.add(x.Line, "dataset %s is neither in the text nor in the repository", x.ID)
				continue
			}
			if a.Kind == dataset.Calibration && !ref.Type.IsCalibration {
				m.faults.add(x.Line, "dataset %s is of type %q, which is no calibration", x.ID, ref.Type.Name)
				continue
			}
			k := memberKey{a.Collection, ref.Type.Name}
			if held[k] == nil {
				if held[k], err = m.held(ctx, k, ref.Type); err != nil {
					return err
				}
			}
			key := ref.DataID.Key()
			fits, reason := fitsIn(held[k][key], member{x.ID, x.Span, x.Line}, a.Kind)
			if reason != "" {
				m.faults.add(x.Line, "%s@%s (%s) cannot be in %q: %s", ref.Type.Name, ref.DataID, x.ID, a.Collection, reason)
			}
			if !fits {
				continue
			}
			held[k][key] = append(held[k][key], member{x.ID, x.Span, x.Line})
			g := groupKey{k, x.Span}
			at, is := groups[g]
			if !is {
				at = len(m.members)
				groups[g] = at
				m.members = append(m.members, members{collection: a.Collection, kind: a.Kind, t: ref.Type, span: x.Span})
			}
			m.members[at].refs = append(m.members[at].refs, ref)
		}
	}
	return nil
}

// fitsIn reports whether a dataset may come to those with its data ID, and why not unless it is there already.
func fitsIn(there []member, x member, kind dataset.CollectionKind) (bool, string) {
	for _, old := range there {
		if old.id == x.id && old.span == x.span {
			return false, ""
		}
		if kind == dataset.Calibration && !old.span.Overlaps(x.span) {
			continue
		}
		where := "the repository"
		if old.line > 0 {
			where = fmt.Sprintf("line %d", old.line)
		}
		if kind == dataset.Calibration {
			return false, fmt.Sprintf("the validity range overlaps that of dataset %s in %s", old.id, where)
		}
		return false, fmt.Sprintf("dataset %s is in its place in %s", old.id, where)
	}
	return true, ""
}

// held are the members of a collection of the repository by their data IDs.
func (m *importer) held(ctx context.Context, k memberKey, t *dataset.Type) (map[string][]member, error) {
	out := map[string][]member{}
	if m.there[k.collection] == nil || m.isNewType(t) {
		return out, nil
	}
	for a, err := range m.b.Registry.Associations(ctx, k.typ, []string{k.collection}) {
		if err != nil {
			return nil, err
		}
		x := member{id: a.Ref.ID}
		if a.Timespan != nil {
			x.span = *a.Timespan
		}
		key := a.Ref.DataID.Key()
		out[key] = append(out[key], x)
	}
	return out, nil
}

func (m *importer) isNewType(t *dataset.Type) bool {
	for _, x := range m.newTypes {
		if x == t {
			return true
		}
	}
	return false
}

// associated finds the datasets that are associated, in the text or in the repository.
func (m *importer) associated(ctx context.Context) (map[dataset.ID]dataset.Ref, error) {
	wanted := map[dataset.ID]bool{}
	for _, a := range m.associations {
		for _, x := range a.Members {
			wanted[x.ID] = true
		}
	}
	out := map[dataset.ID]dataset.Ref{}
	for i := range m.files {
		for _, ref := range m.files[i].refs {
			if wanted[ref.ID] {
				out[ref.ID] = ref
			}
		}
	}
	var rest []dataset.ID
	for id := range wanted {
		if _, ok := out[id]; !ok {
			rest = append(rest, id)
		}
	}
	found, err := m.b.Registry.RefsByID(ctx, rest)
	if err != nil {
		return nil, err
	}
	for id, ref := range found {
		out[id] = ref
	}
	return out, nil
}
