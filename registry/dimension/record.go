package dimension

import "slices"

// Record is the row that describes one value of a dimension, or one combination of a join.
type Record struct {
	Element *Element
	// Values in the order of Element.Fields. Integers are int64, strings string, floats float64, booleans bool, hashes and
	// regions []byte (decoded), timespans Timespan; nil is NULL.
	Values []any
}

// Get returns the named field. It reports false if the element has no such field; a NULL gives nil and true.
func (r *Record) Get(field string) (any, bool) {
	for i, c := range r.Element.fields {
		if c.Name == field {
			return r.Values[i], true
		}
	}
	return nil, false
}

// DataID is the data ID that the record describes: the required values of its element's group. It is zero if the record lacks
// one of them.
func (r *Record) DataID() DataID {
	g := r.Element.group
	values := make([]Value, 0, len(g.Required))
	for _, d := range g.Required {
		i := slices.Index(r.Element.Required, d)
		if i < 0 {
			i = len(r.Element.Required) + slices.Index(r.Element.Implied, d)
		}
		v, err := d.ConvertValue(r.Values[i])
		if err != nil {
			return DataID{}
		}
		values = append(values, v)
	}
	return DataID{group: g, values: values}
}
