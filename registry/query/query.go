// Package query is the where language of the butler (queries.md 1-4): lexer, parser, syntax tree, name binding, typing and the
// governor rule. It knows no SQL: a planner translates the bound tree with type switches.
//
// Use it in steps. Parse reads a text into a syntax tree of Expr nodes, which needs no repository. Bind gives the names in it their
// meaning in a Context and checks types; the result is a tree of Predicate nodes (And, Or, Not, and the leaves) over Operand nodes
// (columns, literals, arithmetic). BindDataID makes the same of a data ID, Conjunction joins the two. ApplyGovernors then decides
// about default instruments and sky maps, and CheckOverlaps about what cannot be evaluated, in the order in which upstream reports
// errors. Mentions and Equalities answer what a planner has to know.
//
// The lexer and parser are written by hand. participle reads all tokens of a text before it parses the first, so it would report an
// unexpected character where upstream, and the golden cases, report an unexpected token before it; and calls and times are checked
// as soon as they are complete, before what follows.
//
// Refused by name, though upstream takes them: the time scales ut1, tdb and tcb, which need tables of their own; integers and range
// ends beyond 64 bits; digits outside ASCII; more than a thousand levels of nesting, where upstream overflows its stack. Where
// upstream fails with an AssertionError (an expression that is no condition, a comparison of timespans) the error is an ordinary one.
package query

// Expr is a node of the syntax tree. Its String is a text that parses to an equal tree.
type Expr interface {
	// Span is the part of the source text that the node came from.
	Span() Span
	String() string
	expr()
}

// Binds are the values of bind names. A value is an int, int64, float64, string, bool (taken as 0 or 1), dataset.ID, []byte (a
// hash), Time, time.Time, dimension.Timespan, sphere.Region, sphere.LonLat, dimension.Value, or inside IN a slice of such values
// (any slice type).
type Binds map[string]any
