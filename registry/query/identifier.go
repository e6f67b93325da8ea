package query

import (
	"fmt"
	"slices"
	"strings"

	"valet/registry/dimension"
)

// datasetFields are the fields of a dataset search.
var datasetFields = map[string]Type{"dataset_id": UUID, "ingest_date": IngestDate, "run": String, "collection": String, "timespan": Timespan}

// identifier gives a name its meaning: a bind, NULL, an extra column, or a column, in this order (queries.md 2.2).
func (b *binder) identifier(n *Identifier) (meaning, error) {
	if _, ok := b.Binds[n.Name]; ok {
		return b.bound(n.Name, n.At)
	}
	if strings.EqualFold(n.Name, "null") {
		return meaning{}, nil
	}
	if t, ok := b.Extra[n.Name]; ok {
		return meaning{operand: &ExtraColumn{n.Name, t}}, nil
	}
	x, err := b.column(n.Name, n.At)
	return meaning{operand: x}, err
}

// column finds the column of a name of one to three parts.
func (b *binder) column(name string, at Span) (Operand, error) {
	parts := strings.Split(name, ".")
	switch {
	case len(parts) == 1:
		return b.plain(name, at)
	case len(parts) == 3 && (parts[2] == "begin" || parts[2] == "end"):
		x, err := b.qualified(parts[0], parts[1], at)
		if err != nil {
			return nil, err
		}
		return boundOf(x, parts[2], at)
	case len(parts) == 2 && b.Universe.Element(parts[0]) == nil && parts[0] == "timespan" && (parts[1] == "begin" || parts[1] == "end"):
		x, err := b.plain("timespan", at)
		if err != nil {
			return nil, err
		}
		return boundOf(x, parts[1], at)
	case len(parts) == 2:
		return b.qualified(parts[0], parts[1], at)
	}
	return nil, b.unknown(name, at)
}

func boundOf(x Operand, which string, at Span) (Operand, error) {
	if x.Type() != Timespan {
		return nil, &Error{Kind: Invalid, At: at, Reason: fmt.Sprintf("%s is a %s and has no %s", x, x.Type(), which),
			Remedy: "only timespans have a begin and an end"}
	}
	return &TimespanBound{Of: x, End: which == "end"}, nil
}

// plain finds the column of one word: a dimension of the universe, else the only field of that name in the context.
func (b *binder) plain(name string, at Span) (Operand, error) {
	if d := b.Universe.Dimension(name); d != nil {
		return &DimensionKey{d}, nil
	}
	var found []Operand
	var names []string
	if b.Dimensions != nil {
		for _, e := range b.Dimensions.Elements {
			if x := elementField(e, name); x != nil {
				found = append(found, x)
				names = append(names, e.Name+"."+name)
			}
		}
	}
	if datasetFields[name] != Null {
		for _, d := range b.Datasets {
			if x := (&DatasetField{d, name}); !slices.Contains(names, x.String()) {
				found = append(found, x)
				names = append(names, x.String())
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, b.unknown(name, at)
	case 1:
		return found[0], nil
	}
	slices.Sort(names)
	return nil, &Error{Kind: Invalid, At: at, Reason: fmt.Sprintf("%s is ambiguous: it can mean %s", name, strings.Join(names, ", ")),
		Remedy: "qualify it, for example " + names[len(names)-1]}
}

// elementField is the column that an element calls name, nil if it has none. Keys of the element are those of the dimensions.
func elementField(e *dimension.Element, name string) Operand {
	for i, c := range e.Fields() {
		if c.Name != name {
			continue
		}
		switch required := len(e.Required); {
		case i < required:
			return &DimensionKey{e.Required[i]}
		case i < required+len(e.Implied):
			return &DimensionKey{e.Implied[i-required]}
		}
		return &Field{Element: e, Column: c}
	}
	return nil
}

// qualified finds a field of an element or of a dataset type.
func (b *binder) qualified(owner, name string, at Span) (Operand, error) {
	if e := b.Universe.Element(owner); e != nil {
		if x := elementField(e, name); x != nil {
			return x, nil
		}
		fields := make([]string, len(e.Fields()))
		for i, c := range e.Fields() {
			fields[i] = c.Name
		}
		return nil, &Error{Kind: Invalid, At: at, Reason: fmt.Sprintf("%s has no field %q", owner, name), Remedy: "its fields are " + strings.Join(fields, ", ")}
	}
	if datasetFields[name] != Null {
		return &DatasetField{owner, name}, nil
	}
	if slices.Contains(b.Datasets, owner) {
		return nil, &Error{Kind: Invalid, At: at, Reason: fmt.Sprintf("dataset type %q has no field %q", owner, name),
			Remedy: "fields of datasets are collection, dataset_id, ingest_date, run and timespan"}
	}
	return nil, b.unknown(owner+"."+name, at)
}

func (b *binder) unknown(name string, at Span) error {
	e := &Error{Kind: Invalid, At: at, Reason: fmt.Sprintf("unknown name %s", name)}
	first, _, qualified := strings.Cut(name, ".")
	for _, d := range b.Universe.Elements() {
		if strings.EqualFold(d.Name, first) {
			e.Remedy = fmt.Sprintf("names are case-sensitive: did you mean %s?", d.Name)
			return e
		}
		if !qualified && elementField(d, name) != nil && !slices.Contains(d.Required, d) || !qualified && slices.ContainsFunc(d.Metadata, func(c dimension.Column) bool { return c.Name == name }) {
			e.Remedy = fmt.Sprintf("fields of dimensions that the result does not have must be qualified: %s.%s", d.Name, name)
			return e
		}
	}
	e.Remedy = "names are dimensions, element.field, dataset_type.field and bind names; strings stand in single quotes"
	if _, err := b.Universe.Group(first); err != nil {
		if h, ok := err.(interface{ Hint() string }); ok && h.Hint() != "" {
			e.Remedy = h.Hint()
		}
	}
	return e
}
