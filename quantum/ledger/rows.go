package ledger

import (
	"database/sql/driver"
	"time"
)

// rowsFunc calls f with every row of a query: Rows of a transaction, or of the registry with a context.
type rowsFunc func(query string, args []any, f func(row []driver.Value) error) error

// one reads the integer that a query gives, if it gives one.
func one(rows rowsFunc, query string, args []any, n *int64) error {
	return rows(query, args, func(row []driver.Value) error {
		*n = integer(row[0])
		return nil
	})
}

// The columns of valet's own tables hold what was written to them: a value of another kind was put there by somebody else and reads as
// zero.

func integer(v driver.Value) int64 {
	n, _ := v.(int64)
	return n
}

// instant is a time of nanoseconds since 1970, the zero time for NULL.
func instant(v driver.Value) time.Time {
	if n, ok := v.(int64); ok {
		return time.Unix(0, n).UTC()
	}
	return time.Time{}
}
