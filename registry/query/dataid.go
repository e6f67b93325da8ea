package query

import (
	"fmt"
	"maps"
	"slices"
)

// BindDataID is the conjunction of key = value for the values of a partial data ID, in universe order; nil if there are none. An
// unknown key gives an *Error of class KeyError, a value of another type than its dimension's one of class InvalidQueryError.
func BindDataID(values map[string]any, c Context) (Predicate, error) {
	var parts []Predicate
	names := slices.Sorted(maps.Keys(values))
	for _, name := range names {
		if c.Universe.Dimension(name) == nil {
			return nil, &Error{Kind: UnknownKey, Reason: fmt.Sprintf("%q in the data ID is no dimension", name)}
		}
	}
	slices.SortFunc(names, func(a, b string) int { return c.Universe.Dimension(a).Index - c.Universe.Dimension(b).Index })
	for _, name := range names {
		key := &DimensionKey{c.Universe.Dimension(name)}
		l, ok := literalOf(values[name])
		if !ok {
			return nil, &Error{Kind: BadType, Reason: fmt.Sprintf("the data ID's value for %q has the unusable type %T", name, values[name])}
		}
		if !comparable(Equal, key.Type(), l.Of) {
			return nil, &Error{Kind: Invalid, Reason: fmt.Sprintf("the data ID's value %s for %q is a %s, not a %s", &l, name, l.Of, key.Type())}
		}
		parts = append(parts, &Compare{Equal, key, &l})
	}
	return Conjunction(parts...), nil
}
