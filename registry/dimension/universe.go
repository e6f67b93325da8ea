// Package dimension owns the axes that data are labelled by: the universe read from a repository's own JSON, dimension groups,
// data IDs, dimension records and timespans. Nothing about any instrument or universe version is hard-coded: element order,
// required and implied dimensions all follow from the JSON (repository.md section 4).
//
// It refuses universes that it cannot interpret. It knows no SQL and no files. Regions are opaque bytes here; package sphere
// gives them meaning.
package dimension

import (
	"encoding/json"
	"fmt"
	"slices"
	"sort"
	"strings"
	"sync"
)

// Universe is the closed, versioned set of dimension elements of one repository, in upstream's total order. It is immutable
// after ParseUniverse and safe for concurrent use.
type Universe struct {
	Namespace string
	Version   int
	// CommonSkypix names the pixelization in which overlaps are stored, for example htm7.
	CommonSkypix string
	// JSON is the text that the universe was read from.
	JSON string

	elements []*Element
	byName   map[string]*Element
	families []*Family
	systems  []*SkypixSystem

	mu     sync.Mutex
	groups map[string]*Group
}

// Family is a set of elements of which the first present in a group stands for its regions or its times (repository.md 4.4).
type Family struct {
	Name     string
	Temporal bool
	// Members in order of preference.
	Members []*Element
}

// SkypixSystem is one pixelization of the sky with its range of levels.
type SkypixSystem struct {
	Name               string
	Class              string
	MinLevel, MaxLevel int
}

// UniverseError says why the JSON of a universe cannot be used.
type UniverseError struct {
	// Element is the element at fault, or empty.
	Element string
	Reason  string
}

func (e *UniverseError) Error() string {
	if e.Element == "" {
		return "dimension universe: " + e.Reason
	}
	return fmt.Sprintf("dimension universe: element %q: %s", e.Element, e.Reason)
}

// Hint says what the owner of the repository can do.
func (e *UniverseError) Hint() string {
	return "the repository's config:dimensions.json is damaged or newer than this valet; nothing was changed"
}

// Elements returns all elements, dimensions and joins, in universe order. The slice must not be changed.
func (u *Universe) Elements() []*Element { return u.elements }

// Families returns the spatial and temporal families. The slice must not be changed.
func (u *Universe) Families() []*Family { return u.families }

// SkypixSystems returns the pixelizations. The slice must not be changed.
func (u *Universe) SkypixSystems() []*SkypixSystem { return u.systems }

// Element returns the named element, or nil if the universe has none of that name.
func (u *Universe) Element(name string) *Element { return u.byName[name] }

// Dimension returns the named element if it is a dimension, else nil.
func (u *Universe) Dimension(name string) *Element {
	if e := u.byName[name]; e != nil && e.IsDimension() {
		return e
	}
	return nil
}

// Governors returns the governor dimensions in universe order.
func (u *Universe) Governors() []*Element {
	var out []*Element
	for _, e := range u.elements {
		if e.Governor {
			out = append(out, e)
		}
	}
	return out
}

type elementJSON struct {
	Keys     []columnJSON `json:"keys"`
	Requires []string     `json:"requires"`
	Implies  []string     `json:"implies"`
	Metadata []columnJSON `json:"metadata"`

	Governor           bool         `json:"governor"`
	AlwaysJoin         bool         `json:"always_join"`
	PopulatedBy        string       `json:"populated_by"`
	IsCached           bool         `json:"is_cached"`
	ImpliedUnionTarget string       `json:"implied_union_target"`
	Storage            *storageJSON `json:"storage"`
}

type columnJSON struct {
	Name   string `json:"name"`
	Type   string `json:"type"`
	Length int    `json:"length"`
	NBytes int    `json:"nbytes"`
}

type storageJSON struct {
	Cls    string       `json:"cls"`
	ViewOf string       `json:"view_of"`
	Nested *storageJSON `json:"nested"`
}

type universeJSON struct {
	Version   *int                       `json:"version"`
	Namespace string                     `json:"namespace"`
	Skypix    map[string]json.RawMessage `json:"skypix"`
	Elements  map[string]*elementJSON    `json:"elements"`
	Topology  struct {
		Spatial  map[string][]string `json:"spatial"`
		Temporal map[string][]string `json:"temporal"`
	} `json:"topology"`
}

