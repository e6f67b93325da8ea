package pipeline

import "fmt"

// Pos is a place in a pipeline or config file. Line and Column count from 1; 0 is unknown.
type Pos struct {
	File         string
	Line, Column int
}

// String is file:line:column, as far as known.
func (p Pos) String() string {
	switch {
	case p.File == "" && p.Line == 0:
		return ""
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// IsZero reports whether nothing is known.
func (p Pos) IsZero() bool { return p == Pos{} }
