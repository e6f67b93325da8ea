package values

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
)

// order is an ordering of rows.
type order struct {
	terms []term
	// at are, for each dataset type of the Set, the places of the terms' fields in Set.columns; -1 for a type without.
	at [][]int
}

// term is one key of an order.
type term struct {
	// name is value, metric, unit, run, id, a dimension, or that of a field.
	name       string
	field      bool
	bound      string // begin or end of a timespan, or empty
	descending bool
}

// OrderError is a term that nothing can be ordered by.
type OrderError struct{ Term, Reason string }

func (e *OrderError) Error() string { return fmt.Sprintf("order by %q: %s", e.Term, e.Reason) }

// Hint says what can be.
func (e *OrderError) Hint() string {
	return "terms are value, metric, unit, run, id, dimensions, and fields such as visit.exposure_time; - in front orders the other way round"
}

// ClassName is upstream's exception.
func (e *OrderError) ClassName() string { return "lsst.daf.butler._exceptions.InvalidQueryError" }

// newOrder reads terms; nil if there are none.
func newOrder(terms []string, u *dimension.Universe) (*order, error) {
	if len(terms) == 0 {
		return nil, nil
	}
	o := &order{}
	for _, text := range terms {
		t := term{}
		t.name, t.descending = strings.CutPrefix(strings.TrimSpace(text), "-")
		switch {
		case t.name == "value" || t.name == "metric" || t.name == "unit" || t.name == "run" || t.name == "id" || t.name == "dataset_id":
		case u.Dimension(t.name) != nil:
		case strings.Contains(t.name, "."):
			t.field = true
			parts := strings.Split(t.name, ".")
			if len(parts) == 3 && (parts[2] == "begin" || parts[2] == "end") {
				t.bound, t.name = parts[2], parts[0]+"."+parts[1]
			}
			x, err := query.BindColumn(t.name, query.Context{Universe: u})
			if err != nil {
				return nil, fmt.Errorf("order by %s: %w", text, err)
			}
			if _, ok := x.(*query.DatasetField); ok || x.Type() == query.Region || (x.Type() == query.Timespan) != (t.bound != "") {
				return nil, &OrderError{text, "it is no field with an order"}
			}
			if k, ok := x.(*query.DimensionKey); ok {
				t.field, t.name = false, k.Dimension.Name
			}
		default:
			return nil, &OrderError{text, "there is no such column"}
		}
		o.terms = append(o.terms, t)
	}
	return o, nil
}

// bind adds the fields that the terms need of a dataset type to columns.
func (o *order) bind(u *dimension.Universe, t *dataset.Type, columns []string) []string {
	if o == nil {
		return columns
	}
	at := make([]int, len(o.terms))
	for i, x := range o.terms {
		at[i] = -1
		element, _, _ := strings.Cut(x.name, ".")
		if !x.field || !slices.Contains(t.Dimensions.Elements, u.Element(element)) {
			continue
		}
		if at[i] = slices.Index(columns, x.name); at[i] < 0 {
			at[i] = len(columns)
			columns = append(columns, x.name)
		}
	}
	o.at = append(o.at, at)
	return columns
}

// sortCandidates orders the candidates by dataset type, required values of their data IDs, run and ID. The dictionary is sorted first, so that
// codes compare as their values do.
func (s *Set) sortCandidates() {
	places := make([]uint32, len(s.dictionary))
	for i := range places {
		places[i] = uint32(i)
	}
	slices.SortFunc(places, func(a, b uint32) int { return s.dictionary[a].Compare(s.dictionary[b]) })
	sorted, code := make([]dimension.Value, len(places)), make([]uint32, len(places))
	for to, from := range places {
		sorted[to], code[from] = s.dictionary[from], uint32(to)
	}
	s.dictionary = sorted
	for i, c := range s.codes {
		s.codes[i] = code[c]
	}
	required := make([]int, len(s.types))
	for i, t := range s.types {
		required[i] = len(t.Dimensions.Required)
	}
	slices.SortFunc(s.candidates, func(a, b candidate) int {
		if a.typ != b.typ {
			return cmp.Compare(a.typ, b.typ)
		}
		n := required[a.typ]
		if c := slices.Compare(s.codes[a.code:a.code+n], s.codes[b.code:b.code+n]); c != 0 {
			return c
		}
		if a.run != b.run {
			return strings.Compare(s.runs[a.run], s.runs[b.run])
		}
		return slices.Compare(a.id[:], b.id[:])
	})
}

// sort orders the rows; equal ones keep their order.
func (s *Set) sort(o *order) {
	slices.SortStableFunc(s.rows, func(a, b row) int {
		for i := range o.terms {
			t := &o.terms[i]
			if c := s.compare(o, i, &a, &b); c != 0 {
				if t.descending {
					return -c
				}
				return c
			}
		}
		return 0
	})
}

// compare compares two rows by a term. What is missing comes first, NaN last.
func (s *Set) compare(o *order, i int, a, b *row) int {
	t := &o.terms[i]
	x, y := &s.candidates[a.candidate], &s.candidates[b.candidate]
	switch t.name {
	case "value":
		switch {
		case !a.has || !b.has:
			return cmp.Compare(truthOf(a.has), truthOf(b.has))
		case a.value != a.value || b.value != b.value:
			return cmp.Compare(truthOf(a.value != a.value), truthOf(b.value != b.value))
		}
		return cmp.Compare(a.value, b.value)
	case "metric":
		return strings.Compare(s.kinds[a.kind].metric, s.kinds[b.kind].metric)
	case "unit":
		return strings.Compare(s.kinds[a.kind].unitText, s.kinds[b.kind].unitText)
	case "run":
		return strings.Compare(s.runs[x.run], s.runs[y.run])
	case "id", "dataset_id":
		return slices.Compare(x.id[:], y.id[:])
	}
	if !t.field {
		return s.key(x, t.name).Compare(s.key(y, t.name))
	}
	return compareFields(s.field(o, i, x), s.field(o, i, y))
}

func (s *Set) key(c *candidate, name string) dimension.Value {
	if p := s.types[c.typ].Dimensions.Position(name); p >= 0 {
		return s.dictionary[s.codes[c.code+p]]
	}
	return dimension.Value{}
}

func (s *Set) field(o *order, i int, c *candidate) any {
	at := o.at[c.typ][i]
	if at < 0 || c.columns < 0 {
		return nil
	}
	v := s.columns[c.columns][at]
	if span, ok := v.(dimension.Timespan); ok {
		if o.terms[i].bound == "end" {
			return span.End
		}
		return span.Begin
	}
	return v
}

// compareFields compares values of one field.
func compareFields(x, y any) int {
	if x == nil || y == nil {
		return cmp.Compare(truthOf(x != nil), truthOf(y != nil))
	}
	switch a := x.(type) {
	case int64:
		if b, ok := y.(int64); ok {
			return cmp.Compare(a, b)
		}
	case float64:
		if b, ok := y.(float64); ok {
			return cmp.Compare(a, b)
		}
	case string:
		if b, ok := y.(string); ok {
			return strings.Compare(a, b)
		}
	case bool:
		if b, ok := y.(bool); ok {
			return cmp.Compare(truthOf(a), truthOf(b))
		}
	}
	return 0
}
