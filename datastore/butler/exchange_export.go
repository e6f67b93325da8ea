package butler

import (
	"context"
	"errors"
	"fmt"
	"os"
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
// paths that they have in the repository. Members of zip files become files of their own. Files that exist already with the same bytes stay and those with the first
// of them are made anew, so that an export that was interrupted is ended by doing it again; other bytes are an error. The text gets its name when
// all is written and the files are durable.
func (b *Butler) Export(ctx context.Context, refs []dataset.Ref, o ExportOptions) (done Exported, err error) {
	if b.chained() {
		return done, &datastore.ChainError{}
	}
	if err := makeDirectory(b.files, o.Directory, nil); err != nil {
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
	if err := b.syncDisk(o.Directory); err != nil {
		return e.done, err
	}
	err, f = f.Close(), nil
	if err == nil {
		err = os.Rename(temporary, o.File)
	}
	return e.done, err
}

// syncDisk makes the disk durable that holds a directory, where the system can do that.
func (b *Butler) syncDisk(dir string) error {
	v, err := b.files.Volume(dir)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(v.Sync(), v.Close())
}

type exporter struct {
	b    *Butler
	o    ExportOptions
	w    *exchange.Writer
	done Exported
	// placers say where members of zip files would be.
	placers *runPlacers
	// dirs are directories that exist.
	dirs map[string]bool
}

func (e *exporter) write(ctx context.Context, refs []dataset.Ref) error {
	need := newNeededRecords(e.b.Registry, refs)
	e.placers, e.dirs = newRunPlacers(e.b.Store, Records{ctx, need.x}), map[string]bool{}
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
