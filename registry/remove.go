package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"
	"time"

	"valet/registry/dataset"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// RetiredPrefix begins the names of runs that are being removed. A large run is renamed first, so that it vanishes at one moment for
// everybody who looks for it by its name, and is then emptied in short transactions.
const RetiredPrefix = "removed-run/"

// CollectionInUseError says that a collection cannot be removed because chains hold it.
type CollectionInUseError struct {
	Name string
	// Parents are the chains, sorted.
	Parents []string
}

func (e *CollectionInUseError) Error() string {
	return fmt.Sprintf("collection %q cannot be removed: it is in %s", e.Name, strings.Join(e.Parents, ", "))
}

// Hint says how to go on.
func (e *CollectionInUseError) Hint() string {
	return "take it out of these chains first; nothing was changed"
}

// ClassName is upstream's exception.
func (e *CollectionInUseError) ClassName() string { return "sqlalchemy.exc.IntegrityError" }

// TrashDatasets moves what the datastore has of datasets to its trash; their registry rows stay (repository.md 8.5). It returns the file
// records that no other dataset shares: the caller removes these files after the commit and then calls FinishTrash.
func (tx *Tx) TrashDatasets(datastore, table string, ids []dataset.ID) ([]dataset.FileRecord, error) {
	files, err := tx.trash(datastore, table, ids, false)
	if err != nil {
		return nil, fmt.Errorf("unstore %d datasets: %w", len(ids), err)
	}
	return files, nil
}

