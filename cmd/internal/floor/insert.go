package floor

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"
)

// writer inserts the rows.
type writer struct {
	ctx     context.Context
	db      *sql.DB
	options Options
	// tags is the table of the inputs' data IDs, which the outputs share.
	tags  string
	run   int64
	types [outputs]int64

	tx         *sql.Tx
	statements [tables]*sql.Stmt
	pending    int // quanta in tx
	commits    int
}

const tables = 4

// heads are the tables and columns of the rows of a dataset; @ is the table of data IDs.
var heads = [tables]string{
	"dataset(id, dataset_type_id, ingest_date, run_id)",
	"@(dataset_type_id, dataset_id, collection_id, instrument, detector, visit)",
	"dataset_location(datastore_name, dataset_id)",
	"file_datastore_records(dataset_id, path, formatter, storage_class, component, checksum, file_size)",
}

// prepare makes the run and the dataset types.
func (w *writer) prepare() error {
	var errs []error
	exec := func(statement string, args ...any) {
		_, err := w.db.ExecContext(w.ctx, statement, args...)
		errs = append(errs, err)
	}
	exec(`insert into collection(name, type) values (?, 1)`, w.options.Output)
	errs = append(errs, w.db.QueryRowContext(w.ctx, `select collection_id from collection where name = ?`, w.options.Output).Scan(&w.run))
	exec(`insert into run(collection_id) values (?)`, w.run)
	exec(`insert into collection_summary_instrument values (?, ?)`, w.run, w.options.Instrument)
	for i, name := range names {
		exec(`insert or ignore into dataset_type(name, storage_class, dimensions_key, tag_association_table)
			select ?, 'Floor', dimensions_key, tag_association_table from dataset_type where name = ?`, name, w.options.DatasetType)
		errs = append(errs, w.db.QueryRowContext(w.ctx, `select id from dataset_type where name = ?`, name).Scan(&w.types[i]))
		exec(`insert into collection_summary_dataset_type values (?, ?)`, w.run, w.types[i])
	}
	return errors.Join(errs...)
}

// statement inserts the rows of some quanta into a table.
func (w *writer) statement(table, quanta int) string {
	head := strings.Replace(heads[table], "@", w.tags, 1)
	row := "(?" + strings.Repeat(",?", strings.Count(head, ",")) + "),"
	return "insert into " + head + " values " + strings.TrimSuffix(strings.Repeat(row, outputs*quanta), ",")
}

// insert inserts the rows of some quanta, and commits when there are enough.
func (w *writer) insert(quanta []written) (err error) {
	if w.tx == nil {
		if w.tx, err = w.db.BeginTx(w.ctx, nil); err != nil {
			return err
		}
		for i := range w.statements {
			if w.statements[i], err = w.tx.PrepareContext(w.ctx, w.statement(i, perStatement)); err != nil {
				return err
			}
		}
	}
	var args [tables][]any
	now := time.Now().UnixNano()
	for i := range quanta {
		q := &quanta[i]
		for k := range outputs {
			args[0] = append(args[0], q.ids[k], w.types[k], now, w.run)
			args[1] = append(args[1], w.types[k], q.ids[k], w.run, w.options.Instrument, q.detector, q.visit)
			args[2] = append(args[2], "FileDatastore@<butlerRoot>", q.ids[k])
			args[3] = append(args[3], q.ids[k], q.paths[k], "lsst.daf.butler.formatters.json.JsonFormatter", "Floor", "__NULL_STRING__", nil, sizes[k])
		}
	}
	for i := range tables {
		if len(quanta) == perStatement {
			_, err = w.statements[i].ExecContext(w.ctx, args[i]...)
		} else {
			_, err = w.tx.ExecContext(w.ctx, w.statement(i, len(quanta)), args[i]...)
		}
		if err != nil {
			return err
		}
	}
	if w.pending += len(quanta); w.pending >= perCommit {
		return w.commit()
	}
	return nil
}

func (w *writer) commit() error {
	if w.tx == nil {
		return nil
	}
	err := w.tx.Commit()
	w.tx, w.pending = nil, 0
	w.commits++
	return err
}
