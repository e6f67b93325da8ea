package butler

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"valet/registry"
	"valet/registry/dataset"
)

// ingestion is an Ingest on its way.
type ingestion struct {
	at       int
	source   string
	transfer Transfer
	file     File
}

// plan checks every row and finds the place of its file.
func (b *Butler) plan(ctx context.Context, t *dataset.Type, o *IngestOptions, rows []Ingest, faults *IngestError) ([]ingestion, error) {
	isNew, err := b.checkRun(ctx, o.Run)
	if err != nil {
		return nil, err
	}
	x := b.Registry.Expander()
	placer, err := b.Store.IngestPlacer(t, o.Run, Records{ctx, x})
	if err != nil {
		return nil, err
	}
	existing := map[string]dataset.ID{}
	if !isNew {
		if existing, err = b.existing(ctx, t, o.Run); err != nil {
			return nil, err
		}
	}
	transfers := b.transfers(o.Transfer, rows)
	var list []ingestion
	seen, places := map[string]int{}, map[string]int{}
	for i, row := range rows {
		if row.Err != nil {
			faults.add(row.At, "%s", row.Err)
			continue
		}
		before := faults.Total
		in := ingestion{at: row.At, source: row.Path, transfer: transfers[i]}
		in.file.Record = dataset.FileRecord{StorageClass: t.StorageClass, Component: dataset.WholeDataset, Size: -1}
		id, err := dataIDOf(ctx, x, t, row.DataID)
		if err != nil {
			faults.add(row.At, "%s", err)
		}
		if reason := b.look(&in); reason != "" {
			faults.add(row.At, "%s", reason)
		}
		if err != nil {
			continue
		}
		in.file.Ref = dataset.Ref{ID: o.IDs.NewIDOf(t.Name, o.Run, id), Type: t, DataID: id, Run: o.Run}
		in.file.Record.ID = in.file.Ref.ID
		formatter, err := placer.FormatterOf(id)
		if err != nil {
			faults.add(row.At, "%s", err)
			continue
		}
		in.file.Record.Formatter = formatter.Class
		ext := extension(row.Path)
		if !formatter.Reads(ext) {
			faults.add(row.At, "%s ends in %q, files of storage class %s in %s", row.Path, ext, t.StorageClass, strings.Join(formatter.Extensions, ", "))
		}
		if first, twice := seen[id.Key()]; twice {
			faults.add(row.At, "data ID %s is that of row %d already", id, first)
		} else {
			seen[id.Key()] = row.At
		}
		if other, there := existing[id.Key()]; there {
			faults.add(row.At, "dataset %s@%s exists already in run %q with ID %s", t.Name, id, o.Run, other)
		}
		if in.transfer.brings() {
			place, err := placer.AppendIngested(nil, id, in.file.Ref.ID, ext)
			if err != nil {
				faults.add(row.At, "%s", err)
				continue
			}
			in.file.Record.Path = string(place)
			if real, err := b.files.Resolve(in.source); err == nil && b.isAt(real, in.file.Record.Path) {
				faults.add(row.At, "%s is at its place in the repository already: give the transfer auto to leave it there", in.source)
			}
		}
		if faults.Total == before && in.file.Record.Path != "" && in.transfer != Direct {
			if first, twice := places[in.file.Record.Path]; twice {
				faults.add(row.At, "its file would have the place of that of row %d: %s", first, in.file.Record.Path)
			}
			places[in.file.Record.Path] = row.At
		}
		if faults.Total == before {
			list = append(list, in)
		}
	}
	if err := b.findPlaces(ctx, list, faults); err != nil {
		return nil, err
	}
	return list, b.findIDs(ctx, list, o.IDs, faults)
}

// checkRun reports whether the run is to be made.
func (b *Butler) checkRun(ctx context.Context, run string) (isNew bool, err error) {
	c, err := b.Registry.Collection(ctx, run)
	var missing *registry.NotFoundError
	switch {
	case errors.As(err, &missing):
		return true, dataset.ValidateCollectionName(run)
	case err != nil:
		return false, err
	case c.Kind != dataset.Run:
		return false, &registry.CollectionKindError{Name: run, Is: c.Kind, Expected: dataset.Run}
	}
	return false, nil
}

