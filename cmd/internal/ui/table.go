package ui

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Table writes tables in the layout of the butler commands: heads in the middle of their column, a line of dashes, one space
// between columns, every line as long as the table. Widths count code points, as there, which is why no table library is used.
type Table struct {
	columns []Column
	rows    [][]string
	null    string
}

// NewTable returns an empty table. null is how a null is shown.
func NewTable(null string, columns ...Column) *Table {
	return &Table{columns: flatColumns(columns), null: null}
}

// Add adds a row of texts.
func (t *Table) Add(texts ...string) { t.rows = append(t.rows, texts) }

// Len is the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// add adds a row of cells.
func (t *Table) add(cells []Cell) {
	texts := make([]string, len(cells))
	for i, c := range cells {
		if c.IsNull() {
			texts[i] = t.null
		} else {
			texts[i] = OneLine(string(c.appendText(nil)))
		}
	}
	t.rows = append(t.rows, texts)
}

// OneLine shows control characters as escapes: what a repository holds may not break the layout or drive the terminal.
func OneLine(s string) string {
	if !strings.ContainsFunc(s, unicode.IsControl) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			b.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// WriteTo writes the table.
func (t *Table) WriteTo(w io.Writer) (int64, error) {
	out := bufio.NewWriter(w)
	widths := make([]int, len(t.columns))
	for i, c := range t.columns {
		widths[i] = max(3, utf8.RuneCountInString(c.title())) // as butler's, never narrower than three
		for _, row := range t.rows {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var written int64
	var line []byte
	flush := func() {
		line = append(line, '\n')
		n, _ := out.Write(line) // an error stays in the bufio.Writer until Flush
		written += int64(n)
		line = line[:0]
	}
	for i, c := range t.columns {
		room := widths[i] - utf8.RuneCountInString(c.title())
		// An odd space stands at the left if the column is of odd width, as Python centres.
		left := room/2 + room&widths[i]&1
		line = pad(separate(line, i), left)
		line = pad(append(line, c.title()...), room-left)
	}
	flush()
	for i := range t.columns {
		line = separate(line, i)
		for range widths[i] {
			line = append(line, '-')
		}
	}
	flush()
	for _, row := range t.rows {
		for i, c := range t.columns {
			room := widths[i] - utf8.RuneCountInString(row[i])
			line = separate(line, i)
			if c.Left {
				line = pad(append(line, row[i]...), room)
			} else {
				line = append(pad(line, room), row[i]...)
			}
		}
		flush()
	}
	return written, out.Flush()
}

func (c *Column) title() string {
	if c.Title != "" {
		return c.Title
	}
	return c.Name
}

func separate(line []byte, column int) []byte {
	if column > 0 {
		return append(line, ' ')
	}
	return line
}

func pad(line []byte, n int) []byte {
	for range n {
		line = append(line, ' ')
	}
	return line
}

// tableRows is the table as Rows: it writes at Close.
type tableRows struct {
	w       io.Writer
	columns []Column
	table   *Table
	flat    []Cell
}

func newTableRows(w io.Writer, null string, columns []Column) *tableRows {
	return &tableRows{w: w, columns: columns, table: NewTable(null, columns...)}
}

func (r *tableRows) Row(cells ...Cell) error {
	if err := checkCells(r.columns, cells); err != nil {
		return err
	}
	r.flat = flatCells(r.flat[:0], r.columns, cells)
	r.table.add(r.flat)
	return nil
}

func (r *tableRows) Close() error {
	_, err := r.table.WriteTo(r.w)
	return err
}
