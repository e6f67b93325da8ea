package planner

import (
	"slices"
	"strconv"
	"strings"

	"valet/registry/internal/dialect"
	"valet/registry/query"
)

// statement writes the text.
func (b *builder) statement() (*Plan, error) {
	p := &Plan{}
	if err := b.conditions(); err != nil {
		return nil, err
	}
	out, err := b.outputs(p)
	if err != nil {
		return nil, err
	}
	var order []string
	if b.query.Purpose == Rows {
		if order, out, err = b.orderOutputs(out); err != nil {
			return nil, err
		}
	} else {
		out = b.reduced(out)
	}
	late := slices.ContainsFunc(b.searches, func(s *search) bool { return s.late })
	distinct := b.isDistinct()
	switch b.query.Purpose {
	case Existence, Candidates:
		late, distinct = false, false
	case Counting, CountingCandidates, Rows:
		if len(b.query.Dimensions.Required) == 0 && !b.isOneRow(out) && !slices.ContainsFunc(b.tests, b.isLoose) {
			distinct = false
		}
		if b.query.Purpose == CountingCandidates && len(b.query.Dimensions.Required) == 0 && len(b.tests) > 0 {
			// Upstream counts what it would gather for the test into one row.
			distinct = false
		}
	}
	if b.query.Purpose == Counting || b.query.Purpose == CountingCandidates {
		// A data ID with several matches is one row, and only reading it is an error.
		distinct = distinct || slices.ContainsFunc(b.searches, func(s *search) bool { return s.counted })
	}
	if b.query.Purpose != CountingCandidates && b.query.Purpose != Candidates {
		out = b.testOutputs(p, out)
	}
	bare, unique := false, []int(nil)
	for i, o := range out {
		p.Columns = append(p.Columns, o.Column)
		bare = bare || o.bare
		if o.unique {
			unique = append(unique, i)
		}
	}
	if distinct && slices.ContainsFunc(b.tests, b.isLoose) && len(p.Tests) > 0 {
		p.Unique, p.Distinct = true, unique
		for _, i := range unique {
			order = append(order, "c"+strconv.Itoa(i))
		}
	}
	t := dialect.SQL("SELECT ")
	if distinct && !bare && !late {
		t.Write("DISTINCT ")
	}
	for i, o := range out {
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
		t = b.late(p, t, max(len(out), 1), distinct && !bare)
	}
	if distinct && bare {
		t.Write(" GROUP BY ")
		if len(unique) == 0 {
			t.Write("'one'")
		}
		for k, i := range unique {
			if k > 0 {
				t.Write(", ")
			}
			t.Write("c", strconv.Itoa(i))
		}
		for _, x := range p.Tests {
			t.Write(", c", strconv.Itoa(x.A))
			if x.Literal == nil {
				t.Write(", c", strconv.Itoa(x.B))
			}
		}
	}
	if len(order) > 0 {
		t.Write(" ORDER BY ", strings.Join(order, ", "))
	}
	if b.query.Limit > 0 {
		if len(p.Tests) > 0 {
			p.Limit = b.query.Limit
		} else {
			t.Write(" LIMIT ").Arg(int64(b.query.Limit))
		}
	}
	if (b.query.Purpose == Counting || b.query.Purpose == CountingCandidates) && len(p.Tests) == 0 {
		t = dialect.SQL("SELECT COUNT(*) FROM (").Add(t).Write(") counted")
	}
	p.SQL, p.Args = t.String(), t.Args()
	return p, nil
}

// conditions adds everything that rows must satisfy.
func (b *builder) conditions() error {
	if b.query.Condition != nil {
		t, err := b.condition(b.query.Condition)
		if err != nil {
			return err
		}
		b.where = append(b.where, t)
	}
	if b.temporal != nil {
		t, err := b.condition(b.temporal)
		if err != nil {
			return err
		}
		b.where = append(b.where, t)
	}
	return b.addPixelLiterals()
}

