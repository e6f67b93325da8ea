package butler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"valet/datastore"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Transfer says how a file comes into the repository (repository.md 9.6).
type Transfer string

// The transfers. Direct leaves the file where it is, and a Move removes the source when its dataset is stored.
const (
	Copy    Transfer = "copy"
	MoveIn  Transfer = "move"
	Link    Transfer = "link"
	Symlink Transfer = "symlink"
	Direct  Transfer = "direct"
)

// ParseTransfer reads the name of a transfer.
func ParseTransfer(s string) (Transfer, error) {
	switch t := Transfer(s); t {
	case Copy, MoveIn, Link, Symlink, Direct:
		return t, nil
	case "hardlink":
		return Link, nil
	}
	return "", fmt.Errorf("%q is no transfer: copy, move, link, symlink or direct expected", s)
}

// Ingest is a file that is to become a dataset.
type Ingest struct {
	// At says where it is from in messages, such as the line of a table.
	At int
	// Path of the file; for Direct it may be any URI.
	Path string
	// DataID holds values for at least the required dimensions of the type.
	DataID map[string]any
	// Err says why it could not be read.
	Err error
}

// IngestError says everything that keeps files from being ingested.
type IngestError struct {
	Type   string
	Faults []string
	Total  int
}

func (e *IngestError) Error() string {
	const shown = 50
	if e.Total == 1 {
		return fmt.Sprintf("ingest %s: %s", e.Type, e.Faults[0])
	}
	text := fmt.Sprintf("ingest %s: %d faults:\n  %s", e.Type, e.Total, strings.Join(e.Faults[:min(shown, len(e.Faults))], "\n  "))
	if more := e.Total - min(shown, len(e.Faults)); more > 0 {
		text += fmt.Sprintf("\n  ... and %d more", more)
	}
	return text
}

// Hint says how to go on.
func (e *IngestError) Hint() string { return "nothing was changed" }

// ClassName is upstream's exception.
func (e *IngestError) ClassName() string { return "lsst.daf.butler._exceptions.DatasetIngestError" }

func (e *IngestError) add(at int, format string, args ...any) {
	e.Total++
	if len(e.Faults) < 1000 {
		e.Faults = append(e.Faults, fmt.Sprintf("row %d: ", at)+fmt.Sprintf(format, args...))
	}
}

// ingestion is an Ingest on its way.
type ingestion struct {
	at     int
	source string
	file   File
	size   int64
}

// IngestFiles stores files as datasets of a registered type in a run, which is made if it is new. What is wrong with any of them is told at
// once in an *IngestError before anything is changed. Files come to their places first, then all rows in one transaction; when that fails,
// the files that were brought are removed again. It returns the number of datasets.
func (b *Butler) IngestFiles(ctx context.Context, typeName, run string, transfer Transfer, rows []Ingest) (int, error) {
	if b.chained() {
		return 0, &datastore.ChainError{}
	}
	t, err := b.Registry.DatasetType(ctx, typeName)
	if err != nil {
		return 0, err
	}
	faults := &IngestError{Type: typeName}
	list, err := b.plan(ctx, t, run, transfer, rows, faults)
	if err != nil {
		return 0, err
	}
	if faults.Total > 0 {
		return 0, faults
	}
	return len(list), b.ingest(ctx, run, transfer, list)
}

