package planner

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/query"
)

// Explain says why a query cannot have rows, in upstream's words: contradictory equalities first, then searches that no collection
// is left for (queries.md 8.4).
func Explain(ctx context.Context, c *catalog.Catalog, q Query) ([]string, error) {
	if _, err := prepare(ctx, c, q); err != nil {
		return nil, err
	}
	out := contradictions(q.Condition)
	b := &builder{catalog: c, query: &q, constants: map[string]dimension.Value{}}
	b.analyse()
	for i := range q.Searches {
		s := &q.Searches[i]
		lines, err := b.doom(ctx, s)
		if err != nil {
			return nil, err
		}
		if lines == nil {
			continue
		}
		given := make([]string, len(s.Given))
		for k, n := range s.Given {
			given[k] = dimension.Quote(n)
		}
		out = append(out, fmt.Sprintf("Search for dataset type %s in [%s] is doomed to fail.", dimension.Quote(s.Type.Name), strings.Join(given, ", ")))
		out = append(out, lines...)
	}
	return out, nil
}

// Searchable reports whether every search has a collection left and the query is otherwise in order.
func Searchable(ctx context.Context, c *catalog.Catalog, q Query) (bool, error) {
	if _, err := New(ctx, c, q); err != nil {
		return false, err
	}
	b := &builder{catalog: c, query: &q, constants: map[string]dimension.Value{}}
	b.analyse()
	for i := range q.Searches {
		lines, err := b.doom(ctx, &q.Searches[i])
		if err != nil || lines != nil {
			return false, err
		}
	}
	return true, nil
}

// contradictions are the equalities that disagree with the first one of the same dimension.
func contradictions(p query.Predicate) (out []string) {
	parts := []query.Predicate{p}
	if and, ok := p.(*query.And); ok {
		parts = and.Operands
	}
	first := map[*dimension.Element]any{}
	for _, part := range parts {
		c, ok := part.(*query.Compare)
		if !ok || c.Op != query.Equal {
			continue
		}
		x, y := c.X, c.Y
		if _, ok := x.(*query.Literal); ok {
			x, y = y, x
		}
		key, isKey := x.(*query.DimensionKey)
		l, isLiteral := y.(*query.Literal)
		if !isKey || !isLiteral {
			continue
		}
		d := key.Dimension
		switch old, known := first[d]; {
		case !known:
			first[d] = l.Value
		case !sameValue(old, l.Value):
			out = append(out, fmt.Sprintf("'where' expression requires both %s=%s and %s=%s.", d, pythonValue(l.Value), d, pythonValue(old)))
		}
	}
	return out
}

// sameValue compares literals of one dimension; an integer may equal a float.
func sameValue(a, b any) bool {
	number := func(v any) any {
		if f, ok := v.(float64); ok && f == float64(int64(f)) {
			return int64(f)
		}
		return v
	}
	return number(a) == number(b)
}

// pythonValue is a literal as Python shows it.
func pythonValue(v any) string {
	switch v := v.(type) {
	case string:
		return dimension.Quote(v)
	case float64:
		if s := strconv.FormatFloat(v, 'f', -1, 64); math.Abs(v) >= 1e-4 && math.Abs(v) < 1e16 {
			if !strings.Contains(s, ".") {
				s += ".0"
			}
			return s
		}
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	return fmt.Sprint(v)
}

// doom says for each collection of a search why it is not searched; nil if one is.
func (b *builder) doom(ctx context.Context, s *Search) ([]string, error) {
	if len(s.Collections) == 0 {
		return []string{"No datasets can be found because collection list is empty."}, nil
	}
	with, err := b.catalog.WithType(ctx, s.Type, s.Collections)
	if err != nil {
		return nil, err
	}
	// Upstream knows governor values only of collections that have one of the types searched.
	var known []*catalog.Collection
	for i := range b.query.Searches {
		some, err := b.catalog.WithType(ctx, b.query.Searches[i].Type, s.Collections)
		if err != nil {
			return nil, err
		}
		known = append(known, some...)
	}
	var governors []*dimension.Element
	have := map[*dimension.Element][]*catalog.Collection{}
	for _, g := range s.Type.Dimensions.Required {
		if v, ok := b.constants[g.Name]; ok && g.Governor {
			governors = append(governors, g)
			if have[g], err = b.catalog.WithGovernor(ctx, g, []dimension.Value{v}, s.Collections); err != nil {
				return nil, err
			}
		}
	}
	var out []string
	for _, c := range s.Collections {
		if !slices.Contains(with, c) {
			out = append(out, fmt.Sprintf("No datasets of type %s in collection %s.", dimension.Quote(s.Type.Name), dimension.Quote(c.Name)))
			if !slices.Contains(known, c) {
				continue
			}
		}
		searched := slices.Contains(with, c)
		for _, g := range governors {
			if slices.Contains(have[g], c) {
				continue
			}
			values, err := b.catalog.Governors(ctx, g, []*catalog.Collection{c})
			if err != nil {
				return nil, err
			}
			// A collection that has no values at all is none that contradicts.
			if searched = false; len(values) > 0 {
				out = append(out, fmt.Sprintf("No datasets with %s=%s in collection %s.", g, b.constants[g.Name], dimension.Quote(c.Name)))
			}
		}
		if searched {
			return nil, nil
		}
	}
	return out, nil
}
