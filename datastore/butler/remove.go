package butler

import (
	"context"
	"errors"
	"slices"
	"time"

	"valet/datastore"
	"valet/registry"
	"valet/registry/dataset"
)

// Datasets are removed in three steps: their rows go and what the datastore records of them is moved to its trash, in one transaction;
// their files are removed, durably; then the trash forgets them. A crash after the first step leaves datasets in the trash, as a crash of
// the Python stack would, and EmptyTrash or that stack ends what was begun. No file is removed that a row names.
//
// Weak spot: a file that another process writes at the place of a removed one, between the first step and the second, goes too. Leases
// keep valet from that; the Python stack has the same window.

// oneTransaction is how many datasets are removed in one transaction. With more, others would have to wait for too long.
const oneTransaction = 2000

const (
	firstPiece, largestPiece = 500, 20000
	// lockTarget is how long a transaction should keep others waiting.
	lockTarget = 50 * time.Millisecond
)

// removal is how a Butler removes.
type removal struct {
	// whole is the largest number of datasets that are removed in one transaction, first the size of the first of several.
	whole, first int
}

// FewEnough reports whether so many datasets are to be removed in one transaction, so that nobody sees a part of them gone.
func (b *Butler) FewEnough(datasets int) bool { return datasets <= b.removal.whole }

// Removal is what is left to do of a removal after its transaction is committed.
type Removal struct {
	butler *Butler
	part   trashed
	// retired is the name of a run that was renamed in order to be removed piece by piece, or empty.
	retired string
}

// trashed are datasets in the trash, and the files that nobody needs any more.
type trashed struct {
	ids   []dataset.ID
	files []dataset.FileRecord
}

// deleteDatasets deletes the rows of datasets, and what Forgetting knows of them.
func (b *Butler) deleteDatasets(tx *registry.Tx, datastore, table string, ids []dataset.ID) ([]dataset.FileRecord, error) {
	files, err := tx.DeleteDatasets(datastore, table, ids)
	if err == nil && b.Forgetting != nil && len(ids) > 0 {
		err = b.Forgetting(tx, ids)
	}
	return files, err
}

// Unstore removes the files of datasets and what the datastore records of them; the registry keeps them. IDs without a file are fine.
// Few datasets lose their files at one
// moment, many piece by piece.
func (b *Butler) Unstore(ctx context.Context, ids ...dataset.ID) error {
	return b.removeDatasets(ctx, ids, (*registry.Tx).TrashDatasets)
}

// Purge removes datasets from registry and datastore, and from all collections. Few vanish at one moment, many piece by piece.
func (b *Butler) Purge(ctx context.Context, ids ...dataset.ID) error {
	return b.removeDatasets(ctx, ids, b.deleteDatasets)
}

type remover func(tx *registry.Tx, datastore, table string, ids []dataset.ID) ([]dataset.FileRecord, error)

func (b *Butler) removeDatasets(ctx context.Context, ids []dataset.ID, remove remover) error {
	if b.chained() {
		return &datastore.ChainError{}
	}
	size := b.removal.first
	if b.FewEnough(len(ids)) {
		size = b.removal.whole
	}
	return b.inPieces(ctx, size, trashed{}, func(tx *registry.Tx, limit int) (trashed, error) {
		piece := ids[:min(limit, len(ids))]
		ids = ids[len(piece):]
		files, err := remove(tx, b.Store.Config.Name, b.Store.Config.Table, piece)
		return trashed{piece, files}, err
	}, nil)
}

// RemoveRun removes a run with all its datasets, rows and files; directories stay. It vanishes at one moment. If chains hold it, it is
// taken out of them when unlink is set; otherwise the error is a *registry.CollectionInUseError and nothing is changed. A collection of
// another kind gives a *registry.CollectionKindError.
func (b *Butler) RemoveRun(ctx context.Context, run string, unlink bool) error {
	var left *Removal
	err := b.Registry.Write(ctx, func(tx *registry.Tx) (err error) {
		if err := tx.Release(run, unlink); err != nil {
			return err
		}
		left, err = b.TakeRun(tx, run)
		return err
	})
	if err != nil {
		return err
	}
	return left.Finish(ctx)
}

// TakeRun does the first step of RemoveRun in a transaction of the caller, which no chain may hold the run any more in. After the commit
// the caller finishes the removal.
func (b *Butler) TakeRun(tx *registry.Tx, run string) (*Removal, error) {
	if b.chained() {
		return nil, &datastore.ChainError{}
	}
	if err := tx.Release(run, false); err != nil {
		return nil, err
	}
	limit := b.removal.whole + 1
	if !tx.CanRetire() {
		limit = int(^uint(0) >> 1)
	}
	ids, err := tx.RunDatasets(run, limit)
	if err != nil {
		return nil, err
	}
	r := &Removal{butler: b}
	if !b.FewEnough(len(ids)) && tx.CanRetire() {
		r.retired, err = tx.RetireRun(run)
		return r, err
	}
	files, err := b.deleteDatasets(tx, b.Store.Config.Name, b.Store.Config.Table, ids)
	if err != nil {
		return nil, err
	}
	r.part = trashed{ids, files}
	return r, tx.DeleteRun(run)
}

