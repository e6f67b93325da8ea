package query

import "strings"

// Span is a part of a source text. The zero Span is no place.
type Span struct {
	source     string
	start, end int
}

// Source is the whole text.
func (s Span) Source() string { return s.source }

// Text is the part itself.
func (s Span) Text() string { return s.source[s.start:s.end] }

// Offset is the first byte, from 0.
func (s Span) Offset() int { return s.start }

// Line is the line of the first byte, from 1.
func (s Span) Line() int { return strings.Count(s.source[:s.start], "\n") + 1 }

// Column is the column of the first byte in its line, in characters from 1.
func (s Span) Column() int {
	return len([]rune(s.source[strings.LastIndexByte(s.source[:s.start], '\n')+1:s.start])) + 1
}

func (s Span) to(end Span) Span { return Span{s.source, s.start, end.end} }
