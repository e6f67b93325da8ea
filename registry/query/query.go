// Package query is the where language of the butler (queries.md 1-4): lexer, parser, syntax tree, name binding, typing and the
// governor rule. It knows no SQL: a planner translates the bound tree with type switches.
//
// Use it in two steps. Parse reads a text into a syntax tree of Expr nodes, which needs no repository. Bind gives the names in it
// their meaning in a Context and checks types; the result is a tree of Predicate nodes (And, Or, Not, and the leaves) over Operand
// nodes (columns, literals, arithmetic). Mentions, Equalities and ApplyGovernors then answer what a planner has to know.
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
