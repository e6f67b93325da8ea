package registry

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/planner"
	"valet/registry/query"
)

// Select streams the rows of a query. A row is valid until the next one, its data ID for ever. The iteration stops after the
// first error. Until it ends it keeps writers from committing (SQLite), so do nothing slow in the loop.
func (r *Registry) Select(ctx context.Context, q Query) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		stopped := false
		err := r.view(ctx, func(c *catalog.Catalog) error {
			p, err := r.plan(ctx, c, q)
			if err != nil || p.Empty {
				return err
			}
			return r.stream(ctx, c.Conn(), p, q, func(row *Row) bool {
				stopped = !yield(row, nil)
				return !stopped
			})
		})
		if err != nil && !stopped {
			yield(nil, err)
		}
	}
}

// ExplainPlan returns the statement of a query and the database's own account of how it will run it, for tests and for people
// who wonder why a query is slow.
func (r *Registry) ExplainPlan(ctx context.Context, q Query) (statement string, steps []string, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		p, err := r.plan(ctx, c, q)
		if err != nil || p.Empty {
			return err
		}
		statement = p.SQL
		args := make([]any, len(p.Args))
		for i, a := range p.Args {
			args[i] = a
		}
		steps, err = c.Conn().Explain(ctx, p.SQL, args)
		return err
	})
	return statement, steps, err
}

// plan resolves the names of a query and plans it.
func (r *Registry) plan(ctx context.Context, c *catalog.Catalog, q Query) (*planner.Plan, error) {
	if q.Dimensions == nil {
		q.Dimensions = r.universe.MustGroup()
	}
	for name := range q.Defaults {
		if e := r.universe.Dimension(name); e == nil || !e.Governor {
			return nil, &query.Error{Kind: query.BadType, Reason: fmt.Sprintf("only governor dimensions can have a default value, not %q", name)}
		}
	}
	in := planner.Query{Dimensions: q.Dimensions, Joined: q.Joined, Sorted: q.Sorted, Limit: q.Limit}
	whole := q.Dimensions
	if q.Joined != nil {
		whole = whole.Union(q.Joined)
	}
	var names []string
	for i, s := range q.Datasets {
		if slices.ContainsFunc(q.Datasets[:i], func(o DatasetSearch) bool { return o.Type == s.Type && !slices.Equal(o.Collections, s.Collections) }) {
			return nil, &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("dataset type %q is searched twice in different collections", s.Type)}
		}
		t, err := c.Type(ctx, s.Type)
		if err != nil {
			return nil, err
		}
		if !s.Restrict && !q.Dimensions.Contains(t.Dimensions) {
			return nil, &DimensionsError{Type: t.Name, Of: t.Dimensions, Query: q.Dimensions}
		}
		list, err := c.Flatten(ctx, s.Collections...)
		if err != nil {
			return nil, err
		}
		out := planner.Search{Type: t, Collections: list, All: s.All, Restrict: s.Restrict}
		if s.Records {
			out.RecordTable = s.RecordTable
			if out.RecordTable == "" {
				out.RecordTable = DefaultRecordTable
			}
		}
		whole = whole.Union(t.Dimensions)
		in.Searches = append(in.Searches, out)
		names = append(names, t.Name)
	}
	var err error
	if in.Equal, err = r.equalities(q.DataID); err != nil {
		return nil, err
	}
	if in.Condition, err = r.condition(q, whole, names, &in); err != nil {
		return nil, err
	}
	return planner.New(ctx, c, in)
}

// equalities turns a partial data ID into constraints, in universe order.
func (r *Registry) equalities(values map[string]any) ([]query.Equality, error) {
	var out []query.Equality
	for name, value := range values {
		e := r.universe.Dimension(name)
		if e == nil {
			_, err := r.universe.Group(name)
			return nil, fmt.Errorf("data ID: %w", err)
		}
		v, err := e.ConvertValue(value)
		if err != nil {
			return nil, fmt.Errorf("data ID: %w", err)
		}
		out = append(out, query.Equality{Dimension: e, Value: v})
	}
	slices.SortFunc(out, func(a, b query.Equality) int { return a.Dimension.Index - b.Dimension.Index })
	return out, nil
}

// condition binds the where expression and applies the governor rule (queries.md 4).
func (r *Registry) condition(q Query, whole *dimension.Group, names []string, in *planner.Query) (query.Predicate, error) {
	if q.Where == nil {
		// Without an expression the rule only adds defaults for governors among the dimensions.
		for _, e := range in.Equal {
			whole = whole.Union(e.Dimension.Group())
		}
		for _, g := range whole.Governors() {
			value, ok := q.Defaults[g.Name]
			given := slices.ContainsFunc(in.Equal, func(e query.Equality) bool { return e.Dimension == g })
			if !ok || given {
				continue
			}
			v, err := g.ConvertValue(value)
			if err != nil {
				return nil, fmt.Errorf("default data ID: %w", err)
			}
			in.Equal = append(in.Equal, query.Equality{Dimension: g, Value: v})
		}
		return nil, nil
	}
	return query.Bind(q.Where, query.Context{Universe: r.universe, Dimensions: q.Dimensions, Datasets: names, Binds: q.Binds})
}

// DimensionsError says that a dataset type has dimensions that a query does not.
type DimensionsError struct {
	Type      string
	Of, Query *dimension.Group
}

func (e *DimensionsError) Error() string {
	var missing []string
	for _, n := range e.Of.Names() {
		if !e.Query.Has(n) {
			missing = append(missing, n)
		}
	}
	return fmt.Sprintf("dataset type %q has dimensions %s; the query lacks %s", e.Type, e.Of, strings.Join(missing, ", "))
}
