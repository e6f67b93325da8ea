package planner

import (
	"valet/registry/internal/dialect"
	"valet/registry/query"
)

// condition translates a bound predicate. SQL's three-valued logic is the language's own (queries.md 3).
func (b *builder) condition(p query.Predicate) (*dialect.Text, error) {
	return nil, &UnsupportedError{"a where expression"}
}
