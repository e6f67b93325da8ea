package registry

import (
	"context"
	"database/sql/driver"
	"fmt"

	"valet/registry/dataset"
	"valet/registry/internal/dialect"
)

// Move gives the stored file of a dataset another path.
type Move struct {
	ID       dataset.ID
	From, To string
}

// MoveRecords changes the recorded paths of datasets whose files are at both places. A dataset that was removed meanwhile, or that has
// another path than From by now, is left alone; moved tells which were changed.
func (tx *Tx) MoveRecords(datastore, table string, moves []Move) (moved []bool, err error) {
	if len(moves) == 0 {
		return nil, nil
	}
	if reason := tx.registry.refuseDatasets; reason != "" {
		return nil, &RefusedError{Reason: reason}
	}
	moved = make([]bool, len(moves))
	statement := "UPDATE " + tx.conn.Dialect().Quote(table) + " SET path = ? WHERE dataset_id = ? AND path = ?" +
		" AND EXISTS (SELECT 1 FROM dataset_location WHERE datastore_name = ? AND dataset_id = ?) RETURNING dataset_id"
	for i := range moves {
		m := &moves[i]
		err := tx.conn.Each(tx.ctx, statement, []any{m.To, m.ID, m.From, datastore, m.ID}, func([]driver.Value) error { moved[i] = true; return nil })
		if err != nil {
			return nil, fmt.Errorf("change the path of dataset %s: %w", m.ID, err)
		}
	}
	return moved, nil
}

// RecordedPaths counts the records, also of datasets in the trash, that name each of the given paths. Paths without are left out.
func (tx *Tx) RecordedPaths(table string, paths []string) (map[string]int, error) {
	return recordedPaths(tx.ctx, tx.conn, table, paths)
}

// RecordedPaths is that of a transaction.
func (r *Registry) RecordedPaths(ctx context.Context, table string, paths []string) (out map[string]int, err error) {
	err = r.db.View(ctx, func(c *dialect.Conn) error {
		out, err = recordedPaths(ctx, c, table, paths)
		return err
	})
	return out, err
}

func recordedPaths(ctx context.Context, c *dialect.Conn, table string, paths []string) (map[string]int, error) {
	out := map[string]int{}
	if exists, err := c.TableExists(ctx, table); err != nil || !exists {
		return out, err
	}
	query := "SELECT COUNT(*) FROM " + c.Dialect().Quote(table) + " WHERE path = ?"
	for _, p := range paths {
		row, err := c.Row(ctx, query, p)
		if err != nil {
			return nil, fmt.Errorf("look for records of %s: %w", p, err)
		}
		if n, _ := row[0].(int64); n > 0 {
			out[p] = int(n)
		}
	}
	return out, nil
}

// RecordsBetween returns the file records of a datastore's datasets whose paths are low or above, and below high, in the order of their
// paths.
func (r *Registry) RecordsBetween(ctx context.Context, datastore, table, low, high string) (out []dataset.FileRecord, err error) {
	err = r.db.View(ctx, func(c *dialect.Conn) error {
		if exists, err := c.TableExists(ctx, table); err != nil || !exists {
			return err
		}
		query := recordSelect(c.Dialect(), table) + " JOIN dataset_location l ON l.dataset_id = r.dataset_id AND l.datastore_name = ? WHERE r.path >= ? AND r.path < ? ORDER BY r.path"
		return readRecords(ctx, c, query, []any{datastore, low, high}, func(f *dataset.FileRecord) { out = append(out, *f) })
	})
	if err != nil {
		return nil, fmt.Errorf("read file records: %w", err)
	}
	return out, nil
}
