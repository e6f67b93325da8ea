package registry

import (
	"database/sql/driver"
	"fmt"
	"strings"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
)

// recordQuery selects the fields of an element's records, in the order of Element.Fields; a timespan takes two columns. The table
// has the alias t.
func recordQuery(d dialect.Dialect, e *dimension.Element) string {
	if e.ViewOf != "" {
		return "SELECT t.c FROM (SELECT DISTINCT " + d.Quote(e.Name) + " AS c FROM " + d.Quote(e.ViewOf) + ") t"
	}
	var columns []string
	for _, f := range e.Fields() {
		if f.Type == dimension.TimespanColumn {
			columns = append(columns, d.TimespanBegin("t"), d.TimespanEnd("t"))
		} else {
			columns = append(columns, "t."+d.Quote(f.Name))
		}
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM " + d.Quote(e.Name) + " t"
}

// keyColumns are the columns of recordQuery that hold the required dimensions.
func keyColumns(d dialect.Dialect, e *dimension.Element) []string {
	if e.ViewOf != "" {
		return []string{"t.c"}
	}
	var out []string
	for i := range e.Required {
		out = append(out, "t."+d.Quote(e.Fields()[i].Name))
	}
	return out
}

// decodeRecord reads a row of recordQuery.
func decodeRecord(e *dimension.Element, row []driver.Value) (*dimension.Record, error) {
	fields := e.Fields()
	r := &dimension.Record{Element: e, Values: make([]any, len(fields))}
	n := 0
	for i, f := range fields {
		v := row[n]
		n++
		if f.Type == dimension.TimespanColumn {
			end := row[n]
			n++
			if v == nil && end == nil {
				continue
			}
			a, okA := v.(int64)
			b, okB := end.(int64)
			if !okA || !okB {
				return nil, fmt.Errorf("%s.%s: half of the timespan is missing", e, f.Name)
			}
			r.Values[i] = dimension.Timespan{Begin: a, End: b}
			continue
		}
		value, err := decodeField(f, v)
		if err != nil {
			return nil, fmt.Errorf("%s.%s: %w", e, f.Name, err)
		}
		r.Values[i] = value
	}
	return r, nil
}

// decodeField reads one column as described at dimension.Record.
func decodeField(f dimension.Column, v driver.Value) (any, error) {
	switch t := v.(type) {
	case nil:
		return nil, nil
	case int64:
		switch f.Type {
		case dimension.Int:
			return t, nil
		case dimension.Float:
			return float64(t), nil
		case dimension.Bool:
			return t != 0, nil
		}
	case float64:
		if f.Type == dimension.Float {
			return t, nil
		}
	case bool:
		if f.Type == dimension.Bool {
			return t, nil
		}
	case string:
		switch f.Type {
		case dimension.String:
			return t, nil
		case dimension.Hash, dimension.RegionColumn:
			return dialect.DecodeBytes(t)
		}
	}
	return nil, fmt.Errorf("a value of type %T in a column of type %s", v, f.Type)
}
