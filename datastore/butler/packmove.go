package butler

import (
	"bytes"
	"context"
	"errors"
	"path"
	"slices"
	"time"

	"valet/datastore"
	"valet/registry"
	"valet/registry/dataset"
)

// conversion is the work of one call.
type conversion struct {
	*PackOptions
	butler *Butler
	ctx    context.Context
	run    string
	dir    string // of the run
	writer *datastore.Writer
	result *PackResult
	swept  map[string]bool
	// size is the number of datasets of a transaction.
	size int
	// err is the first error of what can be made good by a second call only.
	err error
}

func (b *Butler) newConversion(ctx context.Context, run string, o PackOptions, r *PackResult) (*conversion, error) {
	if b.chained() {
		return nil, &datastore.ChainError{}
	}
	dir, err := datastore.RunDirectory(run)
	if err != nil {
		return nil, err
	}
	if _, err := b.SweepPacks(ctx, run); err != nil {
		return nil, err
	}
	return &conversion{PackOptions: &o, butler: b, ctx: ctx, run: run, dir: dir, writer: b.Store.Writer(), swept: map[string]bool{}, result: r, size: b.removal.first}, nil
}

// datasetsOf are the datasets of a run, in the order in which they were made.
func (b *Butler) datasetsOf(ctx context.Context, run string) ([]dataset.ID, error) {
	types, err := b.Registry.DatasetTypes(ctx)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(types))
	for i, t := range types {
		names[i] = t.Name
	}
	ids, err := b.Registry.RunDatasets(ctx, run, names)
	slices.SortFunc(ids, compareIDs)
	return ids, err
}

func compareIDs(a, b dataset.ID) int { return bytes.Compare(a[:], b[:]) }

// loose are the records of datasets whose files are to be packed.
func (c *conversion) loose(ids []dataset.ID) ([]dataset.FileRecord, error) {
	store := &c.butler.Store.Config
	records, err := c.butler.Registry.Records(c.ctx, store.Name, store.Table, ids)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(records, func(a, b dataset.FileRecord) int { return compareIDs(a.ID, b.ID) })
	var out []dataset.FileRecord
	var paths []string
	for i := range records {
		r := &records[i]
		_, _, packed := dataset.SplitMember(r.Path)
		switch {
		case packed:
		case r.Component != dataset.WholeDataset || r.Size > maxPackable || !slices.Contains(packable, r.Formatter) || !datastore.IsLoose(c.dir, r.Path):
			c.result.Left++
		default:
			out, paths = append(out, *r), append(paths, r.Path)
		}
	}
	named, err := c.butler.Registry.RecordedPaths(c.ctx, store.Table, paths)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(out, func(r dataset.FileRecord) bool {
		if named[r.Path] > 1 {
			c.result.Left++
		}
		return named[r.Path] > 1
	}), nil
}

// move makes durable what was written, changes the records, and removes the files that they named, other than zips.
func (c *conversion) move(moves []registry.Move) error {
	store := &c.butler.Store.Config
	if err := c.butler.Store.Sync(); err != nil {
		return err
	}
	var moved []bool
	var named map[string]int
	var start time.Time
	err := c.butler.Registry.Write(c.ctx, func(tx *registry.Tx) (err error) {
		start = time.Now()
		if c.Guard != nil {
			if err := c.Guard(tx); err != nil {
				return err
			}
		}
		if moved, err = tx.MoveRecords(store.Name, store.Table, moves); err != nil {
			return err
		}
		old := make([]string, len(moves))
		for i := range moves {
			old[i] = moves[i].From
			if !moved[i] {
				old[i] = moves[i].To
			}
		}
		named, err = tx.RecordedPaths(store.Table, old)
		return err
	})
	if err != nil {
		// What was written stays: nobody knows here whether the records were changed after all.
		return err
	}
	if len(moves) == c.size {
		c.size = min(adapt(c.size, time.Since(start)), 4000)
	}
	for i := range moves {
		old := moves[i].From
		if !moved[i] {
			old = moves[i].To
		} else {
			c.result.Moved++
		}
		if named[old] > 0 {
			continue
		}
		if err := c.butler.Store.Remove(&dataset.FileRecord{Path: old}); err != nil && c.err == nil {
			c.err = err
		}
	}
	if c.Moved != nil {
		c.Moved(c.result.Moved)
	}
	return nil
}

// failed notes a file that cannot be read. Other errors are returned: those of the disk, which other files would have too.
func (c *conversion) failed(err error) error {
	var missing *datastore.MissingFileError
	var integrity *datastore.IntegrityError
	if !errors.As(err, &missing) && !errors.As(err, &integrity) {
		return err
	}
	c.result.Failed = append(c.result.Failed, err)
	return nil
}

// sweepLoose removes loose files whose datasets are packed by now: a crash came in between.
func (c *conversion) sweepLoose() error {
	store := c.butler.Store
	zips, err := store.Packs(c.run)
	if err != nil {
		return err
	}
	for _, zip := range zips {
		if datastore.IsKeptPack(zip) {
			continue
		}
		members, err := store.PackMembers(c.run, zip)
		if err != nil {
			return err
		}
		var paths []string
		for _, m := range members {
			if m.Loose != "" {
				paths = append(paths, m.Loose, m.Record)
			}
		}
		named, err := c.butler.Registry.RecordedPaths(c.ctx, store.Config.Table, paths)
		if err != nil {
			return err
		}
		for _, m := range members {
			// Where the member is of no dataset, somebody may be about to store the dataset again.
			if m.Loose == "" || named[m.Loose] > 0 || named[m.Record] == 0 {
				continue
			}
			if err := store.Remove(&dataset.FileRecord{Path: m.Loose}); err != nil {
				return err
			}
		}
	}
	return nil
}

// sweepTemporary removes, once for each directory, what a process left that was killed while it replaced the file of another one that was.
func (c *conversion) sweepTemporary(dir string) {
	if !c.swept[dir] {
		c.swept[dir] = true
		c.butler.Store.RemoveTemporary(dir)
	}
}

// unpack moves the members of one zip.
func (c *conversion) unpack(zip string) error {
	store := c.butler.Store
	members, err := store.PackMembers(c.run, zip)
	if err != nil {
		return err
	}
	loose := make(map[string]string, len(members))
	for _, m := range members {
		loose[m.Record] = m.Loose
	}
	low, high := datastore.MemberRange(zip)
	records, err := c.butler.Registry.RecordsBetween(c.ctx, store.Config.Name, store.Config.Table, low, high)
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for len(records) > 0 {
		piece := records[:min(len(records), c.size)]
		records = records[len(piece):]
		var paths []string
		for i := range piece {
			if p := loose[piece[i].Path]; p != "" {
				paths = append(paths, p)
			}
		}
		named, err := c.butler.Registry.RecordedPaths(c.ctx, store.Config.Table, paths)
		if err != nil {
			return err
		}
		var moves []registry.Move
		for i := range piece {
			r := &piece[i]
			to := loose[r.Path]
			if to == "" || named[to] > 0 || taken[to] {
				c.result.Left++
				continue
			}
			taken[to] = true
			c.sweepTemporary(path.Dir(to))
			data, err := store.Read(r)
			if err == nil {
				err = c.writer.Write(to, data)
			}
			if err != nil {
				if err := c.failed(err); err != nil {
					return err
				}
				continue
			}
			moves = append(moves, registry.Move{ID: r.ID, From: r.Path, To: to})
		}
		if len(moves) == 0 {
			continue
		}
		if err := c.move(moves); err != nil {
			return err
		}
	}
	return nil
}
