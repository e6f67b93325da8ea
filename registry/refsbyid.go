package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// RefsByID returns those of the datasets that exist, by their IDs. Data IDs have their required values only.
func (r *Registry) RefsByID(ctx context.Context, ids []dataset.ID) (map[dataset.ID]dataset.Ref, error) {
	out := map[dataset.ID]dataset.Ref{}
	err := r.view(ctx, func(c *catalog.Catalog) error {
		d := c.Conn().Dialect()
		return inChunks(ids, func(args []any, marks string) error {
			byType := map[string][]any{}
			runs := map[dataset.ID]string{}
			query := "SELECT d.id, t.name, r.name FROM dataset d JOIN dataset_type t ON t.id = d.dataset_type_id JOIN collection r ON r." + c.Layout.CollectionKey +
				" = d." + c.Layout.RunRef + " WHERE d.id IN " + marks
			err := c.Conn().Each(ctx, query, args, func(row []driver.Value) error {
				id, err := d.DecodeID(row[0])
				if err != nil {
					return err
				}
				name, err := dialect.AsString(row[1])
				if err != nil {
					return err
				}
				runs[id], err = dialect.AsString(row[2])
				byType[name] = append(byType[name], id)
				return err
			})
			if err != nil {
				return err
			}
			for name, list := range byType {
				t, err := c.Type(ctx, name)
				if err != nil {
					return err
				}
				if err := refsOfType(ctx, c, t, list, runs, out); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read datasets by their IDs: %w", err)
	}
	return out, nil
}

// refsOfType reads the data IDs of datasets of one type.
func refsOfType(ctx context.Context, c *catalog.Catalog, t *catalog.Type, ids []any, runs map[dataset.ID]string, out map[dataset.ID]dataset.Ref) error {
	d := c.Conn().Dialect()
	query := "SELECT a.dataset_id"
	for _, e := range t.Dimensions.Required {
		query += ", a." + d.Quote(e.Name)
	}
	query += " FROM " + d.Quote(t.Tags) + " a JOIN dataset d ON d.id = a.dataset_id AND d." + c.Layout.RunRef + " = a." + c.Layout.CollectionRef +
		" WHERE a.dataset_id IN (" + strings.TrimSuffix(strings.Repeat("?,", len(ids)), ",") + ")"
	return c.Conn().Each(ctx, query, ids, func(row []driver.Value) error {
		id, err := d.DecodeID(row[0])
		if err != nil {
			return err
		}
		values := make([]dimension.Value, len(t.Dimensions.Required))
		for i, e := range t.Dimensions.Required {
			if values[i], err = e.ConvertValue(row[1+i]); err != nil {
				return &CorruptError{Database: c.Database, Reason: "dataset type " + t.Name + ": " + err.Error(), Cause: err}
			}
		}
		out[id] = dataset.Ref{ID: id, Type: t.Type, Run: runs[id], DataID: dimension.NewDataID(t.Dimensions, values)}
		return nil
	})
}

// RecordsOf returns the records of an element that have one of the given combinations of values of some of its required dimensions, or all if no
// dimensions are given, in no order. Memory grows with the number of records found.
func (r *Registry) RecordsOf(ctx context.Context, e *dimension.Element, of []*dimension.Element, rows [][]dimension.Value) (out []*dimension.Record, err error) {
	const size = 200
	err = r.view(ctx, func(c *catalog.Catalog) error {
		d := c.Conn().Dialect()
		read := func(row []driver.Value) error {
			rec, err := decodeRecord(e, row)
			if err != nil {
				return &CorruptError{Database: c.Database, Reason: err.Error(), Cause: err}
			}
			out = append(out, rec)
			return nil
		}
		if len(of) == 0 {
			return c.Conn().Each(ctx, recordQuery(d, e), nil, read)
		}
		on := ""
		names := make([]string, len(of))
		for k, dim := range of {
			position := slices.Index(e.Required, dim)
			if position < 0 {
				return fmt.Errorf("%s is no required dimension", dim)
			}
			names[k] = fmt.Sprintf("c%d", k)
			if k > 0 {
				on += " AND "
			}
			on += "t." + d.Quote(e.Fields()[position].Name) + " = v." + names[k]
		}
		for from := 0; from < len(rows); from += size {
			piece := rows[from:min(from+size, len(rows))]
			var args []any
			for _, row := range piece {
				for _, v := range row {
					args = append(args, v.Any())
				}
			}
			query := "WITH v (" + strings.Join(names, ", ") + ") AS (VALUES " + dialect.Values(len(piece), len(names)) + ") " + recordQuery(d, e) + " JOIN v ON " + on
			if err := c.Conn().Each(ctx, query, args, read); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the records of %s: %w", e, err)
	}
	return out, nil
}
