package values

import (
	"database/sql/driver"
	"fmt"
	"math"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/query"
	"valet/tasks/metric"
)

// reading is what the file of a dataset holds.
type reading struct {
	stamp int64
	items []item
}

// item is a measurement of a file.
type item struct {
	metric, unit string
	value        float64
	has          bool
	notes        string // a JSON object
}

// itemOf is what the index keeps of a measurement. The error says that there is no one value.
func itemOf(m *metric.Measurement) (item, error) {
	it := item{metric: m.Metric, notes: string(appendNotes(nil, m.Notes))}
	switch {
	case m.Array != nil:
		return it, fmt.Errorf("measurement of %s: it is an array of %d values, not one number", m.Metric, len(m.Array.Data))
	case m.Quantity != nil:
		it.value, it.unit, it.has = m.Quantity.Value, m.Quantity.Unit.String(), true
	}
	return it, nil
}

// storable is a value as the column value holds it.
func storable(v float64, has bool) driver.Value {
	switch {
	case !has:
		return nil
	case v != v:
		return "NaN"
	case v == 0 && math.Signbit(v):
		return "-0.0"
	}
	return v
}

// stored is the reverse of storable. What is none of its results was put there by somebody else and reads as no value.
func stored(v driver.Value) (value float64, has bool) {
	switch v := v.(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	case []byte:
		return stored(string(v))
	case string:
		switch v {
		case "NaN":
			return math.NaN(), true
		case "-0.0":
			return math.Copysign(0, -1), true
		}
	}
	return 0, false
}

const (
	valueColumns = 6
	insertValue  = "INSERT OR REPLACE INTO valet_value (dataset, item, kind, value, notes, stamp) VALUES "
	selectKinds  = "SELECT id, metric, unit, notes FROM valet_value_kind"
)

// kindKey names a kind.
type kindKey struct{ metric, unit string }

// kindRow is a row of valet_value_kind.
type kindRow struct {
	id    int64
	notes string
}

// kinds are those that a transaction sees. They must be read anew in each: what was added is gone if the transaction fails.
type kinds map[kindKey]kindRow

func loadKinds(tx *registry.Tx, into kinds) error {
	clear(into)
	return tx.Rows(selectKinds, nil, func(row []driver.Value) error {
		id, _ := row[0].(int64)
		into[kindKey{registry.Text(row[1]), registry.Text(row[2])}] = kindRow{id, registry.Text(row[3])}
		return nil
	})
}

// of finds or makes a kind.
func (k kinds) of(tx *registry.Tx, key kindKey, notes string) (kindRow, error) {
	row, ok := k[key]
	if ok {
		return row, nil
	}
	err := tx.Rows("INSERT INTO valet_value_kind (metric, unit, notes) VALUES (?, ?, ?) RETURNING id", []any{key.metric, key.unit, notes}, func(r []driver.Value) error {
		row.id, _ = r[0].(int64)
		return nil
	})
	row.notes = notes
	k[key] = row
	return row, err
}

// Inserter stores measurements in the transactions that store their datasets. The zero value is ready. It belongs to one goroutine.
type Inserter struct {
	kinds kinds
	rows  []insertRow
	ids   []byte
	notes []byte
}

type insertRow struct {
	kind  int64
	value driver.Value
	notes driver.Value
	stamp int64
}

// Source gives an Inserter its measurements: the i-th, and the record of the file that holds it.
type Source func(i int) (*metric.Measurement, *dataset.FileRecord)

// Insert stores n measurements. Their datasets must have been inserted by this transaction, at one time. What cannot be stored as one number is
// left out: it will be read from its file. Tables that are missing are an error.
func (s *Inserter) Insert(tx *registry.Tx, n int, at Source) error {
	if n == 0 {
		return nil
	}
	if s.kinds == nil {
		s.kinds = kinds{}
	}
	if err := loadKinds(tx, s.kinds); err != nil {
		return fmt.Errorf("store measured values: %w", err)
	}
	_, first := at(0)
	ingested, err := tx.IngestDate(first.ID)
	if err != nil {
		return fmt.Errorf("store measured values: %w", err)
	}
	s.rows = s.rows[:0]
	s.ids = make([]byte, 0, n*len(dataset.ID{}))
	for i := range n {
		m, r := at(i)
		if m.Array != nil {
			continue
		}
		if err := s.add(tx, m, r, ingested); err != nil {
			return fmt.Errorf("store measured values: %w", err)
		}
	}
	zero := driver.Value(int64(0))
	err = tx.InsertRows(insertValue, valueColumns, len(s.rows), func(i int, row []driver.NamedValue) {
		r := &s.rows[i]
		row[0].Value, row[1].Value, row[2].Value = s.ids[i*len(dataset.ID{}):(i+1)*len(dataset.ID{})], zero, r.kind
		row[3].Value, row[4].Value, row[5].Value = r.value, r.notes, r.stamp
	})
	if err != nil {
		return fmt.Errorf("store measured values: %w", err)
	}
	return nil
}

func (s *Inserter) add(tx *registry.Tx, m *metric.Measurement, r *dataset.FileRecord, ingested query.Time) error {
	s.notes = appendNotes(s.notes[:0], m.Notes)
	var v float64
	key := kindKey{metric: m.Metric}
	if m.Quantity != nil {
		v, key.unit = m.Quantity.Value, m.Quantity.Unit.String()
	}
	kind, ok := s.kinds[key]
	if !ok {
		var err error
		if kind, err = s.kinds.of(tx, key, string(s.notes)); err != nil {
			return err
		}
	}
	row := insertRow{kind: kind.id, value: storable(v, m.Quantity != nil), stamp: stampOf(ingested, r)}
	if kind.notes != string(s.notes) {
		row.notes = string(s.notes)
	}
	s.rows = append(s.rows, row)
	s.ids = append(s.ids, r.ID[:]...)
	return nil
}

// insertReadings inserts what files hold, in the order of ids.
func insertReadings(tx *registry.Tx, known kinds, ids []dataset.ID, readings map[dataset.ID]*reading) error {
	type place struct {
		id   dataset.ID
		item int64
		insertRow
	}
	var rows []place
	for _, id := range ids {
		r := readings[id]
		if len(r.items) != 1 {
			// What was there may have been more. A bundle of nothing leaves a row of no kind, so that it is known.
			if err := tx.Exec("DELETE FROM valet_value WHERE dataset = ?", id[:]); err != nil {
				return err
			}
			if len(r.items) == 0 {
				rows = append(rows, place{id, 0, insertRow{stamp: r.stamp}})
			}
		}
		for i := range r.items {
			it := &r.items[i]
			kind, err := known.of(tx, kindKey{it.metric, it.unit}, it.notes)
			if err != nil {
				return err
			}
			p := place{id, int64(i), insertRow{kind: kind.id, value: storable(it.value, it.has), stamp: r.stamp}}
			if kind.notes != it.notes {
				p.notes = it.notes
			}
			rows = append(rows, p)
		}
	}
	return tx.InsertRows(insertValue, valueColumns, len(rows), func(i int, row []driver.NamedValue) {
		p := &rows[i]
		row[0].Value, row[1].Value, row[2].Value = p.id[:], p.item, p.kind
		row[3].Value, row[4].Value, row[5].Value = p.value, p.notes, p.stamp
	})
}
