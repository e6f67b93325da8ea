package butler

import (
	"archive/zip"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"hash/crc32"
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
		needed, err := b.packNeeded(ctx, run, p)
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

// packNeeded reports whether a record names a member of a zip. Records of datasets in the trash count: their removal is another's. Files
// that were kept are needed until their datasets have records again.
func (b *Butler) packNeeded(ctx context.Context, run, zipPath string) (needed bool, err error) {
	if datastore.IsKeptPack(zipPath) {
		kept, err := b.Kept(ctx, run, zipPath)
		return len(kept) > 0, err
	}
	low, high := datastore.MemberRange(zipPath)
	return needed, b.records(ctx, "path >= ? AND path < ? LIMIT 1", []any{low, high}, func([]driver.Value) error { needed = true; return nil })
}

// Keep writes files of datasets whose records are about to go, durably, where Kept finds them until the datasets have records again. The
// paths are those of loose files.
func (b *Butler) Keep(run string, files []KeptFile) error {
	pack, err := b.Store.NewKeptPack(run)
	if err != nil {
		return err
	}
	writer := b.Store.Writer()
	for i := range files {
		f := &files[i]
		if _, _, err := pack.Add(&dataset.FileRecord{ID: f.ID, Size: int64(len(f.Data))}, &datastore.Member{Path: f.Path, Name: f.ID.Hex(), Data: f.Data, CRC: crc32.ChecksumIEEE(f.Data)}); err != nil {
			return err
		}
		if pack.Full() || i == len(files)-1 {
			if err := writer.WritePack(pack); err != nil {
				return err
			}
			pack.Reset()
		}
	}
	return b.Store.Sync()
}

// KeptFile is a file that was kept. Member is what a record would name it by.
type KeptFile struct {
	ID     dataset.ID
	Path   string
	Data   []byte
	Member string
}

// Kept lists, without their bytes, files that were kept in a zip and whose datasets have no record.
func (b *Butler) Kept(ctx context.Context, run, zipPath string) ([]KeptFile, error) {
	members, err := b.Store.PackMembers(run, zipPath)
	if errors.Is(err, zip.ErrFormat) {
		// A crash left a part of it, before any record went.
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	var out []KeptFile
	var ids []dataset.ID
	for _, m := range members {
		_, name, _ := dataset.SplitMember(m.Record)
		id, err := dataset.ParseID(name)
		if err != nil || m.Loose == "" {
			continue
		}
		ids, out = append(ids, id), append(out, KeptFile{ID: id, Path: m.Loose, Member: m.Record})
	}
	records, err := b.Registry.Records(ctx, b.Store.Config.Name, b.Store.Config.Table, ids)
	if err != nil {
		return nil, err
	}
	known := map[dataset.ID]bool{}
	for i := range records {
		known[records[i].ID] = true
	}
	return slices.DeleteFunc(out, func(f KeptFile) bool { return known[f.ID] }), nil
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
