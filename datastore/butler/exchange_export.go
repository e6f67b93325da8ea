package butler

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"valet/datastore"
	"valet/datastore/exchange"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// ExportOptions say where an export goes.
type ExportOptions struct {
	// Directory gets the files; it is made if it is missing. File gets the YAML text.
	Directory, File string
	// Transfer is Copy, Link, Symlink, RelSymlink or Auto; Direct names files by their URIs, NoTransfer by their paths in the repository.
	Transfer Transfer
	// Collections go along, those that datasets are in as far as they are exported. Runs of datasets go along in any case.
	Collections []*dataset.Collection
	// AllRecords takes all dimension records along, not only those that the datasets need.
	AllRecords bool
}

// Exported counts what Export wrote.
type Exported struct {
	// Datasets were written with Files files, Unstored have no file and were left out.
	Datasets, Files, Unstored int
	// Records are dimension records.
	Records, Collections int
}

// DisassembledError says that a dataset is stored in several files.
type DisassembledError struct{ Ref dataset.Ref }

func (e *DisassembledError) Error() string {
	return fmt.Sprintf("%s@%s (%s) is stored as a file for each component, which the export form cannot say", e.Ref.Type.Name, e.Ref.DataID, e.Ref.ID)
}

// Hint says how to go on.
func (e *DisassembledError) Hint() string {
	return "choose other dataset types, or use 'valet transfer', which can"
}

// ClassName is upstream's exception.
func (e *DisassembledError) ClassName() string { return "NotImplementedError" }

// Export writes datasets with all that 'butler import' needs to have them elsewhere: a YAML text (see package exchange) and their files, at the
// paths that they have in the repository. Members of zip files become files of their own. Files that exist already with the same bytes stay, so that an
// export that was interrupted is ended by doing it again; other bytes are an error. The text gets its name when all is written.
func (b *Butler) Export(ctx context.Context, refs []dataset.Ref, o ExportOptions) (done Exported, err error) {
	if b.chained() {
		return done, &datastore.ChainError{}
	}
	if err := b.makeDirectory(o.Directory); err != nil {
		return done, err
	}
	temporary := o.File + ".tmp"
	f, err := os.Create(temporary)
	if err != nil {
		return done, err
	}
	defer func() {
		if f != nil {
			err = errors.Join(err, f.Close())
		}
		if err != nil {
			_ = os.Remove(temporary) // The first error is the one to tell.
		}
	}()
	u := b.Registry.Universe()
	e := &exporter{b: b, o: o, w: exchange.NewWriter(f, exchange.Header{Namespace: u.Namespace, Version: u.Version})}
	if err := e.write(ctx, refs); err != nil {
		return e.done, err
	}
	if err := e.w.Close(); err != nil {
		return e.done, err
	}
	if err := f.Sync(); err != nil {
		return e.done, err
	}
	err, f = f.Close(), nil
	if err == nil {
		err = os.Rename(temporary, o.File)
	}
	return e.done, err
}

type exporter struct {
	b    *Butler
	o    ExportOptions
	w    *exchange.Writer
	done Exported
	// placers say where members of zip files would be.
	placers map[[2]string]*datastore.Placer
	// dirs are directories that exist.
	dirs map[string]bool
	x    Records
}

func (e *exporter) write(ctx context.Context, refs []dataset.Ref) error {
	need := newNeededRecords(e.b.Registry, refs)
	e.x = Records{ctx, need.x}
	e.placers, e.dirs = map[[2]string]*datastore.Placer{}, map[string]bool{}
	refs = slices.Clone(refs)
	var err error
	for i := range refs {
		if refs[i].DataID, err = need.x.Expand(ctx, refs[i].DataID); err != nil {
			return err
		}
	}
	slices.SortStableFunc(refs, func(a, b dataset.Ref) int {
		if c := strings.Compare(a.Type.Name, b.Type.Name); c != 0 {
			return c
		}
		if c := strings.Compare(a.Run, b.Run); c != 0 {
			return c
		}
		if c := a.DataID.Compare(b.DataID); c != 0 {
			return c
		}
		return strings.Compare(string(a.ID[:]), string(b.ID[:]))
	})
	records, err := need.of(ctx, refs)
	if err != nil {
		return err
	}
	for _, el := range e.b.Registry.Universe().Elements() {
		if e.o.AllRecords && el.HasTable() {
			if records[el], err = e.b.Registry.RecordsOf(ctx, el, nil, nil); err != nil {
				return err
			}
		}
		if err := e.w.Records(el, inOrder(records[el])); err != nil {
			return err
		}
		e.done.Records += len(records[el])
	}
	if err := e.collections(ctx, refs); err != nil {
		return err
	}
	exported := map[dataset.ID]bool{}
	if err := e.datasets(ctx, refs, exported); err != nil {
		return err
	}
	return e.members(ctx, refs, exported)
}

