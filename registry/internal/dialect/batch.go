package dialect

import (
	"context"
	"database/sql/driver"
)

// chunks are the numbers of rows that one statement inserts, largest first. What a statement changes is held back once for all its rows:
// 1024 are a few per cent faster than 256. The small ones keep the remainder to a few statements without preparing one for each count.
var chunks = [...]int{1024, 256, 64, 16, 4, 1}

// maxParameters is the number of parameters that a statement may have in SQLite.
const maxParameters = 32766

// InsertRows inserts n rows with multi-row statements that stay prepared: head is the text up to VALUES, fill sets the parameters
// of row i. On an error, failed is the range of rows of which one is at fault; those before were inserted.
func (c *Conn) InsertRows(ctx context.Context, head string, columns, n int, fill func(i int, row []driver.NamedValue)) (failed Range, err error) {
	return c.InsertRowsThen(ctx, head, "", columns, n, fill)
}

// InsertRowsThen is InsertRows with text behind the values, such as what to do on a conflict.
func (c *Conn) InsertRowsThen(ctx context.Context, head, tail string, columns, n int, fill func(i int, row []driver.NamedValue)) (failed Range, err error) {
	for from := 0; from < n; {
		size := 1
		for _, k := range chunks {
			if k <= n-from && (k*columns <= maxParameters || k == 1) {
				size = k
				break
			}
		}
		s, err := c.prepareRows(head, tail, columns, size)
		if err != nil {
			return Range{from, from + size}, err
		}
		for i := range size {
			fill(from+i, s.Args[i*columns:(i+1)*columns])
		}
		if err := s.Exec(ctx); err != nil {
			return Range{from, from + size}, err
		}
		from += size
	}
	return Range{}, nil
}

// Range is From up to but not including To.
type Range struct{ From, To int }

type rowsKey struct {
	head, tail string
	rows       int
}

// prepareRows finds the statement without building its text again.
func (c *Conn) prepareRows(head, tail string, columns, rows int) (*Statement, error) {
	key := rowsKey{head, tail, rows}
	if s := c.keep.rows[key]; s != nil {
		return s, nil
	}
	s, err := c.Prepare(head + Values(rows, columns) + tail)
	if err == nil {
		c.keep.rows[key] = s
	}
	return s, err
}