// findPlaces tells places that are those of other datasets.
func (b *Butler) findPlaces(ctx context.Context, list []ingestion, faults *IngestError) error {
	var paths []string
	for i := range list {
		if list[i].transfer != Direct {
			paths = append(paths, list[i].file.Record.Path)
		}
	}
	if len(paths) == 0 {
		return nil
	}
	recorded, err := b.Registry.RecordedPaths(ctx, b.Store.Config.Table, paths)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].transfer != Direct && recorded[list[i].file.Record.Path] > 0 {
			faults.add(list[i].at, "the place of its file is that of another dataset's: %s", list[i].file.Record.Path)
		}
	}
	return nil
}

// findIDs tells IDs that other datasets have, which only those that are made of data IDs can be.
func (b *Butler) findIDs(ctx context.Context, list []ingestion, mode dataset.IDMode, faults *IngestError) error {
	if mode == dataset.UniqueID || mode == "" {
		return nil
	}
	ids := make([]dataset.ID, len(list))
	for i := range list {
		ids[i] = list[i].file.Ref.ID
	}
	found, err := b.Registry.RefsByID(ctx, ids)
	if err != nil {
		return err
	}
	for i := range list {
		if ref, there := found[ids[i]]; there {
			faults.add(list[i].at, "its ID %s is that of dataset %s@%s in run %q already", ids[i], ref.Type.Name, ref.DataID, ref.Run)
		}
	}
	return nil
}

// existing are the datasets of a type in a run by the key of their data IDs.
func (b *Butler) existing(ctx context.Context, t *dataset.Type, run string) (map[string]dataset.ID, error) {
	out := map[string]dataset.ID{}
	for ref, err := range b.Registry.AllDatasets(ctx, registry.AllDatasetsQuery{Types: []string{t.Name}, Collections: []string{run}, Bounds: registry.Bounds{AllRows: true}}) {
		if err != nil {
			return nil, err
		}
		out[ref.DataID.Key()] = ref.ID
	}
	return out, nil
}

// look checks the source of a file and says what is wrong with it.
func (b *Butler) look(in *ingestion) string {
	if in.source == "" {
		return "no path"
	}
	if scheme, _, isURI := strings.Cut(in.source, "://"); isURI && scheme != "file" {
		if in.transfer != Direct {
			return fmt.Sprintf("%s is on another machine: only the transfer direct can keep it there", in.source)
		}
		in.file.Record.Path = in.source
		return ""
	}
	path, err := absolute(in.source)
	if err != nil {
		return err.Error()
	}
	in.source = path
	// A link to a file is as good as the file.
	real, err := b.files.Resolve(path)
	if err != nil {
		return cannotRead(path, err)
	}
	f, err := b.files.Open(real)
	if err != nil {
		return cannotRead(path, err)
	}
	defer f.Close()
	info, err := b.files.Stat(real)
	switch {
	case err != nil:
		return cannotRead(path, err)
	case !info.Regular:
		return path + " is no regular file"
	}
	in.file.Record.Size = info.Size
	switch in.transfer {
	case Direct:
		in.file.Record.Path = (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
	case NoTransfer:
		in.file.Record.Path = filepath.ToSlash(strings.TrimPrefix(path, strings.TrimSuffix(b.Store.Config.Root, "/")+"/"))
		if b.isOwn(path) {
			return path + " is a file of the repository itself"
		}
	}
	return ""
}

func cannotRead(path string, err error) string {
	var e *fs.PathError
	if errors.As(err, &e) {
		err = e.Err
	}
	return path + " cannot be read: " + err.Error()
}

// absolute is the absolute path that a path or file URI names.
func absolute(source string) (string, error) {
	path, err := localPath(source)
	if err != nil {
		return "", err
	}
	return filepath.Abs(path)
}

// isAt reports whether a file without links is that of a place in the datastore. A link to the file is not: it is what an interrupted
// ingestion left.
func (b *Butler) isAt(real, place string) bool {
	place = b.Store.Config.Root + "/" + place
	if info, err := b.files.Stat(place); err != nil || info.Link {
		return false
	}
	at, err := b.files.Resolve(place)
	return err == nil && at == real
}

// compressions are the endings that go with the one before them (observed).
var compressions = []string{".gz", ".bz2", ".xz", ".fz"}

// extension is that of a file as its place in the repository keeps it.
func extension(p string) string {
	p = p[strings.LastIndexByte(p, '/')+1:]
	last := filepath.Ext(p)
	if slices.Contains(compressions, last) {
		return filepath.Ext(strings.TrimSuffix(p, last)) + last
	}
	return last
}
