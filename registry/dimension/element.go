package dimension

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// ColumnType is the logical type of a column of an element table (repository.md 3.1).
type ColumnType uint8

// The column types. Region and Timespan never occur as keys; a Timespan is one logical column, however it is stored.
const (
	Int ColumnType = iota + 1
	String
	Float
	Bool
	Hash
	RegionColumn
	TimespanColumn
)

func (t ColumnType) String() string {
	return [...]string{"none", "int", "string", "float", "bool", "hash", "region", "timespan"}[t]
}

// Column is a key or metadata column of an element.
type Column struct {
	Name string
	Type ColumnType
	// Length is the declared length of a string, 0 if none was declared.
	Length int
}

// Element is a dimension, or a join of dimensions that has a table of its own (visit_definition).
type Element struct {
	Name string
	// Index is the position in universe order.
	Index int
	// Required dimensions in universe order; a dimension is its own last required dimension.
	Required []*Element
	// Implied dimensions, direct ones only, in universe order.
	Implied []*Element
	// Keys: the first is the primary key, the others are alternate keys. Empty for a join.
	Keys     []Column
	Metadata []Column
	Governor bool
	// AlwaysJoin elements define which combinations of their dimensions exist and take part in every query over them.
	AlwaysJoin  bool
	PopulatedBy string
	// Cached elements are small tables that may be held in memory as a whole.
	Cached bool
	// ViewOf names the element whose column of this name holds the values; the element has no table then (band).
	ViewOf string
	// Spatial and Temporal are the families this element belongs to, or nil.
	Spatial, Temporal *Family
	// System and Level say which pixelization a skypix dimension belongs to; System is nil for the others.
	System *SkypixSystem
	Level  int

	universe *Universe
	group    *Group
	fields   []Column
}

// IsDimension reports whether the element has a key of its own, so that data IDs may hold a value for it.
func (e *Element) IsDimension() bool { return len(e.Keys) > 0 }

// IsSkypix reports whether the element is a pixel index, which has no table.
func (e *Element) IsSkypix() bool { return e.System != nil }

// HasTable reports whether the element's records are stored in a table named like it.
func (e *Element) HasTable() bool { return !e.IsSkypix() && e.ViewOf == "" }

// KeyType is the type of the primary key.
func (e *Element) KeyType() ColumnType { return e.Keys[0].Type }

// Group is the group that the element's own dimensions expand to.
func (e *Element) Group() *Group { return e.group }

// Fields are the columns of the element's table and the fields of its records in upstream's order: required dimensions (the
// element's own under its key's name), implied dimensions, alternate keys, metadata, then region and timespan if it has them.
func (e *Element) Fields() []Column { return e.fields }

func (e *Element) String() string { return e.Name }

func (u *Universe) addSkypix(system string) {
	i := slices.IndexFunc(u.systems, func(s *SkypixSystem) bool { return s.Name == system })
	sys := u.systems[i]
	family := &Family{Name: system}
	for level := sys.MinLevel; level <= sys.MaxLevel; level++ {
		e := &Element{Name: system + strconv.Itoa(level), Index: len(u.elements), System: sys, Level: level,
			Keys: []Column{{Name: "id", Type: Int}}, Spatial: family, universe: u}
		e.Required = []*Element{e}
		u.elements = append(u.elements, e)
		u.byName[e.Name] = e
		// Within a system the highest level stands for the family (repository.md 4.4).
		family.Members = append([]*Element{e}, family.Members...)
	}
	u.families = append(u.families, family)
}

