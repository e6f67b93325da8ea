package planner

import (
	"fmt"
	"slices"
	"strconv"

	"valet/registry/dimension"
	"valet/registry/query"
)

// checkOrder refuses terms whose column is not determined by a row of the result (queries.md 8.2), and notes which tables the
// others need.
func (b *builder) checkOrder() error {
	for _, term := range b.query.Order {
		if err := b.checkTerm(term.By); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) checkTerm(x query.Operand) error {
	outside := func(e *dimension.Element) error {
		for _, d := range e.Required {
			if !b.query.Dimensions.Has(d.Name) {
				return &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("cannot order by %s: %s is not among the dimensions of the result", x, d)}
			}
		}
		return nil
	}
	switch x := x.(type) {
	case *query.DimensionKey:
		if !b.query.Dimensions.Has(x.Dimension.Name) {
			return &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("cannot order by %s: it is not among the dimensions of the result", x)}
		}
	case *query.Field:
		if err := outside(x.Element); err != nil {
			return err
		}
		if !slices.ContainsFunc(b.mentioned.Fields, func(f *query.Field) bool { return *f == *x }) {
			b.mentioned.Fields = append(b.mentioned.Fields, x)
		}
	case *query.DatasetField:
		i := b.searchOf(x.DatasetType)
		if i < 0 || b.query.Searches[i].Restrict {
			return &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("cannot order by %s: the result has no such datasets", x)}
		}
		b.orderedBy = append(b.orderedBy, x)
	case *query.TimespanBound:
		return b.checkTerm(x.Of)
	}
	return nil
}

// order adds the columns to sort by to the output, where DISTINCT and the choice of first matches keep them, and returns the
// terms of ORDER BY.
func (b *builder) order(out []output) (terms []string, extended []output, err error) {
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
		out = append(out, output{Column{Kind: OtherColumn}, t})
	}
	if b.query.Sorted {
		// The required values are the first columns.
		for i := range b.query.Dimensions.Required {
			terms = append(terms, "c"+strconv.Itoa(i))
		}
	}
	return terms, out, nil
}