// plan checks every row and finds the place of its file.
func (b *Butler) plan(ctx context.Context, t *dataset.Type, run string, transfer Transfer, rows []Ingest, faults *IngestError) ([]ingestion, error) {
	isNew := false
	if c, err := b.Registry.Collection(ctx, run); err == nil && c.Kind != dataset.Run {
		return nil, &registry.CollectionKindError{Name: run, Is: c.Kind, Expected: dataset.Run}
	} else if missing := (*registry.NotFoundError)(nil); errors.As(err, &missing) {
		if err := dataset.ValidateCollectionName(run); err != nil {
			return nil, err
		}
		isNew = true
	} else if err != nil {
		return nil, err
	}
	x := b.Registry.Expander()
	placer, err := b.Store.Placer(t, run, Records{ctx, x})
	if err != nil {
		return nil, err
	}
	existing := map[string]dataset.ID{}
	if !isNew {
		if existing, err = b.existing(ctx, t, run); err != nil {
			return nil, err
		}
	}
	var list []ingestion
	seen, places := map[string]int{}, map[string]int{}
	for _, row := range rows {
		if row.Err != nil {
			faults.add(row.At, "%s", row.Err)
			continue
		}
		before := faults.Total
		id, err := dataIDOf(ctx, x, t, row.DataID)
		if err != nil {
			faults.add(row.At, "%s", err)
		}
		in := ingestion{at: row.At, source: row.Path, file: File{Ref: dataset.Ref{ID: dataset.NewID(), Type: t, DataID: id, Run: run}}}
		in.file.Record = dataset.FileRecord{ID: in.file.Ref.ID, StorageClass: t.StorageClass, Component: dataset.WholeDataset, Size: -1}
		if reason := b.look(&in, transfer); reason != "" {
			faults.add(row.At, "%s", reason)
		}
		if err != nil {
			continue
		}
		formatter, err := placer.FormatterOf(id)
		if err != nil {
			faults.add(row.At, "%s", err)
			continue
		}
		in.file.Record.Formatter = formatter.Class
		if ext := extension(row.Path); ext != formatter.Extension {
			faults.add(row.At, "%s ends in %q, files of storage class %s in %q", row.Path, ext, t.StorageClass, formatter.Extension)
		}
		if first, twice := seen[id.Key()]; twice {
			faults.add(row.At, "data ID %s is that of row %d already", id, first)
		}
		seen[id.Key()] = row.At
		if other, there := existing[id.Key()]; there {
			faults.add(row.At, "dataset %s@%s exists already in run %q with ID %s", t.Name, id, run, other)
		}
		if transfer != Direct {
			place, err := placer.AppendPath(nil, id, in.file.Ref.ID)
			if err != nil {
				faults.add(row.At, "%s", err)
				continue
			}
			in.file.Record.Path = string(place)
			if real, err := filepath.EvalSymlinks(in.source); err == nil && real == b.Store.Config.Root+"/"+in.file.Record.Path {
				faults.add(row.At, "%s is at its place in the repository already; copy it from elsewhere", in.source)
			}
			if first, twice := places[in.file.Record.Path]; twice && seen[id.Key()] == row.At {
				faults.add(row.At, "its file would have the place of that of row %d: %s", first, place)
			}
			places[in.file.Record.Path] = row.At
		}
		if faults.Total == before {
			list = append(list, in)
		}
	}
	if transfer == Direct {
		return list, nil
	}
	paths := make([]string, len(list))
	for i := range list {
		paths[i] = list[i].file.Record.Path
	}
	recorded, err := b.Registry.RecordedPaths(ctx, b.Store.Config.Table, paths)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if recorded[paths[i]] > 0 {
			faults.add(list[i].at, "the place of its file is that of another dataset's: %s", paths[i])
		}
	}
	return list, nil
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

// dataIDOf makes a full data ID of a type of values by dimension. Values of implied dimensions must be those of the records.
func dataIDOf(ctx context.Context, x *registry.Expander, t *dataset.Type, given map[string]any) (dimension.DataID, error) {
	g := t.Dimensions
	values := make([]dimension.Value, len(g.Required))
	var faults []string
	for name := range given {
		if !g.Has(name) {
			faults = append(faults, fmt.Sprintf("%q is no dimension of %s, which has %s", name, t.Name, g))
		}
	}
	for i, d := range g.Required {
		v, there := given[d.Name]
		if !there || v == nil {
			faults = append(faults, "no value for "+d.Name)
			continue
		}
		var err error
		if values[i], err = d.ConvertValue(v); err != nil {
			faults = append(faults, err.Error())
		}
	}
	if len(faults) > 0 {
		return dimension.DataID{}, errors.New(strings.Join(faults, "; "))
	}
	id, err := x.Expand(ctx, dimension.NewDataID(g, values))
	if err != nil {
		return dimension.DataID{}, err
	}
	for _, d := range g.Implied {
		if v := given[d.Name]; v != nil {
			if value, err := d.ConvertValue(v); err != nil || value != id.Get(d.Name) {
				return dimension.DataID{}, fmt.Errorf("data ID %s: %s is not %v", id, d.Name, v)
			}
		}
	}
	return id, nil
}

