package synthetic

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// perCommit is about how many datasets one transaction stores.
const perCommit = 20_000

// filler makes the datasets: workers write files and make rows of some visits at a time, and one goroutine stores them.
type filler struct {
	butler    *butler.Butler
	typ       *dataset.Type
	options   Options
	workers   int
	placers   []*datastore.Placer // one for each run
	head      []byte              // of a metadata file, before the value that differs
	tail      []byte
	positions [6]int // of the names of dimensions below in a data ID
	bytes     int64
}

// dimensions of the datasets, as filler.positions has them.
var dimensions = [...]string{"instrument", "detector", "visit", "band", "day_obs", "physical_filter"}

// prepare reads the example's metadata and what paths are made of.
func (f *filler) prepare(ctx context.Context) error {
	g := f.typ.Dimensions
	if len(g.Names()) != len(dimensions) {
		return fmt.Errorf("dataset type %s has dimensions %s", f.typ.Name, g)
	}
	for i, name := range dimensions {
		if f.positions[i] = g.Position(name); f.positions[i] < 0 {
			return fmt.Errorf("dataset type %s has dimensions %s", f.typ.Name, g)
		}
	}
	records := butler.Records{Ctx: ctx, Expander: f.butler.Registry.Expander()}
	if err := records.Expander.Preload(ctx, g.Names()...); err != nil {
		return err
	}
	for i := range f.options.Runs {
		p, err := f.butler.Store.Placer(f.typ, RunName(i), records)
		if err != nil {
			return err
		}
		f.placers = append(f.placers, p)
	}
	return f.template(ctx)
}

// template takes a metadata file of the example apart at the memory of diaPipe:diaForcedSource.
func (f *filler) template(ctx context.Context) error {
	q := registry.Query{Dimensions: f.typ.Dimensions, Sorted: true, Limit: 1, DataID: map[string]any{"instrument": "TestCam"},
		Datasets: []registry.DatasetSearch{{Type: f.typ.Name, Collections: []string{"u/sci"}, Records: true, RecordTable: f.butler.Store.Config.Table}}}
	var record *dataset.FileRecord
	for row, err := range f.butler.Registry.Select(ctx, q) {
		if err != nil {
			return err
		}
		if r := row.Datasets[0].Record; r != nil {
			record = new(*r)
		}
	}
	if record == nil {
		return fmt.Errorf("the example has no %s", f.typ.Name)
	}
	text, err := f.butler.Store.Read(record)
	if err != nil {
		return err
	}
	at := 0
	for _, mark := range []string{`"diaPipe:diaForcedSource"`, `"runEndMaxResidentSetSize"`, `[`} {
		i := bytes.Index(text[at:], []byte(mark))
		if i < 0 {
			return fmt.Errorf("%s has no %s", record.Path, mark)
		}
		at += i + len(mark)
	}
	end := bytes.IndexByte(text[at:], ']')
	if end < 0 {
		return fmt.Errorf("%s ends within a list", record.Path)
	}
	f.head, f.tail = grown(text[:at], len(text), f.options.InputSize), text[at+end:]
	return nil
}

// grown adds children to the top node of a metadata file, which begins with head and has length bytes, until the file has size: copies of
// itself without what is measured.
func grown(head []byte, length, size int) []byte {
	const children = `"metadata":{`
	at := bytes.Index(head, []byte(children)) + len(children)
	end := bytes.LastIndex(head, []byte(`"diaPipe:diaForcedSource"`))
	if length >= size || at < len(children) || end <= at {
		return head
	}
	// What stands before the measured node is whole children of diaPipe, in braces that are open there.
	part := bytes.TrimSuffix(bytes.TrimSpace(head[at:end]), []byte(","))
	open := bytes.Count(part, []byte("{")) - bytes.Count(part, []byte("}"))
	out := slices.Clone(head[:at])
	for i := 0; len(out)+length-at < size; i++ {
		out = append(fmt.Appendf(out, `"more%d":{"scalars":{},"arrays":{},"metadata":{`, i), part...)
		out = append(append(out, bytes.Repeat([]byte("}"), open+2)...), ',')
	}
	return append(out, head[at:]...)
}

