package planner

import (
	"fmt"
	"slices"
	"strings"

	"valet/registry/dimension"
	"valet/registry/query"
)

// relate decides which regions and times the query joins by overlap (queries.md 6): those that the condition names, and one
// between two families that nothing else relates. It fills overlaps, literals and temporal.
func (b *builder) relate() error {
	if err := b.checkFields(); err != nil {
		return err
	}
	if err := b.relateSpatial(); err != nil {
		return err
	}
	return b.relateTemporal()
}

// parts is a partition of names: families, by union and find.
type parts struct {
	names  []string
	parent map[string]string
}

func (p *parts) add(name string) {
	if p.parent == nil {
		p.parent = map[string]string{}
	}
	if _, ok := p.parent[name]; !ok {
		p.parent[name] = name
		p.names = append(p.names, name)
	}
}

func (p *parts) find(name string) string {
	for p.parent[name] != name {
		name = p.parent[name]
	}
	return name
}

func (p *parts) join(a, b string) { p.parent[p.find(a)] = p.find(b) }

// pair returns the two names that must still be joined; both are empty if none must. More than two parts, or parts of several
// names, leave open which to join.
func (p *parts) pair(kind string) (a, b string, err error) {
	var roots []string
	members := map[string][]string{}
	for _, n := range p.names {
		r := p.find(n)
		if members[r] == nil {
			roots = append(roots, r)
		}
		members[r] = append(members[r], n)
	}
	switch {
	case len(roots) < 2:
		return "", "", nil
	case len(roots) == 2 && len(members[roots[0]]) == 1 && len(members[roots[1]]) == 1:
		return roots[0], roots[1], nil
	}
	texts := make([]string, len(roots))
	for i, r := range roots {
		texts[i] = "{" + strings.Join(members[r], ", ") + "}"
	}
	return "", "", &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("it is not clear which %s of %s overlap", kind, strings.Join(texts, ", ")),
		Remedy: "say it with OVERLAPS"}
}

// overlap is a join of two elements by their regions.
type overlap struct{ a, b *dimension.Element }

func (b *builder) relateSpatial() error {
	var p parts
	finest := map[string]*dimension.Element{}
	for _, e := range b.dimensions.Elements {
		if f := e.Spatial; f != nil && finest[f.Name] == nil {
			finest[f.Name] = b.dimensions.Finest(f)
			p.add(f.Name)
		}
	}
	for _, o := range b.mentioned.Spatial {
		x, isX := o.X.(*query.Field)
		y, isY := o.Y.(*query.Field)
		switch {
		case isX && isY:
			p.join(x.Element.Spatial.Name, y.Element.Spatial.Name)
			b.overlaps = append(b.overlaps, overlap{x.Element, y.Element})
		case isX:
			b.literals = append(b.literals, literal{x.Element, o.Y.(*query.Literal)})
		case isY:
			b.literals = append(b.literals, literal{y.Element, o.X.(*query.Literal)})
		}
	}
	for _, s := range b.query.Searches {
		first := ""
		for _, name := range p.names {
			if s.Type.Dimensions.Finest(finest[name].Spatial) == nil {
				continue
			}
			if first == "" {
				first = name
			}
			p.join(first, name)
		}
	}
	f, g, err := p.pair("regions")
	if err != nil {
		return err
	}
	if f != "" {
		b.overlaps = append(b.overlaps, overlap{finest[f], finest[g]})
	}
	return nil
}

// relateTemporal joins validity ranges with the times of observations, or with each other.
func (b *builder) relateTemporal() error {
	var p parts
	operands := map[string]query.Operand{}
	for _, f := range b.dimensions.Universe.Families() {
		if !f.Temporal {
			continue
		}
		if e := b.dimensions.Finest(f); e != nil {
			p.add(f.Name)
			operands[f.Name] = &query.Field{Element: e, Column: dimension.Column{Name: "timespan", Type: dimension.TimespanColumn}}
		}
	}
	for i := range b.query.Searches {
		if s := &b.query.Searches[i]; s.valid {
			// No family has the name of a dataset type with a space.
			name := "dataset type " + s.Type.Name
			p.add(name)
			operands[name] = &query.DatasetField{DatasetType: s.Type.Name, Name: "timespan"}
		}
	}
	if len(p.names) < 2 {
		return nil
	}
	// As upstream has it, what stands under OR or NOT says which times are meant, too.
	for _, o := range slices.Concat(b.mentioned.Temporal, b.mentioned.Nested) {
		x, y := temporalName(o.X), temporalName(o.Y)
		if x != "" && y != "" && operands[x] != nil && operands[y] != nil {
			p.join(x, y)
		}
	}
	f, g, err := p.pair("times")
	if err != nil || f == "" {
		return err
	}
	for _, name := range []string{f, g} {
		switch x := operands[name].(type) {
		case *query.Field:
			b.needField(x)
		case *query.DatasetField:
			b.timed = append(b.timed, x.DatasetType)
		}
	}
	b.temporal = &query.Overlaps{X: operands[f], Y: operands[g]}
	return nil
}

// temporalName is the family of a timespan, empty if it is a literal or no timespan.
func temporalName(x query.Operand) string {
	if x.Type() != query.Timespan {
		return ""
	}
	switch x := x.(type) {
	case *query.Field:
		if x.Element.Temporal != nil {
			return x.Element.Temporal.Name
		}
	case *query.DatasetField:
		return "dataset type " + x.DatasetType
	}
	return ""
}

// isTimed reports whether the validity ranges of a search are needed.
func (b *builder) isTimed(name string) bool {
	return slices.Contains(b.timed, name) || slices.ContainsFunc(slices.Concat(b.mentioned.Datasets, b.orderedBy, b.shown), func(f *query.DatasetField) bool {
		return f.DatasetType == name && f.Name == "timespan"
	})
}