// TakeFiles does the first step of Unstore in a transaction of the caller, who finishes the removal after the commit.
func (b *Butler) TakeFiles(tx *registry.Tx, ids []dataset.ID) (*Removal, error) {
	if b.chained() {
		return nil, &datastore.ChainError{}
	}
	files, err := tx.TrashDatasets(b.Store.Config.Name, b.Store.Config.Table, ids)
	return &Removal{butler: b, part: trashed{ids, files}}, err
}

// Finish does what is left of a removal. What an error or a crash leaves undone is in the trash.
func (r *Removal) Finish(ctx context.Context) error {
	if r.retired != "" {
		return r.butler.finishRetired(ctx, r.retired)
	}
	return r.butler.inPieces(ctx, r.butler.removal.whole, r.part, nil, nil)
}

// finishRetired empties and deletes a run that was renamed for that.
func (b *Butler) finishRetired(ctx context.Context, run string) error {
	gone := false
	return b.inPieces(ctx, b.removal.first, trashed{}, func(tx *registry.Tx, limit int) (trashed, error) {
		ids, err := tx.RunDatasets(run, limit)
		if missing := (*registry.NotFoundError)(nil); errors.As(err, &missing) {
			// Another process had the same trash to empty.
			gone = true
			return trashed{}, nil
		} else if err != nil {
			return trashed{}, err
		}
		files, err := b.deleteDatasets(tx, b.Store.Config.Name, b.Store.Config.Table, ids)
		return trashed{ids, files}, err
	}, func(tx *registry.Tx) error {
		if gone {
			return nil
		}
		if err := tx.Release(run, true); err != nil {
			return err
		}
		return tx.DeleteRun(run)
	})
}

// EmptyTrash ends removals that a crash interrupted, be it of valet or of the Python stack: files that nobody needs are removed, and
// what is in the trash is forgotten.
func (b *Butler) EmptyTrash(ctx context.Context) error {
	if b.chained() {
		return &datastore.ChainError{}
	}
	// Most often there is nothing to do, which must not cost the database's write lock.
	if has, err := b.Registry.HasTrash(ctx, b.Store.Config.Name); err != nil || !has {
		return err
	}
	var retired []string
	err := b.inPieces(ctx, b.removal.first, trashed{}, func(tx *registry.Tx, limit int) (t trashed, err error) {
		if t.ids, t.files, err = tx.TrashedDatasets(b.Store.Config.Name, b.Store.Config.Table, limit); err == nil && len(t.ids) == 0 {
			retired, err = tx.RetiredRuns()
		}
		return t, err
	}, nil)
	if err != nil {
		return err
	}
	for _, run := range retired {
		if err := b.finishRetired(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

// inPieces removes what is in the trash already, then piece after piece what take moves there, until it moves nothing; last, which may be
// nil, is called in the last transaction. Each transaction but the first forgets the datasets of the piece before and takes the next.
func (b *Butler) inPieces(ctx context.Context, size int, piece trashed, take func(tx *registry.Tx, limit int) (trashed, error), last func(tx *registry.Tx) error) error {
	for {
		failed := b.Store.RemoveFiles(piece.files)
		done := piece.ids
		if some := (*datastore.RemoveError)(nil); errors.As(failed, &some) {
			done = slices.DeleteFunc(slices.Clone(done), func(id dataset.ID) bool { return some.Failed[id] })
		} else if failed != nil {
			return failed
		}
		var next trashed
		var held time.Duration
		if take == nil && len(done) == 0 && last == nil {
			return failed
		}
		err := b.Registry.Write(ctx, func(tx *registry.Tx) (err error) {
			start := time.Now()
			defer func() { held = time.Since(start) }()
			if err := tx.FinishTrash(b.Store.Config.Name, b.Store.Config.Table, done); err != nil {
				return err
			}
			if failed != nil {
				return nil
			}
			if take != nil {
				next, err = take(tx, size)
			}
			if err == nil && len(next.ids) == 0 && last != nil {
				err = last(tx)
			}
			return err
		})
		if err != nil || failed != nil || len(next.ids) == 0 {
			return errors.Join(failed, err)
		}
		if len(next.ids) == size {
			size = adapt(size, held)
		}
		piece = next
	}
}

// adapt chooses the size at which a transaction is as long as it should be.
func adapt(size int, held time.Duration) int {
	if held > 0 {
		size = int(min(int64(size)*int64(lockTarget)/int64(held), 2*int64(size)))
	}
	return min(max(size, 100), largestPiece)
}

func (b *Butler) chained() bool { return b.Store.Config.Class == datastore.ChainedClass }
