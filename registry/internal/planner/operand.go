package planner

import (
	"fmt"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/dialect"
	"valet/registry/query"
	"valet/registry/sphere"
)

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
		s := b.searches[b.searchOf(x.DatasetType)]
		if s.begin == "" {
			// Only CALIBRATION collections limit validity.
			return new(dialect.Text).Arg(dimension.MinTime), new(dialect.Text).Arg(dimension.MaxTime), nil
		}
		return dialect.SQL(s.begin), dialect.SQL(s.end), nil
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
	if len(q.Collections) == 0 {
		return dialect.SQL("NULL"), nil
	}
	switch x.Name {
	case "dataset_id":
		return dialect.SQL(s.id), nil
	case "run":
		return dialect.SQL(s.run), nil
	case "ingest_date":
		return dialect.SQL(s.ingest), nil
	case "collection":
		t := dialect.SQL("CASE ", s.collection)
		for _, c := range q.Collections {
			t.Write(" WHEN ").Arg(c.Key).Write(" THEN ").Arg(c.Name)
		}
		return t.Write(" END"), nil
	}
	return nil, &UnsupportedError{"the dataset field " + x.String()}
}
