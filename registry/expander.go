package registry

import (
	"context"
	"database/sql/driver"
	"fmt"
	"strings"
	"sync"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
)

// Expander completes data IDs and finds dimension records. It caches, and is safe for concurrent use. Records that other
// processes change or add later are seen only as far as they were not asked for before.
type Expander struct {
	registry *Registry

	mu    sync.RWMutex
	cache map[*dimension.Element]*recordCache
}

// recordCache holds the records of one element by the key of their required values.
type recordCache struct {
	// byKey has nil for records known not to exist.
	byKey map[string]*dimension.Record
	// complete says that all records were read, so that what is not in byKey does not exist.
	complete bool
}

// InconsistentDataIDError says that a given implied value is not the one that the records have.
type InconsistentDataIDError struct {
	DataID    dimension.DataID
	Dimension string
	// Stored is the value that follows from the records.
	Stored dimension.Value
}

func (e *InconsistentDataIDError) Error() string {
	return fmt.Sprintf("data ID %s is inconsistent: %s is %s", e.DataID, e.Dimension, e.Stored)
}

// ClassName is upstream's exception.
func (e *InconsistentDataIDError) ClassName() string {
	return "lsst.daf.butler._exceptions.InconsistentDataIdError"
}

// Expander returns an empty cache over the registry.
func (r *Registry) Expander() *Expander {
	return &Expander{registry: r, cache: map[*dimension.Element]*recordCache{}}
}

