package butler

import (
	"context"
	"errors"

	"valet/registry"
	"valet/registry/dimension"
)

// overlay finds dimension records in a repository as if others were in it already. Records of the repository come first.
type overlay struct {
	ctx   context.Context
	under *registry.Expander
	own   map[*dimension.Element]map[string]*dimension.Record
}

// add puts a record over the repository.
func (o *overlay) add(r *dimension.Record) error {
	e := r.Element
	own := make([]dimension.Value, len(e.Required))
	for i, d := range e.Required {
		var err error
		if own[i], err = d.ConvertValue(r.Values[i]); err != nil {
			return err
		}
	}
	if o.own[e] == nil {
		o.own[e] = map[string]*dimension.Record{}
	}
	o.own[e][dimension.Key(own)] = r
	return nil
}

// Record finds a record; see registry.Expander.
func (o *overlay) Record(e *dimension.Element, id dimension.DataID) (*dimension.Record, error) {
	r, err := o.under.Record(o.ctx, e, id)
	var none *registry.NotFoundError
	if err == nil && r != nil || err != nil && !errors.As(err, &none) {
		return r, err
	}
	own := make([]dimension.Value, len(e.Required), 8)
	for i, d := range e.Required {
		own[i] = id.Get(d.Name)
	}
	if r := o.own[e][dimension.Key(own)]; r != nil {
		return r, nil
	}
	if e.ViewOf != "" && o.viewed(e, own[0]) {
		return &dimension.Record{Element: e, Values: []any{own[0].Any()}}, nil
	}
	return r, err
}

// viewed reports whether one of the records over the repository has a value of an element that has no table.
func (o *overlay) viewed(e *dimension.Element, v dimension.Value) bool {
	for _, r := range o.own[e.Group().Universe.Element(e.ViewOf)] {
		if x, ok := r.Get(e.Name); ok && x == v.Any() {
			return true
		}
	}
	return false
}

// expand completes a data ID with the values that follow from its records, as registry.Expander does.
func (o *overlay) expand(id dimension.DataID) (dimension.DataID, error) {
	g := id.Group()
	all := g.Dimensions()
	values := make([]dimension.Value, len(all))
	copy(values, id.RequiredValues())
	for _, e := range g.LookupOrder() {
		if !e.IsDimension() {
			continue
		}
		r, err := o.Record(e, dimension.NewDataID(g, values))
		if err != nil {
			return dimension.DataID{}, err
		}
		for i, d := range e.Implied {
			position := g.Position(d.Name)
			if position < len(g.Required) {
				continue
			}
			if values[position], err = d.ConvertValue(r.Values[len(e.Required)+i]); err != nil {
				return dimension.DataID{}, err
			}
		}
	}
	return dimension.NewDataID(g, values), nil
}
