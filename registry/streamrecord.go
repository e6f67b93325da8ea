package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
	"valet/registry/query"
	"valet/registry/sphere"
)

// storedElements are the elements of a group whose records come with the rows; those of the others are few and held in memory.
func storedElements(g *dimension.Group) []*dimension.Element {
	var out []*dimension.Element
	for _, e := range g.Elements {
		if e.HasTable() && !e.Cached {
			out = append(out, e)
		}
	}
	return out
}

// load reads the tables of the cached elements as a whole: instruments, detectors, filters. They are small (repository.md 4.2).
func (d *decoder) load(ctx context.Context, c *dialect.Conn) error {
	elements := d.group.Elements
	d.row.Records = make([]*dimension.Record, len(elements))
	d.cached = make([]map[string]*dimension.Record, len(elements))
	for i, e := range elements {
		if !e.HasTable() || !e.Cached {
			continue
		}
		found := map[string]*dimension.Record{}
		err := c.Each(ctx, recordQuery(c.Dialect(), e), nil, func(row []driver.Value) error {
			r, err := decodeRecord(e, row)
			if err != nil {
				return &CorruptError{Database: d.name, Reason: err.Error(), Cause: err}
			}
			own := make([]dimension.Value, len(e.Required))
			for k, x := range e.Required {
				if own[k], err = x.ConvertValue(r.Values[k]); err != nil {
					return &CorruptError{Database: d.name, Reason: err.Error(), Cause: err}
				}
			}
			found[dimension.Key(own)] = r
			return nil
		})
		if err != nil {
			return fmt.Errorf("read the records of %s: %w", e, err)
		}
		d.cached[i] = found
	}
	return nil
}

// element reads the record of Plan.Elements[index].
func (d *decoder) element(index int, row []driver.Value) error {
	e := d.plan.Elements[index]
	var r *dimension.Record
	if e.HasTable() {
		var err error
		if r, err = decodeRecord(e, row); err != nil {
			return err
		}
	} else {
		v, err := e.ConvertValue(row[0])
		if err != nil {
			return err
		}
		r = computedRecord(e, v)
	}
	if d.asked.element != nil {
		d.row.Record = r
	}
	if d.asked.records {
		for i, x := range d.group.Elements {
			if x == e {
				d.row.Records[i] = r
			}
		}
	}
	return nil
}

// computedRecord is the record of an element without a table: a view, which has only its key, or a pixel, whose region is computed.
// The region of a pixel that does not exist, or of a pixelization that package sphere does not know, is missing.
func computedRecord(e *dimension.Element, key dimension.Value) *dimension.Record {
	r := &dimension.Record{Element: e, Values: make([]any, len(e.Fields()))}
	r.Values[0] = key.Any()
	if e.IsSkypix() && e.System.Class == "lsst.sphgeom.HtmPixelization" {
		if t, err := sphere.HTMTrixel(uint64(key.Int())); err == nil {
			r.Values[1] = t.Polygon().AppendBinary(nil)
		}
	}
	return r
}

// attach fills in the records that do not come with the row.
func (d *decoder) attach(values []dimension.Value) {
	for i, e := range d.group.Elements {
		switch {
		case d.cached[i] != nil:
			d.key = d.key[:0]
			for _, x := range e.Required {
				d.key = dimension.AppendKey(d.key, values[d.group.Position(x.Name):d.group.Position(x.Name)+1])
			}
			d.row.Records[i] = d.cached[i][string(d.key)]
		case !e.HasTable():
			d.row.Records[i] = computedRecord(e, values[d.group.Position(e.Name)])
		}
	}
}

// value reads the value of a column as described at Row.Columns.
func (d *decoder) value(x query.Operand, row []driver.Value) (any, error) {
	v := row[0]
	switch x.Type() {
	case query.UUID:
		return d.dialect.DecodeID(v)
	case query.IngestDate:
		return d.instant(v)
	case query.Timespan:
		if v == nil || row[1] == nil {
			return nil, nil
		}
		begin, err := dialect.AsInt(v)
		if err != nil {
			return nil, err
		}
		end, err := dialect.AsInt(row[1])
		return dimension.Timespan{Begin: begin, End: end}, err
	}
	switch x := x.(type) {
	case *query.DimensionKey:
		return decodeField(x.Dimension.Keys[0], v)
	case *query.Field:
		return decodeField(x.Column, v)
	}
	return decodeField(dimension.Column{Name: x.String(), Type: dimension.String}, v)
}

// instant reads an ingest date in either layout.
func (d *decoder) instant(v driver.Value) (any, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case int64:
		return query.Time(v), nil
	case time.Time:
		return query.Time(dimension.TAI(v)), nil
	case string:
		t, err := time.ParseInLocation("2006-01-02 15:04:05.999999", v, time.UTC)
		return query.Time(dimension.TAI(t)), err
	}
	return nil, fmt.Errorf("an ingest date of type %T", v)
}
