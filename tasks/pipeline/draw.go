package pipeline

import (
	"io"
	"slices"
	"strings"
)

// row is a node of a graph that is drawn downwards, every node below its sources.
type row struct {
	symbol, label string
	// sources are earlier rows that lead to this one.
	sources []int
}

// box is the line character that joins up, down, left and right, as bits 1, 2, 4 and 8.
var box = [16]string{" ", "╵", "╷", "│", "╴", "╯", "╮", "┤", "╶", "╰", "╭", "├", "─", "┴", "┬", "┼"}

const (
	toUp, toDown, toLeft, toRight = 1, 2, 4, 8
)

// drawing keeps which row every column is a line of: a node has one line, which reaches down to the last row that it leads to.
type drawing struct {
	rows []row
	last []int // by row: the last row that it leads to, or -1
	// column holds the row that the line is of, or -1.
	column []int
	width  int         // the most columns of a line
	lines  [][2]string // graph and label
}

// draw writes the rows with their lines to the left of their labels. Rows that are linked have a line between them, so that those that
// merely stand below each other do not look linked.
func draw(w io.Writer, rows []row) error {
	d := &drawing{rows: rows, last: make([]int, len(rows))}
	for i := range rows {
		d.last[i] = -1
		for _, s := range rows[i].sources {
			d.last[s] = i
		}
	}
	for i := range rows {
		d.place(i)
	}
	var b strings.Builder
	for _, l := range d.lines {
		graph := l[0]
		if l[1] != "" {
			graph += strings.Repeat(" ", 2*d.width-len([]rune(graph))) + " " + l[1]
		}
		b.WriteString(strings.TrimRight(graph, " "))
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// place draws the lines that lead to a row, then the row.
func (d *drawing) place(i int) {
	var from []int // columns of the sources
	for c, source := range d.column {
		if source >= 0 && slices.Contains(d.rows[i].sources, source) {
			from = append(from, c)
		}
	}
	at := d.pick(i, from)
	d.width = max(d.width, len(d.column))
	if len(from) > 0 {
		d.lines = append(d.lines, [2]string{d.joint(i, at, from), ""})
	}
	for _, c := range from {
		if d.last[d.column[c]] == i {
			d.column[c] = -1
		}
	}
	var b strings.Builder
	for c, source := range d.column {
		switch {
		case c == at:
			b.WriteString(d.rows[i].symbol)
		case source >= 0:
			b.WriteString(box[toUp|toDown])
		default:
			b.WriteByte(' ')
		}
		b.WriteByte(' ')
	}
	d.lines = append(d.lines, [2]string{b.String(), d.rows[i].label})
	if d.last[i] >= 0 {
		d.column[at] = i
	}
	for n := len(d.column); n > 0 && d.column[n-1] < 0; n-- {
		d.column = d.column[:n-1]
	}
}

// pick is the column of a row: that of a source that ends here, else a free one.
func (d *drawing) pick(i int, from []int) int {
	for _, c := range from {
		if d.last[d.column[c]] == i {
			return c
		}
	}
	if c := slices.Index(d.column, -1); c >= 0 {
		return c
	}
	d.column = append(d.column, -1)
	return len(d.column) - 1
}

// joint is the line of characters that leads from the columns of the sources to the column of the row.
func (d *drawing) joint(i, at int, from []int) string {
	low, high := min(at, from[0]), max(at, from[len(from)-1])
	var b strings.Builder
	for c, source := range d.column {
		bits := 0
		isSource := slices.Contains(from, c)
		if source >= 0 {
			bits |= toUp
			if d.last[source] != i {
				bits |= toDown
			}
		}
		if c == at {
			bits |= toDown
		}
		if c == at || isSource {
			if c > low {
				bits |= toLeft
			}
			if c < high {
				bits |= toRight
			}
		} else if low < c && c < high && source < 0 {
			bits = toLeft | toRight // lines that lead elsewhere are crossed
		}
		b.WriteString(box[bits])
		if low <= c && c < high {
			b.WriteString(box[toLeft|toRight])
		} else {
			b.WriteByte(' ')
		}
	}
	return b.String()
}
