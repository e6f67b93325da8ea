package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"valet/registry/dataset"
	"valet/registry/internal/dialect"
)

// CheckLocations looks for what a datastore says of its files in one table and not in the other.
func (r *Registry) CheckLocations(ctx context.Context, datastore, table string, report func(Fault)) error {
	exists, err := r.TableExists(ctx, table)
	if err != nil || !exists {
		return err
	}
	q := `"` + strings.ReplaceAll(table, `"`, `""`) + `"`
	for _, c := range []struct{ kind, what, remedy, from, where string }{
		{"location-without-record", "datasets have a location in %s and no record of a file", "delete the locations", "dataset_location", "datastore_name = ? AND NOT EXISTS (SELECT 1 FROM " + q + " f WHERE f.dataset_id = dataset_location.dataset_id)"},
		{"record-without-location", "files are recorded in %s for datasets without a location", "delete the records; their files become files without rows", q, "? <> '' AND NOT EXISTS (SELECT 1 FROM dataset_location l WHERE l.dataset_id = " + q + ".dataset_id) AND NOT EXISTS (SELECT 1 FROM dataset_location_trash h WHERE h.dataset_id = " + q + ".dataset_id)"},
	} {
		n := int64(0)
		err := r.Rows(ctx, "SELECT COUNT(*) FROM "+c.from+" WHERE "+c.where, []any{datastore}, func(row []driver.Value) error {
			var err error
			n, err = dialect.AsInt(row[0])
			return err
		})
		if err != nil {
			return fmt.Errorf("check the locations of %s: %w", datastore, err)
		}
		if n > 0 {
			report(Fault{Kind: c.kind, Object: fmt.Sprintf("%d "+c.what, n, datastore), Remedy: c.remedy, Repair: func(tx *Tx) error {
				return tx.exec("DELETE FROM "+c.from+" WHERE "+c.where, datastore)
			}})
		}
	}
	return nil
}

// EachRecord calls f with the file records of stored datasets, some thousand at a time and in no transaction, so that f may look at files.
func (r *Registry) EachRecord(ctx context.Context, datastore, table string, f func([]dataset.FileRecord) error) error {
	if exists, err := r.TableExists(ctx, table); err != nil || !exists {
		return err
	}
	const page = 5000
	last, component := any(""), ""
	for {
		var records []dataset.FileRecord
		err := r.db.Read(ctx, func(c *dialect.Conn) error {
			// Not a join: the records must come in the order of their primary key, or each page would sort all that are left.
			query := recordSelect(c.Dialect(), table) + " WHERE (r.dataset_id, r.component) > (?, ?) AND EXISTS (SELECT 1 FROM dataset_location l WHERE l.dataset_id = r.dataset_id AND l.datastore_name = ?) ORDER BY r.dataset_id, r.component LIMIT ?"
			return readRecords(ctx, c, query, []any{last, component, datastore, int64(page)}, func(f *dataset.FileRecord) { records = append(records, *f) })
		})
		if err != nil {
			return fmt.Errorf("read file records: %w", err)
		}
		if len(records) == 0 {
			return nil
		}
		if err := f(records); err != nil {
			return err
		}
		last, component = records[len(records)-1].ID, records[len(records)-1].Component
	}
}
