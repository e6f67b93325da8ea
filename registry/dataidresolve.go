package registry

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
)

// DimensionNameError says that a data ID has no value for a required dimension.
type DimensionNameError struct {
	// Given are the names that the data ID has values for.
	Given   []string
	Missing string
}

func (e *DimensionNameError) Error() string {
	if len(e.Given) == 0 {
		return fmt.Sprintf("the data ID is empty; it needs a value for %s", e.Missing)
	}
	return fmt.Sprintf("the data ID with %s needs a value for %s", strings.Join(e.Given, ", "), e.Missing)
}

// Hint says how to go on.
func (e *DimensionNameError) Hint() string { return "add " + e.Missing + "=VALUE" }

// ClassName is upstream's exception.
func (e *DimensionNameError) ClassName() string {
	return "lsst.daf.butler._exceptions.DimensionNameError"
}

// DimensionValueError says that what a data ID says of a dimension fits no record, more than one, or not the one that its key names.
type DimensionValueError struct {
	// Dimension is empty if Reason speaks of no dimension.
	Dimension, Reason string
}

func (e *DimensionValueError) Error() string {
	if e.Dimension == "" {
		return e.Reason
	}
	return e.Dimension + " in the data ID: " + e.Reason
}

// ClassName is upstream's exception.
func (e *DimensionValueError) ClassName() string {
	return "lsst.daf.butler._exceptions.DimensionValueError"
}

// AttributeError says that a record has no such field.
type AttributeError struct{ Element, Field string }

func (e *AttributeError) Error() string {
	return fmt.Sprintf("records of %s have no field %q", e.Element, e.Field)
}

// ClassName is upstream's exception.
func (e *AttributeError) ClassName() string { return "AttributeError" }

// ResolveDataID returns the dimension values that a user means (queries.md 7.5). Keys of given are dimensions; fields of a
// dimension, such as visit.seq_num; or fields alone, which are those of a dimension of the dataset type. A value that is not of
// the type of its dimension's key is the alternate key of its own type: a detector's full_name, a visit's name. Fields are looked
// up among the records. Values may be of any type that binds have.
//
// Errors are *DimensionValueError for what no record or more than one has and for unknown names, *AttributeError for an unknown
// field of a known dimension, and those of package query for values of other types than their columns.
func (r *Registry) ResolveDataID(ctx context.Context, t *dataset.Type, given map[string]any) (map[string]any, error) {
	m := &dataIDMeaning{values: map[string]any{}, fields: map[*dimension.Element]map[string]any{}}
	if err := r.sortDataID(t, given, m); err != nil {
		return nil, err
	}
	for _, e := range r.universe.Elements() {
		if m.fields[e] == nil {
			continue
		}
		var err error
		if m.values[e.Name] != nil {
			err = r.compareFields(ctx, e, m)
		} else {
			err = r.findByFields(ctx, e, m)
		}
		if err != nil {
			return nil, err
		}
	}
	return m.values, nil
}

// dataIDMeaning is a data ID on its way: the values of dimensions that are known, and fields to look up.
type dataIDMeaning struct {
	values map[string]any
	fields map[*dimension.Element]map[string]any
}

func (m *dataIDMeaning) add(e *dimension.Element, field string, value any) {
	if m.fields[e] == nil {
		m.fields[e] = map[string]any{}
	}
	m.fields[e][field] = value
}

// sortDataID tells dimension values from fields.
func (r *Registry) sortDataID(t *dataset.Type, given map[string]any, m *dataIDMeaning) error {
	var bare []string
	for _, key := range slices.Sorted(maps.Keys(given)) {
		value := given[key]
		if n, ok := value.(int); ok {
			value = int64(n)
		}
		if name, field, qualified := strings.Cut(key, "."); qualified {
			e := r.universe.Dimension(name)
			if e == nil {
				return &query.Error{Kind: query.UnknownKey, Reason: fmt.Sprintf("%q in the data ID is no dimension", name)}
			}
			if !hasField(e, field) {
				return &AttributeError{Element: name, Field: field}
			}
			m.add(e, field, value)
			continue
		}
		e := r.universe.Dimension(key)
		if e == nil {
			bare = append(bare, key)
			continue
		}
		if k := alternateKey(e, value); k != "" {
			m.add(e, k, value)
		} else {
			m.values[key] = value
		}
	}
	for _, name := range bare {
		e := r.ownerOf(t, name, bare, m.values)
		if e == nil {
			return &DimensionValueError{Reason: fmt.Sprintf("%q in the data ID is neither a dimension nor a field of one that %s has", name, t.Name)}
		}
		value := given[name]
		if n, ok := value.(int); ok {
			value = int64(n)
		}
		m.add(e, name, value)
	}
	return nil
}