// isDistinct reports whether duplicates are removed (queries.md 5.2, 7.3): if the query has more dimensions than its result, or if a
// search in several collections that does not come back can match a row several times. As upstream has it, one CALIBRATION
// collection is not enough.
func (b *builder) isDistinct() bool {
	if b.wider {
		return true
	}
	named := func(list []*query.DatasetField, s *Search) bool {
		return slices.ContainsFunc(list, func(f *query.DatasetField) bool { return f.DatasetType == s.Type.Name })
	}
	for i := range b.query.Searches {
		s := &b.query.Searches[i]
		if named(b.shown, s) && s.isFirst(b) && s.isCalibration() {
			// Of several validity ranges in the first collection that has one, columns show any.
			return true
		}
		// A search of which only the dimensions matter gives each row once by itself.
		if n, _ := b.needsOf(i); s.Restrict && len(s.Collections) > 1 && !named(b.shown, s) && !named(b.orderedBy, s) && n.any() {
			return true
		}
	}
	return false
}

// isOneRow reports whether duplicates are removed of rows without dimensions. As upstream has it, they are not if all that comes
// back are datasets of one collection.
func (b *builder) isOneRow(out []output) bool {
	for i := range b.query.Searches {
		s := &b.query.Searches[i]
		shown := slices.ContainsFunc(b.shown, func(f *query.DatasetField) bool { return f.DatasetType == s.Type.Name })
		if (!s.Restrict || shown) && !(s.isFirst(b) && len(s.Collections) > 1) {
			return slices.ContainsFunc(out, func(o output) bool { return o.unique })
		}
	}
	return true
}

// reduced is what of the output tells rows apart; those of a first match follow from its data ID.
func (b *builder) reduced(out []output) []output {
	var kept []output
	if b.query.Purpose == Counting || b.query.Purpose == CountingCandidates {
		for _, o := range out {
			if o.unique {
				kept = append(kept, o)
			}
		}
	}
	return kept
}

// from writes the FROM and WHERE clauses.
func (b *builder) from(t *dialect.Text) {
	where := b.where
	// Drivers come first and are joined so that they stay first. Outer joins come last: SQLite does not reorder tables around them.
	place := func(s *source) int {
		switch {
		case s.driver:
			return 0
		case s.left:
			return 2
		}
		return 1
	}
	slices.SortStableFunc(b.sources, func(x, y *source) int { return place(x) - place(y) })
	for i, s := range b.sources {
		switch {
		case i == 0:
			t.Write(" FROM ").Add(s.table).Write(" ", s.alias)
		case b.sources[i-1].driver:
			t.Write(" CROSS JOIN ").Add(s.table).Write(" ", s.alias)
		case s.left:
			t.Write(" LEFT JOIN ").Add(s.table).Write(" ", s.alias, " ON ").Join(" AND ", s.joins)
			continue
		default:
			t.Write(" JOIN ").Add(s.table).Write(" ", s.alias, " ON ")
			if len(s.joins) == 0 {
				t.Write("1 = 1")
			}
			t.Join(" AND ", s.joins)
			continue
		}
		where = append(slices.Clone(s.joins), where...)
	}
	if len(where) > 0 {
		t.Write(" WHERE ").Join(" AND ", where)
	}
}

// late wraps a statement to keep the rows that are first matches.
func (b *builder) late(p *Plan, inner *dialect.Text, columns int, distinct bool) *dialect.Text {
	t := dialect.SQL("SELECT ")
	if distinct {
		t.Write("DISTINCT ")
	}
	for i := range columns {
		if i > 0 {
			t.Write(", ")
		}
		t.Write("c", strconv.Itoa(i))
	}
	for i, s := range b.searches {
		if s.counted && (b.query.Purpose == Rows || b.query.Purpose == Counting && len(p.Tests) > 0) {
			t.Write(", matches", strconv.Itoa(i))
			p.Matches, p.Ambiguous = len(p.Columns), b.query.Searches[i].Type.Name
			p.Columns = append(p.Columns, Column{Kind: OtherColumn, Index: -1})
		}
	}
	t.Write(" FROM (").Add(inner).Write(") q")
	b.chooseFirst(t)
	return t
}