// peakMemory is the peak memory in bytes that the file of a visit and detector tells: any of some gigabytes, always the same.
func peakMemory(visit, detector int) int64 {
	h := uint64(visit)*1_000_003 + uint64(detector)
	h = (h ^ h>>31) * 0x9e3779b97f4a7c15
	return 100_000_000 + int64(h>>32)%3_900_000_000
}

// fill makes all datasets. The first error stops it.
func (f *filler) fill(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	step := max(1, perCommit/f.options.Detectors)
	groups := make(chan []butler.File, 1)
	var next, written atomic.Int64
	var workers sync.WaitGroup
	for range f.workers {
		workers.Go(func() {
			w := f.butler.Store.Writer()
			for {
				from := int(next.Add(int64(step))) - step
				if from >= f.options.Visits {
					return
				}
				files, size, err := f.make(ctx, w, from, min(from+step, f.options.Visits))
				if err != nil {
					cancel(err)
					return
				}
				written.Add(size)
				select {
				case groups <- files:
				case <-ctx.Done():
					return
				}
			}
		})
	}
	go func() {
		workers.Wait()
		close(groups)
	}()
	stored := 0
	for files := range groups {
		if ctx.Err() != nil {
			continue // the workers are to end
		}
		if _, err := f.butler.Commit(ctx, files, nil); err != nil {
			cancel(err)
			continue
		}
		if stored += len(files); f.options.Progress != nil {
			f.options.Progress(stored)
		}
	}
	f.bytes = written.Load()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	if want := f.options.Visits * f.options.Detectors; stored != want {
		return errors.New("stored " + strconv.Itoa(stored) + " datasets instead of " + strconv.Itoa(want))
	}
	return nil
}

// make writes the files of some visits and returns what is to be stored of them.
func (f *filler) make(ctx context.Context, w *datastore.Writer, from, to int) (files []butler.File, size int64, err error) {
	files = make([]butler.File, 0, (to-from)*f.options.Detectors)
	g := f.typ.Dimensions
	width := len(g.Names())
	values := make([]dimension.Value, 0, cap(files)*width)
	var path, text []byte
	instrument := dimension.StringValue(Instrument)
	formatter := f.placers[0].Formatter().Class
	for visit := from; visit < to; visit++ {
		if err := context.Cause(ctx); err != nil {
			return nil, 0, err
		}
		run := visit / perDay % f.options.Runs
		name := RunName(run)
		filter := filters[visit%len(filters)]
		for detector := range f.options.Detectors {
			full := slices.Grow(values, width)[:len(values)+width]
			values = full
			full = full[len(full)-width:]
			for i, v := range [...]dimension.Value{instrument, dimension.IntValue(int64(detector)), dimension.IntValue(VisitID(visit)),
				dimension.StringValue(filter.band), dimension.IntValue(dayOf(visit)), dimension.StringValue(filter.name)} {
				full[f.positions[i]] = v
			}
			ref := dataset.Ref{ID: dataset.NewID(), Type: f.typ, Run: name, DataID: dimension.NewDataID(g, full)}
			if path, err = f.placers[run].AppendPath(path[:0], ref.DataID, ref.ID); err != nil {
				return nil, 0, err
			}
			text = append(text[:0], f.head...)
			text = strconv.AppendInt(text, peakMemory(visit, detector), 10)
			text = append(text, f.tail...)
			record := dataset.FileRecord{ID: ref.ID, Path: string(path), Formatter: formatter, StorageClass: f.typ.StorageClass,
				Component: dataset.WholeDataset, Size: int64(len(text))}
			if !f.options.NoFiles {
				if err := w.Write(record.Path, text); err != nil {
					return nil, 0, err
				}
				record.Checksum = f.butler.Store.Checksum(text)
				size += record.Size
			}
			files = append(files, butler.File{Ref: ref, Record: record})
		}
	}
	return files, size, nil
}
