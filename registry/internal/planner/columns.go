package planner

import (
	"database/sql/driver"
	"slices"
	"strconv"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
	"valet/registry/query"
)

// ColumnKind says what a column of the result is.
type ColumnKind uint8

// The kinds of columns.
const (
	// KeyColumn is the value number Index of the data ID.
	KeyColumn ColumnKind = iota
	// IDColumn is the dataset ID of search Index, counting those that come back.
	IDColumn
	// RunColumn is the name of its run, RunKeyColumn the key of its run.
	RunColumn
	RunKeyColumn
	// RecordColumn is the first of the file record's columns of search Index: path (NULL if there is none), formatter,
	// storage_class, checksum, file_size.
	RecordColumn
	// ElementColumn is the first column of a record of Plan.Elements[Index]: its fields in order, a timespan as two columns.
	ElementColumn
	// ValueColumn is the value of column Index of the query, a timespan in two columns.
	ValueColumn
	// OtherColumn belongs to the column before it, or is for the order or a test.
	OtherColumn
)

// Column is one column of the result.
type Column struct {
	Kind  ColumnKind
	Index int
}

var recordColumns = [...]string{"path", "formatter", "storage_class", "checksum", "file_size"}

// RecordColumns is how many columns a file record takes.
const RecordColumns = len(recordColumns)

// output is an expression of the SELECT list.
type output struct {
	Column
	text *dialect.Text
	// unique columns tell rows of the result apart.
	unique bool
	// bare columns do not follow from the unique ones: rows that agree in those may differ here, and any of them will do.
	bare bool
}

// outputs lists what the statement returns.
func (b *builder) outputs(p *Plan) ([]output, error) {
	var out []output
	for i, d := range b.query.Dimensions.Dimensions() {
		out = append(out, output{Column: Column{KeyColumn, i}, text: dialect.SQL(b.keys[d.Name]), unique: true})
	}
	for n := range b.searches {
		if !b.query.Searches[n].Restrict {
			out = b.datasetOutputs(p, n, out)
		}
	}
	for _, e := range b.query.Elements {
		out = b.elementOutputs(p, e, out)
	}
	for i, x := range b.query.Columns {
		o := output{Column: Column{ValueColumn, i}}
		if f, ok := x.(*query.DatasetField); ok {
			s := &b.query.Searches[b.searchOf(f.DatasetType)]
			switch {
			case s.isFirst(b):
				o.bare = s.isCalibration()
			case f.Name == "timespan":
				o.unique = s.isCalibration()
				if len(s.Collections) > 1 && b.wider && (!o.unique || b.showsMore()) {
					out = append(out, output{Column: Column{Kind: OtherColumn, Index: -1}, text: dialect.SQL(b.searches[b.searchOf(f.DatasetType)].collection), unique: true})
				}
			case len(s.Collections) > 1 && (f.Name == "dataset_id" || f.Name == "collection"):
				o.unique = true
			default:
				o.bare = true
			}
		}
		if x.Type() == query.Timespan {
			begin, end, err := b.bounds(x)
			if err != nil {
				return nil, err
			}
			o.text = begin
			after := o
			after.Kind, after.text = OtherColumn, end
			out = append(out, o, after)
			continue
		}
		t, err := b.operand(x)
		if err != nil {
			return nil, err
		}
		o.text = t
		out = append(out, o)
	}
	return out, nil
}

// showsMore reports whether there are columns that do not tell rows apart. As upstream has it, collections then do where validity
// ranges are shown, and else do not.
func (b *builder) showsMore() bool {
	return slices.ContainsFunc(b.query.Columns, func(x query.Operand) bool {
		f, ok := x.(*query.DatasetField)
		if !ok {
			_, key := x.(*query.DimensionKey)
			return !key
		}
		return f.Name == "run" || f.Name == "ingest_date"
	})
}

