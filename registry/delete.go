package registry

import (
	"context"
	"database/sql/driver"
	"fmt"

	"valet/registry/dataset"
	"valet/registry/internal/dialect"
)

// DeleteDatasets removes datasets with their locations and moves what the datastore has of them to its trash; summaries stay. It
// returns the file records that no other dataset shares, whose files the caller removes after the commit (repository.md 8.5).
// When the files are gone, FinishTrash ends the work. A crash in between leaves rows in the trash, which Trash lists: removal goes
// on from there, by valet or by upstream.
func (tx *Tx) DeleteDatasets(datastore, table string, ids []dataset.ID) ([]dataset.FileRecord, error) {
	files, err := tx.trash(datastore, table, ids, true)
	if err != nil {
		return nil, fmt.Errorf("delete %d datasets: %w", len(ids), err)
	}
	return files, nil
}

// withoutSharedZips drops the members of zip files of which a dataset that is left has another member (repository.md 9.7).
func withoutSharedZips(ctx context.Context, c *dialect.Conn, datastore, table string, in []dataset.FileRecord) ([]dataset.FileRecord, error) {
	out := in[:0]
	shared := map[string]bool{}
	// '>' follows '=' in the order of characters, so the range is all members of the zip.
	query := "SELECT 1 FROM " + c.Dialect().Quote(table) + " o JOIN dataset_location l ON l.dataset_id = o.dataset_id AND l.datastore_name = ? WHERE o.path >= ? AND o.path < ? LIMIT 1"
	for _, r := range in {
		zip, _, isMember := dataset.SplitMember(r.Path)
		if !isMember {
			out = append(out, r)
			continue
		}
		if _, known := shared[zip]; !known {
			row, err := c.Row(ctx, query, datastore, zip+dataset.ZipFragment, zip+"#zip-path>")
			if err != nil {
				return nil, err
			}
			shared[zip] = row != nil
		}
		if !shared[zip] {
			out = append(out, r)
		}
	}
	return out, nil
}

// FinishTrash removes the records and trash rows of datasets whose files are gone. The IDs are those given to DeleteDatasets or
// returned by Trash; datasets that are not in the trash are left alone.
func (tx *Tx) FinishTrash(datastore, table string, ids []dataset.ID) error {
	if len(ids) == 0 {
		return nil
	}
	if err := tx.ensureRecordTable(table); err != nil {
		return err
	}
	err := inChunks(ids, func(args []any, marks string) error {
		with := append([]any{datastore}, args...)
		q := tx.conn.Dialect().Quote
		err := tx.exec("DELETE FROM "+q(table)+" WHERE dataset_id IN (SELECT dataset_id FROM dataset_location_trash WHERE datastore_name = ? AND dataset_id IN "+marks+")", with...)
		if err != nil {
			return err
		}
		return tx.exec("DELETE FROM dataset_location_trash WHERE datastore_name = ? AND dataset_id IN "+marks, with...)
	})
	if err != nil {
		return fmt.Errorf("empty the trash of %d datasets: %w", len(ids), err)
	}
	return nil
}

// trashQuery selects the records of trashed datasets whose path no dataset that is left shares. An artifact shared by several
// trashed datasets comes once for each.
func trashQuery(d dialect.Dialect, table string) string {
	t := d.Quote(table)
	return recordSelect(d, table) + " JOIN dataset_location_trash h ON h.dataset_id = r.dataset_id AND h.datastore_name = ? WHERE NOT EXISTS (SELECT 1 FROM " +
		t + " o JOIN dataset_location l ON l.dataset_id = o.dataset_id AND l.datastore_name = ? WHERE o.path = r.path)"
}

// Trash returns what a datastore's trash holds: all IDs in it, and the file records whose files may be removed. Something is in it
// only after a crash, or while another process is removing.
func (r *Registry) Trash(ctx context.Context, datastore, table string) (ids []dataset.ID, files []dataset.FileRecord, err error) {
	err = r.db.View(ctx, func(c *dialect.Conn) error {
		err := c.Each(ctx, "SELECT dataset_id FROM dataset_location_trash WHERE datastore_name = ?", []any{datastore}, func(row []driver.Value) error {
			id, err := c.Dialect().DecodeID(row[0])
			ids = append(ids, id)
			return err
		})
		if err != nil {
			return err
		}
		if exists, err := c.TableExists(ctx, table); err != nil || !exists {
			return err
		}
		if err := readRecords(ctx, c, trashQuery(c.Dialect(), table), []any{datastore, datastore}, func(f *dataset.FileRecord) { files = append(files, *f) }); err != nil {
			return err
		}
		files, err = withoutSharedZips(ctx, c, datastore, table, files)
		return err
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read the trash of %s: %w", datastore, err)
	}
	return ids, files, nil
}