func (u *Universe) addElement(name string, in *elementJSON) error {
	bad := func(format string, args ...any) error {
		return &UniverseError{Element: name, Reason: fmt.Sprintf(format, args...)}
	}
	e := &Element{Name: name, Index: len(u.elements), Governor: in.Governor, AlwaysJoin: in.AlwaysJoin, PopulatedBy: in.PopulatedBy,
		Cached: in.IsCached, ViewOf: in.ImpliedUnionTarget, universe: u}
	for s := in.Storage; s != nil; s = s.Nested {
		kind := s.Cls[strings.LastIndexByte(s.Cls, '.')+1:]
		switch kind {
		case "BasicGovernorDimensionRecordStorage", "CachingDimensionRecordStorage":
			e.Cached = true
		case "TableDimensionRecordStorage":
		case "QueryDimensionRecordStorage":
			e.ViewOf = s.ViewOf
		default:
			return bad("unknown storage class %q", s.Cls)
		}
	}
	var err error
	if e.Keys, err = readColumns(in.Keys); err != nil {
		return bad("%s", err)
	}
	if e.Metadata, err = readColumns(in.Metadata); err != nil {
		return bad("%s", err)
	}
	if len(e.Keys) > 0 && e.Keys[0].Type != Int && e.Keys[0].Type != String {
		return bad("its primary key is neither int nor string")
	}
	closed := map[*Element]bool{}
	for _, r := range in.Requires {
		d := u.byName[r]
		if d == nil || !d.IsDimension() {
			return bad("requires %q, which is no dimension", r)
		}
		for _, x := range d.Required {
			closed[x] = true
		}
	}
	for _, d := range u.elements {
		if closed[d] {
			e.Required = append(e.Required, d)
		}
		if slices.Contains(in.Implies, d.Name) {
			e.Implied = append(e.Implied, d)
		}
	}
	if len(e.Implied) != len(in.Implies) {
		return bad("implies something that is no dimension")
	}
	if len(e.Keys) > 0 {
		e.Required = append(e.Required, e)
	}
	u.elements = append(u.elements, e)
	u.byName[name] = e
	return nil
}

func readColumns(in []columnJSON) ([]Column, error) {
	var out []Column
	for _, c := range in {
		col := Column{Name: c.Name, Length: c.Length}
		switch c.Type {
		case "int":
			col.Type = Int
		case "string":
			col.Type = String
		case "float":
			col.Type = Float
		case "bool":
			col.Type = Bool
		case "hash":
			col.Type = Hash
		default:
			return nil, fmt.Errorf("column %q has the unknown type %q", c.Name, c.Type)
		}
		if c.Name == "" {
			return nil, fmt.Errorf("a column has no name")
		}
		out = append(out, col)
	}
	return out, nil
}

// finish fills what needs the whole universe: the element's group and its record fields.
func (u *Universe) finish(e *Element) error {
	if e.ViewOf != "" {
		target := u.byName[e.ViewOf]
		if target == nil || !slices.Contains(target.Implied, e) || target.ViewOf != "" {
			return &UniverseError{Element: e.Name, Reason: fmt.Sprintf("its values are in %q, which does not imply it", e.ViewOf)}
		}
	}
	names := make([]string, 0, len(e.Required)+1)
	for _, d := range e.Required {
		names = append(names, d.Name)
	}
	for _, d := range e.Implied {
		names = append(names, d.Name)
	}
	g, err := u.Group(names...)
	if err != nil {
		return &UniverseError{Element: e.Name, Reason: err.Error()}
	}
	e.group = g
	for _, d := range e.Required {
		c := d.Keys[0]
		if d != e {
			c.Name = d.Name
		}
		e.fields = append(e.fields, c)
	}
	for _, d := range e.Implied {
		e.fields = append(e.fields, Column{Name: d.Name, Type: d.Keys[0].Type, Length: d.Keys[0].Length})
	}
	if len(e.Keys) > 1 {
		e.fields = append(e.fields, e.Keys[1:]...)
	}
	e.fields = append(e.fields, e.Metadata...)
	if e.IsSkypix() {
		e.fields = append(e.fields, Column{Name: "region", Type: RegionColumn})
		return nil
	}
	if e.Spatial != nil {
		e.fields = append(e.fields, Column{Name: "region", Type: RegionColumn})
	}
	if e.Temporal != nil {
		e.fields = append(e.fields, Column{Name: "timespan", Type: TimespanColumn})
	}
	return nil
}
