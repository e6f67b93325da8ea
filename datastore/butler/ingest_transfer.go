package butler

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	// Datasets were copied, Existing were there already, Unstored have no file to copy.
	Datasets, Existing, Unstored int
}

// transferBatch is how many datasets are stored in one transaction.
const transferBatch = 2000

// TransferFrom copies datasets of another repository of the same universe with their IDs, types, runs, files and the dimension records that
// they need; records that exist are left as they are. Datasets that are there already are left out, so that a transfer that was interrupted
// is ended by doing it again. Every batch of files is durable before its rows are stored.
func (b *Butler) TransferFrom(ctx context.Context, from *Butler, refs []dataset.Ref) (done Transferred, err error) {
	if b.chained() || from.chained() {
		return done, &datastore.ChainError{}
	}
	u, v := b.Registry.Universe(), from.Registry.Universe()
	if u.Namespace != v.Namespace || u.Version != v.Version {
		return done, &UniverseMismatchError{v, u}
	}
	t := &transferrer{to: b, from: from, x: from.Registry.Expander(), types: map[string]*dataset.Type{}, sent: map[*dimension.Element]map[string]bool{},
		placers: map[[2]string]*datastore.Placer{}, writer: b.Store.Writer()}
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
	x        *registry.Expander
	types    map[string]*dataset.Type
	// sent are the dimension records that were sent, by the key of their required values.
	sent    map[*dimension.Element]map[string]bool
	placers map[[2]string]*datastore.Placer
	writer  *datastore.Writer
}

func (t *transferrer) transfer(ctx context.Context, batch []dataset.Ref, done *Transferred) error {
	there, err := t.existing(ctx, batch)
	if err != nil {
		return err
	}
	var refs []dataset.Ref
	var ids []dataset.ID
	for _, ref := range batch {
		if there[ref.ID] {
			done.Existing++
			continue
		}
		typ, err := t.typeOf(ctx, ref.Type)
		if err != nil {
			return err
		}
		full, err := t.x.Expand(ctx, ref.DataID)
		if err != nil {
			return err
		}
		ids = append(ids, ref.ID)
		refs = append(refs, dataset.Ref{ID: ref.ID, Type: typ, Run: ref.Run, DataID: dimension.NewDataID(typ.Dimensions, full.Values())})
	}
	if err := t.sendRecords(ctx, refs); err != nil {
		return err
	}
	stored, err := t.from.Registry.Records(ctx, t.from.Store.Config.Name, t.from.Store.Config.Table, ids)
	if err != nil {
		return err
	}
	records := map[dataset.ID][]*dataset.FileRecord{}
	for i := range stored {
		records[stored[i].ID] = append(records[stored[i].ID], &stored[i])
	}
	var files []File
	var brought []dataset.FileRecord
	defer func() {
		// What was written belongs to rows from the commit on.
		if len(brought) > 0 {
			_ = t.to.Store.RemoveFiles(brought)
		}
	}()
	for _, ref := range refs {
		switch len(records[ref.ID]) {
		case 0:
			done.Unstored++
			continue
		case 1:
		default:
			return fmt.Errorf("dataset %s %s is stored in several files, which valet does not transfer", ref.Type.Name, ref.ID)
		}
		f, err := t.copy(ctx, ref, *records[ref.ID][0])
		if err != nil {
			return fmt.Errorf("transfer %s@%s: %w", ref.Type.Name, ref.DataID, err)
		}
		files, brought = append(files, f), append(brought, f.Record)
	}
	if len(files) == 0 {
		return nil
	}
	_, err = t.to.Commit(ctx, nil, func(tx *registry.Tx) error {
		for _, f := range files {
			if _, err := tx.RegisterCollection(f.Ref.Run, dataset.Run, ""); err != nil {
				return err
			}
		}
		return t.to.Insert(tx, files, time.Now())
	})
	err = t.to.Settle(err, files)
	var unsettled *registry.UnsettledError
	if err == nil || errors.As(err, &unsettled) {
		brought = nil
	}
	if err == nil {
		done.Datasets += len(files)
	}
	return err
}

