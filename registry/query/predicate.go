package query

// Predicate is a bound condition in three-valued logic: *And, *Or, *Not or one of the leaves *Constant, *Compare, *IsNull,
// *InList, *InRange, *Glob, *BoolColumn, *Overlaps. A nil Predicate is true.
//
// Bind pushes NOT down to the leaves (an And or Or is never under a Not, a double Not is gone, a negated Compare is the opposite
// Compare), so a leaf "alone" in the sense of queries.md 3 is the whole tree or an operand of the And at its top.
type Predicate interface {
	String() string
	predicate()
}

// And is true if all operands are. It has two or more, none of which is an And.
type And struct{ Operands []Predicate }

// Or is true if one operand is. It has two or more, none of which is an Or.
type Or struct{ Operands []Predicate }

// Not negates a leaf.
type Not struct{ X Predicate }

// Constant is true or false for every row, also where columns are NULL.
type Constant bool

// Operator is a comparison.
type Operator uint8

// The comparisons.
const (
	Equal Operator = iota
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
)

var operatorTexts = [...]string{"=", "!=", "<", "<=", ">", ">="}

func (o Operator) String() string { return operatorTexts[o] }

// Compare compares two operands of equal types, or Int with Float, or DateTime with IngestDate. Regions are compared by their
// stored bytes, for equality only.
type Compare struct {
	Op   Operator
	X, Y Operand
}

// IsNull tests for NULL. X is any column, also a Bool, Timespan or Region, or an arithmetic expression. A TimespanBound is never
// NULL, but the test still mentions its column.
type IsNull struct{ X Operand }

// InList is membership in a list of values, as in Literal and in the order given; no values match nothing. The values of a bound
// sequence have exactly the type of X. Two or more literals written out, as in IN (1, 2), are one InList, too, whose values compare
// with X as in Compare; the other items of such an IN are Compare, IsNull and InRange beside it in an Or.
type InList struct {
	X      Operand
	Values []Literal
	// Written is false for a bound sequence, which counts as no mention for the governor rule (queries.md 4.2).
	Written bool
}

// InRange is membership of an Int in Start, Start+Stride, … up to and including Stop. It matches nothing if Stop < Start. With a
// Stride above 1 the test is X BETWEEN Start AND Stop and X % Stride = Start mod Stride, the latter not negative (queries.md 3).
type InRange struct {
	X                   Operand
	Start, Stop, Stride int64
}

// Glob is a match of a whole string, by code point and case-sensitive. In Pattern * and ? are special, \ escapes * ? [ ] and
// itself; [ and ] are literal. The pattern that is * alone is true also for NULL.
type Glob struct {
	X       Operand
	Pattern string
}

// BoolColumn is a column of type Bool as a condition.
type BoolColumn struct{ X Operand }

// Overlaps of two regions (then at least one is a column), two timespans, or a timespan with an instant in either order.
type Overlaps struct {
	X, Y Operand
	// At is where the test stands in the source.
	At Span
}

// IsSpatial reports whether the overlap is one of regions rather than times.
func (o *Overlaps) IsSpatial() bool { return o.X.Type() == Region }

func (*And) predicate()        {}
func (*Or) predicate()         {}
func (*Not) predicate()        {}
func (Constant) predicate()    {}
func (*Compare) predicate()    {}
func (*IsNull) predicate()     {}
func (*InList) predicate()     {}
func (*InRange) predicate()    {}
func (*Glob) predicate()       {}
func (*BoolColumn) predicate() {}
func (*Overlaps) predicate()   {}
