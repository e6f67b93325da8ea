package query

import "fmt"

// BindColumn reads the name of a column of a general result (queries.md 8.1): a *DimensionKey, *Field or *DatasetField. Errors are
// *Error.
func BindColumn(name string, c Context) (Operand, error) {
	at := Span{name, 0, len(name)}
	x, err := (&binder{c}).column(name, at)
	if err != nil {
		return nil, err
	}
	if _, ok := x.(*TimespanBound); ok {
		return nil, &Error{Kind: BadType, At: at, Reason: fmt.Sprintf("%s is no column by itself", name), Remedy: "ask for the timespan"}
	}
	return x, nil
}
