package executor

import (
	"context"
	"fmt"

	"valet/datastore"
	"valet/registry/dataset"
)

// A zip file is not written over as a loose file is: when the rows of an earlier attempt are deleted, so that its quantum may run again,
// a crash would leave its log where nobody looks. Therefore the log is written at the place of a loose one before, where the next attempt
// finds it (earlierLog), and goes when the quantum has its new rows, or its old ones again.

// rescue writes packed logs of earlier attempts as loose files, durably.
func (c *committer) rescue(items []Item) error {
	store := c.run.butler.Store
	var writer *datastore.Writer
	for _, it := range items {
		rec, path := c.packedLog(it)
		if rec == nil {
			continue
		}
		text, err := store.Read(rec)
		if err != nil {
			continue // an earlier log that cannot be read is no reason to fail
		}
		if writer == nil {
			writer = store.Writer()
		}
		if err := writer.Write(path, text); err != nil {
			return fmt.Errorf("keep log of earlier attempt %s: %w", rec.Path, err)
		}
	}
	if writer == nil {
		return nil
	}
	return store.Sync()
}

// unrescue removes what rescue wrote.
func (c *committer) unrescue(items []Item) {
	for _, it := range items {
		if rec, path := c.packedLog(it); rec != nil {
			_ = c.run.butler.Store.Remove(&dataset.FileRecord{Path: path})
		}
	}
}

// packedLog is the record of the log that an earlier attempt left in a zip, and the place of it as a loose file; nil if there is none.
func (c *committer) packedLog(it Item) (rec *dataset.FileRecord, path string) {
	t := c.run.tasks[it.Task]
	if t.log == nil || !inTheWay(it) {
		return nil, ""
	}
	for _, old := range it.Task.InTheWay[it.Row] {
		if old.Type.Name != t.log.typ.Name || old.Found.Record == nil {
			continue
		}
		if _, _, packed := datastore.SplitMember(old.Found.Record.Path); !packed {
			continue
		}
		if at, err := t.log.placer.AppendPath(nil, it.Task.DataID(it.Row), dataset.ID{}); err == nil {
			return old.Found.Record, string(at)
		}
	}
	return nil, ""
}

// emptied notes zips that lost their last member. They are removed at the end of the run: until then rows may come back, and logs are
// read.
func (c *committer) emptied(left []dataset.FileRecord) {
	for i := range left {
		if path, _, packed := datastore.SplitMember(left[i].Path); packed && !c.run.empty[path] {
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
