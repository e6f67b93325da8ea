package butler

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"strings"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// check looks for everything that the repository has against the text, and takes out of it what is there already.
func (m *importer) check(ctx context.Context) error {
	m.x = &overlay{ctx: ctx, under: m.b.Registry.Expander(), own: map[*dimension.Element]map[string]*dimension.Record{}}
	for _, e := range m.b.Registry.Universe().Elements() {
		if err := m.checkRecords(ctx, e); err != nil {
			return err
		}
	}
	if err := m.checkCollections(ctx); err != nil {
		return err
	}
	// Where files stay depends on what is a part of the repository. A root that is still to be made has none.
	if root, err := filepath.EvalSymlinks(m.b.Store.Config.Root); err == nil {
		m.root = root
	}
	if err := m.checkDatasets(ctx); err != nil {
		return err
	}
	return m.checkMembers(ctx)
}

// checkRecords compares the records of an element with those of the repository.
func (m *importer) checkRecords(ctx context.Context, e *dimension.Element) error {
	list := m.records[e]
	if len(list) == 0 {
		return nil
	}
	n := len(e.Required)
	var fresh []registry.RecordInput
	lines := map[string]int{}
	keys := make([][]dimension.Value, 0, len(list))
	texts := make([]string, 0, len(list))
	for _, in := range list {
		own := make([]dimension.Value, n)
		var err error
		for i, d := range e.Required {
			if own[i], err = d.ConvertValue(in.Record.Values[i]); err != nil {
				break
			}
		}
		if err != nil {
			m.faults.add(in.At, "record of %s: %s", e, err)
			continue
		}
		key := dimension.Key(own)
		if first, twice := lines[key]; twice {
			if field := differs(m.x.own[e][key], in.Record); field != "" {
				m.faults.add(in.At, "record of %s %s has another %s in line %d", e, in.Record.DataID(), field, first)
			}
			continue
		}
		lines[key] = in.At
		if err := m.x.add(in.Record); err != nil {
			m.faults.add(in.At, "record of %s: %s", e, err)
			continue
		}
		fresh, keys, texts = append(fresh, in), append(keys, own), append(texts, key)
	}
	existing := map[string]*dimension.Record{}
	records, err := m.b.Registry.RecordsOf(ctx, e, e.Required, keys)
	if err != nil {
		return err
	}
	for _, r := range records {
		own := make([]dimension.Value, n)
		for i, d := range e.Required {
			if own[i], err = d.ConvertValue(r.Values[i]); err != nil {
				return err
			}
		}
		existing[dimension.Key(own)] = r
	}
	out := fresh[:0]
	for i, in := range fresh {
		r := existing[texts[i]]
		if r == nil {
			out = append(out, in)
			continue
		}
		if field := differs(r, in.Record); field != "" {
			m.faults.add(in.At, "record of %s %s has another %s in the repository (leave records of an element out with --skip-dimensions)", e, in.Record.DataID(), field)
		}
	}
	m.records[e] = out
	return nil
}

// differs names a field that two records of an element do not share, or none.
func differs(a, b *dimension.Record) string {
	for i, c := range a.Element.Fields() {
		x, y := a.Values[i], b.Values[i]
		if p, ok := x.([]byte); ok {
			q, ok := y.([]byte)
			if ok && bytes.Equal(p, q) {
				continue
			}
			return c.Name
		}
		if _, ok := y.([]byte); ok || x != y {
			return c.Name
		}
	}
	return ""
}

// checkCollections compares the collections with those of the repository.
func (m *importer) checkCollections(ctx context.Context) error {
	there := map[string]*dataset.Collection{}
	list, err := m.b.Registry.Collections(ctx)
	if err != nil {
		return err
	}
	for _, c := range list {
		there[c.Name] = c
	}
	m.there = there
	for _, c := range m.order {
		if old := there[c.Name]; old != nil {
			if old.Kind != c.Kind {
				m.faults.add(c.Line, "collection %q is of type %s in the repository, not %s", c.Name, old.Kind, c.Kind)
				continue
			}
			// The same child twice counts once.
			if c.Kind == dataset.Chained && !slices.Equal(old.Children, distinctNames(c.Children)) {
				m.faults.add(c.Line, "chain %q is [%s] in the repository, not [%s]", c.Name, strings.Join(old.Children, ", "), strings.Join(c.Children, ", "))
			}
			continue
		}
		if err := dataset.ValidateCollectionName(c.Name); err != nil {
			m.faults.add(c.Line, "%s", err)
		}
		for _, child := range c.Children {
			if there[child] == nil && m.collections[child] == nil {
				m.faults.add(c.Line, "chain %q holds %q, which is neither in the text nor in the repository", c.Name, child)
			}
		}
		m.newCollections = append(m.newCollections, c)
	}
	m.orderCollections()
	return nil
}

func distinctNames(names []string) []string {
	out := make([]string, 0, len(names))
	for _, n := range names {
		if !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	return out
}

// orderCollections puts new chains behind what they hold, and tells of those that hold themselves.
func (m *importer) orderCollections() {
	const visiting, done = 1, 2
	state := map[string]int{}
	fresh := m.newCollections
	m.newCollections = nil
	isNew := map[string]bool{}
	for _, c := range fresh {
		isNew[c.Name] = true
	}
	var visit func(name string)
	visit = func(name string) {
		c := m.collections[name]
		if !isNew[name] || state[name] == done {
			return
		}
		state[name] = visiting
		for _, child := range c.Children {
			if state[child] == visiting {
				m.faults.add(c.Line, "chain %q would contain itself through %q", child, name)
				continue
			}
			visit(child)
		}
		state[name] = done
		m.newCollections = append(m.newCollections, c)
	}
	for _, c := range fresh {
		visit(c.Name)
	}
}

// kindOf is the kind of a collection in the text or in the repository, 0 if it is in neither.
func (m *importer) kindOf(name string) dataset.CollectionKind {
	if c := m.there[name]; c != nil {
		return c.Kind
	}
	if c := m.collections[name]; c != nil {
		return c.Kind
	}
	return 0
}
