package planner

import (
	"slices"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
	"valet/registry/query"
)

// searchRows is a search as a subquery: the set of its rows in both kinds of tables, in the columns that are needed. Conditions on
// keys go into each part, so that only matching rows are gathered.
func (b *builder) searchRows(s *Search, n needs, tags, calibs []*catalog.Collection) (*dialect.Text, error) {
	q := b.quote
	ref := q(b.catalog.Layout.CollectionRef)
	d := b.catalog.Conn().Dialect()
	part := func(table string, in []*catalog.Collection, valid bool) (*dialect.Text, error) {
		t := dialect.SQL("SELECT DISTINCT ")
		columns := map[string]string{}
		for k, e := range s.Type.Dimensions.Required {
			if k > 0 {
				t.Write(", ")
			}
			columns[e.Name] = "t." + q(e.Name)
			t.Write("t.", q(e.Name))
		}
		if len(columns) == 0 {
			t.Write("1 AS one")
		}
		if n.id {
			t.Write(", t.dataset_id")
		}
		joined := dialect.SQL()
		if !n.id && (n.run || n.ingest) {
			joined.Write(" JOIN dataset d ON d.id = t.dataset_id")
			if n.ingest {
				t.Write(", d.ingest_date")
			}
			switch {
			case n.run && b.catalog.Layout.NameKeys:
				t.Write(", d.", b.catalog.Layout.RunRef, " AS run")
			case n.run:
				t.Write(", r.name AS run")
				joined.Write(" JOIN collection r ON r.", b.catalog.Layout.CollectionKey, " = d.", b.catalog.Layout.RunRef)
			}
		}
		if n.collection {
			t.Write(", t.", ref)
		}
		switch {
		case n.timespan && valid:
			t.Write(", ", d.TimespanBegin("t"), " AS valid_from, ", d.TimespanEnd("t"), " AS valid_to")
		case n.timespan:
			t.Write(", ").Arg(dimension.MinTime).Write(" AS valid_from, ").Arg(dimension.MaxTime).Write(" AS valid_to")
		}
		t.Write(" FROM ", q(table), " t").Add(joined).Write(" WHERE t.dataset_type_id = ").Arg(s.Type.ID).Write(" AND ").Add(keyIn("t."+ref, in))
		pushed, err := b.pushed(columns)
		if err != nil {
			return nil, err
		}
		for _, p := range pushed {
			t.Write(" AND ").Add(p)
		}
		return t, nil
	}
	t := dialect.SQL("(")
	if len(tags) > 0 {
		x, err := part(s.Type.Tags, tags, false)
		if err != nil {
			return nil, err
		}
		t.Add(x)
	}
	if len(tags) > 0 && len(calibs) > 0 {
		t.Write(" UNION ")
	}
	if len(calibs) > 0 {
		x, err := part(s.Type.Calibs, calibs, true)
		if err != nil {
			return nil, err
		}
		t.Add(x)
	}
	return t.Write(")"), nil
}

// pushed are the parts of the condition that hold for the columns of a subquery by themselves: those that name nothing but keys
// which the subquery has.
func (b *builder) pushed(columns map[string]string) ([]*dialect.Text, error) {
	parts := []query.Predicate{b.query.Condition}
	if and, ok := b.query.Condition.(*query.And); ok {
		parts = and.Operands
	}
	keys := b.keys
	b.keys = columns
	defer func() { b.keys = keys }()
	var out []*dialect.Text
	for _, p := range parts {
		if p == nil {
			continue
		}
		m := query.Mentions(p)
		if len(m.Keys) == 0 || len(m.Fields) > 0 || len(m.Datasets) > 0 || slices.ContainsFunc(m.Keys, func(d *dimension.Element) bool { return columns[d.Name] == "" }) {
			continue
		}
		t, err := b.condition(p)
		if err != nil {
			return nil, err
		}
		out = append(out, t)
	}
	return out, nil
}

// keyIn restricts a column to the keys of collections.
func keyIn(ref string, in []*catalog.Collection) *dialect.Text {
	t := dialect.SQL(ref)
	if len(in) == 1 {
		return t.Write(" = ").Arg(in[0].Key)
	}
	t.Write(" IN (")
	for i, c := range in {
		if i > 0 {
			t.Write(", ")
		}
		t.Arg(c.Key)
	}
	return t.Write(")")
}
