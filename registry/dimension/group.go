package dimension

import (
	"fmt"
	"slices"
	"strings"
)

// Group is a set of dimensions closed under required and implied (repository.md 4.3). Groups are interned: two groups of one
// universe are equal if and only if their pointers are.
type Group struct {
	// Universe that the group belongs to.
	Universe *Universe
	// Required dimensions identify, Implied ones follow; both in universe order.
	Required, Implied []*Element
	// Elements are all elements, joins included, whose required dimensions are all in the group, in universe order.
	Elements []*Element

	names   []string // universe order
	dataID  []*Element
	index   map[string]int // name -> position in data ID order
	lookup  []*Element
	members map[*Element]bool
}

// UnknownDimensionError names something that is no dimension of the universe.
type UnknownDimensionError struct {
	Name string
	// Near is the most similar dimension name, or empty.
	Near string
}

func (e *UnknownDimensionError) Error() string { return fmt.Sprintf("unknown dimension %q", e.Name) }

// ClassName is upstream's exception.
func (e *UnknownDimensionError) ClassName() string { return "KeyError" }

// Hint suggests a dimension of a similar name.
func (e *UnknownDimensionError) Hint() string {
	if e.Near == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", e.Near)
}

// Group returns the group that the named dimensions expand to. No names give the empty group. The error is an
// *UnknownDimensionError.
func (u *Universe) Group(names ...string) (*Group, error) {
	set := map[*Element]bool{}
	var add func(e *Element)
	add = func(e *Element) {
		if set[e] {
			return
		}
		set[e] = true
		for _, d := range e.Required {
			add(d)
		}
		for _, d := range e.Implied {
			add(d)
		}
	}
	for _, n := range names {
		e := u.Dimension(n)
		if e == nil {
			return nil, &UnknownDimensionError{Name: n, Near: u.nearest(n)}
		}
		add(e)
	}
	var members []*Element
	for _, e := range u.elements {
		if set[e] {
			members = append(members, e)
		}
	}
	return u.intern(members), nil
}

// MustGroup is Group for names known to exist; it panics otherwise.
func (u *Universe) MustGroup(names ...string) *Group {
	g, err := u.Group(names...)
	if err != nil {
		panic(err)
	}
	return g
}

func (u *Universe) intern(members []*Element) *Group {
	names := make([]string, len(members))
	for i, e := range members {
		names[i] = e.Name
	}
	key := strings.Join(names, ",")
	u.mu.Lock()
	defer u.mu.Unlock()
	if g := u.groups[key]; g != nil {
		return g
	}
	g := &Group{Universe: u, names: names, index: map[string]int{}, members: map[*Element]bool{}}
	implied := map[*Element]bool{}
	for _, e := range members {
		g.members[e] = true
		for _, d := range e.Implied {
			implied[d] = true
		}
	}
	for _, e := range members {
		if implied[e] {
			g.Implied = append(g.Implied, e)
		} else {
			g.Required = append(g.Required, e)
		}
	}
	g.dataID = append(slices.Clone(g.Required), g.Implied...)
	for i, e := range g.dataID {
		g.index[e.Name] = i
	}
	for _, e := range u.elements {
		in := true
		for _, d := range e.Required {
			in = in && g.members[d]
		}
		if in {
			g.Elements = append(g.Elements, e)
		}
	}
	g.lookup = g.makeLookup()
	u.groups[key] = g
	return g
}

// makeLookup orders the elements so that each can be fetched when its turn comes (repository.md 4.3, last paragraph).
func (g *Group) makeLookup() []*Element {
	var out []*Element
	done := map[*Element]bool{}
	var emit func(e *Element)
	emit = func(e *Element) {
		if done[e] {
			return
		}
		for _, d := range e.Required {
			if d != e && !done[d] {
				return
			}
		}
		done[e] = true
		out = append(out, e)
		for _, d := range e.Implied {
			emit(d)
		}
	}
	for progress := true; progress; {
		before := len(out)
		for _, e := range g.Required {
			emit(e)
		}
		progress = len(out) > before
	}
	for _, e := range g.Elements {
		if !done[e] {
			done[e] = true
			out = append(out, e)
		}
	}
	return out
}

// Names are the dimensions in universe order. The slice must not be changed.
func (g *Group) Names() []string { return g.names }

// Dimensions are the dimensions in the order in which data IDs show them: required, then implied.
func (g *Group) Dimensions() []*Element { return g.dataID }

// RequiredNames are the names of the required dimensions, in universe order.
func (g *Group) RequiredNames() []string {
	out := make([]string, len(g.Required))
	for i, e := range g.Required {
		out[i] = e.Name
	}
	return out
}

// LookupOrder is the order in which the records of a data ID can be found, each from values known by then.
func (g *Group) LookupOrder() []*Element { return g.lookup }

// Governors are the governor dimensions of the group.
func (g *Group) Governors() []*Element {
	var out []*Element
	for _, e := range g.dataID {
		if e.Governor {
			out = append(out, e)
		}
	}
	return out
}

// Has reports whether the named dimension is in the group.
func (g *Group) Has(name string) bool { _, ok := g.index[name]; return ok }

// Contains reports whether every dimension of other is in g.
func (g *Group) Contains(other *Group) bool {
	for _, n := range other.names {
		if !g.Has(n) {
			return false
		}
	}
	return true
}

// Union is the group of all dimensions of g and the others.
func (g *Group) Union(others ...*Group) *Group {
	names := slices.Clone(g.names)
	for _, o := range others {
		names = append(names, o.names...)
	}
	return g.Universe.MustGroup(names...)
}

// Position is the place of the named dimension among the values of a full data ID, or -1.
func (g *Group) Position(name string) int {
	if i, ok := g.index[name]; ok {
		return i
	}
	return -1
}

// Finest returns the element of the group that stands for the family, or nil if none of its members is in the group.
func (g *Group) Finest(f *Family) *Element {
	for _, m := range f.Members {
		if slices.Contains(g.Elements, m) {
			return m
		}
	}
	return nil
}

// String lists the names as upstream prints a group: {instrument, detector, visit}.
func (g *Group) String() string { return "{" + strings.Join(g.names, ", ") + "}" }

// nearest is the dimension whose name differs least from name, or empty if none is close.
func (u *Universe) nearest(name string) string {
	best, bestDistance := "", 3
	for _, e := range u.elements {
		if d := editDistance(name, e.Name); d < bestDistance && !e.IsSkypix() && e.IsDimension() {
			best, bestDistance = e.Name, d
		}
	}
	return best
}

func editDistance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
