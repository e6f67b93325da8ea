// Package query is the where language of the butler: lexer, parser, typed tree and name binding (queries.md 1-4). It knows no SQL.
package query

// Expr is a parsed expression.
type Expr interface{ expr() }

// Binds are the values of bind names.
type Binds map[string]any

// Parse reads a where text. Blank text gives nil.
func Parse(text string) (Expr, error) { panic("seam") }
