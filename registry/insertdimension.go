package registry

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"strings"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
	"valet/registry/sphere"
)

// RecordMode says what becomes of a new dimension record whose required values have a record already (repository.md 5.1).
type RecordMode uint8

// The modes.
const (
	// NewRecords refuses such records.
	NewRecords RecordMode = iota
	// SkipExisting keeps the existing records, whatever they say.
	SkipExisting
	// ReplaceExisting overwrites all their fields.
	ReplaceExisting
)

// RecordInput is one record on its way into the repository.
type RecordInput struct {
	// At says where the record is from in messages: its number, or the line of its file.
	At int
	// Record is of the element it is inserted for; nil if Err says why it could not be read.
	Record *dimension.Record
	Err    error

	// pixels are those that the region overlaps, if the record is prepared.
	pixels   []sphere.Range
	prepared bool
}

// recordChunk is how many records are checked and inserted at a time, so that memory does not grow with their number.
const recordChunk = 4096

// InsertDimensionRecords inserts records of one element with the rows that depend on them: overlaps of regions with pixels of the sky and,
// for governors, the summaries of those (repository.md 5.2). It returns how many records were inserted or replaced.
//
// Faults of the records are gathered from all of them and returned as a *RecordsError; the transaction must then be given up. Memory does
// not grow with the number of records.
func (tx *Tx) InsertDimensionRecords(e *dimension.Element, mode RecordMode, records iter.Seq[RecordInput]) (changed int, err error) {
	if !e.HasTable() {
		return 0, &RecordsError{Element: e.Name, Total: 1, Faults: []RecordFault{{Reason: noTable(e)}}}
	}
	if u := tx.registry.universe; u.Element(e.Name) != e {
		return 0, fmt.Errorf("insert records of %s: it does not belong to this registry", e)
	}
	w := &recordWriter{tx: tx, e: e, mode: mode, faults: newRecordFaults(e)}
	if err := w.prepare(); err != nil {
		return 0, fmt.Errorf("insert records of %s: %w", e, err)
	}
	chunk := make([]RecordInput, 0, recordChunk)
	flush := func() error {
		n, err := w.write(chunk)
		changed, chunk = changed+n, chunk[:0]
		return err
	}
	for in := range records {
		if !w.faults.check(in) {
			continue
		}
		if chunk = append(chunk, in); len(chunk) == recordChunk {
			if err := flush(); err != nil {
				return 0, fmt.Errorf("insert records of %s: %w", e, err)
			}
		}
	}
	if err := flush(); err != nil {
		return 0, fmt.Errorf("insert records of %s: %w", e, err)
	}
	return changed, w.faults.err()
}

func noTable(e *dimension.Element) string {
	if e.IsSkypix() {
		return "pixels of the sky have no records"
	}
	return fmt.Sprintf("its values are those of the records of %s: insert these", e.ViewOf)
}

// recordWriter inserts records of one element.
type recordWriter struct {
	tx     *Tx
	e      *dimension.Element
	mode   RecordMode
	faults *recordFaults
	// head and tail are the text of the INSERT around the values, of so many columns.
	head, tail string
	columns    int
	overlaps   *overlapWriter
}

func (w *recordWriter) prepare() error {
	d := w.tx.conn.Dialect()
	var names, updates []string
	for i, f := range w.e.Fields() {
		columns := []string{f.Name}
		if f.Type == dimension.TimespanColumn {
			columns = d.TimespanColumns()
		}
		for _, c := range columns {
			names = append(names, d.Quote(c))
			if i >= len(w.e.Required) {
				updates = append(updates, d.Quote(c)+" = excluded."+d.Quote(c))
			}
		}
	}
	w.columns = len(names)
	w.head = "INSERT INTO " + d.Quote(w.e.Name) + " (" + strings.Join(names, ", ") + ") VALUES "
	if w.mode == ReplaceExisting {
		w.tail = " ON CONFLICT (" + strings.Join(names[:len(w.e.Required)], ", ") + ") DO NOTHING"
		if len(updates) > 0 {
			w.tail = strings.TrimSuffix(w.tail, "NOTHING") + "UPDATE SET " + strings.Join(updates, ", ")
		}
	}
	var err error
	w.overlaps, err = w.tx.newOverlapWriter(w.e)
	return err
}