// look checks the source of a file and says what is wrong with it.
func (b *Butler) look(in *ingestion, transfer Transfer) string {
	if in.source == "" {
		return "no path"
	}
	if scheme, _, isURI := strings.Cut(in.source, "://"); isURI && scheme != "file" {
		if transfer != Direct {
			return fmt.Sprintf("%s is on another machine: only the transfer direct can keep it there", in.source)
		}
		in.file.Record.Path = in.source
		return ""
	}
	path, err := localPath(in.source)
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return err.Error()
	}
	in.source = path
	f, err := os.Open(path)
	if err != nil {
		return err.Error()
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err.Error()
	}
	if !info.Mode().IsRegular() {
		return path + " is no regular file"
	}
	in.size, in.file.Record.Size = info.Size(), info.Size()
	if transfer == Direct {
		in.file.Record.Path = (&url.URL{Scheme: "file", Path: filepath.ToSlash(path)}).String()
	}
	return ""
}

func extension(p string) string {
	p = p[strings.LastIndexByte(p, '/')+1:]
	return filepath.Ext(p)
}

// ingest brings the files and stores the rows.
func (b *Butler) ingest(ctx context.Context, run string, transfer Transfer, list []ingestion) (err error) {
	if len(list) == 0 {
		return nil
	}
	var brought []dataset.FileRecord
	defer func() {
		var unsettled *registry.UnsettledError
		if err != nil && len(brought) > 0 && !errors.As(err, &unsettled) {
			err = errors.Join(err, b.Store.RemoveFiles(brought))
		}
	}()
	w := b.Store.Writer()
	files := make([]File, len(list))
	for i := range list {
		if err := ctx.Err(); err != nil {
			return err
		}
		in := &list[i]
		if transfer != Direct {
			if err := b.bring(w, transfer, in); err != nil {
				return fmt.Errorf("row %d: %w", in.at, err)
			}
			brought = append(brought, in.file.Record)
		}
		files[i] = in.file
	}
	paths := make([]string, len(brought))
	for i := range brought {
		paths[i] = brought[i].Path
	}
	_, err = b.Commit(ctx, nil, func(tx *registry.Tx) error {
		// Somebody may have recorded one of the places since we looked.
		recorded, err := tx.RecordedPaths(b.Store.Config.Table, paths)
		if err != nil {
			return err
		}
		for p := range recorded {
			if recorded[p] > 0 {
				brought = nil
				return fmt.Errorf("another process stored a dataset at %s in the meantime", p)
			}
		}
		if _, err := tx.RegisterCollection(run, dataset.Run, ""); err != nil {
			return err
		}
		return b.Insert(tx, files, time.Now())
	})
	if err = b.Settle(err, files); err != nil || transfer != MoveIn {
		return err
	}
	for _, in := range list {
		if e := os.Remove(in.source); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, fmt.Errorf("the dataset is stored, its source is left: %w", e))
		}
	}
	brought = nil // They are stored.
	return err
}

// bring makes the file of a dataset at its place.
func (b *Butler) bring(w *datastore.Writer, transfer Transfer, in *ingestion) error {
	r := &in.file.Record
	data, err := readAll(in.source)
	if err != nil {
		return err
	}
	r.Size, r.Checksum = int64(len(data)), b.Store.Checksum(data)
	if err := w.Write(r.Path, data); err != nil || transfer == Copy || transfer == MoveIn {
		return err
	}
	// The copy made directories and replaced what was there; the link takes its place in one step.
	final := b.Store.Config.Root + "/" + r.Path
	temporary := filepath.Dir(final) + "/" + r.ID.String() + ".tmp"
	source, err := filepath.EvalSymlinks(in.source)
	if err != nil {
		return err
	}
	link := os.Link
	if transfer == Symlink {
		link = os.Symlink
	}
	err = link(source, temporary)
	if err != nil && transfer == Link {
		err = os.Symlink(source, temporary)
	}
	if err == nil {
		err = os.Rename(temporary, final)
	}
	if err != nil {
		_ = os.Remove(temporary) // The first error is the one to tell.
	}
	return err
}

// maxIngested bounds the size of a file that is copied, which is held in memory.
const maxIngested = 4 << 30

func readAll(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxIngested+1))
	if err == nil && len(data) > maxIngested {
		err = fmt.Errorf("%s has more than %d bytes", path, int64(maxIngested))
	}
	return data, err
}
