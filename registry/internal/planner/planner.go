// Package planner turns a query over dimensions and datasets into one SQL statement (queries.md 5 to 7, 11).
//
// The files follow the steps: search.go resolves dataset searches and writes their tables, tables.go chooses and joins element
// tables, condition.go translates the bound where expression, statement.go puts the text together, columns.go says what comes
// back. Nothing here talks to the database except through the catalog; values enter statements as parameters only.
//
// Refused with an *UnsupportedError: searches of CALIBRATION collections, region overlaps, and skypix dimensions that no dataset
// provides.
package planner

import (
	"context"
	"database/sql/driver"
	"fmt"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/query"
)

// Search is one dataset search.
type Search struct {
	Type *catalog.Type
	// Collections are flattened; Plan drops those whose summary rules them out.
	Collections []*catalog.Collection
	// All returns every match instead of the first in collection order per data ID.
	All bool
	// Restrict says that the datasets only restrict the rows and do not come back.
	Restrict bool
	// RecordTable is the opaque table to fetch file records from, or empty.
	RecordTable string
}

// Query is what to plan.
type Query struct {
	// Dimensions of the result.
	Dimensions *dimension.Group
	// Joined are further dimensions that take part; may be nil.
	Joined   *dimension.Group
	Searches []Search
	// Condition restricts the rows; nil does not. It includes data ID constraints and governor defaults.
	Condition query.Predicate
	// Order sorts the rows.
	Order []query.OrderTerm
	// Sorted orders rows by their required values, after Order.
	Sorted bool
	// Limit is the largest number of rows, 0 for no limit.
	Limit int
}

// Plan is a statement and how to read its rows.
type Plan struct {
	// Empty says that there can be no row; the rest is then unset.
	Empty   bool
	SQL     string
	Args    []driver.Value
	Columns []Column
	// Runs are the constant run of each search that comes back, empty where a column has it.
	Runs []string
	// RunNames are the names of runs by collection key, for columns of kind RunKeyColumn.
	RunNames map[driver.Value]string
}

// UnsupportedError says that a query needs something valet does not plan.
type UnsupportedError struct{ What string }

func (e *UnsupportedError) Error() string { return e.What + " is not supported" }

// ClassName is upstream's exception for queries it cannot plan.
func (e *UnsupportedError) ClassName() string {
	return "lsst.daf.butler._exceptions.UnimplementedQueryError"
}

// CalibrationLookupError says that several validity ranges apply to one data ID.
type CalibrationLookupError struct{ Type string }

func (e *CalibrationLookupError) Error() string {
	return fmt.Sprintf("more than one validity range of dataset type %q applies to one data ID, or several rows share it", e.Type)
}

// ClassName is upstream's exception.
func (e *CalibrationLookupError) ClassName() string {
	return "lsst.daf.butler._exceptions.CalibrationLookupError"
}

// Hint says how to go on.
func (e *CalibrationLookupError) Hint() string {
	return "constrain the query to one visit, exposure or day, or ask for all matches instead of the first"
}

// New plans a query against what the catalog holds.
func New(ctx context.Context, c *catalog.Catalog, q Query) (*Plan, error) {
	b := &builder{catalog: c, query: &q, keys: map[string]string{}, tables: map[*dimension.Element]string{}, constants: map[string]dimension.Value{}}
	b.analyse()
	if err := b.checkOrder(); err != nil {
		return nil, err
	}
	for i := range q.Searches {
		empty, err := b.resolve(ctx, &q.Searches[i])
		if err != nil {
			return nil, err
		}
		b.empty = b.empty || empty
	}
	if b.empty {
		return &Plan{Empty: true}, nil
	}
	for i := range q.Searches {
		b.addSearch(i)
	}
	if err := b.addElements(); err != nil {
		return nil, err
	}
	return b.statement()
}

// analyse finds what the condition mentions and the dimensions of the whole query.
func (b *builder) analyse() {
	q := b.query
	b.dimensions = q.Dimensions
	groups := make([]*dimension.Group, 0, len(q.Searches)+1)
	for _, s := range q.Searches {
		groups = append(groups, s.Type.Dimensions)
	}
	if q.Joined != nil {
		groups = append(groups, q.Joined)
	}
	if q.Condition != nil {
		b.mentioned = query.Mentions(q.Condition)
		groups = append(groups, b.mentioned.Dimensions(q.Dimensions.Universe))
		for _, e := range query.Equalities(q.Condition) {
			if old, ok := b.constants[e.Dimension.Name]; ok && old != e.Value {
				b.empty = true
			}
			b.constants[e.Dimension.Name] = e.Value
		}
	}
	b.dimensions = q.Dimensions.Union(groups...)
}

// checkFields reports dataset fields of types that are not searched.
func (b *builder) checkFields() error {
	for _, f := range b.mentioned.Datasets {
		if b.searchOf(f.DatasetType) < 0 {
			return &query.Error{Kind: query.Invalid, Reason: fmt.Sprintf("dataset type %q is not searched in this query", f.DatasetType)}
		}
	}
	return nil
}
