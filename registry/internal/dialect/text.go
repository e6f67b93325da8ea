package dialect

import (
	"database/sql/driver"
	"strings"
)

// Text is a piece of SQL with its parameters, written as question marks. The zero Text is empty. Values reach the database as
// parameters only, never inside the text.
type Text struct {
	buf  []byte
	args []driver.Value
}

// Write appends SQL text as it is.
func (t *Text) Write(parts ...string) *Text {
	for _, p := range parts {
		t.buf = append(t.buf, p...)
	}
	return t
}

// Arg appends parameters, separated by commas.
func (t *Text) Arg(values ...driver.Value) *Text {
	for i, v := range values {
		if i > 0 {
			t.buf = append(t.buf, ", "...)
		}
		t.buf = append(t.buf, '?')
		t.args = append(t.args, v)
	}
	return t
}

// Add appends other texts with their parameters.
func (t *Text) Add(others ...*Text) *Text {
	for _, o := range others {
		t.buf = append(t.buf, o.buf...)
		t.args = append(t.args, o.args...)
	}
	return t
}

// Join appends other texts with a separator between them.
func (t *Text) Join(separator string, others []*Text) *Text {
	for i, o := range others {
		if i > 0 {
			t.Write(separator)
		}
		t.Add(o)
	}
	return t
}

// IsEmpty reports whether nothing was written.
func (t *Text) IsEmpty() bool { return len(t.buf) == 0 }

// String is the statement's text.
func (t *Text) String() string { return string(t.buf) }

// Args are the parameters in order.
func (t *Text) Args() []driver.Value { return t.args }

// SQL makes a text of parts without parameters.
func SQL(parts ...string) *Text { return new(Text).Write(parts...) }

// Values is n rows of m parameters as a VALUES list: (?,?),(?,?).
func Values(rows, columns int) string {
	one := "(" + strings.TrimSuffix(strings.Repeat("?,", columns), ",") + ")"
	return strings.TrimSuffix(strings.Repeat(one+",", rows), ",")
}
