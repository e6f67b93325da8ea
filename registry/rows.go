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
	// group are the distinct values of the rows that are being read, passed the tests that one of them passed, if passed is not
	// nil; done says that the group was counted.
	group  []driver.Value
	passed []bool
	done   bool
}

// manyRegions bounds what is remembered of regions, which is worth it because rows with one region come in runs.
const manyRegions = 4096

// passes reports whether a row counts. Of rows that stand for one result the tests need not be passed by the same row, only each
// by one: upstream tests what it has gathered of a group.
func (f *filter) passes(row []driver.Value) (bool, error) {
	if !f.plan.Unique {
		for i := range f.plan.Tests {
			if ok, err := f.test(&f.plan.Tests[i], row); !ok || err != nil {
				return false, err
			}
		}
		return true, nil
	}
	if f.passed == nil || !f.same(row) {
		f.passed, f.done = make([]bool, len(f.plan.Tests)), false
		f.group = f.group[:0]
		for _, i := range f.plan.Distinct {
			f.group = append(f.group, row[i])
		}
	}
	if f.done {
		return false, nil
	}
	f.done = true
	for i := range f.plan.Tests {
		if !f.passed[i] {
			ok, err := f.test(&f.plan.Tests[i], row)
			if err != nil {
				return false, err
			}
			f.passed[i] = ok
			f.done = f.done && ok
		}
	}
	return f.done, nil
}

// test makes one test of one row.
func (f *filter) test(t *planner.Test, row []driver.Value) (bool, error) {
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
	return sphere.Overlaps(a, b) != sphere.No, nil
}

// same reports whether a row stands for the same result as the one before.
func (f *filter) same(row []driver.Value) bool {
	for k, i := range f.plan.Distinct {
		if f.group[k] != row[i] {
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
