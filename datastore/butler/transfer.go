package butler

import (
	"context"
	"errors"
	"fmt"
	"slices"

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
		placers: newRunPlacers(b.Store, Records{ctx, b.Registry.Expander()}), writer: b.Store.Writer()}
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
	placers  *runPlacers
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
