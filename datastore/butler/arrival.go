package butler

import (
	"context"
	"errors"
	"fmt"

	"valet/registry"
	"valet/registry/dataset"
)

// arrival is how files that come from elsewhere become datasets: they are made at their places first, then all their rows are stored in one
// transaction, and if anything fails the files go again.
type arrival struct {
	butler *Butler
	// made are the files that were made and that no row names yet.
	made []dataset.FileRecord
}

// paths are the places of what was made.
func (a *arrival) paths() []string {
	paths := make([]string, len(a.made))
	for i := range a.made {
		paths[i] = a.made[i].Path
	}
	return paths
}

// store stores rows, after a look whether another process recorded one of the places since they were found free: then all files stay, as they
// may be its own. stored are some of the files, by which a doubtful commit is settled.
func (a *arrival) store(ctx context.Context, places []string, stored []File, rows func(tx *registry.Tx) error) error {
	b := a.butler
	_, err := b.Commit(ctx, nil, func(tx *registry.Tx) error {
		recorded, err := tx.RecordedPaths(b.Store.Config.Table, places)
		if err != nil {
			return err
		}
		for p, n := range recorded {
			if n > 0 {
				a.made = nil
				return fmt.Errorf("another process stored a dataset at %s in the meantime", p)
			}
		}
		return rows(tx)
	})
	err = b.Settle(err, stored)
	var unsettled *registry.UnsettledError
	if err == nil || errors.As(err, &unsettled) {
		a.made = nil
	}
	return err
}

// end removes what was made and not stored, and returns err with what kept that from being done.
func (a *arrival) end(err error) error {
	if len(a.made) == 0 {
		return err
	}
	return errors.Join(err, a.butler.Store.RemoveFiles(a.made))
}
