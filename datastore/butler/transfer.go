package butler

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"valet/datastore"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// UniverseMismatchError says that two repositories have different dimensions.
type UniverseMismatchError struct{ From, To *dimension.Universe }

func (e *UniverseMismatchError) Error() string {
	return fmt.Sprintf("the repositories have different dimension universes: %s %d and %s %d", e.From.Namespace, e.From.Version, e.To.Namespace, e.To.Version)
}

// Hint says how to go on.
func (e *UniverseMismatchError) Hint() string { return "nothing was changed" }

// Transferred counts what TransferFrom did.
type Transferred struct {
	// Datasets were transferred, Existing were there already, Unstored have no file.
	Datasets, Existing, Unstored int
}

// TransferOptions say how TransferFrom works.
type TransferOptions struct {
	// Mode is Copy, Link, Symlink, RelSymlink or Auto; empty is Copy.
	Mode Transfer
	// KnownTypes refuses dataset types that are not registered, KnownRecords sends no dimension records.
	KnownTypes, KnownRecords bool
	// DryRun counts and looks for what would keep types from being registered, and changes nothing.
	DryRun bool
}

// UnknownTypeError says that a dataset type would have to be registered.
type UnknownTypeError struct{ Type string }

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("dataset type %q is not registered in the repository that is to get datasets of it", e.Type)
}

// Hint says how to go on.
func (e *UnknownTypeError) Hint() string { return "let it be registered: --register-dataset-types" }

// ClassName is upstream's exception.
func (e *UnknownTypeError) ClassName() string {
	return "lsst.daf.butler._exceptions.MissingDatasetTypeError"
}

// transferBatch is how many datasets are stored in one transaction.
const transferBatch = 2000

// TransferFrom brings datasets of another repository of the same universe with their IDs, types, runs, files and the dimension records that
// they need, those of elements that visits populate among them; records that exist are left as they are. A dataset that is stored as a
// file for each component stays so. Datasets that are there already are left out, so that a transfer that was interrupted is ended by doing it again.
// All types are registered first; then every batch of files is durable before its rows are stored.
func (b *Butler) TransferFrom(ctx context.Context, from *Butler, refs []dataset.Ref, o TransferOptions) (done Transferred, err error) {
	if b.chained() || from.chained() {
		return done, &datastore.ChainError{}
	}
	u, v := b.Registry.Universe(), from.Registry.Universe()
	if u.Namespace != v.Namespace || u.Version != v.Version {
		return done, &UniverseMismatchError{v, u}
	}
	t := &transferrer{to: b, from: from, o: o, need: newNeededRecords(from.Registry, refs), types: map[string]*dataset.Type{},
		placers: map[[2]string]*datastore.Placer{}, writer: b.Store.Writer()}
	if err := t.registerTypes(ctx, refs); err != nil {
		return done, err
	}
	for batch := range slices.Chunk(refs, transferBatch) {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		if err := t.transfer(ctx, batch, &done); err != nil {
			return done, err
		}
	}
	return done, nil
}

type transferrer struct {
	to, from *Butler
	o        TransferOptions
	need     *neededRecords
	types    map[string]*dataset.Type
	placers  map[[2]string]*datastore.Placer
	writer   *datastore.Writer
}

// registerTypes registers types as they are in the other repository, after all of them were found to fit.
func (t *transferrer) registerTypes(ctx context.Context, refs []dataset.Ref) error {
	var missing []*dataset.Type
	for i := range refs {
		of := refs[i].Type
		if t.types[of.Name] != nil {
			continue
		}
		g, err := t.to.Registry.Universe().Group(of.Dimensions.Names()...)
		if err != nil {
			return err
		}
		typ := &dataset.Type{Name: of.Name, Dimensions: g, StorageClass: of.StorageClass, IsCalibration: of.IsCalibration}
		known, err := t.to.Registry.DatasetType(ctx, of.Name)
		var none *registry.NotFoundError
		switch {
		case errors.As(err, &none) && t.o.KnownTypes:
			return &UnknownTypeError{of.Name}
		case errors.As(err, &none):
			missing = append(missing, typ)
		case err != nil:
			return err
		case !known.Equal(typ):
			return &dataset.ConflictError{Registered: known, Given: typ}
		}
		t.types[of.Name] = typ
	}
	if len(missing) == 0 || t.o.DryRun {
		return nil
	}
	return t.to.Registry.Write(ctx, func(tx *registry.Tx) error {
		for _, typ := range missing {
			if _, err := tx.RegisterDatasetType(typ); err != nil {
				return err
			}
		}
		return nil
	})
}

func (t *transferrer) transfer(ctx context.Context, batch []dataset.Ref, done *Transferred) error {
	ids := make([]dataset.ID, len(batch))
	for i := range batch {
		ids[i] = batch[i].ID
	}
	there, err := t.to.Registry.RefsByID(ctx, ids)
	if err != nil {
		return err
	}
	var refs []dataset.Ref
	ids = ids[:0]
	for _, ref := range batch {
		if old, ok := there[ref.ID]; ok {
			if old.Type.Name != ref.Type.Name || old.Run != ref.Run || old.DataID.Key() != ref.DataID.Key() {
				return &OtherDatasetError{Ref: ref, There: old}
			}
			done.Existing++
			continue
		}
		if ref.DataID, err = t.need.x.Expand(ctx, ref.DataID); err != nil {
			return err
		}
		ids, refs = append(ids, ref.ID), append(refs, ref)
	}
	stored, err := t.from.Registry.Records(ctx, t.from.Store.Config.Name, t.from.Store.Config.Table, ids)
	if err != nil {
		return err
	}
	records := map[dataset.ID][]*dataset.FileRecord{}
	for i := range stored {
		records[stored[i].ID] = append(records[stored[i].ID], &stored[i])
	}
	refs = slices.DeleteFunc(refs, func(ref dataset.Ref) bool {
		unstored := len(records[ref.ID]) == 0
		if unstored {
			done.Unstored++
		}
		return unstored
	})
	if t.o.DryRun || len(refs) == 0 {
		done.Datasets += len(refs)
		return nil
	}
	if !t.o.KnownRecords {
		if err := t.sendRecords(ctx, refs); err != nil {
			return err
		}
	}
	return t.store(ctx, refs, records, done)
}

// OtherDatasetError says that an ID is that of another dataset in the repository that is to get it.
type OtherDatasetError struct{ Ref, There dataset.Ref }

func (e *OtherDatasetError) Error() string {
	return fmt.Sprintf("dataset %s is %s@%s in run %q here, but %s@%s in run %q there", e.Ref.ID, e.Ref.Type.Name, e.Ref.DataID, e.Ref.Run,
		e.There.Type.Name, e.There.DataID, e.There.Run)
}

// ClassName is upstream's exception.
func (e *OtherDatasetError) ClassName() string {
	return "lsst.daf.butler.registry._exceptions.ConflictingDefinitionError"
}

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
