package planner

import (
	"fmt"

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
		b.needField(x)
	case *query.DatasetField:
		if b.searchOf(x.DatasetType) < 0 {
			return &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("cannot order by %s: the result has no such datasets", x)}
		}
		b.orderedBy = append(b.orderedBy, x)
	case *query.TimespanBound:
		return b.checkTerm(x.Of)
	}
	return nil
}
