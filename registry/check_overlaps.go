package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
	"valet/registry/sphere"
)

// CheckOverlaps looks for regions of dimension records whose overlaps with pixels of the sky are not those that are kept: missing ones
// make queries lose rows, surplus ones make them slow.
func (r *Registry) CheckOverlaps(ctx context.Context, report func(Fault)) error {
	common := r.universe.Dimension(r.universe.CommonSkypix)
	if common == nil || !common.IsSkypix() || common.System.Class != "lsst.sphgeom.HtmPixelization" {
		return nil
	}
	for _, e := range r.universe.Elements() {
		if e.Spatial == nil || !e.HasTable() {
			continue
		}
		if err := r.checkOverlaps(ctx, e, common, report); err != nil {
			return fmt.Errorf("check the regions of %s: %w", e, err)
		}
	}
	return nil
}

func (r *Registry) checkOverlaps(ctx context.Context, e, common *dimension.Element, report func(Fault)) error {
	const page = 500
	var last []any
	for {
		var records []*dimension.Record
		// damaged are those of which only the required values can be read.
		damaged := map[*dimension.Record]error{}
		have := map[string]map[int64]bool{}
		err := r.db.Read(ctx, func(c *dialect.Conn) error {
			d := c.Dialect()
			keys := keyColumns(d, e)
			query, args := recordQuery(d, e), []any{}
			if last != nil {
				query += " WHERE (" + strings.Join(keys, ", ") + ") > (" + strings.TrimSuffix(strings.Repeat("?,", len(keys)), ",") + ")"
				args = last
			}
			err := c.Each(ctx, query+" ORDER BY "+strings.Join(keys, ", ")+" LIMIT ?", append(slices.Clone(args), int64(page)), func(row []driver.Value) error {
				rec, err := decodeRecord(e, row)
				if err != nil {
					why := err
					if rec, err = decodeKey(e, row); err != nil {
						return why
					}
					damaged[rec] = why
				}
				records = append(records, rec)
				return nil
			})
			if err != nil || len(records) == 0 {
				return err
			}
			var names []string
			for _, x := range e.Required {
				names = append(names, d.Quote(x.Name))
			}
			n := len(e.Required)
			marks := "(" + strings.TrimSuffix(strings.Repeat("?,", n), ",") + ")"
			list := strings.Join(names, ", ")
			args = append([]any{common.System.Name, int64(common.Level)}, records[0].Values[:n]...)
			args = append(args, records[len(records)-1].Values[:n]...)
			query = "SELECT " + list + ", skypix_index FROM " + d.Quote(e.Name+"_skypix_overlap") + " WHERE skypix_system = ? AND skypix_level = ? AND (" + list + ") >= " + marks + " AND (" + list + ") <= " + marks
			return c.Each(ctx, query, args, func(row []driver.Value) error {
				values := make([]any, n)
				for i, v := range row[:n] {
					values[i] = v
				}
				key := recordKey(values)
				if have[key] == nil {
					have[key] = map[int64]bool{}
				}
				index, err := dialect.AsInt(row[n])
				have[key][index] = true
				return err
			})
		})
		if err != nil {
			return err
		}
		if len(records) == 0 {
			return nil
		}
		for _, rec := range records {
			name := recordName(e, rec)
			if err := damaged[rec]; err != nil {
				report(Fault{Kind: "damaged-record", Object: name + ": " + err.Error(), Remedy: "replace the record"})
				continue
			}
			v, _ := rec.Get("region")
			var ranges []sphere.Range
			if bytes, ok := v.([]byte); ok {
				region, err := sphere.Decode(bytes)
				if err != nil {
					report(Fault{Kind: "damaged-region", Object: name + ": " + err.Error(), Remedy: "replace the record"})
					continue
				}
				if ranges, err = sphere.HTMEnvelope(region, common.Level); err != nil {
					continue // A kind of region that only upstream knows.
				}
			}
			missing, expected := 0, 0
			got := have[recordKey(rec.Values[:len(e.Required)])]
			for _, x := range ranges {
				for i := x.Begin; i < x.End; i++ {
					expected++
					if !got[int64(i)] {
						missing++
					}
				}
			}
			again := func(tx *Tx) error { return tx.makeOverlaps(e, rec) }
			if missing > 0 {
				report(Fault{Kind: "missing-overlaps", Object: fmt.Sprintf("%s: %d pixels of its region", name, missing), Remedy: "add the overlaps", Repair: again})
			}
			if surplus := len(got) - (expected - missing); surplus > 0 {
				report(Fault{Kind: "surplus-overlaps", Object: fmt.Sprintf("%s: %d pixels outside of its region", name, surplus), Remedy: "delete the overlaps", Repair: again})
			}
		}
		last = records[len(records)-1].Values[:len(e.Required)]
	}
}

// decodeKey reads the required values of a record, which come first in a row, and no others.
func decodeKey(e *dimension.Element, row []driver.Value) (*dimension.Record, error) {
	fields := e.Fields()
	r := &dimension.Record{Element: e, Values: make([]any, len(fields))}
	for i := range e.Required {
		value, err := decodeField(fields[i], row[i])
		if err != nil {
			return nil, err
		}
		r.Values[i] = value
	}
	return r, nil
}

// makeOverlaps makes the overlaps of one record anew, whatever there is of them.
func (tx *Tx) makeOverlaps(e *dimension.Element, r *dimension.Record) error {
	w, err := tx.newOverlapWriter(e)
	if err != nil {
		return err
	}
	w.governed = nil
	chunk := []RecordInput{{Record: r}}
	if err := w.remove(chunk); err != nil {
		return err
	}
	return w.insert(chunk)
}
