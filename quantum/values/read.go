package values

import (
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"valet/datastore"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/query"
	"valet/tasks/metric"
)

// page is how many files are read and stored together.
const page = 2000

// NoFileError says that a dataset has no file in any datastore of the repository.
type NoFileError struct{ ID dataset.ID }

func (e *NoFileError) Error() string { return fmt.Sprintf("no file is recorded for dataset %s", e.ID) }

// ClassName is upstream's exception.
func (e *NoFileError) ClassName() string { return "FileNotFoundError" }

// Hint says what happened.
func (e *NoFileError) Hint() string {
	return "the file was removed and the dataset kept; put it again, or remove the dataset"
}

// locate finds the records of candidates that are in another store of a chain than the first, so that they have their stamps.
func (c *collector) locate(ctx context.Context) error {
	var left []int32
	for i := range c.set.candidates {
		if !c.set.candidates[i].recorded {
			left = append(left, int32(i))
		}
	}
	if len(c.index.butler.Store.Files()) < 2 {
		return nil
	}
	for part := range slices.Chunk(left, page) {
		ids := make([]dataset.ID, len(part))
		for k, i := range part {
			ids[k] = c.set.candidates[i].id
		}
		records, err := c.index.records(ctx, ids)
		if err != nil {
			return err
		}
		for _, i := range part {
			// So far the stamp is the time alone.
			if can := &c.set.candidates[i]; records[can.id] != nil {
				can.stamp, can.recorded = stampOf(query.Time(can.stamp), records[can.id]), true
			}
		}
	}
	return nil
}

// readMissing reads the files of the candidates that the index does not know, and stores what it read.
func (c *collector) readMissing(ctx context.Context) error {
	var left []int32
	x := c.index
	x.mu.Lock()
	for i := range c.rows {
		if c.rows[i].kind != missing {
			continue
		}
		can := &c.set.candidates[i]
		if known := x.memory[can.id]; known != nil && can.recorded && known.stamp == can.stamp {
			c.take(int32(i), known)
			continue
		}
		left = append(left, int32(i))
	}
	x.mu.Unlock()
	done := 0
	for part := range slices.Chunk(left, page) {
		if x.options.Reading != nil {
			x.options.Reading(done, len(left))
		}
		if err := c.readPage(ctx, part); err != nil {
			return err
		}
		done += len(part)
	}
	if x.options.Reading != nil && done > 0 {
		x.options.Reading(done, done)
	}
	return nil
}

// take adds what a file holds.
func (c *collector) take(i int32, r *reading) {
	if len(r.items) == 0 {
		c.rows[i].kind = empty
	}
	for k := range r.items {
		it := &r.items[k]
		c.mu.Lock()
		kind := c.kind(kindKey{it.metric, it.unit}, it.notes)
		c.mu.Unlock()
		v, has := it.value, it.has
		c.put(i, kind, v, has, &it.notes)
	}
}

// readPage reads the files of some candidates at the same time.
func (c *collector) readPage(ctx context.Context, part []int32) error {
	x := c.index
	ids := make([]dataset.ID, len(part))
	for k, i := range part {
		ids[k] = c.set.candidates[i].id
	}
	records, err := x.records(ctx, ids)
	if err != nil {
		return err
	}
	readings, faults := make([]*reading, len(part)), make([]error, len(part))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(x.options.Workers)
	for k, i := range part {
		can := &c.set.candidates[i]
		r := records[can.id]
		if r == nil {
			faults[k] = &NoFileError{can.id}
			continue
		}
		class := c.set.types[can.typ].StorageClass
		g.Go(func() error {
			if err := gctx.Err(); err != nil {
				return err
			}
			readings[k], faults[k] = readFile(x.butler.Store, r, class)
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	stamped := map[dataset.ID]*reading{}
	for k, i := range part {
		can := &c.set.candidates[i]
		if faults[k] != nil {
			f := Fault{Dataset: c.set.ref(can, nil), Err: faults[k]}
			if r := records[can.id]; r != nil {
				f.Path = r.Path
			}
			c.set.Faults = append(c.set.Faults, f)
			continue
		}
		readings[k].stamp = can.stamp
		stamped[can.id] = readings[k]
		c.take(i, readings[k])
	}
	x.keep(ctx, stamped)
	return nil
}

func readFile(s *datastore.Store, r *dataset.FileRecord, class string) (*reading, error) {
	text, err := s.Read(r)
	if err != nil {
		return nil, err
	}
	if class == BundleClass {
		entries, err := metric.ParseBundle(text)
		if err != nil {
			return nil, err
		}
		out := &reading{items: make([]item, len(entries))}
		for i := range entries {
			e := &entries[i]
			if out.items[i], err = itemOf(e.Measurement); err != nil {
				return nil, err
			}
			out.items[i].metric = e.Name()
		}
		return out, nil
	}
	m, err := metric.Reader{NoQuantity: true}.Parse(text)
	if err != nil {
		return nil, err
	}
	it, err := itemOf(m)
	if err != nil {
		return nil, err
	}
	return &reading{items: []item{it}}, nil
}

// keep stores readings in the repository, or in memory if that cannot be.
func (x *Index) keep(ctx context.Context, readings map[dataset.ID]*reading) {
	if len(readings) == 0 {
		return
	}
	x.mu.Lock()
	try := x.options.Write != nil && !x.unstored
	x.mu.Unlock()
	if try {
		err := x.options.Write(ctx, func(tx *registry.Tx) error { return storeReadings(tx, readings) })
		if err == nil {
			return
		}
		x.mu.Lock()
		first := !x.unstored
		x.unstored = true
		x.mu.Unlock()
		if first && x.options.Unstored != nil {
			x.options.Unstored(err)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for id, r := range readings {
		x.memory[id] = r
	}
}

// storeReadings replaces what the index holds of datasets.
func storeReadings(tx *registry.Tx, readings map[dataset.ID]*reading) error {
	if err := tx.Migrate(); err != nil {
		return err
	}
	known := kinds{}
	if err := loadKinds(tx, known); err != nil {
		return err
	}
	ids := make([]dataset.ID, 0, len(readings))
	for id := range readings {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b dataset.ID) int { return slices.Compare(a[:], b[:]) })
	return insertReadings(tx, known, ids, readings)
}
