package planner

import (
	"fmt"
	"slices"
	"strconv"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
	"valet/registry/query"
)

// builder gathers the parts of the statement.
type builder struct {
	catalog    *catalog.Catalog
	query      *Query
	dimensions *dimension.Group // of the whole query
	wider      bool             // there are more of them than the result has
	mentioned  query.Mentioned
	constants  map[string]dimension.Value // dimension -> the only value the condition allows
	fields     []*query.Field             // needed, by whatever
	whole      []*dimension.Element       // whose every field is needed
	orderedBy  []*query.DatasetField      // dataset fields that rows are ordered by
	shown      []*query.DatasetField      // dataset fields among the columns
	isIn       []*dimension.Element       // keys restricted to a list or range
	equal      []*query.Field             // compared for equality
	empty      bool

	overlaps []overlap // joins by region
	literals []literal
	temporal *query.Overlaps // the join by time that the condition does not name, or nil
	timed    []string        // dataset types whose validity ranges it needs
	tests    []test
	pixelled []*dimension.Element // joined with the pixels of the query

	sources  []*source
	searches []*search
	keys     map[string]string             // dimension -> expression of the first table that has it
	tables   map[*dimension.Element]string // element -> alias of its table
	where    []*dialect.Text
}

// source is one table of the FROM clause.
type source struct {
	alias string
	table *dialect.Text
	left  bool
	// driver says that its rows are few compared with those of other tables, so that it is read first.
	driver bool
	// whole says that most of its rows are wanted, in whatever order they are stored: the governor's value must not lead to an index.
	whole bool
	joins []*dialect.Text
}

func (s *source) on(t *dialect.Text) { s.joins = append(s.joins, t) }

func (b *builder) quote(name string) string { return b.catalog.Conn().Dialect().Quote(name) }

func (b *builder) add(alias string, table *dialect.Text) *source {
	s := &source{alias: alias, table: table}
	b.sources = append(b.sources, s)
	return s
}

// provide says that a source has a dimension's key: joins are natural, on every key that both sides have. A governor's only
// value is asked of every table, since their primary keys start with it.
func (b *builder) provide(s *source, d *dimension.Element, expression string) {
	if s.whole && d.Governor {
		expression = noIndex(expression)
	}
	first, known := b.keys[d.Name]
	if !known {
		b.keys[d.Name] = expression
	} else {
		s.on(dialect.SQL(expression, " = ", first))
	}
	if v, ok := b.constants[d.Name]; ok && d.Governor {
		s.on(new(dialect.Text).Write(expression, " = ").Arg(v.Any()))
	}
}

// addElements joins the element tables that queries.md 5.2 asks for.
func (b *builder) addElements() error {
	for _, e := range b.dimensions.Elements {
		if b.needsFields(e) || b.definesRelation(e) && !b.covered(e) {
			b.addElement(e)
		}
	}
	for {
		var best *dimension.Element
		most := 0
		for _, d := range b.dimensions.Dimensions() {
			if b.keys[d.Name] != "" {
				continue
			}
			if d.IsSkypix() {
				return &UnsupportedError{fmt.Sprintf("a query for %s, which has no table, without a dataset type or region that has it", d)}
			}
			n := 0
			for _, k := range slices.Concat(d.Required, d.Implied) {
				if b.keys[k.Name] == "" {
					n++
				}
			}
			if n > most {
				best, most = d, n
			}
		}
		if best == nil {
			break
		}
		b.addElement(best)
	}
	return nil
}

func (b *builder) needsFields(e *dimension.Element) bool {
	if !e.HasTable() {
		return false
	}
	return slices.Contains(b.whole, e) || slices.ContainsFunc(b.fields, func(f *query.Field) bool { return f.Element == e })
}

// definesRelation reports whether an element's table says which values go together.
func (b *builder) definesRelation(e *dimension.Element) bool {
	return e.HasTable() && (len(e.Implied) > 0 || e.AlwaysJoin)
}

// covered reports whether a dataset search has all of the element's dimensions as required ones, so that its rows are the
// relation already.
func (b *builder) covered(e *dimension.Element) bool {
	return slices.ContainsFunc(b.query.Searches, func(s Search) bool {
		for _, d := range slices.Concat(e.Required, e.Implied) {
			if !slices.Contains(s.Type.Dimensions.Required, d) {
				return false
			}
		}
		return true
	})
}

// isFew reports whether the condition leaves few rows of an element that the rows of a dataset search are found by, which the
// database does not know, so that it would rather begin with the datasets.
func (b *builder) isFew(e *dimension.Element) bool {
	_, given := b.constants[e.Name]
	if !e.IsDimension() || !b.isSelective(e) || b.isGiven(e) && !given {
		return false
	}
	return slices.ContainsFunc(b.query.Searches, func(s Search) bool { return slices.Contains(s.Type.Dimensions.Required, e) })
}

func (b *builder) addElement(e *dimension.Element) {
	if b.tables[e] != "" {
		return
	}
	alias := "e" + strconv.Itoa(len(b.tables))
	b.tables[e] = alias
	if e.ViewOf != "" {
		column := b.quote(e.Name)
		src := b.add(alias, dialect.SQL("(SELECT DISTINCT ", column, " FROM ", b.quote(e.ViewOf), ")"))
		b.provide(src, e, alias+"."+column)
		return
	}
	src := b.add(alias, dialect.SQL(b.quote(e.Name)))
	src.driver = b.isFew(e)
	for _, d := range e.Required {
		column := d.Name
		if d == e {
			column = e.Keys[0].Name
		}
		b.provide(src, d, alias+"."+b.quote(column))
	}
	for _, d := range e.Implied {
		b.provide(src, d, alias+"."+b.quote(d.Name))
	}
}
