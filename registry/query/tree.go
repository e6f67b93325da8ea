package query

import (
	"strconv"
	"strings"

	"valet/registry/dataset"
)

// Identifier is a name of one, two or three parts joined by periods.
type Identifier struct {
	Name string
	At   Span
}

// BindName is a name written with a colon; Name is without it.
type BindName struct {
	Name string
	At   Span
}

// Number is a number as written. Inside IN lists it may have a sign.
type Number struct {
	Text string
	At   Span
}

// Text is a string literal.
type Text struct {
	Value string
	At    Span
}

// TimeLiteral is T'…'. Text is what stands between the quotes.
type TimeLiteral struct {
	Text  string
	Value Time
	At    Span
}

// RangeLiteral is Start..Stop:Stride, both ends included. Stride 0 means that none was written.
type RangeLiteral struct {
	Start, Stop, Stride int64
	At                  Span
}

// UUIDLiteral is UUID('…').
type UUIDLiteral struct {
	Value dataset.ID
	At    Span
}

// Unary is NOT, - or + before an operand.
type Unary struct {
	Op string
	X  Expr
	At Span
}

// Binary is one of = != < <= > >= OVERLAPS + - * / % between two operands.
type Binary struct {
	Op   string
	X, Y Expr
	At   Span
}

// Logical joins two or more operands by AND or by OR, which associate to the left. An operand that is itself the same Logical
// stands in Parens.
type Logical struct {
	Op       string
	Operands []Expr
	At       Span
}

// Membership is X IN (Items) or X NOT IN (Items).
type Membership struct {
	X     Expr
	Not   bool
	Items []Expr
	At    Span
}

// Parens is an expression in parentheses.
type Parens struct {
	X  Expr
	At Span
}

// Tuple is (Begin, End).
type Tuple struct {
	Begin, End Expr
	At         Span
}

// Call is a function call. Name is as written; the known functions, whatever their case, have arguments of the right number and
// kind. GLOB has lost the parentheses around its arguments.
type Call struct {
	Name string
	Args []Expr
	At   Span
}

// Is reports whether the call is of the function of that name, in upper case.
func (n *Call) Is(function string) bool { return strings.EqualFold(n.Name, function) }

// Span is the place of the node in the source.
func (n *Identifier) Span() Span   { return n.At }
func (n *BindName) Span() Span     { return n.At }
func (n *Number) Span() Span       { return n.At }
func (n *Text) Span() Span         { return n.At }
func (n *TimeLiteral) Span() Span  { return n.At }
func (n *RangeLiteral) Span() Span { return n.At }
func (n *UUIDLiteral) Span() Span  { return n.At }
func (n *Unary) Span() Span        { return n.At }
func (n *Binary) Span() Span       { return n.At }
func (n *Logical) Span() Span      { return n.At }
func (n *Membership) Span() Span   { return n.At }
func (n *Parens) Span() Span       { return n.At }
func (n *Tuple) Span() Span        { return n.At }
func (n *Call) Span() Span         { return n.At }

func (*Identifier) expr()   {}
func (*BindName) expr()     {}
func (*Number) expr()       {}
func (*Text) expr()         {}
func (*TimeLiteral) expr()  {}
func (*RangeLiteral) expr() {}
func (*UUIDLiteral) expr()  {}
func (*Unary) expr()        {}
func (*Binary) expr()       {}
func (*Logical) expr()      {}
func (*Membership) expr()   {}
func (*Parens) expr()       {}
func (*Tuple) expr()        {}
func (*Call) expr()         {}

func (n *Identifier) String() string   { return n.Name }
func (n *BindName) String() string     { return ":" + n.Name }
func (n *Number) String() string       { return n.Text }
func (n *Text) String() string         { return "'" + n.Value + "'" }
func (n *TimeLiteral) String() string  { return "T'" + n.Text + "'" }
func (n *RangeLiteral) String() string { return rangeText(n.Start, n.Stop, n.Stride) }
func (n *UUIDLiteral) String() string  { return "UUID('" + n.Value.String() + "')" }
func (n *Unary) String() string        { return print(n) }
func (n *Binary) String() string       { return print(n) }
func (n *Logical) String() string      { return print(n) }
func (n *Membership) String() string   { return print(n) }
func (n *Parens) String() string       { return print(n) }
func (n *Tuple) String() string        { return print(n) }
func (n *Call) String() string         { return print(n) }

func rangeText(start, stop, stride int64) string {
	s := strconv.FormatInt(start, 10) + ".." + strconv.FormatInt(stop, 10)
	if stride != 0 {
		s += ":" + strconv.FormatInt(stride, 10)
	}
	return s
}