// alternateKey is the alternate key that a value is meant for because the dimension's key is of another type; empty if there is none.
func alternateKey(e *dimension.Element, value any) string {
	var of dimension.ColumnType
	switch value.(type) {
	case string:
		of = dimension.String
	case int64:
		of = dimension.Int
	default:
		return ""
	}
	if e.IsSkypix() || len(e.Keys) == 0 || e.KeyType() == of {
		return ""
	}
	for _, k := range e.Keys[1:] {
		if k.Type == of {
			return k.Name
		}
	}
	return ""
}

// hasField reports whether records of an element have a field that a data ID may give.
func hasField(e *dimension.Element, name string) bool {
	return !e.IsSkypix() && slices.ContainsFunc(e.Fields(), func(c dimension.Column) bool {
		return c.Name == name && c.Type != dimension.RegionColumn && c.Type != dimension.TimespanColumn
	})
}

// ownerOf is the dimension of a dataset type that a field alone belongs to. If several have it, those that have more of the other
// fields come first, then those that do not have it as their key, then those without a value, then the last. Calibrations may be
// asked for by the fields of an exposure.
func (r *Registry) ownerOf(t *dataset.Type, name string, fields []string, values map[string]any) *dimension.Element {
	own := func(e *dimension.Element, name string) bool {
		is := func(c dimension.Column) bool { return c.Name == name }
		return slices.ContainsFunc(e.Keys, is) || slices.ContainsFunc(e.Metadata, is)
	}
	candidates := slices.Clone(t.Dimensions.Dimensions())
	if x := r.universe.Dimension("exposure"); t.IsCalibration && x != nil && !slices.Contains(candidates, x) {
		candidates = append(candidates, x)
	}
	candidates = slices.DeleteFunc(candidates, func(e *dimension.Element) bool { return e.IsSkypix() || !own(e, name) })
	if len(candidates) == 0 {
		return nil
	}
	rank := func(e *dimension.Element) (n int) {
		for _, f := range fields {
			if own(e, f) {
				n += 4
			}
		}
		if e.Keys[0].Name != name {
			n += 2
		}
		if values[e.Name] == nil {
			n++
		}
		return n
	}
	return slices.MaxFunc(candidates, func(a, b *dimension.Element) int { return cmp.Or(rank(a)-rank(b), a.Index-b.Index) })
}

// compareFields checks fields against the record that the dimension's value names.
func (r *Registry) compareFields(ctx context.Context, e *dimension.Element, m *dataIDMeaning) error {
	id, err := dataIDOf(e.Group(), m.values)
	if err != nil {
		return err
	}
	rec, err := r.Expander().record(ctx, e, id.Group(), id.Values())
	if err != nil {
		return err
	}
	if rec == nil {
		return &DimensionValueError{e.Name, fmt.Sprintf("there is no record of %s", id)}
	}
	for _, field := range slices.Sorted(maps.Keys(m.fields[e])) {
		stored, _ := rec.Get(field)
		if given := m.fields[e][field]; !sameValue(stored, given) {
			return &DimensionValueError{e.Name, fmt.Sprintf("its %s is %v, not %v", field, stored, given)}
		}
	}
	return nil
}

func sameValue(a, b any) bool {
	number := func(x any) (float64, bool) {
		switch x := x.(type) {
		case int64:
			return float64(x), true
		case float64:
			return x, true
		}
		return 0, false
	}
	if x, ok := number(a); ok {
		y, ok := number(b)
		return ok && x == y
	}
	s, isText := a.(string)
	given, givenText := b.(string)
	return isText && givenText && s == given
}