// Preload reads all records of the named elements into the cache. Names of elements that have no table are ignored.
func (x *Expander) Preload(ctx context.Context, elements ...string) error {
	for _, name := range elements {
		e := x.registry.universe.Element(name)
		if e == nil {
			return &NotFoundError{Kind: "dimension element", Name: name}
		}
		if err := x.preload(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

func (x *Expander) preload(ctx context.Context, e *dimension.Element) error {
	if e.IsSkypix() {
		return nil
	}
	found := map[string]*dimension.Record{}
	err := x.registry.db.Read(ctx, func(c *dialect.Conn) error {
		return c.Each(ctx, recordQuery(c.Dialect(), e), nil, func(row []driver.Value) error {
			r, err := decodeRecord(e, row)
			if err != nil {
				return &CorruptError{Database: x.registry.db.Name, Reason: err.Error(), Cause: err}
			}
			own := make([]dimension.Value, len(e.Required), 8)
			for i, d := range e.Required {
				if own[i], err = d.ConvertValue(r.Values[i]); err != nil {
					return &CorruptError{Database: x.registry.db.Name, Reason: err.Error(), Cause: err}
				}
			}
			found[dimension.Key(own)] = r
			return nil
		})
	})
	if err != nil {
		return fmt.Errorf("read the records of %s: %w", e, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cache[e] = &recordCache{byKey: found, complete: true}
	return nil
}

// Expand completes a data ID with implied values (repository.md 4.4). A missing record gives a *NotFoundError; a data ID that is
// full but does not agree with the records gives an *InconsistentDataIDError.
func (x *Expander) Expand(ctx context.Context, id dimension.DataID) (dimension.DataID, error) {
	g := id.Group()
	all := g.Dimensions()
	values := make([]dimension.Value, len(all))
	copy(values, id.RequiredValues())
	required := len(g.Required)
	for _, e := range g.LookupOrder() {
		if !e.IsDimension() {
			continue
		}
		r, err := x.record(ctx, e, g, values)
		if err != nil {
			return dimension.DataID{}, err
		}
		if r == nil {
			return dimension.DataID{}, missingRecord(e, ownValues(e, g, values))
		}
		for i, d := range e.Implied {
			position := g.Position(d.Name)
			if position < required {
				continue
			}
			v, err := d.ConvertValue(r.Values[len(e.Required)+i])
			if err != nil {
				return dimension.DataID{}, &CorruptError{Database: x.registry.db.Name, Reason: fmt.Sprintf("record of %s: %s", e, err), Cause: err}
			}
			values[position] = v
		}
	}
	if id.IsFull() {
		for i := required; i < len(all); i++ {
			if given := id.Values()[i]; given != values[i] {
				return dimension.DataID{}, &InconsistentDataIDError{DataID: id, Dimension: all[i].Name, Stored: values[i]}
			}
		}
	}
	return dimension.NewDataID(g, values), nil
}

// Record returns the record of an element for a data ID that has values for the element's required dimensions. A missing
// record gives a *NotFoundError; for join elements it gives nil and no error.
func (x *Expander) Record(ctx context.Context, e *dimension.Element, id dimension.DataID) (*dimension.Record, error) {
	g := id.Group()
	for _, d := range e.Required {
		if id.Get(d.Name).IsZero() {
			return nil, fmt.Errorf("record of %s: data ID %s has no value for %s", e, id, d)
		}
	}
	r, err := x.record(ctx, e, g, id.Values())
	if r == nil && err == nil && e.IsDimension() {
		return nil, missingRecord(e, ownValues(e, g, id.Values()))
	}
	return r, err
}

// missingRecord is the error for a record that does not exist, named by its required values.
func missingRecord(e *dimension.Element, own []dimension.Value) error {
	var b strings.Builder
	b.WriteString(e.Name + " {")
	for i, d := range e.Required {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(d.Name + ": " + own[i].String())
	}
	return &NotFoundError{Kind: "dimension record", Name: b.String() + "}"}
}

// ownValues picks the values of the element's required dimensions.
func ownValues(e *dimension.Element, g *dimension.Group, values []dimension.Value) []dimension.Value {
	own := make([]dimension.Value, len(e.Required), 8)
	for i, d := range e.Required {
		own[i] = values[g.Position(d.Name)]
	}
	return own
}

// record finds a record in the cache or the database; nil if it does not exist. values are in the data ID order of g.
func (x *Expander) record(ctx context.Context, e *dimension.Element, g *dimension.Group, values []dimension.Value) (*dimension.Record, error) {
	if e.IsSkypix() {
		// Pixels have no table: every index of the level exists.
		return computedRecord(e, values[g.Position(e.Name)]), nil
	}
	own := ownValues(e, g, values)
	key := dimension.Key(own)
	x.mu.RLock()
	cache := x.cache[e]
	var r *dimension.Record
	known := false
	if cache != nil {
		r, known = cache.byKey[key]
		known = known || cache.complete
	}
	x.mu.RUnlock()
	if known {
		return r, nil
	}
	if e.Cached {
		// Small tables are read as a whole.
		if err := x.preload(ctx, e); err != nil {
			return nil, err
		}
		x.mu.RLock()
		defer x.mu.RUnlock()
		return x.cache[e].byKey[key], nil
	}
	r, err := x.fetch(ctx, e, own)
	if err != nil {
		return nil, fmt.Errorf("read the record of %s: %w", e, err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.cache[e] == nil {
		x.cache[e] = &recordCache{byKey: map[string]*dimension.Record{}}
	}
	x.cache[e].byKey[key] = r
	return r, nil
}

func (x *Expander) fetch(ctx context.Context, e *dimension.Element, own []dimension.Value) (r *dimension.Record, err error) {
	err = x.registry.db.Read(ctx, func(c *dialect.Conn) error {
		query := recordQuery(c.Dialect(), e) + " WHERE " + strings.Join(keyColumns(c.Dialect(), e), " = ? AND ") + " = ?"
		args := make([]any, len(own))
		for i, v := range own {
			args[i] = v.Any()
		}
		row, err := c.Row(ctx, query, args...)
		if err != nil || row == nil {
			return err
		}
		if r, err = decodeRecord(e, row); err != nil {
			return &CorruptError{Database: x.registry.db.Name, Reason: err.Error(), Cause: err}
		}
		return nil
	})
	return r, err
}
