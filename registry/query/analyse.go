package query

import (
	"slices"

	"valet/registry/dimension"
)

// Mentioned is what a predicate names.
type Mentioned struct {
	// Keys are the dimensions whose key is used, in universe order.
	Keys []*dimension.Element
	// Fields are the element fields used, each once.
	Fields []*Field
	// Datasets are the dataset fields used, each once.
	Datasets []*DatasetField
	// Governors are the governors that the governor rule needs constrained (queries.md 4.1), in universe order.
	Governors []*dimension.Element
	// Spatial and Temporal are the overlap tests that stand alone; Nested are those under an Or or a Not.
	Spatial, Temporal, Nested []*Overlaps

	// constrained are the governors that a comparison names.
	constrained []*dimension.Element
	// needs are, for each of Governors, one column that needs it.
	needs map[*dimension.Element]Operand
}

// Mentions lists what p names.
func Mentions(p Predicate) Mentioned {
	var m Mentioned
	m.predicate(p, false)
	byIndex := func(a, b *dimension.Element) int { return a.Index - b.Index }
	slices.SortFunc(m.Keys, byIndex)
	slices.SortFunc(m.Governors, byIndex)
	return m
}

// Dimensions is the group of everything mentioned: keys, and the whole groups of elements with a mentioned field.
func (m *Mentioned) Dimensions(u *dimension.Universe) *dimension.Group {
	var names []string
	for _, e := range m.Keys {
		names = append(names, e.Name)
	}
	for _, f := range m.Fields {
		names = append(names, f.Element.Group().Names()...)
	}
	return u.MustGroup(names...)
}

func (m *Mentioned) predicate(p Predicate, nested bool) {
	switch n := p.(type) {
	case *And:
		for _, x := range n.Operands {
			m.predicate(x, nested)
		}
	case *Or:
		for _, x := range n.Operands {
			m.predicate(x, true)
		}
	case *Not:
		m.predicate(n.X, true)
	case *Compare:
		m.operand(n.X, true)
		m.operand(n.Y, true)
	case *IsNull:
		m.operand(n.X, false)
	case *InList:
		m.operand(n.X, n.Written)
	case *InRange:
		m.operand(n.X, false)
	case *Glob:
		m.operand(n.X, true)
	case *BoolColumn:
		m.operand(n.X, false)
	case *Overlaps:
		m.operand(n.X, false)
		m.operand(n.Y, false)
		switch {
		case nested:
			m.Nested = append(m.Nested, n)
		case n.IsSpatial():
			m.Spatial = append(m.Spatial, n)
		default:
			m.Temporal = append(m.Temporal, n)
		}
	}
}

// operand notes the columns in x; compared tells whether it stands in a comparison.
func (m *Mentioned) operand(x Operand, compared bool) {
	switch n := x.(type) {
	case *DimensionKey:
		add(&m.Keys, n.Dimension)
		if n.Dimension.Governor {
			if compared {
				add(&m.constrained, n.Dimension)
			}
			return
		}
		m.need(n.Dimension, n)
	case *Field:
		if !slices.ContainsFunc(m.Fields, func(f *Field) bool { return f.Element == n.Element && f.Column.Name == n.Column.Name }) {
			m.Fields = append(m.Fields, n)
		}
		if slices.ContainsFunc(n.Element.Keys, func(c dimension.Column) bool { return c.Name == n.Column.Name }) {
			if n.Element.Governor && compared {
				add(&m.constrained, n.Element)
			}
			m.need(n.Element, n)
		}
	case *DatasetField:
		if !slices.ContainsFunc(m.Datasets, func(f *DatasetField) bool { return *f == *n }) {
			m.Datasets = append(m.Datasets, n)
		}
	case *TimespanBound:
		m.operand(n.Of, compared)
	case *Negative:
		m.operand(n.X, compared)
	case *Arithmetic:
		m.operand(n.X, compared)
		m.operand(n.Y, compared)
	}
}

// need notes that x, a key of e, means nothing without the governors of e.
func (m *Mentioned) need(e *dimension.Element, x Operand) {
	for _, d := range e.Required {
		if !d.Governor || slices.Contains(m.Governors, d) {
			continue
		}
		m.Governors = append(m.Governors, d)
		if m.needs == nil {
			m.needs = map[*dimension.Element]Operand{}
		}
		m.needs[d] = x
	}
}

func add(list *[]*dimension.Element, e *dimension.Element) {
	if !slices.Contains(*list, e) {
		*list = append(*list, e)
	}
}

// Equality is a dimension's value that a predicate demands.
type Equality struct {
	Dimension *dimension.Element
	Value     dimension.Value
}

// Equalities are the tests key = literal that stand alone, in order. A dimension may occur twice with different values; then
// nothing can match. Int keys compared with a Float literal are left out.
func Equalities(p Predicate) []Equality {
	parts := []Predicate{p}
	if and, ok := p.(*And); ok {
		parts = and.Operands
	}
	var out []Equality
	for _, part := range parts {
		c, ok := part.(*Compare)
		if !ok || c.Op != Equal {
			continue
		}
		x, y := c.X, c.Y
		if _, ok := x.(*Literal); ok {
			x, y = y, x
		}
		key, isKey := x.(*DimensionKey)
		l, isLiteral := y.(*Literal)
		if !isKey || !isLiteral {
			continue
		}
		switch v := l.Value.(type) {
		case int64:
			out = append(out, Equality{key.Dimension, dimension.IntValue(v)})
		case string:
			out = append(out, Equality{key.Dimension, dimension.StringValue(v)})
		}
	}
	return out
}