// existing are those of the datasets that the other repository has.
func (t *transferrer) existing(ctx context.Context, batch []dataset.Ref) (map[dataset.ID]bool, error) {
	out := map[dataset.ID]bool{}
	for piece := range slices.Chunk(batch, 500) {
		args := make([]any, len(piece))
		byHex := map[string]dataset.ID{}
		for i := range piece {
			args[i] = piece[i].ID
			byHex[piece[i].ID.Hex()] = piece[i].ID
		}
		err := t.to.Registry.Rows(ctx, "SELECT id FROM dataset WHERE id IN (?"+strings.Repeat(", ?", len(piece)-1)+")", args, func(row []driver.Value) error {
			if id, ok := byHex[strings.ReplaceAll(fmt.Sprint(row[0]), "-", "")]; ok {
				out[id] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// typeOf registers a type as it is in the other repository.
func (t *transferrer) typeOf(ctx context.Context, of *dataset.Type) (*dataset.Type, error) {
	if typ := t.types[of.Name]; typ != nil {
		return typ, nil
	}
	g, err := t.to.Registry.Universe().Group(of.Dimensions.Names()...)
	if err != nil {
		return nil, err
	}
	typ := &dataset.Type{Name: of.Name, Dimensions: g, StorageClass: of.StorageClass, IsCalibration: of.IsCalibration}
	if _, err := t.to.Registry.RegisterDatasetType(ctx, typ); err != nil {
		return nil, err
	}
	t.types[of.Name] = typ
	return typ, nil
}

// sendRecords inserts the records of all elements of the data IDs, those that others refer to first.
func (t *transferrer) sendRecords(ctx context.Context, refs []dataset.Ref) error {
	send := map[*dimension.Element][]registry.RecordInput{}
	u, v := t.to.Registry.Universe(), t.from.Registry.Universe()
	for _, ref := range refs {
		g := v.MustGroup(ref.DataID.Group().Names()...)
		id := dimension.NewDataID(g, ref.DataID.Values())
		for _, e := range g.Elements {
			if !e.HasTable() {
				continue
			}
			own := make([]dimension.Value, len(e.Required))
			for i, d := range e.Required {
				own[i] = id.Get(d.Name)
			}
			key := dimension.Key(own)
			if t.sent[e] == nil {
				t.sent[e] = map[string]bool{}
			}
			if t.sent[e][key] {
				continue
			}
			t.sent[e][key] = true
			r, err := t.x.Record(ctx, e, id)
			if err != nil {
				return err
			}
			if r == nil {
				continue // A join that nobody made.
			}
			to := u.Element(e.Name)
			send[to] = append(send[to], registry.RecordInput{At: len(send[to]) + 1, Record: &dimension.Record{Element: to, Values: r.Values}})
		}
	}
	if len(send) == 0 {
		return nil
	}
	return t.to.Registry.Write(ctx, func(tx *registry.Tx) error {
		for _, e := range u.Elements() {
			if len(send[e]) == 0 {
				continue
			}
			if _, err := tx.InsertDimensionRecords(e, registry.SkipExisting, slices.Values(send[e])); err != nil {
				return err
			}
		}
		return nil
	})
}

// copy writes the file of a dataset at its place in the other repository.
func (t *transferrer) copy(ctx context.Context, ref dataset.Ref, r dataset.FileRecord) (File, error) {
	data, err := t.from.Store.Read(&r)
	if err != nil {
		return File{}, err
	}
	key := [2]string{ref.Type.Name, ref.Run}
	p := t.placers[key]
	if p == nil {
		if p, err = t.to.Store.Placer(ref.Type, ref.Run, Records{ctx, t.to.Registry.Expander()}); err != nil {
			return File{}, err
		}
		t.placers[key] = p
	}
	place, err := p.AppendPath(nil, ref.DataID, ref.ID)
	if err != nil {
		return File{}, err
	}
	r.Path, r.Size, r.Checksum = string(place), int64(len(data)), t.to.Store.Checksum(data)
	recorded, err := t.to.Registry.RecordedPaths(ctx, t.to.Store.Config.Table, []string{r.Path})
	if err != nil {
		return File{}, err
	}
	if recorded[r.Path] > 0 {
		return File{}, fmt.Errorf("its place is that of another dataset: %s", r.Path)
	}
	return File{Ref: ref, Record: r}, t.writer.Write(r.Path, data)
}
