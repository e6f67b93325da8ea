package metadata

import "math"

// Kind tells what a Value holds.
type Kind uint8

// The kinds of a value. Absent is the answer to a search that matched nothing. Branch is a subtree: upstream's lookup gives one
// where an empty array and a child have the same name.
const (
	Absent Kind = iota
	Number
	Text
	Branch
)

// Value is a number or a text of the metadata, or says that there is none. The zero value is Absent.
type Value struct {
	Kind Kind
	// Empty says of a Branch that it has neither values nor children.
	Empty bool
	// Number is the value of kind Number; it may be NaN or infinite.
	Number float64
	// Text is the value of kind Text. It is never a text that Python's float() accepts, unless it is the element of an array
	// of texts in which another is not.
	Text string
}

// NumberValue is the value of a number.
func NumberValue(f float64) Value { return Value{Kind: Number, Number: f} }

// TextValue is the value of a text, which is not looked at: use it for texts that are no numbers.
func TextValue(s string) Value { return Value{Kind: Text, Text: s} }

// Truth is Python's bool() of the value: false for absent, zero, an empty text and an empty subtree; true for NaN.
func (v Value) Truth() bool {
	switch v.Kind {
	case Number:
		return v.Number != 0
	case Text:
		return v.Text != ""
	case Branch:
		return !v.Empty
	}
	return false
}

// nan is what null becomes.
var nan = Value{Kind: Number, Number: math.NaN()}
