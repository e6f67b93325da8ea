package datastore

import (
	"fmt"
	"regexp"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// lookup is a mapping keyed by lookup keys (repository.md 9.2), compiled for one universe.
type lookup[T any] struct {
	names  map[string]T
	groups map[*dimension.Group]T
	// instruments holds the nested mappings of instrument<NAME>; they have no instruments of their own.
	instruments map[string]*lookup[T]
}

// instrumentKey matches keys that hold a nested mapping. Only instruments can be meant: other dimensions never match a dataset.
var instrumentKey = regexp.MustCompile(`^([a-z_]+)<(.*)>$`)

func emptyLookup[T any]() *lookup[T] {
	return &lookup[T]{names: map[string]T{}, groups: map[*dimension.Group]T{}, instruments: map[string]*lookup[T]{}}
}

// newLookup compiles a mapping. convert makes a value of what the file holds.
func newLookup[T any](section string, m map[string]any, u *dimension.Universe, convert func(key string, v any) (T, error)) (*lookup[T], error) {
	l := emptyLookup[T]()
	for key, v := range m {
		if v == nil {
			continue
		}
		if match := instrumentKey.FindStringSubmatch(key); match != nil {
			inner := asMapping(v)
			if inner == nil || match[1] != "instrument" {
				continue
			}
			nested, err := newLookup(section+"."+key, inner, u, convert)
			if err != nil {
				return nil, err
			}
			if len(nested.instruments) > 0 {
				return nil, &ConfigError{section + "." + key, "has an instrument inside an instrument"}
			}
			l.instruments[match[2]] = nested
			continue
		}
		value, err := convert(key, v)
		if err != nil {
			return nil, &ConfigError{section + "." + key, err.Error()}
		}
		l.add(key, value, u)
	}
	return l, nil
}

// add enters a value under the name or the dimensions that a key stands for.
func (l *lookup[T]) add(key string, value T, u *dimension.Universe) {
	if g := keyGroup(key, u); g != nil {
		l.groups[g] = value
		return
	}
	l.names[key] = value
}

// keyGroup is the group that a key with + names, nil if it is a plain name.
func keyGroup(key string, u *dimension.Universe) *dimension.Group {
	if !strings.Contains(key, "+") || u == nil {
		return nil
	}
	var names []string
	for _, n := range strings.Split(key, "+") {
		if n != "" {
			names = append(names, n)
		}
	}
	g, err := u.Group(names...)
	if err != nil || len(names) == 0 {
		return nil
	}
	return g
}

// find looks a dataset type up, first among what is said of the instrument, if it has one. A hit under "default" is not looked for.
func (l *lookup[T]) find(t *dataset.Type, instrument string) (T, bool) {
	if nested := l.instruments[instrument]; nested != nil {
		if v, ok := nested.find(t, ""); ok {
			return v, true
		}
	}
	if v, ok := l.names[t.Name]; ok {
		return v, true
	}
	if parent, component := splitComponent(t.Name); component != "" {
		if v, ok := l.names[parent]; ok {
			return v, true
		}
	}
	if v, ok := l.groups[t.Dimensions]; ok {
		return v, true
	}
	v, ok := l.names[t.StorageClass]
	return v, ok
}

// constraints decide which datasets a datastore takes.
type constraints struct{ accept, reject *lookup[bool] }

func newConstraints(c Config, u *dimension.Universe) (constraints, error) {
	accept, err := constraintLookup("constraints.accept", c.Accept, u)
	if err != nil {
		return constraints{}, err
	}
	reject, err := constraintLookup("constraints.reject", c.Reject, u)
	if err != nil {
		return constraints{}, err
	}
	if accept.names["all"] && reject.names["all"] {
		return constraints{}, &ConfigError{"constraints", "both accept and reject all"}
	}
	return constraints{accept, reject}, nil
}

func constraintLookup(section string, keys []any, u *dimension.Universe) (*lookup[bool], error) {
	l := emptyLookup[bool]()
	for _, k := range keys {
		if name, ok := k.(string); ok {
			l.add(name, true, u)
			continue
		}
		m := asMapping(k)
		if m == nil {
			return nil, &ConfigError{section, fmt.Sprintf("%v is no lookup key", k)}
		}
		for key, v := range m {
			match := instrumentKey.FindStringSubmatch(key)
			list, ok := v.([]any)
			if match == nil || !ok {
				return nil, &ConfigError{section, fmt.Sprintf("%q is no instrument<NAME> with a list of keys", key)}
			}
			nested, err := constraintLookup(section+"."+key, list, u)
			if err != nil {
				return nil, err
			}
			if match[1] == "instrument" {
				l.instruments[match[2]] = nested
			}
		}
	}
	return l, nil
}

func (l *lookup[T]) empty() bool {
	return len(l.names)+len(l.groups)+len(l.instruments) == 0
}

// accepts says whether a dataset may be stored. What is named wins over all, acceptance over rejection (observed).
func (c constraints) accepts(t *dataset.Type, instrument string) bool {
	if _, ok := c.accept.find(t, instrument); ok {
		return true
	}
	if _, ok := c.reject.find(t, instrument); ok {
		return false
	}
	all := func(l *lookup[bool]) bool { return l != nil && l.names["all"] }
	switch {
	case all(c.accept.instruments[instrument]):
		return true
	case all(c.reject.instruments[instrument]):
		return false
	case all(c.accept):
		return true
	case all(c.reject):
		return false
	}
	return c.accept.empty()
}
