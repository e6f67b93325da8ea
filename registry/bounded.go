package registry

import (
	"context"
	"iter"
	"strings"
)

// EmptyQueryResultError says that a query that was to have rows has none.
type EmptyQueryResultError struct {
	// Reasons are those of ExplainNoResults; there may be none.
	Reasons []string
}

func (e *EmptyQueryResultError) Error() string {
	if len(e.Reasons) == 0 {
		return "the query has no results"
	}
	return "the query has no results. " + strings.Join(e.Reasons, " ")
}

// ClassName is upstream's exception.
func (e *EmptyQueryResultError) ClassName() string {
	return "lsst.daf.butler._exceptions.EmptyQueryResultError"
}

// Bounds say how many rows a caller takes and whether it takes none (queries.md 8.3, 8.4).
type Bounds struct {
	// Limit is the largest number of rows. Zero checks the query and gives none. A negative one gives at most its absolute value
	// and tells OnMore if there are more.
	Limit int
	// AllRows lifts the limit.
	AllRows bool
	// OnMore may be nil.
	OnMore func(limit int)
	// Explain turns an empty result into an *EmptyQueryResultError, unless Limit is zero.
	Explain bool
}

// DefaultLimit is the limit of upstream's convenience methods and commands.
const DefaultLimit = -20000

// SelectBounded is Select with bounds, which replace the limit of the query.
func (r *Registry) SelectBounded(ctx context.Context, q Query, b Bounds) iter.Seq2[*Row, error] {
	return func(yield func(*Row, error) bool) {
		most := b.Limit
		q.Limit, q.NoRows = 0, false
		switch {
		case b.AllRows:
			most = 0
		case b.Limit == 0:
			q.NoRows = true
		case b.Limit < 0:
			most = -b.Limit
			q.Limit = most + 1
		default:
			q.Limit = b.Limit
		}
		n := 0
		for row, err := range r.Select(ctx, q) {
			if err != nil {
				yield(nil, err)
				return
			}
			if n++; most > 0 && n > most {
				if b.OnMore != nil {
					b.OnMore(most)
				}
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if n > 0 || !b.Explain || q.NoRows {
			return
		}
		reasons, err := r.ExplainNoResults(ctx, q, false)
		if err == nil {
			err = &EmptyQueryResultError{reasons}
		}
		yield(nil, err)
	}
}
