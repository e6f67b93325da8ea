package planner

import (
	"database/sql/driver"
	"fmt"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
	"valet/registry/query"
)

// condition translates a bound predicate. SQL's three-valued logic is the language's own (queries.md 3).
func (b *builder) condition(p query.Predicate) (*dialect.Text, error) {
	switch p := p.(type) {
	case nil:
		return dialect.SQL("1 = 1"), nil
	case *query.And:
		return b.junction(" AND ", p.Operands)
	case *query.Or:
		return b.junction(" OR ", p.Operands)
	case *query.Not:
		x, err := b.condition(p.X)
		if err != nil {
			return nil, err
		}
		return dialect.SQL("NOT (").Add(x).Write(")"), nil
	case query.Constant:
		if p {
			return dialect.SQL("1 = 1"), nil
		}
		return dialect.SQL("1 = 0"), nil
	case *query.Compare:
		return b.compare(p)
	case *query.IsNull:
		return b.isNull(p.X)
	case *query.InList:
		return b.inList(p)
	case *query.InRange:
		return b.inRange(p)
	case *query.Glob:
		return b.glob(p)
	case *query.BoolColumn:
		return b.operand(p.X)
	case *query.Overlaps:
		return b.times(p)
	}
	return nil, fmt.Errorf("condition of type %T", p)
}

// junction joins conditions. Many are nested in halves: databases limit the depth of expressions, and a flat list is as deep as it
// is long.
func (b *builder) junction(operator string, operands []query.Predicate) (*dialect.Text, error) {
	const flat = 16
	t := dialect.SQL("(")
	if len(operands) > flat {
		half := len(operands) / 2
		x, err := b.junction(operator, operands[:half])
		if err != nil {
			return nil, err
		}
		y, err := b.junction(operator, operands[half:])
		if err != nil {
			return nil, err
		}
		return t.Add(x).Write(operator).Add(y).Write(")"), nil
	}
	for i, o := range operands {
		x, err := b.condition(o)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			t.Write(operator)
		}
		t.Add(x)
	}
	return t.Write(")"), nil
}

func (b *builder) compare(p *query.Compare) (*dialect.Text, error) {
	x, err := b.side(p.X, p.Y)
	if err != nil {
		return nil, err
	}
	y, err := b.side(p.Y, p.X)
	if err != nil {
		return nil, err
	}
	return dialect.SQL().Add(x).Write(" ", p.Op.String(), " ").Add(y), nil
}

// side translates one side of a comparison. An instant compared with an ingest date stored as text becomes text of the same form.
func (b *builder) side(x, other query.Operand) (*dialect.Text, error) {
	l, ok := x.(*query.Literal)
	if !ok || other.Type() != query.IngestDate || !b.catalog.Layout.TextIngestDate {
		return b.operand(x)
	}
	instant, ok := l.Value.(query.Time)
	if !ok {
		return b.operand(x)
	}
	return new(dialect.Text).Arg(catalog.IngestText(dimension.UTC(int64(instant)))), nil
}

func (b *builder) isNull(x query.Operand) (*dialect.Text, error) {
	var t *dialect.Text
	var err error
	if x.Type() == query.Timespan {
		t, _, err = b.bounds(x)
	} else {
		t, err = b.operand(x)
	}
	if err != nil {
		return nil, err
	}
	return dialect.SQL().Add(t).Write(" IS NULL"), nil
}

func (b *builder) inList(p *query.InList) (*dialect.Text, error) {
	if len(p.Values) == 0 {
		return dialect.SQL("1 = 0"), nil
	}
	x, err := b.operand(p.X)
	if err != nil {
		return nil, err
	}
	values := make([]driver.Value, len(p.Values))
	for i := range p.Values {
		v, err := b.operand(&p.Values[i])
		if err != nil {
			return nil, err
		}
		values[i] = v.Args()[0]
	}
	if len(values) > manyValues {
		return b.catalog.Conn().Dialect().InMany(x, values), nil
	}
	return dialect.SQL().Add(x).Write(" IN (").Arg(values...).Write(")"), nil
}

// manyValues is the largest list that is written as one parameter for each value: statements take a limited number of them.
const manyValues = 1000

func (b *builder) inRange(p *query.InRange) (*dialect.Text, error) {
	x, err := b.operand(p.X)
	if err != nil {
		return nil, err
	}
	t := dialect.SQL("(").Add(x).Write(" BETWEEN ").Arg(p.Start).Write(" AND ").Arg(p.Stop)
	if p.Stride > 1 {
		t.Write(" AND ").Add(x).Write(" % ").Arg(p.Stride).Write(" = ").Arg((p.Start%p.Stride + p.Stride) % p.Stride)
	}
	return t.Write(")"), nil
}

// glob writes a pattern for LIKE ... ESCAPE, or for SQLite's GLOB; the dialect knows which is case-sensitive.
func (b *builder) glob(p *query.Glob) (*dialect.Text, error) {
	if p.Pattern == "*" {
		return dialect.SQL("1 = 1"), nil
	}
	x, err := b.operand(p.X)
	if err != nil {
		return nil, err
	}
	operator, pattern := b.catalog.Conn().Dialect().Glob(p.Pattern)
	return dialect.SQL().Add(x).Write(" ", operator, " ").Arg(pattern), nil
}

// times translates overlaps of times: [a,b) with [c,d) is b > c AND d > a, [a,b) with t is a <= t AND b > t.
func (b *builder) times(p *query.Overlaps) (*dialect.Text, error) {
	if p.IsSpatial() {
		// Tables of overlaps and the exact test of regions take its place (overlap.go); it stands alone in the conjunction.
		return dialect.SQL("1 = 1"), nil
	}
	x, y := p.X, p.Y
	if x.Type() != query.Timespan {
		x, y = y, x
	}
	begin, end, err := b.bounds(x)
	if err != nil {
		return nil, err
	}
	if y.Type() != query.Timespan {
		t, err := b.operand(y)
		if err != nil {
			return nil, err
		}
		return dialect.SQL("(").Add(begin).Write(" <= ").Add(t).Write(" AND ").Add(end).Write(" > ").Add(t).Write(")"), nil
	}
	begin2, end2, err := b.bounds(y)
	if err != nil {
		return nil, err
	}
	return dialect.SQL("(").Add(end).Write(" > ").Add(begin2).Write(" AND ").Add(end2).Write(" > ").Add(begin).Write(")"), nil
}
