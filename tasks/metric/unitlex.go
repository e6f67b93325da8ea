package metric

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"valet/tasks/metric/internal/yaml11"
)

type unitTokenKind uint8

const (
	unitEnd     unitTokenKind = iota
	unitInt                   // 10, also 10.
	unitFloat                 // 1.5, 1e3
	unitSign                  // + or - before a digit
	unitName                  // byte, %
	unitFunc                  // sqrt or a logarithm, before a parenthesis
	unitTimes                 // * or .
	unitOver                  // /
	unitPower                 // ^ or **
	unitOpen                  // (
	unitClose                 // )
	unitInvalid               // a comma, or a character that belongs to nothing
)

type unitToken struct {
	kind unitTokenKind
	text string
	at   int // byte offset
}

// functions are the words that are functions when a parenthesis follows. Only sqrt and the logarithmic units have a meaning.
var functions = [...]string{"sqrt", "ln", "exp", "log", "mag", "dB", "dex"}

type unitLexer struct {
	text string
	pos  int
}

// spellOut replaces superscript digits by a parenthesis and the minus sign by a hyphen.
func spellOut(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < utf8.RuneSelf
	}
	if ascii {
		return s
	}
	const superscripts = "⁰¹²³⁴⁵⁶⁷⁸⁹"
	digit := map[rune]byte{}
	n := byte('0')
	for _, r := range superscripts {
		digit[r] = n
		n++
	}
	var out strings.Builder
	runes := []rune(s)
	for i := 0; i < len(runes); {
		j := i
		if runes[j] == '⁺' || runes[j] == '⁻' {
			j++
		}
		k := j
		for k < len(runes) && digit[runes[k]] != 0 {
			k++
		}
		switch {
		case k > j:
			out.WriteByte('(')
			if j > i {
				out.WriteByte(map[rune]byte{'⁺': '+', '⁻': '-'}[runes[i]])
			}
			for _, r := range runes[j:k] {
				out.WriteByte(digit[r])
			}
			out.WriteByte(')')
			i = k
			continue
		case runes[i] == '−':
			out.WriteByte('-')
		default:
			out.WriteRune(runes[i])
		}
		i++
	}
	return yaml11.LatinDigits(out.String())
}

func digitAt(s string, i int) bool { return i < len(s) && s[i] >= '0' && s[i] <= '9' }

func digitsFrom(s string, i int) int {
	for digitAt(s, i) {
		i++
	}
	return i
}

// number gives the end of the number that begins at i, or i.
func number(s string, i int) int {
	j := digitsFrom(s, i)
	switch {
	case j > i:
		if j < len(s) && s[j] == '.' {
			j = digitsFrom(s, j+1)
		}
	case i < len(s) && s[i] == '.' && digitAt(s, i+1):
		j = digitsFrom(s, i+1)
	default:
		return i
	}
	if j < len(s) && (s[j] == 'e' || s[j] == 'E') {
		k := j + 1
		if k < len(s) && (s[k] == '+' || s[k] == '-') {
			k++
		}
		if digitAt(s, k) {
			j = digitsFrom(s, k)
		}
	}
	return j
}

func (l *unitLexer) next() unitToken {
	s := l.text
	for l.pos < len(s) && s[l.pos] == ' ' {
		l.pos++
	}
	at := l.pos
	token := func(kind unitTokenKind, n int) unitToken {
		l.pos = at + n
		return unitToken{kind, s[at:l.pos], at}
	}
	if at == len(s) {
		return token(unitEnd, 0)
	}
	if end := number(s, at); end > at {
		kind := unitInt
		if body := s[at:end]; strings.ContainsAny(body, "eE") || strings.Contains(body[:len(body)-1], ".") || body[0] == '.' {
			kind = unitFloat
		}
		return token(kind, end-at)
	}
	switch s[at] {
	case '+', '-':
		if digitAt(s, at+1) {
			return token(unitSign, 1)
		}
		return token(unitInvalid, 1)
	case '*':
		if at+1 < len(s) && s[at+1] == '*' {
			return token(unitPower, 2)
		}
		return token(unitTimes, 1)
	case '.':
		return token(unitTimes, 1)
	case '/':
		return token(unitOver, 1)
	case '^':
		return token(unitPower, 1)
	case '(':
		return token(unitOpen, 1)
	case ')':
		return token(unitClose, 1)
	}
	for _, f := range functions {
		if strings.HasPrefix(s[at:], f) && strings.HasPrefix(strings.TrimLeft(s[at+len(f):], " "), "(") {
			return token(unitFunc, len(f))
		}
	}
	n := 0
	for n < len(s)-at {
		r, size := utf8.DecodeRuneInString(s[at+n:])
		if r >= '0' && r <= '9' || strings.ContainsRune("^*/.(),+-", r) || unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f {
			break
		}
		n += size
	}
	if n == 0 {
		_, size := utf8.DecodeRuneInString(s[at:])
		return token(unitInvalid, size)
	}
	return token(unitName, n)
}

// UnitError is a text that is no unit.
type UnitError struct {
	Text    string // the whole text
	Problem string // what is wrong with it
	Unknown string // the name that no unit has, if that is the problem
}

// Error names the text.
func (e *UnitError) Error() string { return fmt.Sprintf("%q is not a unit: %s", e.Text, e.Problem) }

// ClassName is upstream's exception.
func (e *UnitError) ClassName() string { return "ValueError" }

// Similar lists up to three units that may have been meant by the unknown name, the likeliest first. It takes milliseconds.
func (e *UnitError) Similar() []string {
	if e.Unknown == "" {
		return nil
	}
	return units.similar(e.Unknown)
}

// Hint names units that may have been meant.
func (e *UnitError) Hint() string {
	similar := e.Similar()
	switch n := len(similar); n {
	case 0:
		return "write units as in FITS, for example byte, Kibyte, s, byte / s"
	case 1:
		return fmt.Sprintf("did you mean %q?", similar[0])
	default:
		return fmt.Sprintf("did you mean %q or %q?", strings.Join(similar[:n-1], `", "`), similar[n-1])
	}
}
