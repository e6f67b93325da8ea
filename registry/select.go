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
// first error. Until it ends it keeps writers from committing (SQLite), so do nothing slow in the loop, and never wait in it for
// a Write of any registry over the same database: that Write would wait for the loop until its deadline.
func (r *Registry) Select(ctx context.Context, q Query) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		stopped := false
		err := r.view(ctx, func(c *catalog.Catalog) error {
			p, in, err := r.plan(ctx, c, q, planner.Rows)
			if err != nil || p.Empty || q.NoRows {
				return err
			}
			return r.stream(ctx, c.Conn(), p, in, func(row *Row) bool {
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
		p, _, err := r.plan(ctx, c, q, planner.Rows)
		if err != nil || p.Empty {
			return err
		}
		statement = p.SQL
		steps, err = c.Conn().Explain(ctx, p.SQL, arguments(p))
		return err
	})
	return statement, steps, err
}

func arguments(p *planner.Plan) []any {
	args := make([]any, len(p.Args))
	for i, a := range p.Args {
		args[i] = a
	}
	return args
}

// asked is a query with its names resolved.
type asked struct {
	planner.Query
	element *dimension.Element
	records bool
}

// plan resolves the names of a query and plans it.
func (r *Registry) plan(ctx context.Context, c *catalog.Catalog, q Query, purpose planner.Purpose) (*planner.Plan, *asked, error) {
	in, err := r.resolve(ctx, c, q)
	if err != nil {
		return nil, nil, err
	}
	in.Purpose = purpose
	p, err := planner.New(ctx, c, in.Query)
	return p, in, err
}

// resolve gives the names of a query their meaning.
func (r *Registry) resolve(ctx context.Context, c *catalog.Catalog, q Query) (*asked, error) {
	if q.Element != nil {
		q.Dimensions = q.Element.Group()
	} else if q.Dimensions == nil {
		q.Dimensions = r.universe.MustGroup()
	}
	in := &asked{Query: planner.Query{Joined: q.Joined, Sorted: q.Sorted, Limit: q.Limit}, element: q.Element, records: q.WithRecords}
	columns, shown, err := r.columns(q)
	if err != nil {
		return nil, err
	}
	in.Columns = columns
	returned := slices.Clone(shown)
	var joined []string
	var whole []*dimension.Group
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
		out := planner.Search{Type: t, Given: s.Collections, All: s.All, Restrict: s.Restrict}
		if s.Records {
			out.RecordTable = s.RecordTable
			if out.RecordTable == "" {
				out.RecordTable = DefaultRecordTable
			}
			// A repository that was only created may lack the table: nothing is stored then.
			if exists, err := c.Conn().TableExists(ctx, out.RecordTable); err != nil {
				return nil, err
			} else if !exists {
				out.RecordTable = ""
			}
		}
		whole = append(whole, t.Dimensions)
		in.Searches = append(in.Searches, out)
		joined = append(joined, t.Name)
		if !s.Restrict {
			returned = append(returned, t.Name)
		}
	}
	for _, x := range columns {
		switch x := x.(type) {
		case *query.DimensionKey:
			q.Dimensions = q.Dimensions.Union(r.universe.MustGroup(x.Dimension.Name))
		case *query.Field:
			q.Dimensions = q.Dimensions.Union(x.Element.Group())
		case *query.DatasetField:
			if i := slices.Index(joined, x.DatasetType); i >= 0 {
				q.Dimensions = q.Dimensions.Union(in.Searches[i].Type.Dimensions)
			}
		}
	}
	in.Dimensions = q.Dimensions
	if q.Joined != nil {
		whole = append(whole, q.Joined)
	}
	switch {
	case q.Element != nil:
		in.Elements = []*dimension.Element{q.Element}
	case q.WithRecords:
		in.Elements = storedElements(q.Dimensions)
	}
	all := q.Dimensions.Union(whole...)
	if err := r.bind(q, all, returned, joined, &in.Query); err != nil {
		return nil, err
	}
	// Upstream finds what is wrong with an expression before it looks for collections, but what the query lacks after that.
	for i := range in.Searches {
		if in.Searches[i].Collections, err = c.Flatten(ctx, in.Searches[i].Given...); err != nil {
			return nil, err
		}
	}
	return in, r.govern(q, all, &in.Query)
}

// columns gives the names of the columns their meaning. It also returns the dataset types of which they show fields.
func (r *Registry) columns(q Query) (columns []query.Operand, shown []string, err error) {
	if len(q.Columns) == 0 {
		return nil, nil, nil
	}
	context := query.Context{Universe: r.universe, Dimensions: q.Dimensions}
	first := false
	for _, s := range q.Datasets {
		context.Datasets = append(context.Datasets, s.Type)
		first = first || s.First
	}
	for _, name := range q.Columns {
		x, err := query.BindColumn(name, context)
		if err != nil {
			return nil, nil, err
		}
		columns = append(columns, x)
		f, ok := x.(*query.DatasetField)
		if !ok || slices.Contains(shown, f.DatasetType) {
			continue
		}
		if i := slices.Index(context.Datasets, f.DatasetType); i >= 0 {
			shown = append(shown, f.DatasetType)
			if s := q.Datasets[i]; s.Restrict && !s.All && !s.First {
				return nil, nil, &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("%s is shown, but not said whether that of the first match or of all", x)}
			}
		}
	}
	if first && len(shown) != 1 {
		return nil, nil, &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("the first match is asked for with fields of %d dataset types, not of one", len(shown))}
	}
	return columns, shown, nil
}

// bind gives the where expressions and the ordering their meaning.
func (r *Registry) bind(q Query, whole *dimension.Group, returned, joined []string, in *planner.Query) error {
	result := query.Context{Universe: r.universe, Dimensions: q.Dimensions, Datasets: returned, Binds: q.Binds}
	where, err := query.Bind(q.Where, result)
	if err != nil {
		return err
	}
	joinWhere, err := query.Bind(q.JoinWhere, query.Context{Universe: r.universe, Dimensions: whole, Datasets: joined, Binds: q.Binds})
	if err != nil {
		return err
	}
	dataID, err := query.BindDataID(q.DataID, result)
	if err != nil {
		return err
	}
	in.Condition = query.Conjunction(joinWhere, where, dataID)
	for _, text := range q.OrderBy {
		term, err := query.BindOrder(text, result)
		if err != nil {
			return err
		}
		in.Order = append(in.Order, term)
	}
	return nil
}

// govern applies the governor rule (queries.md 4).
func (r *Registry) govern(q Query, whole *dimension.Group, in *planner.Query) (err error) {
	defaults := map[string]dimension.Value{}
	for name, value := range q.Defaults {
		e := r.universe.Dimension(name)
		if e == nil || !e.Governor {
			return &query.Error{Kind: query.BadType, Reason: fmt.Sprintf("only governor dimensions can have a default value, not %q", name)}
		}
		if defaults[name], err = e.ConvertValue(value); err != nil {
			return fmt.Errorf("default data ID: %w", err)
		}
	}
	in.Condition, err = query.ApplyGovernors(in.Condition, whole, defaults)
	return err
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
