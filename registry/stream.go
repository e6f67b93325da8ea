package registry

import (
	"context"
	"database/sql/driver"
	"fmt"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/dialect"
	"valet/registry/internal/planner"
)

// slab is how many data IDs share one allocation of values.
const slab = 128

// decoder turns the rows of a plan into Rows. It keeps one copy of each string that repeats from row to row (instruments,
// filters, formatters), so that what a caller keeps of a million rows is small.
type decoder struct {
	plan    *planner.Plan
	group   *dimension.Group
	dialect dialect.Dialect
	name    string // of the database

	last    []string // by column
	strings map[string]string
	values  []dimension.Value
	runKey  driver.Value
	run     string
	row     Row
	records []dataset.FileRecord
	asked   *asked
	// cached are the records of the small elements that Row.Records shows, in the order of the group's elements.
	cached []map[string]*dimension.Record
	key    []byte
}

func (r *Registry) stream(ctx context.Context, c *dialect.Conn, p *planner.Plan, in *asked, yield func(*Row) bool) error {
	d := &decoder{plan: p, group: in.Dimensions, dialect: c.Dialect(), name: r.db.Name, strings: map[string]string{},
		last: make([]string, len(p.Columns)), records: make([]dataset.FileRecord, len(p.Runs)), asked: in}
	d.row.Datasets = make([]Found, len(p.Runs))
	d.row.Columns = make([]any, len(in.Columns))
	if in.records {
		if err := d.load(ctx, c); err != nil {
			return err
		}
	}
	return r.rows(ctx, c, p, func(row []driver.Value) (bool, error) {
		if p.Matches > 0 && row[p.Matches] != int64(1) {
			return false, &CalibrationLookupError{Type: p.Ambiguous}
		}
		if err := d.decode(row); err != nil {
			return false, &CorruptError{Database: d.name, Reason: err.Error(), Cause: err}
		}
		return yield(&d.row), nil
	})
}

// intern returns the one copy of a string that is likely to occur again, first of all in the row before.
func (d *decoder) intern(column int, s string) string {
	if d.last[column] == s {
		return d.last[column]
	}
	known, ok := d.strings[s]
	if !ok {
		known = s
		// A column whose values do not repeat must not fill the memory.
		if len(d.strings) < 10000 {
			d.strings[s] = s
		}
	}
	d.last[column] = known
	return known
}

func (d *decoder) decode(row []driver.Value) error {
	n := len(d.group.Dimensions())
	if len(d.values) < n {
		d.values = make([]dimension.Value, slab*n)
	}
	values := d.values[:n:n]
	d.values = d.values[n:]
	for i := 0; i < len(d.plan.Columns); i++ {
		column := d.plan.Columns[i]
		switch column.Kind {
		case planner.KeyColumn:
			switch v := row[i].(type) {
			case int64:
				values[column.Index] = dimension.IntValue(v)
			case string:
				values[column.Index] = dimension.StringValue(d.intern(i, v))
			default:
				return fmt.Errorf("dimension %s has a value of type %T", d.group.Dimensions()[column.Index], v)
			}
		case planner.IDColumn:
			id, err := d.dialect.DecodeID(row[i])
			if err != nil {
				return err
			}
			f := &d.row.Datasets[column.Index]
			f.ID, f.Run, f.Record = id, d.plan.Runs[column.Index], nil
		case planner.RunColumn:
			s, err := dialect.AsString(row[i])
			if err != nil {
				return err
			}
			d.row.Datasets[column.Index].Run = d.intern(i, s)
		case planner.RunKeyColumn:
			if row[i] != d.runKey {
				d.runKey, d.run = row[i], d.plan.RunNames[row[i]]
			}
			d.row.Datasets[column.Index].Run = d.run
		case planner.RecordColumn:
			d.record(column.Index, i, row[i:i+planner.RecordColumns])
			i += planner.RecordColumns - 1
		case planner.ElementColumn:
			if err := d.element(column.Index, row[i:]); err != nil {
				return err
			}
		case planner.ValueColumn:
			v, err := d.value(d.asked.Columns[column.Index], row[i:])
			if err != nil {
				return err
			}
			d.row.Columns[column.Index] = v
		}
	}
	d.row.DataID = dimension.NewDataID(d.group, values)
	if d.asked.records {
		d.attach(values)
	}
	return nil
}

// record reads the file record in columns path, formatter, storage_class, checksum, file_size.
func (d *decoder) record(search, column int, row []driver.Value) {
	path, ok := row[0].(string)
	if !ok {
		return
	}
	f := &d.row.Datasets[search]
	r := &d.records[search]
	f.Record = r
	r.ID, r.Path, r.Component = f.ID, path, dataset.WholeDataset
	formatter, _ := row[1].(string)
	storageClass, _ := row[2].(string)
	r.Formatter, r.StorageClass = d.intern(column+1, formatter), d.intern(column+2, storageClass)
	r.Checksum, _ = row[3].(string)
	if r.Size, ok = row[4].(int64); !ok {
		r.Size = -1
	}
}