// findByFields finds the one record that has the fields and agrees with the values that are known, and adds its key.
func (r *Registry) findByFields(ctx context.Context, e *dimension.Element, m *dataIDMeaning) error {
	q := Query{Dimensions: e.Group(), DataID: map[string]any{}, Binds: query.Binds{}, Sorted: true}
	for _, name := range q.Dimensions.Names() {
		if v := m.values[name]; v != nil {
			q.DataID[name] = v
		}
	}
	names := slices.Sorted(maps.Keys(m.fields[e]))
	var parts []string
	for i, name := range names {
		bind := fmt.Sprintf("f%d", i)
		parts = append(parts, e.Name+"."+name+" = :"+bind)
		q.Binds[bind] = m.fields[e][name]
	}
	var err error
	if q.Where, err = query.Parse(strings.Join(parts, " AND ")); err != nil {
		return err
	}
	var found []dimension.DataID
	for row, err := range r.Select(ctx, q) {
		if err != nil {
			return err
		}
		found = append(found, row.DataID)
	}
	if len(found) > 1 && e.Name == "visit" {
		if found, err = r.inVisitSystem(ctx, found); err != nil {
			return err
		}
	}
	switch len(found) {
	case 0:
		return &DimensionValueError{e.Name, "no record has " + showFields(names, m.fields[e])}
	case 1:
		// What the record requires is known then too, such as the instrument of a class_name.
		for _, d := range e.Required {
			if m.values[d.Name] == nil {
				m.values[d.Name] = found[0].Get(d.Name).Any()
			}
		}
		return nil
	}
	return &DimensionValueError{e.Name, fmt.Sprintf("%d records have %s", len(found), showFields(names, m.fields[e]))}
}

func showFields(names []string, values map[string]any) string {
	var b strings.Builder
	for i, n := range names {
		if i > 0 {
			b.WriteString(" and ")
		}
		fmt.Fprintf(&b, "%s %v", n, values[n])
	}
	return b.String()
}

// inVisitSystem keeps those of several visits that belong to the default visit system of their instrument, if any does: one night and
// sequence number stand for a visit in each system.
func (r *Registry) inVisitSystem(ctx context.Context, visits []dimension.DataID) ([]dimension.DataID, error) {
	instrument := r.universe.Dimension("instrument")
	if r.universe.Element("visit_system_membership") == nil || instrument == nil {
		return visits, nil
	}
	x := r.Expander()
	var in []dimension.DataID
	for _, id := range visits {
		rec, err := x.Record(ctx, instrument, id)
		if err != nil {
			return nil, err
		}
		system, _ := rec.Get("visit_system")
		if system == nil {
			continue
		}
		q := Query{Dimensions: r.universe.MustGroup("visit", "visit_system"), Limit: 1,
			DataID: map[string]any{"instrument": id.Get("instrument").Any(), "visit": id.Get("visit").Any(), "visit_system": system}}
		for _, err := range r.Select(ctx, q) {
			if err != nil {
				return nil, err
			}
			in = append(in, id)
		}
	}
	if len(in) == 0 {
		return visits, nil
	}
	return in, nil
}

// dataIDOf makes the data ID of a group from values, of which there must be one for each required dimension. Errors are
// *DimensionNameError and, for values of another type than their dimension's key, those of package query.
func dataIDOf(g *dimension.Group, values map[string]any) (dimension.DataID, error) {
	out := make([]dimension.Value, len(g.Required))
	for i, d := range g.Required {
		v, ok := values[d.Name]
		if !ok {
			return dimension.DataID{}, &DimensionNameError{Given: slices.Sorted(maps.Keys(values)), Missing: d.Name}
		}
		var err error
		if out[i], err = keyValue(d, v); err != nil {
			return dimension.DataID{}, err
		}
	}
	return dimension.NewDataID(g, out), nil
}

// keyValue makes a value of a dimension without turning texts into numbers, as upstream's comparisons do not. A float that is no
// integer equals no key: it is none.
func keyValue(d *dimension.Element, v any) (dimension.Value, error) {
	isInt := d.KeyType() == dimension.Int
	switch x := v.(type) {
	case int64:
		if isInt {
			return dimension.IntValue(x), nil
		}
	case int:
		if isInt {
			return dimension.IntValue(int64(x)), nil
		}
	case bool:
		if isInt && x {
			return dimension.IntValue(1), nil
		} else if isInt {
			return dimension.IntValue(0), nil
		}
	case float64:
		if isInt && x == math.Trunc(x) && math.Abs(x) < 1<<53 {
			return dimension.IntValue(int64(x)), nil
		} else if isInt {
			return dimension.Value{}, nil
		}
	case string:
		if !isInt {
			return dimension.StringValue(x), nil
		}
	default:
		return dimension.Value{}, &query.Error{Kind: query.BadType, Reason: fmt.Sprintf("the data ID's value for %s has the unusable type %T", d, v)}
	}
	return dimension.Value{}, &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("the data ID's value %v for %s is of another type than its key", v, d)}
}
