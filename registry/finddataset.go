package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"maps"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// Lookup asks for one dataset (queries.md 7.5).
type Lookup struct {
	Type string
	// DataID is as for ResolveDataID.
	DataID map[string]any
	// Collections are searched in order; chains are flattened, globs matched. Nil means that there are none, not even by default.
	Collections []string
	// Timespan is when the dataset has to be valid. Nil skips CALIBRATION collections.
	Timespan *dimension.Timespan
	// Defaults are values of governor dimensions that DataID does not give.
	Defaults map[string]any
}

// NoDefaultCollectionError says that no collections were given and that there are no default ones.
type NoDefaultCollectionError struct{}

func (e *NoDefaultCollectionError) Error() string {
	return "no collections are given, and there are no default collections"
}

// ClassName is upstream's exception.
func (e *NoDefaultCollectionError) ClassName() string {
	return "lsst.daf.butler.registry._exceptions.NoDefaultCollectionError"
}

// Hint says how to go on.
func (e *NoDefaultCollectionError) Hint() string { return "give --collections" }

// UnknownComponentError says that a dataset type has no component of a name.
type UnknownComponentError struct{ Type, Component string }

func (e *UnknownComponentError) Error() string {
	return fmt.Sprintf("dataset type %q has no component %q that valet knows", e.Type, e.Component)
}

// ClassName is upstream's exception.
func (e *UnknownComponentError) ClassName() string {
	return "lsst.daf.butler._exceptions.UnknownComponentError"
}

// Hint says how to go on.
func (e *UnknownComponentError) Hint() string { return fmt.Sprintf("ask for %q", e.Type) }

// FindDataset returns the dataset of a type and data ID in the first collection that has one, with a full data ID, or nil if none
// has. In a CALIBRATION collection it is the one whose validity range overlaps the timespan; several give a
// *CalibrationLookupError. A missing required value gives a *DimensionNameError; other errors are those of ResolveDataID.
func (r *Registry) FindDataset(ctx context.Context, l Lookup) (*dataset.Ref, error) {
	t, values, err := r.resolveLookup(ctx, l)
	if err != nil {
		return nil, err
	}
	return r.findDataset(ctx, t, values, l.Collections, l.Timespan)
}

// LocateDataset is FindDataset for a data ID that may name other dimensions than those of the type (repository.md 4.4): their records
// give missing values, and the times of a visit, exposure or day are when a calibration has to be valid. Without any of them every
// validity range will do if it is the only one.
func (r *Registry) LocateDataset(ctx context.Context, l Lookup) (*dataset.Ref, error) {
	t, values, err := r.resolveLookup(ctx, l)
	if err != nil {
		return nil, err
	}
	timespan := l.Timespan
	if timespan == nil && t.IsCalibration {
		timespan = &dimension.AllTime
	}
	complete := !slices.ContainsFunc(t.Dimensions.Required, func(d *dimension.Element) bool { return values[d.Name] == nil })
	if !complete || t.IsCalibration && l.Timespan == nil {
		g, err := r.universe.Group(slices.Collect(maps.Keys(values))...)
		if err != nil {
			return nil, err
		}
		for _, d := range t.Dimensions.Required {
			if !g.Has(d.Name) {
				// No record can give it.
				return nil, &DimensionNameError{Given: slices.Sorted(maps.Keys(values)), Missing: d.Name}
			}
		}
		id, err := dataIDOf(g, values)
		if err != nil {
			return nil, err
		}
		at, err := r.relate(ctx, id, values, complete)
		if err != nil {
			return nil, err
		}
		if t.IsCalibration && l.Timespan == nil && at != nil {
			timespan = at
		}
	}
	return r.findDataset(ctx, t, values, l.Collections, timespan)
}

