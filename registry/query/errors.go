package query

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Kind says where an expression went wrong.
type Kind uint8

// The kinds. The first five are found by Parse and are one InvalidQueryError to users.
const (
	UnexpectedCharacter Kind = iota + 1
	UnexpectedToken
	UnexpectedEnd
	// BadArgument is a call with the wrong number or kind of arguments, or too deep an expression.
	BadArgument
	// BadItem is something that cannot stand in an IN list.
	BadItem
	// Invalid is everything that Bind and ApplyGovernors find, except for the following.
	Invalid
	// BadValue is an unusable value: an unknown function, a region text that cannot be read, a latitude out of range.
	BadValue
	// BadType is a bind value of an unusable type.
	BadType
	// UnknownKey is a key of a data ID that is no dimension.
	UnknownKey
	// Unimplemented is a condition that has a meaning but cannot be evaluated.
	Unimplemented
)

// Error says what is wrong with an expression, and where.
type Error struct {
	Kind Kind
	// At is the place in the source; zero if there is none.
	At     Span
	Reason string
	Remedy string
}

func (e *Error) Error() string {
	if e.At.source == "" {
		return e.Reason
	}
	return fmt.Sprintf("where expression, line %d, column %d: %s", e.At.Line(), e.At.Column(), e.Reason)
}

// Hint is the remedy in one sentence, or empty.
func (e *Error) Hint() string { return e.Remedy }

// ClassName is upstream's class of the error, with its module unless it is Python's own.
func (e *Error) ClassName() string {
	switch e.Kind {
	case BadValue:
		return "ValueError"
	case BadType:
		return "TypeError"
	case UnknownKey:
		return "KeyError"
	case Unimplemented:
		return "lsst.daf.butler._exceptions.UnimplementedQueryError"
	}
	return "lsst.daf.butler._exceptions.InvalidQueryError"
}

// Caret is the line of the source at fault with a caret under its place, or empty if there is none.
func (e *Error) Caret() string {
	if e.At.source == "" {
		return ""
	}
	start := strings.LastIndexByte(e.At.source[:e.At.start], '\n') + 1
	line := e.At.source[start:]
	if end := strings.IndexByte(line, '\n'); end >= 0 {
		line = line[:end]
	}
	// Tabs stay tabs, so that the caret lines up however they are shown.
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, e.At.source[start:e.At.start])
	width := max(1, min(utf8.RuneCountInString(e.At.Text()), utf8.RuneCountInString(line)-utf8.RuneCountInString(indent)))
	return line + "\n" + indent + strings.Repeat("^", width)
}