// write inserts a chunk, unless there was a fault before: then, or when the database finds one, the chunk is only looked at.
func (w *recordWriter) write(chunk []RecordInput) (int, error) {
	if len(chunk) == 0 {
		return 0, nil
	}
	if w.faults.total > 0 {
		return 0, w.diagnose(chunk)
	}
	const savepoint = "valet_records"
	if err := w.tx.exec("SAVEPOINT " + savepoint); err != nil {
		return 0, err
	}
	n, err := w.insert(chunk)
	var violation *ConstraintError
	if errors.As(err, &violation) {
		if err := w.tx.exec("ROLLBACK TO " + savepoint); err != nil {
			return 0, err
		}
		if err := w.diagnose(chunk); err != nil {
			return 0, err
		}
		if w.faults.total > 0 {
			err = nil
		}
	}
	if err != nil {
		return 0, err
	}
	return n, w.tx.exec("RELEASE " + savepoint)
}

func (w *recordWriter) insert(chunk []RecordInput) (int, error) {
	if w.mode == SkipExisting {
		var err error
		if chunk, err = w.withoutExisting(chunk); err != nil || len(chunk) == 0 {
			return 0, err
		}
	}
	if w.mode == ReplaceExisting {
		if err := w.overlaps.remove(chunk); err != nil {
			return 0, err
		}
	}
	fields := w.e.Fields()
	_, err := w.tx.conn.InsertRowsThen(w.tx.ctx, w.head, w.tail, w.columns, len(chunk), func(i int, row []driver.NamedValue) {
		n := 0
		for k, f := range fields {
			v := chunk[i].Record.Values[k]
			if f.Type == dimension.TimespanColumn {
				row[n].Value, row[n+1].Value = nil, nil
				if t, ok := v.(dimension.Timespan); ok {
					t = dimension.NewTimespan(t.Begin, t.End)
					row[n].Value, row[n+1].Value = t.Begin, t.End
				}
				n += 2
				continue
			}
			row[n].Value = encodeField(v)
			n++
		}
	})
	if err != nil {
		return 0, err
	}
	return len(chunk), w.overlaps.insert(chunk)
}

// encodeField is the column value of a field that is no timespan.
func encodeField(v any) driver.Value {
	if b, ok := v.([]byte); ok {
		return dialect.EncodeBytes(b)
	}
	return v
}

// withoutExisting leaves out records that exist, and repetitions.
func (w *recordWriter) withoutExisting(chunk []RecordInput) ([]RecordInput, error) {
	existing := map[int]bool{}
	err := w.lookUp(w.e.Name, fieldNames(w.e, len(w.e.Required)), w.keys(chunk), func(i int) { existing[i] = true }, true)
	if err != nil {
		return nil, err
	}
	out := make([]RecordInput, 0, len(chunk))
	seen := map[string]bool{}
	for i, in := range chunk {
		key := recordKey(in.Record.Values[:len(w.e.Required)])
		if !existing[i] && !seen[key] {
			seen[key] = true
			out = append(out, in)
		}
	}
	return out, nil
}

// keys are the required values of each record.
func (w *recordWriter) keys(chunk []RecordInput) [][]any {
	out := make([][]any, len(chunk))
	for i, in := range chunk {
		out[i] = in.Record.Values[:len(w.e.Required)]
	}
	return out
}

func fieldNames(e *dimension.Element, n int) []string {
	out := make([]string, n)
	for i, f := range e.Fields()[:n] {
		out[i] = f.Name
	}
	return out
}

// recordKey is a text that two lists of integers and strings share only if they are equal.
func recordKey(values []any) string {
	var b strings.Builder
	for _, v := range values {
		text := fmt.Sprint(v)
		fmt.Fprintf(&b, "%d:%s,", len(text), text)
	}
	return b.String()
}

// lookUp calls f with the number of every row of values that the table has in the columns, or of every one that it lacks.
func (w *recordWriter) lookUp(table string, columns []string, rows [][]any, f func(i int), present bool) error {
	d := w.tx.conn.Dialect()
	names, on := "i", ""
	for k, c := range columns {
		names += fmt.Sprintf(", c%d", k)
		if k > 0 {
			on += " AND "
		}
		on += fmt.Sprintf("t.%s = v.c%d", d.Quote(c), k)
	}
	join, where := " JOIN ", ""
	if !present {
		join, where = " LEFT JOIN ", " WHERE t."+d.Quote(columns[0])+" IS NULL"
	}
	// One size of statement for all but the last, which stays prepared.
	const size = 200
	for from := 0; from < len(rows); from += size {
		piece := rows[from:min(from+size, len(rows))]
		args := make([]any, 0, len(piece)*(len(columns)+1))
		for i, row := range piece {
			args = append(append(args, int64(from+i)), row...)
		}
		query := "WITH v (" + names + ") AS (VALUES " + dialect.Values(len(piece), len(columns)+1) + ") SELECT v.i FROM v" + join + d.Quote(table) + " t ON " + on + where
		err := w.tx.conn.Each(w.tx.ctx, query, args, func(row []driver.Value) error {
			i, err := dialect.AsInt(row[0])
			f(int(i))
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
