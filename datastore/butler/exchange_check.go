package butler

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"valet/datastore"
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

// runKey is what the datasets of a type in a run are found by.
type runKey struct{ typ, run string }

// checkDatasets compares datasets with those of the repository, looks for their files, and finds their places.
func (m *importer) checkDatasets(ctx context.Context) error {
	m.lines = map[dataset.ID]int{}
	seen := map[runKey]map[string]int{}
	places, sources := map[string]int{}, map[string]int{}
	badRun := map[string]bool{}
	placers := map[runKey]*datastore.Placer{}
	existing := map[runKey]map[string]dataset.ID{}
	for piece := range slices.Chunk(m.files, transferBatch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		var ids []dataset.ID
		for i := range piece {
			for _, ref := range piece[i].refs {
				ids = append(ids, ref.ID)
			}
		}
		there, err := m.b.Registry.RefsByID(ctx, ids)
		if err != nil {
			return err
		}
		stored := map[dataset.ID]dataset.FileRecord{}
		records, err := m.b.Registry.Records(ctx, m.b.Store.Config.Name, m.b.Store.Config.Table, ids)
		if err != nil {
			return err
		}
		for _, r := range records {
			stored[r.ID] = r
		}
		for i := range piece {
			f := &piece[i]
			f.rows = f.rows[:0]
			keep := f.refs[:0]
			for _, ref := range f.refs {
				if first, twice := m.lines[ref.ID]; twice {
					m.faults.add(f.line, "dataset ID %s is that of line %d already", ref.ID, first)
					continue
				}
				m.lines[ref.ID] = f.line
				k := runKey{ref.Type.Name, ref.Run}
				if !badRun[ref.Run] {
					switch kind := m.kindOf(ref.Run); kind {
					case dataset.Run:
					case 0:
						badRun[ref.Run] = true
						m.faults.add(f.line, "run %q is neither in the text nor in the repository", ref.Run)
					default:
						badRun[ref.Run] = true
						m.faults.add(f.line, "collection %q is of type %s, datasets are born in a RUN", ref.Run, kind)
					}
				}
				if seen[k] == nil {
					seen[k] = map[string]int{}
				}
				key := ref.DataID.Key()
				if first, twice := seen[k][key]; twice {
					m.faults.add(f.line, "%s@%s is in run %q already, in line %d", ref.Type.Name, ref.DataID, ref.Run, first)
					continue
				}
				seen[k][key] = f.line
				full, err := m.x.expand(ref.DataID)
				var none *registry.NotFoundError
				if errors.As(err, &none) {
					m.faults.add(f.line, "%s@%s: there is no %s", ref.Type.Name, ref.DataID, none.Name)
					continue
				} else if err != nil {
					return err
				}
				ref.DataID = full
				old, isThere := there[ref.ID]
				if isThere {
					if old.Type.Name != ref.Type.Name || old.Run != ref.Run || old.DataID.Key() != key {
						m.faults.add(f.line, "dataset %s is %s@%s in run %q here, but %s@%s in run %q in the repository", ref.ID, ref.Type.Name, ref.DataID, ref.Run, old.Type.Name, old.DataID, old.Run)
						continue
					}
					if r, is := stored[ref.ID]; is {
						m.done.Existing++
						m.sameFile(f, r)
						continue
					}
				} else {
					if existing[k] == nil {
						existing[k] = map[string]dataset.ID{}
						if m.there[ref.Run] != nil && !badRun[ref.Run] && !slices.Contains(m.newTypes, ref.Type) {
							if existing[k], err = m.b.existing(ctx, ref.Type, ref.Run); err != nil {
								return err
							}
						}
					}
					if other, is := existing[k][key]; is {
						m.faults.add(f.line, "%s@%s exists already in run %q with ID %s, not %s", ref.Type.Name, ref.DataID, ref.Run, other, ref.ID)
						continue
					}
				}
				keep, f.rows = append(keep, ref), append(f.rows, isThere)
			}
			if f.refs = keep; len(keep) == 0 {
				continue
			}
			if err := m.locate(f, placers); err != nil {
				m.faults.add(f.line, "%s", err)
				continue
			}
			if _, outside := isURI(f.record.Path); outside || f.stays {
				// Datasets may share a file.
				continue
			}
			if first, twice := places[f.record.Path]; twice {
				m.faults.add(f.line, "its file would have the place of that of line %d: %s", first, f.record.Path)
			}
			places[f.record.Path] = f.line
			if m.o.Transfer == MoveIn {
				if first, twice := sources[f.source]; twice {
					m.faults.add(f.line, "%s cannot be moved twice, line %d has it already", f.path, first)
				}
				sources[f.source] = f.line
			}
		}
	}
	m.files = slices.DeleteFunc(m.files, func(f importFile) bool { return len(f.refs) == 0 })
	return m.checkPlaces(ctx)
}