// relate adds the values that follow from a data ID and returns the times of its temporal dimension, nil if it has none. A record
// without times has the empty timespan. Records need not exist if they are not needed.
func (r *Registry) relate(ctx context.Context, id dimension.DataID, values map[string]any, complete bool) (*dimension.Timespan, error) {
	x := r.Expander()
	var at *dimension.Timespan
	var e *dimension.Element
	for _, f := range r.universe.Families() {
		if f.Temporal && e == nil {
			e = id.Group().Finest(f)
		}
	}
	if e == nil && complete {
		return nil, nil
	}
	full, err := x.Expand(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, d := range full.Group().Implied {
		values[d.Name] = full.Get(d.Name).Any()
	}
	if e != nil {
		rec, err := x.Record(ctx, e, full)
		if err != nil {
			return nil, err
		}
		at = &dimension.EmptyTimespan
		if v, _ := rec.Get("timespan"); v != nil {
			span := v.(dimension.Timespan)
			at = &span
		}
	}
	return at, nil
}

// resolveLookup finds the type and the data ID of a lookup.
func (r *Registry) resolveLookup(ctx context.Context, l Lookup) (*dataset.Type, map[string]any, error) {
	t, err := r.lookupType(ctx, l.Type)
	if err != nil {
		return nil, nil, err
	}
	values, err := r.lookupDataID(ctx, t, l)
	return t, values, err
}

// lookupType returns the type to look up.
func (r *Registry) lookupType(ctx context.Context, name string) (*dataset.Type, error) {
	if parent, component, ok := strings.Cut(name, "."); ok {
		if _, err := r.DatasetType(ctx, parent); err != nil {
			return nil, err
		}
		return nil, &UnknownComponentError{parent, component}
	}
	return r.DatasetType(ctx, name)
}

// lookupDataID resolves the data ID of a lookup with its defaults.
func (r *Registry) lookupDataID(ctx context.Context, t *dataset.Type, l Lookup) (map[string]any, error) {
	given := make(map[string]any, len(l.DataID)+len(l.Defaults))
	for k, v := range l.Defaults {
		given[k] = v
	}
	for k, v := range l.DataID {
		given[k] = v
	}
	return r.ResolveDataID(ctx, t, given)
}

func (r *Registry) findDataset(ctx context.Context, t *dataset.Type, values map[string]any, collections []string, at *dimension.Timespan) (*dataset.Ref, error) {
	if collections == nil {
		return nil, &NoDefaultCollectionError{}
	}
	id, err := dataIDOf(t.Dimensions, values)
	if err != nil {
		return nil, err
	}
	ref := &dataset.Ref{Type: t}
	err = r.view(ctx, func(c *catalog.Catalog) error {
		list, err := matchCollections(ctx, c, CollectionQuery{Expression: collections, Chains: FlattenChains})
		if err != nil {
			return err
		}
		full, err := c.Type(ctx, t.Name)
		if err != nil {
			return err
		}
		if list, err = c.WithType(ctx, full, list); err != nil {
			return err
		}
		for _, in := range list {
			if ref.ID, ref.Run, err = r.findIn(ctx, c, full, id, in, at); err != nil || !ref.ID.IsZero() {
				return err
			}
		}
		return nil
	})
	if err != nil || ref.ID.IsZero() {
		return nil, err
	}
	ref.DataID, err = r.Expander().Expand(ctx, id)
	return ref, err
}

// findIn looks into one collection; the zero ID is none.
func (r *Registry) findIn(ctx context.Context, c *catalog.Catalog, t *catalog.Type, id dimension.DataID, in *catalog.Collection, at *dimension.Timespan) (found dataset.ID, run string, err error) {
	d := c.Conn().Dialect()
	table := t.Tags
	if in.Kind == dataset.Calibration {
		if table = t.Calibs; table == "" || at == nil || at.IsEmpty() {
			return found, "", nil
		}
	}
	var b strings.Builder
	b.WriteString("SELECT s.dataset_id, r.name FROM " + d.Quote(table) + " s JOIN dataset d ON d.id = s.dataset_id JOIN collection r ON r." +
		c.Layout.CollectionKey + " = d." + c.Layout.RunRef + " WHERE s.dataset_type_id = ? AND s." + c.Layout.CollectionRef + " = ?")
	args := []any{t.ID, in.Key}
	for i, e := range t.Dimensions.Required {
		b.WriteString(" AND s." + d.Quote(e.Name) + " = ?")
		args = append(args, id.RequiredValues()[i].Any())
	}
	if in.Kind == dataset.Calibration {
		b.WriteString(" AND " + d.TimespanBegin("s") + " < ? AND " + d.TimespanEnd("s") + " > ?")
		args = append(args, at.End, at.Begin)
	}
	b.WriteString(" LIMIT 2")
	n := 0
	err = c.Conn().Each(ctx, b.String(), args, func(row []driver.Value) error {
		if n++; n > 1 {
			return &CalibrationLookupError{Type: t.Name}
		}
		var err error
		if found, err = d.DecodeID(row[0]); err != nil {
			return &CorruptError{Database: c.Database, Reason: err.Error(), Cause: err}
		}
		run, err = dialect.AsString(row[1])
		return err
	})
	return found, run, err
}
