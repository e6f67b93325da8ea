package planner

import (
	"database/sql/driver"
	"strconv"

	"valet/registry/internal/dialect"
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
	// OtherColumn belongs to the column before it.
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
}

// outputs lists what the statement returns.
func (b *builder) outputs(p *Plan) []output {
	var out []output
	for i, d := range b.query.Dimensions.Dimensions() {
		out = append(out, output{Column{KeyColumn, i}, dialect.SQL(b.keys[d.Name])})
	}
	for n, s := range b.searches {
		q := &b.query.Searches[n]
		if q.Restrict {
			continue
		}
		i := len(p.Runs)
		p.Runs = append(p.Runs, "")
		out = append(out, output{Column{IDColumn, i}, dialect.SQL(s.alias, ".dataset_id")})
		switch {
		case s.run != "":
			out = append(out, output{Column{RunColumn, i}, dialect.SQL(s.run, ".name")})
		case s.dataset != "":
			out = append(out, output{Column{RunColumn, i}, dialect.SQL(s.dataset, ".", b.catalog.Layout.RunRef)})
		case len(q.Collections) == 1:
			p.Runs[i] = q.Collections[0].Name
		default:
			if p.RunNames == nil {
				p.RunNames = map[driver.Value]string{}
			}
			for _, c := range q.Collections {
				p.RunNames[c.Key] = c.Name
			}
			out = append(out, output{Column{RunKeyColumn, i}, dialect.SQL(s.alias, ".", b.quote(b.catalog.Layout.CollectionRef))})
		}
		if q.RecordTable != "" {
			for k, c := range recordColumns {
				kind := OtherColumn
				if k == 0 {
					kind = RecordColumn
				}
				out = append(out, output{Column{kind, i}, dialect.SQL("f", strconv.Itoa(n), ".", c)})
			}
		}
	}
	return out
}
