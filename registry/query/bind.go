package query

import "valet/registry/dimension"

// Context gives names their meaning (queries.md 2.2).
type Context struct {
	Universe *dimension.Universe
	// Dimensions is the group of the result. For a where given before the result type is chosen, it is the group of all joined
	// dimensions.
	Dimensions *dimension.Group
	// Datasets are the names of the dataset types whose fields may be named without qualification: the type of the result of a
	// dataset query; for a where given before the result type is chosen, all joined types.
	Datasets []string
	Binds    Binds
}

// Bind gives every name in e its meaning and checks all types. A nil e gives a nil Predicate. Errors are *Error.
func Bind(e Expr, c Context) (Predicate, error) { panic("seam") }

// BindDataID is the conjunction of key = value for the values of a partial data ID; nil if there are none. An unknown key gives
// an *Error of class KeyError.
func BindDataID(values map[string]any, c Context) (Predicate, error) { panic("seam") }

// OrderTerm is one term of an ordering.
type OrderTerm struct {
	// By has an ordered type: Int, String, Float, DateTime or IngestDate.
	By         Operand
	Descending bool
}

// BindOrder reads a term such as visit.timespan.begin or -visit (queries.md 8.2). Whether its column belongs to the result is for
// the planner to check.
func BindOrder(term string, c Context) (OrderTerm, error) { panic("seam") }
