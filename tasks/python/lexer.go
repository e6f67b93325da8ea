package python

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxBrackets is how deep brackets may nest, as in Python.
const maxBrackets = 200

// lexer cuts text into tokens. Lines inside brackets are joined, blank and comment lines are dropped, indentation is an error: no
// statement of the subset has a block.
type lexer struct {
	text string
	pos  int
	line int
	// lineStart is the offset of the current line, for columns.
	lineStart int
	// counted characters of the current line lie before countedPos.
	counted, countedPos int
	// fresh is true at the start of a logical line.
	fresh    bool
	brackets []bracket
}

// bracket is an open bracket.
type bracket struct {
	open byte
	place
}

// newLexer starts at a line. A block is statements, which Python ends with a newline where it is missing; an expression stays as it is.
func newLexer(text string, line int, block bool) (*lexer, error) {
	if strings.Contains(text, "\r") {
		text = strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n")
	}
	if block && text != "" && !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	l := &lexer{text: text, line: line, fresh: true}
	if i := strings.IndexByte(text, 0); i >= 0 {
		l.skip(i)
		return nil, l.fail("text holds a null byte")
	}
	if !utf8.ValidString(text) {
		l.skip(strings.IndexByte(strings.ToValidUTF8(text, "\x00"), 0))
		err := l.fail("text is not UTF-8").(*SyntaxError)
		err.Class = "UnicodeDecodeError"
		return nil, err
	}
	return l, nil
}

// skip moves to an offset without looking at what is between.
func (l *lexer) skip(pos int) {
	l.pos = pos
	l.line += strings.Count(l.text[:pos], "\n")
	l.lineStart = strings.LastIndexByte(l.text[:pos], '\n') + 1
}

// place is the position. Columns are counted on from the last place asked for in the line, so that long lines stay cheap.
func (l *lexer) place() place {
	if l.countedPos < l.lineStart || l.countedPos > l.pos {
		l.countedPos, l.counted = l.lineStart, 0
	}
	l.counted += utf8.RuneCountInString(l.text[l.countedPos:l.pos])
	l.countedPos = l.pos
	return place{l.line, l.counted + 1, l.pos}
}

func (l *lexer) fail(format string, args ...any) error {
	p := l.place()
	return &SyntaxError{Line: p.line, Column: p.column, Message: fmt.Sprintf(format, args...)}
}

// newline steps over the newline at the position.
func (l *lexer) newline() {
	l.pos++
	l.line++
	l.lineStart = l.pos
}

func (l *lexer) peek(ahead int) byte {
	if l.pos+ahead < len(l.text) {
		return l.text[l.pos+ahead]
	}
	return 0
}

// next returns the next token.
func (l *lexer) next() (token, error) {
	if l.fresh {
		if err := l.indent(); err != nil {
			return token{}, err
		}
		l.fresh = false
	}
	for {
		switch c := l.peek(0); {
		case c == ' ' || c == '\t' || c == '\f':
			l.pos++
			continue
		case c == '#':
			l.comment()
			continue
		case c == '\\':
			if err := l.continuation(); err != nil {
				return token{}, err
			}
			continue
		case c == '\n' && len(l.brackets) > 0:
			l.newline()
			continue
		case c == '\n':
			t := token{kind: newlineToken, text: "end of line", place: l.place()}
			l.newline()
			l.fresh = true
			return t, nil
		case l.pos == len(l.text):
			if len(l.brackets) > 0 {
				b := l.brackets[len(l.brackets)-1]
				return token{}, &SyntaxError{Line: b.line, Column: b.column, Message: fmt.Sprintf("'%c' was never closed", b.open)}
			}
			return token{kind: endToken, text: "end of text", place: l.place()}, nil
		}
		return l.token()
	}
}

func (l *lexer) comment() {
	if end := strings.IndexByte(l.text[l.pos:], '\n'); end >= 0 {
		l.pos += end
	} else {
		l.pos = len(l.text)
	}
}

