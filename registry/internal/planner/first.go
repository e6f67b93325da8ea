package planner

import (
	"strconv"

	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// noEarlier is the condition that no earlier collection of the search has a dataset at the row's data ID: each test is one lookup
// in the unique index (type, collection, dimensions), and rows stream without being sorted. Only searches of tags tables have it.
func (b *builder) noEarlier(alias string, s *Search) *dialect.Text {
	ref := b.quote(b.catalog.Layout.CollectionRef)
	other := alias + "e"
	t := new(dialect.Text).Write("(", alias, ".", ref, " = ").Arg(s.Collections[0].Key)
	t.Write(" OR NOT EXISTS (SELECT 1 FROM ", b.quote(s.Type.Tags), " ", other, " WHERE ", other, ".dataset_type_id = ").Arg(s.Type.ID)
	t.Write(" AND ").Add(keyIn(other+"."+ref, s.Collections[:len(s.Collections)-1]))
	for _, d := range s.Type.Dimensions.Required {
		name := b.quote(d.Name)
		t.Write(" AND ", other, ".", name, " = ", alias, ".", name)
	}
	if len(s.Collections) > 2 {
		t.Write(" AND ").Add(rank(other+"."+ref, s.Collections)).Write(" < ").Add(rank(alias+"."+ref, s.Collections))
	}
	return t.Write("))")
}

// rank is the position of a row's collection in the search.
func rank(ref string, in []*catalog.Collection) *dialect.Text {
	if len(in) == 1 {
		return dialect.SQL("0")
	}
	t := dialect.SQL("CASE ", ref)
	for i, c := range in {
		t.Write(" WHEN ").Arg(c.Key).Write(" THEN ", strconv.Itoa(i))
	}
	return t.Write(" END")
}

// ranks adds, for each search whose first match is chosen late, the row's rank, the best rank of the result's data ID and, where matches
// are counted, how many rows share data ID and collection. The database has to hold all rows for that.
func (b *builder) ranks(t *dialect.Text) {
	for i, s := range b.searches {
		if !s.late {
			continue
		}
		r := rank(s.collection, b.query.Searches[i].Collections)
		n := strconv.Itoa(i)
		partition := dialect.SQL("PARTITION BY ")
		required := b.query.Dimensions.Required
		if len(required) == 0 {
			partition.Write("1")
		}
		for k, d := range required {
			if k > 0 {
				partition.Write(", ")
			}
			partition.Write(noIndex(b.keys[d.Name]))
		}
		t.Write(", ").Add(r).Write(" AS rank", n, ", MIN(").Add(r).Write(") OVER (").Add(partition).Write(") AS best", n)
		if s.counted {
			t.Write(", COUNT(*) OVER (").Add(partition).Write(", ").Add(r).Write(") AS matches", n)
		}
	}
}

// noIndex is a column in a form that no index is in the order of. SQLite would rather walk through an index of all datasets of an
// instrument than sort the few of one type.
func noIndex(column string) string { return "COALESCE(" + column + ", NULL)" }

// chooseFirst keeps the rows with the best ranks, in a query that is called q.
func (b *builder) chooseFirst(t *dialect.Text) {
	first := true
	for i, s := range b.searches {
		if !s.late {
			continue
		}
		if first {
			t.Write(" WHERE ")
		} else {
			t.Write(" AND ")
		}
		first = false
		n := strconv.Itoa(i)
		t.Write("rank", n, " = best", n)
	}
}
