package butler

import (
	"context"
	"errors"
	"slices"

	"valet/registry"
	"valet/registry/dataset"
)

// datasetCheck compares datasets with those of the repository and with each other.
type datasetCheck struct {
	*importer
	// seen are the lines of data IDs, existing the datasets of the repository by data ID, badRuns those that were told of.
	seen     map[runKey]map[string]int
	existing map[runKey]map[string]dataset.ID
	badRuns  map[string]bool
	// places and sources are lines of files.
	places, sources map[string]int
	placers         *runPlacers
	// there are datasets of the repository by the IDs of the present piece, stored what its datastore has of them.
	there  map[dataset.ID]dataset.Ref
	stored map[dataset.ID]dataset.FileRecord
}

// checkDatasets compares datasets with those of the repository, looks for their files, and finds their places.
func (m *importer) checkDatasets(ctx context.Context) error {
	m.lines = map[dataset.ID]int{}
	c := &datasetCheck{importer: m, seen: map[runKey]map[string]int{}, existing: map[runKey]map[string]dataset.ID{}, badRuns: map[string]bool{},
		places: map[string]int{}, sources: map[string]int{}, placers: newRunPlacers(m.b.Store, m.x)}
	for piece := range slices.Chunk(m.files, transferBatch) {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := c.look(ctx, piece); err != nil {
			return err
		}
		for i := range piece {
			f := &piece[i]
			f.rows = f.rows[:0]
			fresh := f.refs[:0]
			for _, ref := range f.refs {
				isNew, row, err := c.dataset(ctx, f, &ref)
				if err != nil {
					return err
				}
				if isNew {
					fresh, f.rows = append(fresh, ref), append(f.rows, row)
				}
			}
			if f.refs = fresh; len(fresh) > 0 {
				c.file(f)
			}
		}
	}
	m.files = slices.DeleteFunc(m.files, func(f importFile) bool { return len(f.refs) == 0 })
	return m.checkPlaces(ctx)
}

// look asks the repository for the datasets of a piece.
func (c *datasetCheck) look(ctx context.Context, piece []importFile) (err error) {
	var ids []dataset.ID
	for i := range piece {
		for _, ref := range piece[i].refs {
			ids = append(ids, ref.ID)
		}
	}
	if c.there, err = c.b.Registry.RefsByID(ctx, ids); err != nil {
		return err
	}
	records, err := c.b.Registry.Records(ctx, c.b.Store.Config.Name, c.b.Store.Config.Table, ids)
	c.stored = map[dataset.ID]dataset.FileRecord{}
	for _, r := range records {
		c.stored[r.ID] = r
	}
	return err
}

// dataset checks one dataset and completes its data ID. It reports whether it is to be stored, and whether the registry has it already.
func (c *datasetCheck) dataset(ctx context.Context, f *importFile, ref *dataset.Ref) (isNew, row bool, err error) {
	if first, twice := c.lines[ref.ID]; twice {
		c.faults.add(f.line, "dataset ID %s is that of line %d already", ref.ID, first)
		return false, false, nil
	}
	c.lines[ref.ID] = f.line
	c.run(f.line, ref.Run)
	k, key := runKey{ref.Type.Name, ref.Run}, ref.DataID.Key()
	if c.seen[k] == nil {
		c.seen[k] = map[string]int{}
	}
	if first, twice := c.seen[k][key]; twice {
		c.faults.add(f.line, "%s@%s is in run %q already, in line %d", ref.Type.Name, ref.DataID, ref.Run, first)
		return false, false, nil
	}
	c.seen[k][key] = f.line
	full, err := c.x.expand(ref.DataID)
	var none *registry.NotFoundError
	if errors.As(err, &none) {
		c.faults.add(f.line, "%s@%s: there is no %s", ref.Type.Name, ref.DataID, none.Name)
		return false, false, nil
	} else if err != nil {
		return false, false, err
	}
	ref.DataID = full
	if old, ok := c.there[ref.ID]; ok {
		if old.Type.Name != ref.Type.Name || old.Run != ref.Run || old.DataID.Key() != key {
			c.faults.add(f.line, "dataset %s is %s@%s in run %q here, but %s@%s in run %q in the repository", ref.ID, ref.Type.Name, ref.DataID, ref.Run, old.Type.Name, old.DataID, old.Run)
			return false, false, nil
		}
		r, stored := c.stored[ref.ID]
		if stored {
			c.done.Existing++
			c.sameFile(f, r)
		}
		return !stored, true, nil
	}
	if c.existing[k] == nil {
		c.existing[k] = map[string]dataset.ID{}
		if c.importer.there[ref.Run] != nil && !c.badRuns[ref.Run] && !c.isNewType(ref.Type) {
			if c.existing[k], err = c.b.existing(ctx, ref.Type, ref.Run); err != nil {
				return false, false, err
			}
		}
	}
	if other, is := c.existing[k][key]; is {
		c.faults.add(f.line, "%s@%s exists already in run %q with ID %s, not %s", ref.Type.Name, ref.DataID, ref.Run, other, ref.ID)
		return false, false, nil
	}
	return true, false, nil
}

// run checks the run of a dataset, once.
func (c *datasetCheck) run(line int, name string) {
	if _, told := c.badRuns[name]; told {
		return
	}
	kind := c.kindOf(name)
	c.badRuns[name] = kind != dataset.Run
	switch kind {
	case dataset.Run:
	case 0:
		c.faults.add(line, "run %q is neither in the text nor in the repository", name)
	default:
		c.faults.add(line, "collection %q is of type %s, datasets are born in a RUN", name, kind)
	}
}

// file looks for a file and its place.
func (c *datasetCheck) file(f *importFile) {
	if err := c.locate(f, c.placers); err != nil {
		c.faults.add(f.line, "%s", err)
		return
	}
	if _, outside := isURI(f.record.Path); outside || f.stays {
		// Datasets may share a file.
		return
	}
	if first, twice := c.places[f.record.Path]; twice {
		c.faults.add(f.line, "its file would have the place of that of line %d: %s", first, f.record.Path)
	}
	c.places[f.record.Path] = f.line
	if c.o.Transfer == MoveIn {
		if first, twice := c.sources[f.source]; twice {
			c.faults.add(f.line, "%s cannot be moved twice, line %d has it already", f.path, first)
		}
		c.sources[f.source] = f.line
	}
}

// sameFile compares the size of a file that is stored already with that of the text, if there is one.
func (m *importer) sameFile(f *importFile, r dataset.FileRecord) {
	if err := m.source(f); err != nil || f.source == "" || f.member != "" || r.Size < 0 {
		return
	}
	if info, err := m.b.stat(f.source); err == nil && info.Size != r.Size {
		m.faults.add(f.line, "dataset %s is stored with %d bytes, %s has %d", r.ID, r.Size, f.path, info.Size)
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