// sameFile compares the size of a file that is stored already with that of the text, if there is one.
func (m *importer) sameFile(f *importFile, r dataset.FileRecord) {
	if err := m.source(f); err != nil || f.source == "" || f.member != "" || r.Size < 0 {
		return
	}
	if info, err := os.Stat(f.source); err == nil && info.Size() != r.Size {
		m.faults.add(f.line, "dataset %s is stored with %d bytes, %s has %d", r.ID, r.Size, f.path, info.Size())
	}
}

// checkPlaces looks for files of other datasets at the places of new ones.
func (m *importer) checkPlaces(ctx context.Context) error {
	for piece := range slices.Chunk(m.files, transferBatch) {
		var paths []string
		for i := range piece {
			if _, outside := isURI(piece[i].record.Path); !outside && piece[i].record.Path != "" {
				paths = append(paths, piece[i].record.Path)
			}
		}
		recorded, err := m.b.Registry.RecordedPaths(ctx, m.b.Store.Config.Table, paths)
		if err != nil {
			return err
		}
		for i := range piece {
			if p := piece[i].record.Path; p != "" && recorded[p] > 0 {
				m.faults.add(piece[i].line, "the place of its file is that of another dataset's: %s", p)
			}
		}
	}
	return nil
}

// source finds the file that a path of the text means.
func (m *importer) source(f *importFile) error {
	name, member := splitZip(f.path)
	scheme, outside := isURI(name)
	switch {
	case outside && scheme != "file":
		return nil
	case outside:
		var err error
		if name, err = localPath(name); err != nil {
			return err
		}
	case filepath.IsAbs(name):
	default:
		if !filepath.IsLocal(name) {
			return fmt.Errorf("path %q leaves the directory", f.path)
		}
		name = filepath.Join(m.o.Directory, name)
	}
	name, err := filepath.Abs(name)
	f.source, f.member = name, member
	return err
}

// locate looks for the file of datasets and says where it goes.
func (m *importer) locate(f *importFile, placers map[runKey]*datastore.Placer) error {
	ref := &f.refs[0]
	f.record.ID, f.record.StorageClass, f.record.Component, f.record.Size = ref.ID, ref.Type.StorageClass, dataset.WholeDataset, -1
	if err := m.source(f); err != nil {
		return err
	}
	k := runKey{ref.Type.Name, ref.Run}
	p := placers[k]
	if p == nil {
		var err error
		if p, err = m.b.Store.Placer(ref.Type, ref.Run, m.x); err != nil {
			return err
		}
		placers[k] = p
	}
	usual, err := p.FormatterOf(ref.DataID)
	if err != nil {
		return err
	}
	if f.record.Formatter == "" {
		f.record.Formatter = usual.Class
	}
	if f.source == "" {
		if f.stays = m.o.Transfer == Direct || m.o.Transfer == Auto; !f.stays {
			return fmt.Errorf("%s is on another machine: only the transfer direct can keep it there", f.path)
		}
		f.record.Path = f.path
		return nil
	}
	info, err := os.Stat(f.source)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is no regular file", f.source)
	}
	if f.member != "" && m.o.Transfer != Direct && m.o.Transfer != Copy && m.o.Transfer != Auto {
		return fmt.Errorf("%s is in a zip file: only the transfers copy, auto and direct can bring it", f.path)
	}
	ext := extension(f.path)
	if f.record.Formatter == usual.Class && ext != usual.Extension {
		return fmt.Errorf("%s ends in %q, files of storage class %s in %q", f.path, ext, ref.Type.StorageClass, usual.Extension)
	}
	if f.member == "" {
		f.record.Size = info.Size()
	}
	real, err := filepath.EvalSymlinks(f.source)
	switch {
	case err != nil:
		return err
	case m.root != "" && m.o.Transfer == Auto && f.member == "" && strings.HasPrefix(real, m.root+"/"):
		f.stays, f.record.Path = true, filepath.ToSlash(strings.TrimPrefix(real, m.root+"/"))
		return nil
	case m.o.Transfer == Direct:
		f.stays, f.record.Path = true, fileURI(f.source)+f.member
		return nil
	}
	place, err := p.AppendPath(nil, ref.DataID, ref.ID)
	if err != nil {
		return err
	}
	f.record.Path = strings.TrimSuffix(string(place), usual.Extension) + ext
	if real == m.root+"/"+f.record.Path {
		return fmt.Errorf("%s is at its place in the repository already: take the transfer auto", f.source)
	}
	return nil
}
