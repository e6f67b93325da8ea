package planner

import (
	"slices"
	"strconv"
	"strings"

	"valet/registry/internal/dialect"
)

// statement writes the text.
func (b *builder) statement() (*Plan, error) {
	p := &Plan{}
	if b.query.Condition != nil {
		t, err := b.condition(b.query.Condition)
		if err != nil {
			return nil, err
		}
		b.where = append(b.where, t)
	}
	out := b.outputs(p)
	order, out, err := b.order(out)
	if err != nil {
		return nil, err
	}
	late := false
	for _, s := range b.searches {
		late = late || s.late
	}
	distinct := b.dimensions != b.query.Dimensions || slices.ContainsFunc(b.query.Searches, func(s Search) bool { return s.Restrict })
	t := dialect.SQL("SELECT ")
	if distinct && !late {
		t.Write("DISTINCT ")
	}
	for i, o := range out {
		p.Columns = append(p.Columns, o.Column)
		if i > 0 {
			t.Write(", ")
		}
		t.Add(o.text).Write(" AS c", strconv.Itoa(i))
	}
	if len(out) == 0 {
		t.Write("1 AS c0")
	}
	if late {
		b.ranks(t)
	}
	b.from(t)
	if late {
		t = b.chooseFirst(t, len(out), distinct)
	}
	if len(order) > 0 {
		t.Write(" ORDER BY ", strings.Join(order, ", "))
	}
	if b.query.Limit > 0 {
		t.Write(" LIMIT ").Arg(int64(b.query.Limit))
	}
	p.SQL, p.Args = t.String(), t.Args()
	return p, nil
}

// from writes the FROM and WHERE clauses.
func (b *builder) from(t *dialect.Text) {
	where := b.where
	// Outer joins come last: SQLite does not reorder tables around them.
	slices.SortStableFunc(b.sources, func(x, y *source) int {
		switch {
		case x.left == y.left:
			return 0
		case y.left:
			return -1
		}
		return 1
	})
	for i, s := range b.sources {
		switch {
		case i == 0:
			t.Write(" FROM ").Add(s.table).Write(" ", s.alias)
			where = append(s.joins, where...)
			continue
		case s.left:
			t.Write(" LEFT")
		}
		t.Write(" JOIN ").Add(s.table).Write(" ", s.alias, " ON ")
		if len(s.joins) == 0 {
			t.Write("1 = 1")
		}
		t.Join(" AND ", s.joins)
	}
	if len(where) > 0 {
		t.Write(" WHERE ").Join(" AND ", where)
	}
}

// ranks adds, for each search whose first match is chosen late, the row's rank and the best rank of its data ID.
func (b *builder) ranks(t *dialect.Text) {
	for i, s := range b.searches {
		if !s.late {
			continue
		}
		r := rank(s.alias+"."+b.quote(b.catalog.Layout.CollectionRef), b.query.Searches[i].Collections)
		n := strconv.Itoa(i)
		t.Write(", ").Add(r).Write(" AS rank", n, ", MIN(").Add(r).Write(") OVER (PARTITION BY ")
		required := b.query.Searches[i].Type.Dimensions.Required
		if len(required) == 0 {
			t.Write("1")
		}
		for k, d := range required {
			if k > 0 {
				t.Write(", ")
			}
			t.Write(s.alias, ".", b.quote(d.Name))
		}
		t.Write(") AS best", n)
	}
}

// chooseFirst keeps the rows with the best ranks.
func (b *builder) chooseFirst(inner *dialect.Text, columns int, distinct bool) *dialect.Text {
	t := dialect.SQL("SELECT ")
	if distinct {
		t.Write("DISTINCT ")
	}
	for i := range max(columns, 1) {
		if i > 0 {
			t.Write(", ")
		}
		t.Write("c", strconv.Itoa(i))
	}
	t.Write(" FROM (").Add(inner).Write(") q WHERE ")
	first := true
	for i, s := range b.searches {
		if !s.late {
			continue
		}
		if !first {
			t.Write(" AND ")
		}
		first = false
		n := strconv.Itoa(i)
		t.Write("rank", n, " = best", n)
	}
	return t
}
