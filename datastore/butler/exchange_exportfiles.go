package butler

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

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
	source, err := e.b.sourceOf(r.Path)
	if err != nil {
		return "", err
	}
	path := r.Path
	if outside || member != "" {
		if path, err = e.placers.path(ref); err != nil {
			return "", err
		}
	}
	data, err := e.b.Store.Read(r)
	if err != nil {
		return "", err
	}
	return path, e.put(path, data, source, r.ID)
}

// put makes a file in the directory, unless it is there.
func (e *exporter) put(path string, data []byte, source string, id dataset.ID) error {
	final := e.o.Directory + "/" + path
	if dir := filepath.Dir(final); !e.dirs[dir] {
		if err := makeDirectory(e.b.files, dir, nil); err != nil {
			return err
		}
		e.dirs[dir] = true
	}
	err := e.b.files.Create(final, data)
	if errors.Is(err, fs.ErrExist) {
		// What a killed export left beside it.
		_ = e.b.files.Remove(filepath.Dir(final) + "/" + id.String() + ".tmp")
		part, wrong := e.partOf(final, data)
		if wrong != nil || !part {
			return wrong
		}
		if err := e.b.files.Remove(final); err != nil {
			return err
		}
		err = e.b.files.Create(final, data)
	}
	if err != nil {
		_ = e.b.files.Remove(final) // A part of it must not be taken for it.
		return err
	}
	if _, links := e.o.Transfer.linkKind(); links && source != "" {
		return e.b.linkInto(e.o.Transfer, source, final, id.String())
	}
	return nil
}

// partOf looks whether a file holds these bytes already, or the first ones of them, as an export that was killed or lost its power leaves it.
func (e *exporter) partOf(path string, data []byte) (part bool, err error) {
	f, err := e.b.files.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	if size := f.Size(); size <= int64(len(data)) {
		there := make([]byte, size)
		if _, err := f.ReadAt(there, 0); err != nil && size > 0 {
			return false, err
		}
		if bytes.HasPrefix(data, there) {
			return len(there) < len(data), nil
		}
	}
	return false, fmt.Errorf("%s exists already with other content: export to another directory", path)
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

// linkInto replaces a file by a link to a source in one step. A hard link that is not possible, on another disk for one, becomes a symbolic link.
func (b *Butler) linkInto(mode Transfer, source, final, token string) error {
	temporary := filepath.Dir(final) + "/" + token + ".tmp"
	source, err := b.files.Resolve(source)
	if err != nil {
		return err
	}
	target := source
	if mode == RelSymlink {
		dir, err := b.files.Resolve(filepath.Dir(final))
		if err != nil {
			return err
		}
		if target, err = filepath.Rel(dir, source); err != nil {
			return err
		}
	}
	// What a killed process left.
	_ = b.files.Remove(temporary)
	hard := mode == Link || mode == Auto
	if hard {
		err = b.files.Link(source, temporary)
	}
	if !hard || err != nil {
		err = b.files.Symlink(target, temporary)
	}
	if err == nil {
		err = b.files.Rename(temporary, final)
	}
	if err != nil {
		_ = b.files.Remove(temporary) // The first error is the one to tell.
	}
	return err
}