// trash moves locations to the trash and, if asked to, deletes the datasets.
func (tx *Tx) trash(datastore, table string, ids []dataset.ID, purge bool) ([]dataset.FileRecord, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if reason := tx.registry.refuseDatasets; reason != "" {
		return nil, &RefusedError{Reason: reason}
	}
	if err := tx.ensureRecordTable(table); err != nil {
		return nil, err
	}
	err := inChunks(ids, func(args []any, marks string) error {
		with := append([]any{datastore}, args...)
		err := tx.exec("INSERT INTO dataset_location_trash (datastore_name, dataset_id) SELECT datastore_name, dataset_id FROM dataset_location WHERE datastore_name = ? AND dataset_id IN "+marks+" ON CONFLICT DO NOTHING", with...)
		if err == nil {
			err = tx.exec("DELETE FROM dataset_location WHERE datastore_name = ? AND dataset_id IN "+marks, with...)
		}
		if err == nil && purge {
			err = tx.exec("DELETE FROM dataset WHERE id IN "+marks, args...)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	// Only now do all of them count as gone: two of them may share a file.
	return tx.unshared(datastore, table, ids)
}

// unshared are the file records of trashed datasets whose files nobody else needs.
func (tx *Tx) unshared(datastore, table string, ids []dataset.ID) (out []dataset.FileRecord, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	if err := tx.ensureRecordTable(table); err != nil {
		return nil, err
	}
	err = inChunks(ids, func(args []any, marks string) error {
		query := trashQuery(tx.conn.Dialect(), table) + " AND r.dataset_id IN " + marks
		return readRecords(tx.ctx, tx.conn, query, append([]any{datastore, datastore}, args...), func(r *dataset.FileRecord) { out = append(out, *r) })
	})
	if err != nil {
		return nil, err
	}
	return withoutSharedZips(tx.ctx, tx.conn, datastore, table, out)
}

// RunDatasets returns the IDs of datasets of a run, at most limit, in no order.
func (tx *Tx) RunDatasets(run string, limit int) ([]dataset.ID, error) {
	x, err := tx.collectionOf(run, dataset.Run)
	if err != nil {
		return nil, err
	}
	return readIDs(tx.ctx, tx.conn, "SELECT id FROM dataset WHERE "+tx.registry.layout.RunRef+" = ? LIMIT ?", x.Key, limit)
}

// RunDatasets returns the IDs of all datasets of a run that are of one of the types, in no order. Types that are not registered have none.
func (r *Registry) RunDatasets(ctx context.Context, run string, types []string) (out []dataset.ID, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		x, err := c.Collection(ctx, run)
		if err != nil {
			return err
		}
		if x.Kind != dataset.Run {
			return &CollectionKindError{Name: run, Is: x.Kind, Expected: dataset.Run}
		}
		for _, name := range types {
			ids, err := readIDs(ctx, c.Conn(), "SELECT d.id FROM dataset d JOIN dataset_type t ON t.id = d.dataset_type_id WHERE t.name = ? AND d."+r.layout.RunRef+" = ?", name, x.Key)
			if err != nil {
				return err
			}
			out = append(out, ids...)
		}
		return nil
	})
	return out, err
}

// HasTrash reports whether a removal is to be ended: datasets are in the trash of a datastore, or a run was retired.
func (r *Registry) HasTrash(ctx context.Context, datastore string) (has bool, err error) {
	err = r.db.View(ctx, func(c *dialect.Conn) error {
		row, err := c.Row(ctx, "SELECT 1 FROM dataset_location_trash WHERE datastore_name = ? LIMIT 1", datastore)
		if has = row != nil; err != nil || has {
			return err
		}
		retired, err := retiredRuns(ctx, c)
		has = len(retired) > 0
		return err
	})
	return has, err
}

// TrashedDatasets returns datasets that are in the trash of a datastore, at most limit, and those of their file records whose files
// nobody needs.
func (tx *Tx) TrashedDatasets(datastore, table string, limit int) (ids []dataset.ID, files []dataset.FileRecord, err error) {
	if ids, err = readIDs(tx.ctx, tx.conn, "SELECT dataset_id FROM dataset_location_trash WHERE datastore_name = ? LIMIT ?", datastore, limit); err == nil {
		files, err = tx.unshared(datastore, table, ids)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the trash of %s: %w", datastore, err)
	}
	return ids, files, nil
}

func readIDs(ctx context.Context, c *dialect.Conn, query string, args ...any) (out []dataset.ID, err error) {
	err = c.Each(ctx, query, args, func(row []driver.Value) error {
		id, err := c.Dialect().DecodeID(row[0])
		out = append(out, id)
		return err
	})
	return out, err
}

// Release prepares a collection for its removal: it takes it out of the chains that hold it if unlink is set, else it gives a
// *CollectionInUseError if there are any. Other positions in those chains stay as they are.
func (tx *Tx) Release(name string, unlink bool) error {
	x, err := tx.catalog.Collection(tx.ctx, name)
	if err != nil {
		return err
	}
	parents, err := tx.catalog.Parents(tx.ctx, name)
	if err != nil || len(parents) == 0 {
		return err
	}
	if !unlink {
		slices.Sort(parents)
		return &CollectionInUseError{Name: name, Parents: slices.Compact(parents)}
	}
	for _, p := range parents {
		tx.catalog.Forget(p)
	}
	if err := tx.exec("DELETE FROM collection_chain WHERE child = ?", x.Key); err != nil {
		return fmt.Errorf("take %q out of its chains: %w", name, err)
	}
	return nil
}

// DeleteRun deletes a run that holds no datasets any more and that no chain holds; its summaries go with it.
func (tx *Tx) DeleteRun(name string) error {
	x, err := tx.collectionOf(name, dataset.Run)
	if err != nil {
		return err
	}
	if err := tx.exec("DELETE FROM collection WHERE "+tx.registry.layout.CollectionKey+" = ?", x.Key); err != nil {
		return fmt.Errorf("delete run %q: %w", name, err)
	}
	tx.catalog.Forget(name)
	// Keys are used again.
	clear(tx.summaries)
	return nil
}

// CanRetire reports whether RetireRun works in the layout of this registry: it does not where names are keys.
func (tx *Tx) CanRetire() bool { return !tx.registry.layout.NameKeys }

// RetireRun gives a run that no chain holds a new name that says what is happening to it, and takes its datasets out of all TAGGED and
// CALIBRATION collections. From the commit on nobody finds it who does not look for it. Its doc tells its former name.
func (tx *Tx) RetireRun(name string) (retired string, err error) {
	x, err := tx.collectionOf(name, dataset.Run)
	if err != nil {
		return "", err
	}
	if err := tx.untag(x); err != nil {
		return "", fmt.Errorf("retire run %q: %w", name, err)
	}
	retired = RetiredPrefix + dataset.NewID().String()
	doc := "This was run " + name + ". It is being removed since " + time.Now().UTC().Format(time.RFC3339) + "; 'butler remove-runs' ends that if the program that did it does not."
	err = tx.exec("UPDATE collection SET name = ?, doc = ? WHERE "+tx.registry.layout.CollectionKey+" = ?", retired, doc, x.Key)
	if err != nil {
		return "", fmt.Errorf("retire run %q: %w", name, err)
	}
	tx.catalog.Forget(name)
	return retired, nil
}

// untag deletes the rows that associate datasets of a run with other collections. It looks at the collections that hold a type of the
// run, so that it costs what they hold and not what the run holds.
func (tx *Tx) untag(run *catalog.Collection) error {
	l := tx.registry.layout
	types, err := tx.catalog.TypesIn(tx.ctx, []*catalog.Collection{run})
	if err != nil {
		return err
	}
	for _, name := range types[0] {
		t, err := tx.catalog.Type(tx.ctx, name)
		if err != nil {
			return err
		}
		for _, table := range []struct {
			name string
			kind dataset.CollectionKind
		}{{t.Tags, dataset.Tagged}, {t.Calibs, dataset.Calibration}} {
			if table.name == "" {
				continue
			}
			q := tx.conn.Dialect().Quote
			err := tx.exec("DELETE FROM "+q(table.name)+" WHERE dataset_type_id = ? AND "+l.CollectionRef+" IN (SELECT c."+l.CollectionKey+" FROM collection c JOIN collection_summary_dataset_type s ON s."+l.CollectionRef+" = c."+l.CollectionKey+
				" WHERE c.type = ? AND s.dataset_type_id = ?) AND dataset_id IN (SELECT id FROM dataset WHERE "+l.RunRef+" = ?)", t.ID, int64(table.kind), t.ID, run.Key)
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// RetiredRuns are the names of runs that RetireRun was called for and that are still there, sorted.
func (tx *Tx) RetiredRuns() ([]string, error) { return retiredRuns(tx.ctx, tx.conn) }

func retiredRuns(ctx context.Context, c *dialect.Conn) (out []string, err error) {
	// '0' follows '/' in the order of characters, so the range is all names with the prefix.
	err = c.Each(ctx, "SELECT name FROM collection WHERE name >= ? AND name < ? AND type = ? ORDER BY name",
		[]any{RetiredPrefix, strings.TrimSuffix(RetiredPrefix, "/") + "0", int64(dataset.Run)}, func(row []driver.Value) error {
			name, err := dialect.AsString(row[0])
			out = append(out, name)
			return err
		})
	return out, err
}