// inOrder puts records in the order of their required values.
func inOrder(records []*dimension.Record) []*dimension.Record {
	type keyed struct {
		id dimension.DataID
		r  *dimension.Record
	}
	list := make([]keyed, len(records))
	for i, r := range records {
		list[i] = keyed{r.DataID(), r}
	}
	slices.SortFunc(list, func(a, b keyed) int { return a.id.Compare(b.id) })
	out := make([]*dimension.Record, len(list))
	for i, k := range list {
		out[i] = k.r
	}
	return out
}

// collections writes collections, chains behind what they hold.
func (e *exporter) collections(ctx context.Context, refs []dataset.Ref) error {
	list := slices.Clone(e.o.Collections)
	seen := map[string]bool{}
	for _, c := range list {
		seen[c.Name] = true
	}
	for i := range refs {
		if run := refs[i].Run; !seen[run] {
			seen[run] = true
			c, err := e.b.Registry.Collection(ctx, run)
			if err != nil {
				return err
			}
			list = append(list, c)
		}
	}
	byName := map[string]*dataset.Collection{}
	for _, c := range list {
		byName[c.Name] = c
	}
	slices.SortFunc(list, func(a, b *dataset.Collection) int { return strings.Compare(a.Name, b.Name) })
	written := map[string]bool{}
	var write func(c *dataset.Collection) error
	write = func(c *dataset.Collection) error {
		if written[c.Name] {
			return nil
		}
		written[c.Name] = true
		for _, child := range c.Children {
			if x := byName[child]; x != nil {
				if err := write(x); err != nil {
					return err
				}
			}
		}
		e.done.Collections++
		return e.w.Collection(c)
	}
	for _, chains := range []bool{false, true} {
		for _, c := range list {
			if (c.Kind == dataset.Chained) == chains {
				if err := write(c); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// datasets writes types, files and datasets.
func (e *exporter) datasets(ctx context.Context, refs []dataset.Ref, exported map[dataset.ID]bool) error {
	store := &e.b.Store.Config
	var t *dataset.Type
	for piece := range slices.Chunk(refs, transferBatch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		ids := make([]dataset.ID, len(piece))
		for i := range piece {
			ids[i] = piece[i].ID
		}
		stored, err := e.b.Registry.Records(ctx, store.Name, store.Table, ids)
		if err != nil {
			return err
		}
		byID := map[dataset.ID]*dataset.FileRecord{}
		components := map[dataset.ID]bool{}
		for i := range stored {
			byID[stored[i].ID] = &stored[i]
			components[stored[i].ID] = components[stored[i].ID] || stored[i].Component != dataset.WholeDataset
		}
		// Datasets of one file go together if they are of one type and run.
		type home struct{ typ, run, path string }
		sharing := map[home][]dataset.Ref{}
		for _, ref := range piece {
			if r := byID[ref.ID]; r != nil {
				h := home{ref.Type.Name, ref.Run, r.Path}
				sharing[h] = append(sharing[h], ref)
			}
		}
		for _, ref := range piece {
			r := byID[ref.ID]
			switch {
			case r == nil:
				e.done.Unstored++
				continue
			case components[ref.ID]:
				return &DisassembledError{ref}
			case exported[ref.ID]:
				continue
			}
			if t == nil || t.Name != ref.Type.Name {
				t = ref.Type
				if err := e.w.Type(t); err != nil {
					return err
				}
			}
			path, err := e.file(ref, r)
			if err != nil {
				return fmt.Errorf("export %s@%s: %w", ref.Type.Name, ref.DataID, err)
			}
			group := sharing[home{ref.Type.Name, ref.Run, r.Path}]
			if err := e.w.File(group, path, r.Formatter); err != nil {
				return err
			}
			for i := range group {
				exported[group[i].ID] = true
			}
			e.done.Datasets += len(group)
			e.done.Files++
		}
	}
	return nil
}

// file brings a file to the directory and returns how the text calls it.
func (e *exporter) file(ref dataset.Ref, r *dataset.FileRecord) (string, error) {
	_, outside := isURI(r.Path)
	name, member := splitZip(r.Path)
	switch {
	case e.o.Transfer == NoTransfer:
		return r.Path, nil
	case e.o.Transfer == Direct && outside:
		return r.Path, nil
	case e.o.Transfer == Direct:
		return fileURI(e.b.Store.Config.Root+"/"+name) + member, nil
	}
	path, source := r.Path, ""
	if outside || member != "" {
		var err error
		if path, err = e.own(ref); err != nil {
			return "", err
		}
	}
	if member == "" {
		source = e.b.Store.Config.Root + "/" + name
		if outside {
			local, err := localPath(name)
			if err != nil {
				return "", err
			}
			source = local
		}
	}
	data, err := e.b.Store.Read(r)
	if err != nil {
		return "", err
	}
	return path, e.put(path, data, source, r.ID)
}

// own is where the file of a dataset would be by itself.
func (e *exporter) own(ref dataset.Ref) (string, error) {
	key := [2]string{ref.Type.Name, ref.Run}
	p := e.placers[key]
	if p == nil {
		var err error
		if p, err = e.b.Store.Placer(ref.Type, ref.Run, e.x); err != nil {
			return "", err
		}
		e.placers[key] = p
	}
	path, err := p.AppendPath(nil, ref.DataID, ref.ID)
	return string(path), err
}

// put makes a file in the directory, unless it is there.
func (e *exporter) put(path string, data []byte, source string, id dataset.ID) error {
	final := e.o.Directory + "/" + path
	if dir := filepath.Dir(final); !e.dirs[dir] {
		if err := e.b.makeDirectory(dir); err != nil {
			return err
		}
		e.dirs[dir] = true
	}
	err := e.b.files.Create(final, data)
	if errors.Is(err, fs.ErrExist) {
		return e.same(final, data)
	}
	if err != nil {
		_ = e.b.files.Remove(final) // A part of it must not be taken for it.
		return err
	}
	switch e.o.Transfer {
	case Link, Symlink, RelSymlink, Auto:
		if source != "" {
			return linkInto(e.o.Transfer, source, final, id.String())
		}
	}
	return nil
}

// same checks that a file holds these bytes already.
func (e *exporter) same(path string, data []byte) error {
	f, err := e.b.files.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if f.Size() == int64(len(data)) {
		there := make([]byte, len(data))
		if _, err := f.ReadAt(there, 0); err != nil && len(there) > 0 {
			return err
		}
		if string(there) == string(data) {
			return nil
		}
	}
	return fmt.Errorf("%s exists already with other content: export to another directory", path)
}

// makeDirectory makes a directory and those above it.
func (b *Butler) makeDirectory(dir string) error {
	err := b.files.Mkdir(dir)
	switch {
	case err == nil, errors.Is(err, fs.ErrExist):
		return nil
	case errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir:
		if err := b.makeDirectory(filepath.Dir(dir)); err != nil {
			return err
		}
		if err = b.files.Mkdir(dir); errors.Is(err, fs.ErrExist) {
			return nil
		}
	}
	return err
}

// members writes which of the exported datasets the collections hold.
func (e *exporter) members(ctx context.Context, refs []dataset.Ref, exported map[dataset.ID]bool) error {
	var types []string
	for i := range refs {
		if len(types) == 0 || types[len(types)-1] != refs[i].Type.Name {
			types = append(types, refs[i].Type.Name)
		}
	}
	collections := slices.Clone(e.o.Collections)
	slices.SortFunc(collections, func(a, b *dataset.Collection) int { return strings.Compare(a.Name, b.Name) })
	for _, c := range collections {
		if c.Kind != dataset.Tagged && c.Kind != dataset.Calibration {
			continue
		}
		type member struct {
			id   dataset.ID
			span dimension.Timespan
		}
		var list []member
		for _, t := range types {
			for a, err := range e.b.Registry.Associations(ctx, t, []string{c.Name}) {
				if err != nil {
					return err
				}
				if !exported[a.Ref.ID] {
					continue
				}
				m := member{id: a.Ref.ID}
				if a.Timespan != nil {
					m.span = *a.Timespan
				}
				list = append(list, m)
			}
		}
		slices.SortStableFunc(list, func(a, b member) int {
			if c := cmp.Compare(a.span.Begin, b.span.Begin); c != 0 {
				return c
			}
			if c := cmp.Compare(a.span.End, b.span.End); c != 0 {
				return c
			}
			return strings.Compare(string(a.id[:]), string(b.id[:]))
		})
		for _, m := range list {
			if err := e.w.Member(c, m.span, m.id); err != nil {
				return err
			}
		}
	}
	return nil
}
