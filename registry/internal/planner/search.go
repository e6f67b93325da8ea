package planner

import (
	"context"
	"slices"
	"strconv"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// resolve drops collections that cannot match (queries.md 7.1). It reports true if none is left.
func (b *builder) resolve(ctx context.Context, s *Search) (bool, error) {
	var err error
	if s.Collections, err = b.catalog.WithType(ctx, s.Type, s.Collections); err != nil {
		return false, err
	}
	for _, g := range s.Type.Dimensions.Required {
		if v, ok := b.constants[g.Name]; ok && g.Governor {
			if s.Collections, err = b.catalog.WithGovernor(ctx, g, []dimension.Value{v}, s.Collections); err != nil {
				return false, err
			}
		}
	}
	for _, c := range s.Collections {
		if c.Kind == dataset.Calibration {
			return false, &UnsupportedError{"searching the CALIBRATION collection " + strconv.Quote(c.Name) + " for " + s.Type.Name}
		}
	}
	return len(s.Collections) == 0, nil
}

// search is a Search placed in the statement.
type search struct {
	alias string
	// late says that the first match is chosen after the whole condition was applied, because the condition looks at the
	// datasets themselves (queries.md 7.3).
	late        bool
	needDataset bool
	// dataset and run are the aliases of the joined tables dataset and collection, or empty.
	dataset, run string
}

// addSearch joins the tags table of a search. The first match of a data ID in collection order is the row for which no row of an
// earlier collection exists: each test is one lookup in the unique index (type, collection, dimensions), and rows stream without
// being sorted.
func (b *builder) addSearch(i int) {
	s := &b.query.Searches[i]
	q := b.quote
	alias := "s" + strconv.Itoa(i)
	placed := &search{alias: alias}
	b.searches = append(b.searches, placed)
	src := b.add(alias, dialect.SQL(q(s.Type.Tags)))
	ref := alias + "." + q(b.catalog.Layout.CollectionRef)
	src.on(new(dialect.Text).Write(alias, ".dataset_type_id = ").Arg(s.Type.ID))
	src.on(keyIn(ref, s.Collections))
	for _, d := range s.Type.Dimensions.Required {
		b.provide(src, d, alias+"."+q(d.Name))
	}
	mentioned := false
	for i, f := range slices.Concat(b.mentioned.Datasets, b.orderedBy) {
		if f.DatasetType == s.Type.Name {
			mentioned = mentioned || i < len(b.mentioned.Datasets)
			placed.needDataset = placed.needDataset || f.Name == "ingest_date" || f.Name == "run"
		}
	}
	if !s.All && !s.Restrict && len(s.Collections) > 1 {
		if mentioned {
			placed.late = true
		} else {
			b.where = append(b.where, b.noEarlier(alias, s))
		}
	}
	onlyRuns := !slices.ContainsFunc(s.Collections, func(c *catalog.Collection) bool { return c.Kind != dataset.Run })
	if !onlyRuns && !s.Restrict || placed.needDataset {
		placed.dataset = "d" + strconv.Itoa(i)
		d := b.add(placed.dataset, dialect.SQL("dataset"))
		d.on(dialect.SQL(placed.dataset, ".id = ", alias, ".dataset_id"))
		if !b.catalog.Layout.NameKeys {
			placed.run = "r" + strconv.Itoa(i)
			r := b.add(placed.run, dialect.SQL("collection"))
			r.on(dialect.SQL(placed.run, ".", b.catalog.Layout.CollectionKey, " = ", placed.dataset, ".", b.catalog.Layout.RunRef))
		}
	}
	if s.RecordTable != "" && !s.Restrict {
		r := b.add("f"+strconv.Itoa(i), dialect.SQL(q(s.RecordTable)))
		r.left = true
		r.on(dialect.SQL(r.alias, ".dataset_id = ", alias, ".dataset_id"))
		r.on(new(dialect.Text).Write(r.alias, ".component = ").Arg(dataset.WholeDataset))
	}
}

// noEarlier is the condition that no earlier collection of the search has a dataset at the row's data ID.
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
	t := dialect.SQL("CASE ", ref)
	for i, c := range in {
		t.Write(" WHEN ").Arg(c.Key).Write(" THEN ", strconv.Itoa(i))
	}
	return t.Write(" END")
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

// searchOf is the index of the search for a dataset type, or -1.
func (b *builder) searchOf(name string) int {
	return slices.IndexFunc(b.query.Searches, func(s Search) bool { return s.Type.Name == name })
}
