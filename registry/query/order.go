package query

import (
	"fmt"
	"strings"
)

// OrderTerm is one term of an ordering.
type OrderTerm struct {
	// By has an ordered type: Int, String, Float, DateTime or IngestDate.
	By         Operand
	Descending bool
}

// BindOrder reads a term such as visit.timespan.begin or -visit (queries.md 8.2). Whether its column belongs to the result is for
// the planner to check. Errors are *Error.
func BindOrder(term string, c Context) (OrderTerm, error) {
	name, descending := strings.CutPrefix(term, "-")
	b := &binder{c}
	at := Span{term, len(term) - len(name), len(term)}
	by, err := b.column(name, at)
	if err != nil {
		return OrderTerm{}, err
	}
	switch by.Type() {
	case Int, String, Float, DateTime, IngestDate:
		return OrderTerm{by, descending}, nil
	}
	return OrderTerm{}, &Error{Kind: Invalid, At: at, Reason: fmt.Sprintf("%s is a %s, which has no order", by, by.Type()),
		Remedy: "order by numbers, strings and times; for a timespan by its begin or end"}
}
