// Package planner turns a query over dimensions and datasets into one SQL statement (queries.md 5 to 8, 11).
//
// The files follow the steps: analyse.go finds what takes part, families.go which elements must be joined by region or time,
// search.go and first.go write the tables of dataset searches, tables.go chooses and joins element tables, overlap.go those of
// regions, condition.go and operand.go translate the bound where expression, columns.go and order.go say what comes back,
// statement.go puts the text together. Nothing here talks to the database except through the catalog; values enter statements as
// parameters only.
//
// A plan may leave two things to whoever reads its rows, because the database cannot do them: the exact test of regions (Tests),
// and with it the removal of duplicates and the limit; and the refusal of ambiguous validity ranges (Matches).
//
// Refused with an *UnsupportedError: overlaps with pixels other than those that are stored, and skypix dimensions that neither a
// dataset nor a region provides.
package planner

import (
	"context"
	"database/sql/driver"
	"fmt"
	"slices"

	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/query"
	"valet/registry/sphere"
)

// Search is one dataset search.
type Search struct {
	Type *catalog.Type
	// Given are the names of collections as they were given, for messages.
	Given []string
	// Collections are flattened; planning drops those whose summary rules them out.
	Collections []*catalog.Collection
	// All returns every match instead of the first in collection order per data ID.
	All bool
	// Restrict says that the datasets only restrict the rows and do not come back. Columns may still show fields of theirs; unless
	// All is set these are of the first match.
	Restrict bool
	// RecordTable is the opaque table to fetch file records from, or empty.
	RecordTable string

	// valid says that validity ranges take part in temporal joins; it does not matter whether the governors rule them out.
	valid bool
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
	// Elements are those whose fields come back; their required dimensions are among Dimensions.
	Elements []*dimension.Element
	// Columns come back in this order.
	Columns []query.Operand
	// Purpose says what the rows are for.
	Purpose Purpose
}

// Purpose is what a plan is for.
type Purpose uint8

// The purposes. Counting gives statements with one row and one number, unless there are Tests: then their rows are to be counted.
const (
	Rows Purpose = iota
	Counting
	// CountingCandidates counts before the exact test of regions.
	CountingCandidates
	// Existence gives rows without content, Candidates those before the exact test of regions.
	Existence
	Candidates
)

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
	// Elements are those of columns of kind ElementColumn.
	Elements []*dimension.Element
	// Tests are the exact tests of regions that a row must pass.
	Tests []Test
	// Unique says that rows which agree in the columns of Distinct are one; they are adjacent. Only the first that passes Tests
	// counts. It is never set without Tests.
	Unique   bool
	Distinct []int
	// Limit is the largest number of rows after Tests, 0 for no limit.
	Limit int
	// Matches is the column that holds how many rows share the data ID of the search of dataset type Ambiguous, 0 if there is none.
	// More than one is an error.
	Matches   int
	Ambiguous string
}

// Test is an exact test of regions: those of two columns, or of a column and a literal, must not be known to be apart.
type Test struct {
	// A and B are columns; B is unused if there is a Literal.
	A, B    int
	Literal sphere.Region
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
	b, err := prepare(ctx, c, q)
	if err != nil {
		return nil, err
	}
	if err := b.addElements(); err != nil {
		return nil, err
	}
	if b.empty {
		return &Plan{Empty: true}, nil
	}
	return b.statement()
}

// prepare does all that precedes the choice of element tables.
func prepare(ctx context.Context, c *catalog.Catalog, q Query) (*builder, error) {
	q.Searches = slices.Clone(q.Searches) // whose collections get fewer
	b := &builder{catalog: c, query: &q, keys: map[string]string{}, tables: map[*dimension.Element]string{}, constants: map[string]dimension.Value{}}
	b.analyse()
	if err := b.checkOrder(); err != nil {
		return nil, err
	}
	if err := b.checkColumns(); err != nil {
		return nil, err
	}
	if err := query.CheckOverlaps(q.Condition); err != nil {
		return nil, err
	}
	for i := range q.Searches {
		if err := b.resolve(ctx, &q.Searches[i]); err != nil {
			return nil, err
		}
		b.empty = b.empty || len(q.Searches[i].Collections) == 0
	}
	if err := b.relate(); err != nil {
		return nil, err
	}
	for i := range q.Searches {
		if err := b.addSearch(i); err != nil {
			return nil, err
		}
	}
	return b, b.addOverlaps()
}
