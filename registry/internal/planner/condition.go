package planner

import (
	"database/sql/driver"
	"fmt"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
	"valet/registry/query"
	"valet/registry/sphere"
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
		return b.overlaps(p)
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

// overlaps translates overlaps of times: [a,b) with [c,d) is b > c AND d > a, [a,b) with t is a <= t AND b > t.
func (b *builder) overlaps(p *query.Overlaps) (*dialect.Text, error) {
	if p.IsSpatial() {
		return nil, &UnsupportedError{"the region overlap " + p.String()}
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

// bounds are the expressions for the bounds of a timespan, NULL if the timespan is.
func (b *builder) bounds(x query.Operand) (begin, end *dialect.Text, err error) {
	d := b.catalog.Conn().Dialect()
	switch x := x.(type) {
	case *query.Literal:
		span, ok := x.Value.(dimension.Timespan)
		if !ok {
			return nil, nil, fmt.Errorf("timespan literal of type %T", x.Value)
		}
		return new(dialect.Text).Arg(span.Begin), new(dialect.Text).Arg(span.End), nil
	case *query.Field:
		alias := b.tables[x.Element]
		return dialect.SQL(d.TimespanBegin(alias)), dialect.SQL(d.TimespanEnd(alias)), nil
	case *query.DatasetField:
		// Only CALIBRATION collections limit validity, and they are refused before.
		return new(dialect.Text).Arg(dimension.MinTime), new(dialect.Text).Arg(dimension.MaxTime), nil
	}
	return nil, nil, fmt.Errorf("timespan of type %T", x)
}

// operand translates a value.
func (b *builder) operand(x query.Operand) (*dialect.Text, error) {
	switch x := x.(type) {
	case *query.DimensionKey:
		return dialect.SQL(b.keys[x.Dimension.Name]), nil
	case *query.Field:
		if x.Element.IsSkypix() {
			return nil, &UnsupportedError{"the field " + x.String()}
		}
		return dialect.SQL(b.tables[x.Element], ".", b.quote(x.Column.Name)), nil
	case *query.DatasetField:
		return b.datasetField(x)
	case *query.TimespanBound:
		begin, end, err := b.bounds(x.Of)
		if err != nil {
			return nil, err
		}
		if x.End {
			begin = end
		}
		return dialect.SQL("COALESCE(").Add(begin).Write(", 0)"), nil
	case *query.Literal:
		return b.literal(x)
	case *query.Negative:
		t, err := b.operand(x.X)
		if err != nil {
			return nil, err
		}
		return dialect.SQL("-(").Add(t).Write(")"), nil
	case *query.Arithmetic:
		return b.arithmetic(x)
	}
	return nil, fmt.Errorf("operand of type %T", x)
}

func (b *builder) arithmetic(x *query.Arithmetic) (*dialect.Text, error) {
	l, err := b.operand(x.X)
	if err != nil {
		return nil, err
	}
	r, err := b.operand(x.Y)
	if err != nil {
		return nil, err
	}
	if x.Op == '/' {
		// True division, also of integers.
		return dialect.SQL("(").Add(l).Write(" / (").Add(r).Write(" + 0.0))"), nil
	}
	return dialect.SQL("(").Add(l).Write(" ", string(rune(x.Op)), " ").Add(r).Write(")"), nil
}

func (b *builder) literal(x *query.Literal) (*dialect.Text, error) {
	t := new(dialect.Text)
	switch v := x.Value.(type) {
	case int64, float64, string:
		return t.Arg(v), nil
	case query.Time:
		return t.Arg(int64(v)), nil
	case dataset.ID:
		return t.Arg(b.catalog.Conn().Dialect().EncodeID(v)), nil
	case []byte:
		return t.Arg(dialect.EncodeBytes(v)), nil
	case sphere.Region:
		return t.Arg(dialect.EncodeBytes(v.AppendBinary(nil))), nil
	}
	return nil, fmt.Errorf("literal of type %T", x.Value)
}

// datasetField is a column of a searched dataset.
func (b *builder) datasetField(x *query.DatasetField) (*dialect.Text, error) {
	i := b.searchOf(x.DatasetType)
	s, q := b.searches[i], &b.query.Searches[i]
	switch x.Name {
	case "dataset_id":
		return dialect.SQL(s.alias, ".dataset_id"), nil
	case "run":
		if s.run == "" {
			return dialect.SQL(s.dataset, ".", b.catalog.Layout.RunRef), nil
		}
		return dialect.SQL(s.run, ".name"), nil
	case "ingest_date":
		return dialect.SQL(s.dataset, ".ingest_date"), nil
	case "collection":
		ref := s.alias + "." + b.quote(b.catalog.Layout.CollectionRef)
		t := dialect.SQL("CASE ", ref)
		for _, c := range q.Collections {
			t.Write(" WHEN ").Arg(c.Key).Write(" THEN ").Arg(c.Name)
		}
		return t.Write(" END"), nil
	}
	return nil, &UnsupportedError{"the dataset field " + x.String()}
}
