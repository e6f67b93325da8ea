package butler

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"

	"valet/datastore"
	"valet/registry/dataset"
)

// SweepPacks removes zip files in valet's own directory of a run that no record names, and those of the given ones: what a crash left
// before the rows were written, and what lost its last member. Only who holds the run may call it: another process may be about to
// write the rows. It returns how many it removed; what cannot be removed is left for the next time.
func (b *Butler) SweepPacks(ctx context.Context, run string, more ...string) (removed int, err error) {
	packs, err := b.Store.Packs(run)
	if err != nil {
		return 0, fmt.Errorf("look for zip files of run %q: %w", run, err)
	}
	for _, p := range more {
		if !slices.Contains(packs, p) {
			packs = append(packs, p)
		}
	}
	for _, p := range packs {
		needed, err := b.packNeeded(ctx, p)
		if err != nil {
			return removed, fmt.Errorf("look for zip files of run %q: %w", run, err)
		}
		if needed {
			continue
		}
		if err := b.Store.Remove(&dataset.FileRecord{Path: p}); err == nil {
			removed++
		}
	}
	return removed, nil
}

// packNeeded reports whether a record names a member of a zip. Records of datasets in the trash count: their removal is another's.
func (b *Butler) packNeeded(ctx context.Context, zipPath string) (needed bool, err error) {
	low, high := datastore.MemberRange(zipPath)
	return needed, b.records(ctx, "path >= ? AND path < ? LIMIT 1", []any{low, high}, func([]driver.Value) error { needed = true; return nil })
}

// records calls f with dataset_id and path of the records that a condition selects. A table that does not exist yet holds none.
func (b *Butler) records(ctx context.Context, where string, args []any, f func(row []driver.Value) error) error {
	table := b.Store.Config.Table
	if exists, err := b.Registry.TableExists(ctx, table); err != nil || !exists {
		return err
	}
	return b.Registry.Rows(ctx, "SELECT dataset_id, path FROM "+quoted(table)+" WHERE "+where, args, f)
}

func quoted(name string) string { return `"` + name + `"` }
