package planner

import (
	"fmt"
	"slices"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/query"
)

// analyse finds what the condition mentions and the dimensions of the whole query.
func (b *builder) analyse() {
	q := b.query
	groups := make([]*dimension.Group, 0, len(q.Searches)+2)
	for _, s := range q.Searches {
		groups = append(groups, s.Type.Dimensions)
	}
	if q.Joined != nil {
		groups = append(groups, q.Joined)
	}
	if q.Condition != nil {
		b.mentioned = query.Mentions(q.Condition)
		b.fields = b.mentioned.Fields
		groups = append(groups, b.mentioned.Dimensions(q.Dimensions.Universe))
		for _, e := range query.Equalities(q.Condition) {
			if old, ok := b.constants[e.Dimension.Name]; ok {
				b.empty = b.empty || old != e.Value
				continue
			}
			b.constants[e.Dimension.Name] = e.Value
		}
	}
	b.noteLists()
	b.dimensions = q.Dimensions.Union(groups...)
	b.wider = b.dimensions != q.Dimensions
}

// noteLists finds the keys that the condition restricts to a list or a range, and the fields that it gives.
func (b *builder) noteLists() {
	parts := []query.Predicate{b.query.Condition}
	if and, ok := b.query.Condition.(*query.And); ok {
		parts = and.Operands
	}
	for _, p := range parts {
		var x query.Operand
		switch p := p.(type) {
		case *query.InList:
			x = p.X
		case *query.InRange:
			x = p.X
		case *query.Compare:
			if f, ok := p.X.(*query.Field); ok && p.Op == query.Equal {
				b.equal = append(b.equal, f)
			}
		}
		if key, ok := x.(*query.DimensionKey); ok {
			b.isIn = append(b.isIn, key.Dimension)
		}
	}
}

// isGiven reports whether the condition restricts a key to a value, a list or a range.
func (b *builder) isGiven(d *dimension.Element) bool {
	_, ok := b.constants[d.Name]
	return ok || slices.Contains(b.isIn, d)
}

// checkColumns notes what the columns of the result need.
func (b *builder) checkColumns() error {
	for _, x := range b.query.Columns {
		switch x := x.(type) {
		case *query.Field:
			if x.Element.IsSkypix() {
				return &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("the region of %s is not stored", x.Element), Remedy: "compute it from the index"}
			}
			b.needField(x)
		case *query.DatasetField:
			i := b.searchOf(x.DatasetType)
			if i < 0 {
				return &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("dataset type %q is not searched in this query, so %s cannot be shown", x.DatasetType, x),
					Remedy: "join a search for it"}
			}
			if x.Name == "timespan" && !b.query.Searches[i].All {
				return &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("%s belongs to one of several matches, which a search for the first does not tell", x),
					Remedy: "ask for all matches"}
			}
			b.shown = append(b.shown, x)
		}
	}
	b.whole = append(b.whole, b.query.Elements...)
	return nil
}

func (b *builder) needField(x *query.Field) {
	if !slices.ContainsFunc(b.fields, func(f *query.Field) bool { return f.Element == x.Element && f.Column.Name == x.Column.Name }) {
		b.fields = append(b.fields, x)
	}
}

// needRegion makes an element's table take part for its region.
func (b *builder) needRegion(e *dimension.Element) {
	b.needField(&query.Field{Element: e, Column: dimension.Column{Name: "region", Type: dimension.RegionColumn}})
}

// checkFields reports dataset fields of types that are not searched.
func (b *builder) checkFields() error {
	for _, f := range b.mentioned.Datasets {
		if b.searchOf(f.DatasetType) < 0 {
			return &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("dataset type %q is not searched in this query", f.DatasetType)}
		}
	}
	return nil
}

// searchOf is the index of the search for a dataset type, or -1.
func (b *builder) searchOf(name string) int {
	return slices.IndexFunc(b.query.Searches, func(s Search) bool { return s.Type.Name == name })
}

// isCalibration reports whether a search looks into CALIBRATION collections.
func (s *Search) isCalibration() bool {
	return slices.ContainsFunc(s.Collections, func(c *catalog.Collection) bool { return c.Kind == dataset.Calibration })
}

// split parts the collections of a search by the table that has their datasets.
func (s *Search) split() (tags, calibs []*catalog.Collection) {
	for _, c := range s.Collections {
		if c.Kind == dataset.Calibration {
			calibs = append(calibs, c)
		} else {
			tags = append(tags, c)
		}
	}
	return tags, calibs
}
