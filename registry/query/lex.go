package query

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenTime
	tokenString
	tokenRange
	tokenNumber
	tokenQualified
	tokenIdentifier
	tokenBind
	tokenOperator
	tokenKeyword
)

// token is a lexical unit. text is the operator or the upper-case keyword for those, the inner text for strings and times, the name
// for binds, else the source text.
type token struct {
	kind tokenKind
	text string
	span Span
}

func (t token) is(kind tokenKind, text string) bool { return t.kind == kind && t.text == text }

// lexer makes tokens one at a time, so that a syntax error is found before a lexical one further on.
type lexer struct {
	source string
	at     int
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
func isLetter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_'
}
func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' }

// next returns the next token; the rules are tried in the order of queries.md 1.1.
func (l *lexer) next() (token, error) {
	for l.at < len(l.source) && isBlank(l.source[l.at]) {
		l.at++
	}
	rest := l.source[l.at:]
	if rest == "" {
		return l.take(tokenEnd, 0, ""), nil
	}
	if c := rest[0]; c == 't' || c == 'T' {
		if n := quoted(rest[1:]); n > 0 {
			return l.take(tokenTime, n+1, rest[2:n]), nil
		}
	}
	if n := quoted(rest); n > 0 {
		return l.take(tokenString, n, rest[1:n-1]), nil
	}
	if n := rangeLength(rest); n > 0 {
		return l.take(tokenRange, n, rest[:n]), nil
	}
	if n := numberLength(rest); n > 0 {
		return l.take(tokenNumber, n, rest[:n]), nil
	}
	if n := identifierLength(rest); n > 0 {
		for parts := 1; parts < 3 && n < len(rest) && rest[n] == '.'; parts++ {
			m := identifierLength(rest[n+1:])
			if m == 0 {
				break
			}
			n += 1 + m
		}
		name := rest[:n]
		if strings.IndexByte(name, '.') >= 0 {
			return l.take(tokenQualified, n, name), nil
		}
		switch upper := strings.ToUpper(name); upper {
		case "IN", "OR", "AND", "NOT", "OVERLAPS":
			return l.take(tokenKeyword, n, upper), nil
		}
		return l.take(tokenIdentifier, n, name), nil
	}
	if rest[0] == ':' {
		if n := identifierLength(rest[1:]); n > 0 {
			return l.take(tokenBind, n+1, rest[1:n+1]), nil
		}
	}
	for _, op := range [...]string{"<=", ">=", "!=", "<", ">", "=", "+", "-", "*", "/", "%", "(", ")", ","} {
		if strings.HasPrefix(rest, op) {
			return l.take(tokenOperator, len(op), op), nil
		}
	}
	return token{}, l.unexpected(rest)
}

func (l *lexer) take(kind tokenKind, n int, text string) token {
	t := token{kind, text, Span{l.source, l.at, l.at + n}}
	l.at += n
	return t
}

func (l *lexer) unexpected(rest string) error {
	_, size := utf8.DecodeRuneInString(rest)
	e := &Error{Kind: UnexpectedCharacter, At: Span{l.source, l.at, l.at + size}, Reason: "unexpected character " + strconv.Quote(rest[:size])}
	switch rest[0] {
	case '\'':
		e.Reason = "the string that starts here does not end in this line"
		e.Remedy = "close it with a single quote; a string cannot contain a quote or a line break"
	case '"':
		e.Remedy = "put strings in single quotes"
	case '&', '|', '!':
		e.Remedy = "write AND, OR and NOT for logic, and != for inequality"
	case ':':
		e.Remedy = "a bind name follows its colon immediately, as in :name"
	case '.':
		e.Remedy = "names have at most three parts joined by single periods, ranges are written 1..5"
	case ';', '#':
		e.Remedy = "there are no comments, and only one expression"
	}
	return e
}

// quoted returns the length of a quoted string at the start of s, 0 if there is none.
func quoted(s string) int {
	if s == "" || s[0] != '\'' {
		return 0
	}
	n := strings.IndexAny(s[1:], "'\n")
	if n < 0 || s[1+n] == '\n' {
		return 0
	}
	return n + 2
}

func digits(s string, at int) int {
	for at < len(s) && isDigit(s[at]) {
		at++
	}
	return at
}

func blanks(s string, at int) int {
	for at < len(s) && (isBlank(s[at]) || s[at] == '\r' || s[at] == '\v' || s[at] == '\f') {
		at++
	}
	return at
}

func signedDigits(s string, at int) int {
	start := at
	if at < len(s) && s[at] == '-' {
		start, at = at+1, at+1
	}
	if end := digits(s, at); end > start {
		return end
	}
	return -1
}

// rangeLength returns the length of a range literal at the start of s, 0 if there is none.
func rangeLength(s string) int {
	at := signedDigits(s, 0)
	if at < 0 {
		return 0
	}
	at = blanks(s, at)
	if !strings.HasPrefix(s[at:], "..") {
		return 0
	}
	end := signedDigits(s, blanks(s, at+2))
	if end < 0 {
		return 0
	}
	if at = blanks(s, end); at < len(s) && s[at] == ':' {
		if at = blanks(s, at+1); at < len(s) && s[at] >= '1' && s[at] <= '9' {
			return digits(s, at)
		}
	}
	return end
}

// numberLength returns the length of an unsigned number at the start of s, 0 if there is none.
func numberLength(s string) int {
	at := digits(s, 0)
	switch {
	case at > 0:
		if at < len(s) && s[at] == '.' {
			at = digits(s, at+1)
		}
	case len(s) > 1 && s[0] == '.' && isDigit(s[1]):
		at = digits(s, 1)
	default:
		return 0
	}
	if at < len(s) && (s[at] == 'e' || s[at] == 'E') {
		exponent := at + 1
		if exponent < len(s) && (s[exponent] == '+' || s[exponent] == '-') {
			exponent++
		}
		if end := digits(s, exponent); end > exponent {
			return end
		}
	}
	return at
}

// identifierLength returns the length of a name of ASCII letters, digits and underscores at the start of s.
func identifierLength(s string) int {
	if s == "" || !isLetter(s[0]) {
		return 0
	}
	n := 1
	for n < len(s) && (isLetter(s[n]) || isDigit(s[n])) {
		n++
	}
	return n
}