// ParseUniverse reads the text of config:dimensions.json. The order of elements is that of repository.md section 4.2. The
// error is a *UniverseError.
func ParseUniverse(text []byte) (*Universe, error) {
	var in universeJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return nil, &UniverseError{Reason: "not valid JSON: " + err.Error()}
	}
	if in.Version == nil {
		return nil, &UniverseError{Reason: "no version"}
	}
	u := &Universe{Namespace: in.Namespace, Version: *in.Version, JSON: string(text), byName: map[string]*Element{}, groups: map[string]*Group{}}
	if u.Namespace == "" {
		u.Namespace = "daf_butler"
	}
	if err := u.readSkypix(in.Skypix); err != nil {
		return nil, err
	}
	if err := u.order(&in); err != nil {
		return nil, err
	}
	for _, e := range u.elements {
		if err := u.finish(e); err != nil {
			return nil, err
		}
	}
	return u, nil
}

func (u *Universe) readSkypix(in map[string]json.RawMessage) error {
	for name, raw := range in {
		if name == "common" {
			if err := json.Unmarshal(raw, &u.CommonSkypix); err != nil {
				return &UniverseError{Reason: "skypix.common is not a name"}
			}
			continue
		}
		s := struct {
			Class    string `json:"class"`
			MinLevel *int   `json:"min_level"`
			MaxLevel *int   `json:"max_level"`
		}{}
		if err := json.Unmarshal(raw, &s); err != nil || s.MaxLevel == nil {
			return &UniverseError{Reason: fmt.Sprintf("skypix system %q cannot be read", name)}
		}
		sys := &SkypixSystem{Name: name, Class: s.Class, MinLevel: 1, MaxLevel: *s.MaxLevel}
		if s.MinLevel != nil {
			sys.MinLevel = *s.MinLevel
		}
		if sys.MinLevel < 0 || sys.MaxLevel < sys.MinLevel || sys.MaxLevel > 29 {
			return &UniverseError{Reason: fmt.Sprintf("skypix system %q has levels %d to %d", name, sys.MinLevel, sys.MaxLevel)}
		}
		switch s.Class {
		case "lsst.sphgeom.HtmPixelization", "lsst.sphgeom.HealpixPixelization":
		default:
			return &UniverseError{Reason: fmt.Sprintf("unknown skypix class %q", s.Class)}
		}
		u.systems = append(u.systems, sys)
	}
	slices.SortFunc(u.systems, func(a, b *SkypixSystem) int { return strings.Compare(a.Name, b.Name) })
	return nil
}

// order sorts systems, elements and families by what they depend on, ties by name, and makes the elements in that order.
func (u *Universe) order(in *universeJSON) error {
	todo := map[string][]string{}
	for _, s := range u.systems {
		todo[s.Name] = nil
	}
	for name, e := range in.Elements {
		if e == nil {
			return &UniverseError{Element: name, Reason: "is empty"}
		}
		todo[name] = append(slices.Clone(e.Requires), e.Implies...)
	}
	for _, topology := range []map[string][]string{in.Topology.Spatial, in.Topology.Temporal} {
		for name, members := range topology {
			todo[name] = members
		}
	}
	for len(todo) > 0 {
		var ready []string
		for name, deps := range todo {
			if !slices.ContainsFunc(deps, func(d string) bool { _, waiting := todo[d]; return waiting }) {
				ready = append(ready, name)
			}
		}
		if len(ready) == 0 {
			return &UniverseError{Reason: "elements depend on each other in a circle"}
		}
		sort.Strings(ready)
		for _, name := range ready {
			delete(todo, name)
			switch {
			case in.Elements[name] != nil:
				if err := u.addElement(name, in.Elements[name]); err != nil {
					return err
				}
			case slices.ContainsFunc(u.systems, func(s *SkypixSystem) bool { return s.Name == name }):
				u.addSkypix(name)
			default:
				if err := u.addFamily(name, in); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (u *Universe) addFamily(name string, in *universeJSON) error {
	members, temporal := in.Topology.Spatial[name], false
	if members == nil {
		members, temporal = in.Topology.Temporal[name], true
	}
	f := &Family{Name: name, Temporal: temporal}
	for _, m := range members {
		e := u.byName[m]
		if e == nil {
			return &UniverseError{Element: m, Reason: fmt.Sprintf("is a member of %q but not defined", name)}
		}
		f.Members = append(f.Members, e)
		if temporal {
			e.Temporal = f
		} else {
			e.Spatial = f
		}
	}
	u.families = append(u.families, f)
	return nil
}
