package query

import "valet/registry/dimension"

// Conjunction is the And of predicates, any of which may be nil.
func Conjunction(parts ...Predicate) Predicate { panic("seam") }

// Mentioned is what a predicate names.
type Mentioned struct {
	// Keys are the dimensions whose key is used, in universe order.
	Keys []*dimension.Element
	// Fields are the element fields used, each once.
	Fields []*Field
	// Datasets are the dataset fields used, each once.
	Datasets []*DatasetField
	// Governors are the governors that the governor rule needs constrained (queries.md 4.1).
	Governors []*dimension.Element
	// Spatial and Temporal are the overlap tests that stand alone; Nested are those under an Or or a Not.
	Spatial, Temporal, Nested []*Overlaps
}

// Mentions lists what p names.
func Mentions(p Predicate) Mentioned { panic("seam") }

// Dimensions is the group of everything mentioned: keys, and the whole groups of elements with a mentioned field.
func (m *Mentioned) Dimensions(u *dimension.Universe) *dimension.Group { panic("seam") }

// Equality is a dimension's value that a predicate demands.
type Equality struct {
	Dimension *dimension.Element
	Value     dimension.Value
}

// Equalities are the tests key = literal that stand alone, in order. A dimension may occur twice with different values; then
// nothing can match.
func Equalities(p Predicate) []Equality { panic("seam") }

// ApplyGovernors applies the governor rule (queries.md 4) to the whole condition p of a query with dimensions q: it adds governor
// = default where the rule says so and reports dimensions that need a governor which is neither constrained nor has a default.
// Defaults are by governor name.
func ApplyGovernors(p Predicate, q *dimension.Group, defaults map[string]dimension.Value) (Predicate, error) {
	panic("seam")
}
