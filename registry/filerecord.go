package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"

	"valet/registry/dataset"
	"valet/registry/internal/ddl"
	"valet/registry/internal/dialect"
)

// idChunk is how many IDs one statement names.
const idChunk = 1000

// inChunks calls f with pieces of ids and the text of as many parameters.
func inChunks(ids []dataset.ID, f func(ids []any, marks string) error) error {
	for len(ids) > 0 {
		n := min(len(ids), idChunk)
		args := make([]any, n)
		for i, id := range ids[:n] {
			args[i] = id
		}
		if err := f(args, "("+strings.TrimSuffix(strings.Repeat("?,", n), ",")+")"); err != nil {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

// InsertRecords inserts dataset_location and file record rows. table is the opaque table of the datastore; it is made if it does
// not exist, as upstream does on its first writeable open (repository.md 3.4).
func (tx *Tx) InsertRecords(datastore, table string, records []dataset.FileRecord) error {
	if len(records) == 0 {
		return nil
	}
	if err := tx.ensureRecordTable(table); err != nil {
		return fmt.Errorf("create table %s: %w", table, err)
	}
	if err := tx.insertRecords(datastore, table, records); err != nil {
		return fmt.Errorf("insert file records into %s: %w", table, err)
	}
	return nil
}

func (tx *Tx) insertRecords(datastore, table string, records []dataset.FileRecord) error {
	d := tx.conn.Dialect()
	refs := make([]dataset.Ref, 0, len(records))
	for i := range records {
		refs = append(refs, dataset.Ref{ID: records[i].ID})
	}
	ids := encodeIDs(d, refs)
	// A dataset of several components has one location and several records, which come one after the other.
	locations := make([]driver.Value, 0, len(ids))
	for i := range records {
		if i == 0 || records[i].ID != records[i-1].ID {
			locations = append(locations, ids[i])
		}
	}
	name := driver.Value(datastore)
	_, err := tx.conn.InsertRows(tx.ctx, "INSERT INTO dataset_location (datastore_name, dataset_id) VALUES ", 2, len(locations), func(i int, row []driver.NamedValue) {
		row[0].Value, row[1].Value = name, locations[i]
	})
	if err != nil {
		return err
	}
	var formatter, storageClass, component textBox
	head := "INSERT INTO " + d.Quote(table) + " (dataset_id, path, formatter, storage_class, component, checksum, file_size) VALUES "
	_, err = tx.conn.InsertRows(tx.ctx, head, 7, len(records), func(i int, row []driver.NamedValue) {
		r := &records[i]
		row[0].Value, row[1].Value = ids[i], r.Path
		row[2].Value, row[3].Value, row[4].Value = formatter.of(r.Formatter), storageClass.of(r.StorageClass), component.of(r.Component)
		row[5].Value = nil
		if r.Checksum != "" {
			row[5].Value = r.Checksum
		}
		row[6].Value = r.Size
	})
	return err
}

// textBox is box for strings.
type textBox struct {
	value string
	boxed driver.Value
}

func (b *textBox) of(s string) driver.Value {
	if b.boxed == nil || s != b.value {
		b.value, b.boxed = s, s
	}
	return b.boxed
}

// ensureRecordTable makes an opaque table that is missing, and enters it in the list of them.
func (tx *Tx) ensureRecordTable(table string) error {
	if tx.tables[table] {
		return nil
	}
	exists, err := tx.conn.TableExists(tx.ctx, table)
	if err != nil {
		return err
	}
	if !exists {
		if err := tx.create(ddl.FileRecords(table)); err != nil {
			return err
		}
		if err := tx.exec("INSERT INTO opaque_meta (table_name) VALUES (?) ON CONFLICT DO NOTHING", table); err != nil {
			return err
		}
	}
	tx.tables[table] = true
	return nil
}

// Records returns the file records of datasets, in no order; datasets without record are left out. A table that does not exist
// yet holds none.
func (r *Registry) Records(ctx context.Context, datastore, table string, ids []dataset.ID) ([]dataset.FileRecord, error) {
	var out []dataset.FileRecord
	err := r.db.View(ctx, func(c *dialect.Conn) error {
		if exists, err := c.TableExists(ctx, table); err != nil || !exists {
			return err
		}
		return inChunks(ids, func(args []any, marks string) error {
			query := recordSelect(c.Dialect(), table) + " JOIN dataset_location l ON l.dataset_id = r.dataset_id AND l.datastore_name = ? WHERE r.dataset_id IN " + marks
			return readRecords(ctx, c, query, append([]any{datastore}, args...), func(f *dataset.FileRecord) { out = append(out, *f) })
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read file records: %w", err)
	}
	return out, nil
}

func recordSelect(d dialect.Dialect, table string) string {
	return "SELECT r.dataset_id, r.path, r.formatter, r.storage_class, r.component, r.checksum, r.file_size FROM " + d.Quote(table) + " r"
}

func readRecords(ctx context.Context, c *dialect.Conn, query string, args []any, f func(*dataset.FileRecord)) error {
	return c.Each(ctx, query, args, func(row []driver.Value) error {
		var r dataset.FileRecord
		var err error
		if r.ID, err = c.Dialect().DecodeID(row[0]); err != nil {
			return err
		}
		for i, p := range []*string{&r.Path, &r.Formatter, &r.StorageClass, &r.Component, &r.Checksum} {
			if *p, err = dialect.AsString(row[1+i]); err != nil {
				return err
			}
		}
		r.Size = -1
		if n, ok := row[6].(int64); ok {
			r.Size = n
		}
		f(&r)
		return nil
	})
}
