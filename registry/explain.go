package registry

import (
	"context"
	"database/sql/driver"
	"errors"

	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
	"valet/registry/internal/planner"
	"valet/registry/query"
)

// Count is the number of rows that Select would stream, at most the limit. A query that tests regions exactly must fetch all its
// rows to count them, which the caller allows with discard; otherwise the error is an InvalidQueryError, unless exact is false:
// then rows are counted before that test (queries.md 8.5). Ambiguous validity ranges are an error only if the
// rows are fetched.
func (r *Registry) Count(ctx context.Context, q Query, exact, discard bool) (n int64, err error) {
	purpose := planner.Counting
	if !exact {
		purpose = planner.CountingCandidates
	}
	err = r.view(ctx, func(c *catalog.Catalog) error {
		p, _, err := r.plan(ctx, c, q, purpose)
		if err != nil || p.Empty || q.NoRows {
			return err
		}
		if len(p.Tests) > 0 {
			if !discard {
				return &query.Error{Kind: query.Invalid, Reason: "the rows cannot be counted exactly without fetching and discarding them",
					Remedy: "allow that, or ask for an inexact count"}
			}
			return r.rows(ctx, c.Conn(), p, func(row []driver.Value) (bool, error) {
				if p.Matches > 0 && row[p.Matches] != int64(1) {
					return false, &CalibrationLookupError{Type: p.Ambiguous}
				}
				n++
				return true, nil
			})
		}
		row, err := c.Conn().Row(ctx, p.SQL, arguments(p)...)
		if err != nil {
			return err
		}
		n, err = dialect.AsInt(row[0])
		return err
	})
	return n, err
}

// Any reports whether there is a row. Without execute, which allows no exact, it reports whether the collections leave anything to
// search; without exact it does not test regions (queries.md 8.5).
func (r *Registry) Any(ctx context.Context, q Query, execute, exact bool) (found bool, err error) {
	if exact && !execute {
		return false, &query.Error{Kind: query.Invalid, Reason: "whether there is a row cannot be told exactly without running the query"}
	}
	purpose := planner.Existence
	if !exact {
		purpose = planner.Candidates
	}
	q.Limit, q.OrderBy, q.Sorted = 1, nil, false
	err = r.view(ctx, func(c *catalog.Catalog) error {
		if !execute {
			in, err := r.resolve(ctx, c, q)
			if err != nil {
				return err
			}
			found, err = planner.Searchable(ctx, c, in.Query)
			return err
		}
		p, _, err := r.plan(ctx, c, q, purpose)
		if err != nil || p.Empty || q.NoRows {
			return err
		}
		return r.rows(ctx, c.Conn(), p, func([]driver.Value) (bool, error) {
			found = true
			return false, nil
		})
	})
	return found, err
}

// ExplainNoResults says why a query has no rows, as far as that follows from its equalities and collections (queries.md 8.4, in the
// words and the order given there). With execute and nothing to say so far, the query also runs; if rows vanish only in the exact
// test of regions, the one message is RegionsRemovedAll. There may be no messages.
func (r *Registry) ExplainNoResults(ctx context.Context, q Query, execute bool) (messages []string, err error) {
	err = r.view(ctx, func(c *catalog.Catalog) error {
		in, err := r.resolve(ctx, c, q)
		if err != nil {
			return err
		}
		messages, err = planner.Explain(ctx, c, in.Query)
		return err
	})
	if err != nil || len(messages) > 0 || !execute {
		return messages, err
	}
	candidates, err := r.Any(ctx, q, true, false)
	if unsupported := (*UnsupportedError)(nil); errors.As(err, &unsupported) {
		// That the query cannot be run is for Select to say.
		return nil, nil
	}
	if err != nil || !candidates {
		return nil, err
	}
	rows, err := r.Any(ctx, q, true, true)
	if err != nil || rows {
		return nil, err
	}
	return []string{RegionsRemovedAll}, nil
}

// RegionsRemovedAll is the message of ExplainNoResults for rows that only the exact test of regions removed.
const RegionsRemovedAll = "Post-query region filtering removed all rows, since nothing overlapped."