// datasetOutputs are the columns of a dataset that comes back.
func (b *builder) datasetOutputs(p *Plan, n int, out []output) []output {
	s, q := b.searches[n], &b.query.Searches[n]
	i := len(p.Runs)
	p.Runs = append(p.Runs, "")
	// As upstream has it, the datasets of one collection do not tell rows apart, though several of a CALIBRATION collection can
	// have one data ID.
	several := q.All && len(q.Collections) > 1
	bare := q.All && !several
	out = append(out, output{Column: Column{IDColumn, i}, text: dialect.SQL(s.id), unique: several, bare: bare})
	switch {
	case s.run != "":
		out = append(out, output{Column: Column{RunColumn, i}, text: dialect.SQL(s.run)})
	case len(q.Collections) == 1:
		p.Runs[i] = q.Collections[0].Name
	default:
		if p.RunNames == nil {
			p.RunNames = map[driver.Value]string{}
		}
		for _, c := range q.Collections {
			p.RunNames[c.Key] = c.Name
		}
		out = append(out, output{Column: Column{RunKeyColumn, i}, text: dialect.SQL(s.collection)})
	}
	if q.RecordTable != "" {
		for k, c := range recordColumns {
			kind := OtherColumn
			if k == 0 {
				kind = RecordColumn
			}
			out = append(out, output{Column: Column{kind, i}, text: dialect.SQL("f", strconv.Itoa(n), ".", c)})
		}
	}
	return out
}

// elementOutputs are the columns of an element's record.
func (b *builder) elementOutputs(p *Plan, e *dimension.Element, out []output) []output {
	i := len(p.Elements)
	p.Elements = append(p.Elements, e)
	kind := ElementColumn
	add := func(text string) {
		out = append(out, output{Column: Column{kind, i}, text: dialect.SQL(text)})
		kind = OtherColumn
	}
	if !e.HasTable() {
		// A view has no fields but its key, and a pixel no table.
		add(b.keys[e.Name])
		return out
	}
	d := b.catalog.Conn().Dialect()
	alias := b.tables[e]
	for _, f := range e.Fields() {
		if f.Type == dimension.TimespanColumn {
			add(d.TimespanBegin(alias))
			add(d.TimespanEnd(alias))
		} else {
			add(alias + "." + b.quote(f.Name))
		}
	}
	return out
}

// orderOutputs adds the columns to sort by, where DISTINCT and the choice of first matches keep them, and returns the terms of
// ORDER BY.
func (b *builder) orderOutputs(out []output) (terms []string, extended []output, err error) {
	for _, term := range b.query.Order {
		t, err := b.operand(term.By)
		if err != nil {
			return nil, nil, err
		}
		name := "c" + strconv.Itoa(len(out))
		if term.Descending {
			name += " DESC"
		}
		terms = append(terms, name)
		out = append(out, output{Column: Column{Kind: OtherColumn}, text: t, bare: b.isBare(term.By)})
	}
	if b.query.Sorted {
		// The required values are the first columns.
		for i := range b.query.Dimensions.Required {
			terms = append(terms, "c"+strconv.Itoa(i))
		}
	}
	return terms, out, nil
}

// isBare reports whether rows of the result that are otherwise the same can have different values of x.
func (b *builder) isBare(x query.Operand) bool {
	switch x := x.(type) {
	case *query.TimespanBound:
		return b.isBare(x.Of)
	case *query.DatasetField:
		s := &b.query.Searches[b.searchOf(x.DatasetType)]
		return s.Restrict || s.All && (x.Name == "collection" || x.Name == "timespan")
	}
	return false
}

// testOutputs adds the regions that are tested.
func (b *builder) testOutputs(p *Plan, out []output) []output {
	columns := map[*dimension.Element]int{}
	region := func(e *dimension.Element) int {
		if _, ok := columns[e]; !ok {
			columns[e] = len(out)
			out = append(out, output{Column: Column{Kind: OtherColumn, Index: -1}, text: dialect.SQL(b.tables[e], ".", b.quote("region"))})
		}
		return columns[e]
	}
	for _, t := range b.tests {
		x := Test{A: region(t.a), Literal: t.region}
		if t.b != nil {
			x.B = region(t.b)
		}
		p.Tests = append(p.Tests, x)
	}
	return out
}