// continuation steps over a backslash at the end of a line. Something has to follow.
func (l *lexer) continuation() error {
	if l.peek(1) != '\n' {
		return l.fail("unexpected character after line continuation character")
	}
	l.pos++
	l.newline()
	if l.pos == len(l.text) {
		return l.fail("unexpected end of text after line continuation character")
	}
	return nil
}

// indent steps over blank lines and refuses indentation before the first token of a line. A backslash carries the indentation of
// its line over to the next.
func (l *lexer) indent() error {
	width, carried := 0, 0
	for {
		switch c := l.peek(0); {
		case c == ' ' || c == '\t':
			width++
			l.pos++
			continue
		case c == '\f':
			width = 0
			l.pos++
			continue
		case c == '#':
			l.comment()
			if l.pos == len(l.text) {
				return nil
			}
			continue
		case c == '\n':
			l.newline()
			width, carried = 0, 0
			continue
		case c == '\\':
			if carried == 0 {
				carried = width
			}
			if err := l.continuation(); err != nil {
				return err
			}
			width = 0
			continue
		}
		if width > 0 || carried > 0 {
			err := l.fail("unexpected indent").(*SyntaxError)
			err.Class = "IndentationError"
			return err
		}
		return nil
	}
}

// token reads a token that starts at the position.
func (l *lexer) token() (token, error) {
	t := token{place: l.place()}
	start := l.pos
	c := l.peek(0)
	var err error
	switch {
	case c >= '0' && c <= '9' || c == '.' && l.peek(1) >= '0' && l.peek(1) <= '9':
		t.kind = numberToken
		t.value, err = l.number()
	case c == '\'' || c == '"':
		t.kind, t.value, err = l.stringLiteral("")
	default:
		if prefix := l.stringPrefix(); prefix != "" {
			l.pos += len(prefix)
			t.kind, t.value, err = l.stringLiteral(prefix)
			break
		}
		if n := nameLength(l.text[l.pos:]); n > 0 {
			t.kind = nameToken
			l.pos += n
			break
		}
		t.kind = opToken
		err = l.operator()
	}
	t.text = l.text[start:l.pos]
	return t, err
}

func (l *lexer) operator() error {
	rest := l.text[l.pos:]
	i := slices.IndexFunc(operators, func(op string) bool { return strings.HasPrefix(rest, op) })
	if i < 0 {
		r, _ := utf8.DecodeRuneInString(rest)
		return l.fail("invalid character %q", r)
	}
	switch op := operators[i]; op {
	case "(", "[", "{":
		if len(l.brackets) == maxBrackets {
			return l.fail("too many nested parentheses")
		}
		l.brackets = append(l.brackets, bracket{op[0], l.place()})
	case ")", "]", "}":
		n := len(l.brackets)
		if n == 0 {
			return l.fail("unmatched '%s'", op)
		}
		if open := l.brackets[n-1].open; strings.IndexByte("([{", open) != strings.IndexByte(")]}", op[0]) {
			return l.fail("closing parenthesis '%s' does not match opening parenthesis '%c'", op, open)
		}
		l.brackets = l.brackets[:n-1]
	}
	l.pos += len(operators[i])
	return nil
}

// nameLength is the length in bytes of the identifier at the start of s, or 0.
func nameLength(s string) int {
	for i, r := range s {
		if !nameRune(r, i == 0) {
			return i
		}
	}
	return len(s)
}

func nameRune(r rune, first bool) bool {
	switch {
	case r < utf8.RuneSelf:
		return r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || !first && r >= '0' && r <= '9'
	case unicode.In(r, unicode.L, unicode.Nl, unicode.Other_ID_Start):
		return true
	}
	return !first && unicode.In(r, unicode.Mn, unicode.Mc, unicode.Nd, unicode.Pc, unicode.Other_ID_Continue)
}
