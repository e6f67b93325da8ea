package python

type tokenKind uint8

const (
	endToken     tokenKind = iota // end of the text
	newlineToken                  // end of a logical line
	nameToken                     // identifier or keyword
	numberToken                   // value holds it
	stringToken                   // value holds a string or Bytes
	formatToken                   // f-string; value is its string, or nil if it holds expressions
	opToken                       // operator or delimiter
)

type token struct {
	kind tokenKind
	// text is the name or operator, else the source text.
	text  string
	value Value
	place
}

// place is a position in the text: line as reported, column in characters from 1, offset in bytes.
type place struct{ line, column, offset int }

// keywords cannot be names. Soft keywords (match, type, _) can.
var keywords = map[string]bool{
	"False": true, "None": true, "True": true, "and": true, "as": true, "assert": true, "async": true, "await": true,
	"break": true, "class": true, "continue": true, "def": true, "del": true, "elif": true, "else": true, "except": true,
	"finally": true, "for": true, "from": true, "global": true, "if": true, "import": true, "in": true, "is": true,
	"lambda": true, "nonlocal": true, "not": true, "or": true, "pass": true, "raise": true, "return": true, "try": true,
	"while": true, "with": true, "yield": true,
}

// operators in the order in which they are tried: longest first.
var operators = []string{
	"**=", "//=", ">>=", "<<=", "...",
	"**", "//", ">>", "<<", "<=", ">=", "==", "!=", "->", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "@=", ":=",
	"+", "-", "*", "/", "%", "@", "&", "|", "^", "~", "<", ">", "(", ")", "[", "]", "{", "}", ",", ":", ".", ";", "=",
}
