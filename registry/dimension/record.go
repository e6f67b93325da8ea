package dimension

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

// DataID is the data ID that the record describes, with the implied values it knows itself: required ones only if the element
// implies dimensions that imply others.
func (r *Record) DataID() DataID {
	g := r.Element.group
	values := make([]Value, 0, len(g.dataID))
	for i, d := range r.Element.Required {
		v, err := d.ConvertValue(r.Values[i])
		if err != nil {
			return DataID{}
		}
		values = append(values, v)
	}
	return DataID{group: g, values: values}
}
