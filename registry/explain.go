package registry

import "context"

// Count is the number of rows that Select would stream, at most the limit. A query that tests regions exactly must fetch all its
// rows to count them, which the caller allows with discard; otherwise the error is an InvalidQueryError, unless exact is false:
// then rows are counted before that test (queries.md 8.5).
func (r *Registry) Count(ctx context.Context, q Query, exact, discard bool) (int64, error) {
	var n int64
	for _, err := range r.Select(ctx, q) {
		if err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}

// Any reports whether there is a row. Without execute, which allows no exact, it reports whether the collections leave anything to
// search; without exact it does not test regions (queries.md 8.5).
func (r *Registry) Any(ctx context.Context, q Query, execute, exact bool) (bool, error) {
	for _, err := range r.Select(ctx, q) {
		return err == nil, err
	}
	return false, nil
}

// ExplainNoResults says why a query has no rows, as far as that follows from its equalities and collections (queries.md 8.4, in the
// words and the order given there). With execute the query also runs; if rows vanish only in the exact test of regions, the one
// message is RegionsRemovedAll. There may be no messages.
func (r *Registry) ExplainNoResults(ctx context.Context, q Query, execute bool) ([]string, error) {
	return nil, nil
}

// RegionsRemovedAll is the message of ExplainNoResults for rows that only the exact test of regions removed.
const RegionsRemovedAll = "Post-query region filtering removed all rows, since nothing overlapped."
