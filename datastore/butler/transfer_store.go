package butler

import (
	"context"
	"fmt"
	"time"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// store brings the files of a batch and stores its rows.
func (t *transferrer) store(ctx context.Context, refs []dataset.Ref, records map[dataset.ID][]*dataset.FileRecord, done *Transferred) (err error) {
	come := arrival{butler: t.to}
	defer func() { err = come.end(err) }()
	rows := make([]dataset.Ref, len(refs))
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
				come.made = append(come.made, f)
			}
		}
	}
	err = come.store(ctx, come.paths(), []File{{Ref: rows[0], Record: files[0]}}, func(tx *registry.Tx) error {
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
	source, err := t.from.sourceOf(r.Path)
	if err != nil {
		return r, false, err
	}
	data, err := t.from.Store.Read(&r)
	if err != nil {
		return r, false, err
	}
	// A component has the path that it had: templates of whole datasets would put all components at one place.
	if r.Component == dataset.WholeDataset {
		if r.Path, err = t.placers.path(ref); err != nil {
			return r, false, err
		}
	} else if outside || source == "" {
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
