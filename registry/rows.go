package registry

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"slices"

	"valet/registry/internal/dialect"
	"valet/registry/internal/planner"
	"valet/registry/sphere"
)

// rows runs a plan and calls yield with the rows that pass its exact tests, until yield returns false. The row is reused.
func (r *Registry) rows(ctx context.Context, c *dialect.Conn, p *planner.Plan, yield func(row []driver.Value) (bool, error)) error {
	rows, err := c.Query(ctx, p.SQL, arguments(p)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	f := filter{plan: p, regions: map[string]sphere.Region{}}
	row := make([]driver.Value, max(len(p.Columns), 1))
	for n := 0; p.Limit == 0 || n < p.Limit; {
		if err := rows.Next(row); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return c.Error(err)
		}
		if len(p.Tests) > 0 {
			if passes, err := f.passes(row); err != nil {
				return &CorruptError{Database: r.db.Name, Reason: err.Error(), Cause: err}
			} else if !passes {
				continue
			}
		}
		n++
		if more, err := yield(row); err != nil || !more {
			return err
		}
	}
	return nil
}

// filter makes the exact tests of a plan.
type filter struct {
	plan *planner.Plan
	// regions are decoded ones by their stored form.
	regions map[string]sphere.Region
	// last are the distinct values of the last row that passed.
	last []driver.Value
}

// manyRegions bounds what is remembered of regions, which is worth it because rows with one region come in runs.
const manyRegions = 4096

func (f *filter) passes(row []driver.Value) (bool, error) {
	if f.plan.Unique && f.last != nil && f.same(row) {
		return false, nil
	}
	for _, t := range f.plan.Tests {
		a, err := f.region(row[t.A])
		if err != nil || a == nil {
			return false, err
		}
		b := t.Literal
		if b == nil {
			if b, err = f.region(row[t.B]); err != nil || b == nil {
				return false, err
			}
		}
		if sphere.Overlaps(a, b) == sphere.No {
			return false, nil
		}
	}
	if f.plan.Unique {
		f.last = f.last[:0]
		for _, i := range f.plan.Distinct {
			f.last = append(f.last, row[i])
		}
		if f.last == nil {
			f.last = []driver.Value{}
		}
	}
	return true, nil
}

// same reports whether a row stands for the same result as the last one that passed.
func (f *filter) same(row []driver.Value) bool {
	for k, i := range f.plan.Distinct {
		if f.last[k] != row[i] {
			return false
		}
	}
	return true
}

// region decodes a stored region; nil if there is none.
func (f *filter) region(v driver.Value) (sphere.Region, error) {
	if v == nil {
		return nil, nil
	}
	text, err := dialect.AsString(v)
	if err != nil {
		return nil, err
	}
	if r, known := f.regions[text]; known {
		return r, nil
	}
	b, err := dialect.DecodeBytes(text)
	if err != nil {
		return nil, err
	}
	r, err := sphere.Decode(slices.Clone(b))
	if err != nil {
		return nil, err
	}
	if len(f.regions) >= manyRegions {
		clear(f.regions)
	}
	f.regions[text] = r
	return r, nil
}
