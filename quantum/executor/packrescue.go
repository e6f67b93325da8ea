package executor

import (
	"context"
	"fmt"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/quantum"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// A zip file is not written over as a loose file is: when the rows of an earlier attempt are deleted, so that its quantum may run again,
// a crash would leave its log where nobody looks. Therefore such logs are kept in a zip of their own before, where the next attempt finds
// them (earlierLog). It goes when the quanta have their new rows, or their old ones again, by which time the datasets have records
// under the same IDs.

// rescue keeps logs of earlier attempts that will not be written over.
func (c *committer) rescue(items []Item) error {
	var files []butler.KeptFile
	for _, it := range items {
		rec, path := c.oldLog(it)
		if rec == nil {
			continue
		}
		text, err := c.run.butler.Store.Read(rec)
		if err == nil {
			files = append(files, butler.KeptFile{ID: rec.ID, Path: path, Data: text})
		} else if diskFault(err) != nil {
			return fmt.Errorf("keep log of earlier attempt %s: %w", rec.Path, err)
		}
	}
	if len(files) == 0 {
		return nil
	}
	if err := c.run.butler.Keep(c.run.name, files); err != nil {
		return fmt.Errorf("keep logs of earlier attempts: %w", err)
	}
	return nil
}

// oldLog is the record of the log that an earlier attempt left, and the place of it as a loose file; nil if there is none or the new log
// will be at its place.
func (c *committer) oldLog(it Item) (rec *dataset.FileRecord, path string) {
	t := c.run.tasks[it.Task]
	if t.log == nil || !inTheWay(it) {
		return nil, ""
	}
	for _, old := range it.Task.InTheWay[it.Row] {
		if old.Type.Name != t.log.typ.Name || old.Found.Record == nil {
			continue
		}
		if _, _, packed := dataset.SplitMember(old.Found.Record.Path); !packed && c.run.pack == nil {
			continue
		}
		if at, err := t.log.placer.AppendPath(nil, it.Task.DataID(it.Row), dataset.ID{}); err == nil {
			return old.Found.Record, string(at)
		}
	}
	return nil, ""
}

// findKept finds logs that were kept for quanta that a killed process did not come to.
func (r *run) findKept(ctx context.Context) error {
	if !r.existed {
		return nil
	}
	packs, err := r.butler.Store.Packs(r.name)
	if err != nil {
		return err
	}
	for _, p := range packs {
		if !datastore.IsKeptPack(p) {
			continue
		}
		files, err := r.butler.Kept(ctx, r.name, p)
		if err != nil {
			return err
		}
		for _, f := range files {
			if r.kept == nil {
				r.kept = map[string]butler.KeptFile{}
			}
			r.kept[f.Path] = f
		}
	}
	return nil
}

// keptLog is the record of a log that was kept, by the place that it would have as a loose file, or nil. The new log has to take the
// dataset's ID, so that nothing is kept for it any longer.
func (r *run) keptLog(path []byte, t *taskRun) *dataset.FileRecord {
	f, ok := r.kept[string(path)]
	if !ok {
		return nil
	}
	return &dataset.FileRecord{ID: f.ID, Path: f.Member, Formatter: t.log.placer.Formatter().Class, StorageClass: t.log.typ.StorageClass,
		Component: dataset.WholeDataset, Size: -1}
}

// lentID is the ID of a new dataset: that of a kept log that it replaces, or one of its own.
func (w *worker) lentID(out *output, q *quantum.Quanta, id dimension.DataID) dataset.ID {
	if len(w.run.kept) > 0 && out == w.run.tasks[q].log {
		var err error
		if w.path, err = out.placer.AppendPath(w.path[:0], id, dataset.ID{}); err == nil {
			if f, ok := w.run.kept[string(w.path)]; ok {
				return f.ID
			}
		}
	}
	return dataset.NewID()
}

// emptied notes zips that lost their last member. They are removed at the end of the run: until then rows may come back, and logs are
// read.
func (c *committer) emptied(left []dataset.FileRecord) {
	for i := range left {
		if path, _, packed := dataset.SplitMember(left[i].Path); packed && !c.run.empty[path] {
			if c.run.empty == nil {
				c.run.empty = map[string]bool{}
			}
			c.run.empty[path] = true
		}
	}
}

// sweepPacks removes zips that hold no dataset. What cannot be removed is left for the next time.
func (r *run) sweepPacks(ctx context.Context) {
	if !r.existed {
		return
	}
	var more []string
	for path := range r.empty {
		more = append(more, path)
	}
	_, _ = r.butler.SweepPacks(context.WithoutCancel(ctx), r.name, more...)
}
