package butler

import (
	"context"
	"errors"
	"fmt"
	"time"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// store brings the files of a batch and stores its rows.
func (t *transferrer) store(ctx context.Context, refs []dataset.Ref, records map[dataset.ID][]*dataset.FileRecord, done *Transferred) error {
	rows := make([]dataset.Ref, len(refs))
	var brought []dataset.FileRecord
	defer func() {
		// What was written belongs to rows from the commit on.
		if len(brought) > 0 {
			_ = t.to.Store.RemoveFiles(brought)
		}
	}()
	var files []dataset.FileRecord
	for i, ref := range refs {
		typ := t.types[ref.Type.Name]
		rows[i] = dataset.Ref{ID: ref.ID, Type: typ, Run: ref.Run, DataID: dimension.NewDataID(typ.Dimensions, ref.DataID.Values())}
		for _, r := range records[ref.ID] {
			f, stays, err := t.bring(ctx, rows[i], *r)
			if err != nil {
				return fmt.Errorf("transfer %s@%s: %w", ref.Type.Name, ref.DataID, err)
			}
			if files = append(files, f); !stays {
				brought = append(brought, f)
			}
		}
	}
	paths := make([]string, len(brought))
	for i := range brought {
		paths[i] = brought[i].Path
	}
	_, err := t.to.Commit(ctx, nil, func(tx *registry.Tx) error {
		// Somebody may have recorded one of the places since we looked.
		recorded, err := tx.RecordedPaths(t.to.Store.Config.Table, paths)
		if err != nil {
			return err
		}
		for p, n := range recorded {
			if n > 0 {
				brought = nil
				return fmt.Errorf("another process stored a dataset at %s in the meantime", p)
			}
		}
		for i := range rows {
			if i > 0 && rows[i].Run == rows[i-1].Run {
				continue
			}
			if _, err := tx.RegisterCollection(rows[i].Run, dataset.Run, ""); err != nil {
				return err
			}
		}
		if err := tx.InsertRefs(time.Now(), rows); err != nil {
			return err
		}
		return tx.InsertRecords(t.to.Store.Config.Name, t.to.Store.Config.Table, files)
	})
	err = t.to.Settle(err, []File{{Ref: rows[0], Record: files[0]}})
	var unsettled *registry.UnsettledError
	if err == nil || errors.As(err, &unsettled) {
		brought = nil
	}
	if err == nil {
		done.Datasets += len(rows)
	}
	return err
}

// sendRecords inserts the dimension records that datasets need, those that others refer to first.
func (t *transferrer) sendRecords(ctx context.Context, refs []dataset.Ref) error {
	records, err := t.need.of(ctx, refs)
	if err != nil || len(records) == 0 {
		return err
	}
	return t.to.Registry.Write(ctx, func(tx *registry.Tx) error {
		for _, to := range t.to.Registry.Universe().Elements() {
			list := records[t.from.Registry.Universe().Element(to.Name)]
			if len(list) == 0 {
				continue
			}
			inputs := func(yield func(registry.RecordInput) bool) {
				for i, r := range list {
					if !yield(registry.RecordInput{At: i + 1, Record: &dimension.Record{Element: to, Values: r.Values}}) {
						return
					}
				}
			}
			if _, err := tx.InsertDimensionRecords(to, registry.SkipExisting, inputs); err != nil {
				return err
			}
		}
		return nil
	})
}

// bring makes a file of a dataset at its place in the other repository; one that stays where it was is not to be removed if things go wrong.
func (t *transferrer) bring(ctx context.Context, ref dataset.Ref, r dataset.FileRecord) (out dataset.FileRecord, stays bool, err error) {
	scheme, outside := isURI(r.Path)
	if outside && t.o.Mode == Auto || outside && scheme != "file" {
		return r, true, nil
	}
	name, member := splitZip(r.Path)
	source := ""
	if member == "" {
		source = t.from.Store.Config.Root + "/" + name
		if outside {
			if source, err = localPath(name); err != nil {
				return r, false, err
			}
		}
	}
	data, err := t.from.Store.Read(&r)
	if err != nil {
		return r, false, err
	}
	// A component has the path that it had: templates of whole datasets would put all components at one place.
	if r.Component == dataset.WholeDataset {
		if r.Path, err = t.path(ctx, ref); err != nil {
			return r, false, err
		}
	} else if outside || member != "" {
		return r, false, fmt.Errorf("component %s is at %s, which valet does not transfer", r.Component, r.Path)
	}
	r.Size, r.Checksum = int64(len(data)), t.to.Store.Checksum(data)
	recorded, err := t.to.Registry.RecordedPaths(ctx, t.to.Store.Config.Table, []string{r.Path})
	if err != nil {
		return r, false, err
	}
	if recorded[r.Path] > 0 {
		return r, false, fmt.Errorf("its place is that of another dataset: %s", r.Path)
	}
	return r, false, t.to.place(t.writer, t.o.Mode, &r, data, source)
}

// path is where the file of a whole dataset goes.
func (t *transferrer) path(ctx context.Context, ref dataset.Ref) (string, error) {
	key := [2]string{ref.Type.Name, ref.Run}
	p := t.placers[key]
	if p == nil {
		var err error
		if p, err = t.to.Store.Placer(ref.Type, ref.Run, Records{ctx, t.to.Registry.Expander()}); err != nil {
			return "", err
		}
		t.placers[key] = p
	}
	place, err := p.AppendPath(nil, ref.DataID, ref.ID)
	return string(place), err
}
