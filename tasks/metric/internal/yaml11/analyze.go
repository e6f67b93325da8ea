package yaml11

import (
	"strings"
	"unicode/utf8"
)

// analysis is what the writer has to know of a string to choose its quotes.
type analysis struct {
	plain     bool // may stand without quotes in a block, as far as its characters go
	single    bool // may stand in single quotes
	multiline bool
	runes     int
}

// safePlain marks the characters that never matter in plain text, wherever they stand.
var safePlain = func() (t [256]bool) {
	for c := '0'; c <= 'z'; c++ {
		t[c] = c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a'
	}
	t['_'], t['.'], t['+'], t['/'], t['('], t[')'], t['='], t['$'], t[';'], t['^'] = true, true, true, true, true, true, true, true, true, true
	return t
}()

func breakRune(r rune) bool { return r == '\n' || r == 0x85 || r == 0x2028 || r == 0x2029 }

// space in the sense of YAML: blank, tab, break, NUL.
func spaceRune(r rune) bool {
	return r == ' ' || r == '\t' || r == '\r' || r == 0 || breakRune(r)
}

// analyze looks at a string that is not empty.
func analyze(s string) analysis {
	a := analysis{plain: true, single: true, runes: len(s)}
	if strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") {
		a.plain = false
	}
	i := 0
	for i < len(s) && safePlain[s[i]] {
		i++
	}
	if i == len(s) {
		return a
	}
	special, spaceBreak, breakSpace := false, false, false
	previous := rune(-1)
	if i > 0 {
		previous = 'a'
	}
	for at := i; at < len(s); {
		r, n := decodeRune(s[at:])
		if n > 1 {
			a.runes -= n - 1
		}
		last := at+n == len(s)
		followed := last
		if !last {
			next, _ := decodeRune(s[at+n:])
			followed = spaceRune(next)
		}
		if at == 0 {
			if strings.ContainsRune("#,[]{}&*!|>'\"%@`", r) || (r == '?' || r == ':' || r == '-') && followed {
				a.plain = false
			}
		} else if r == ':' && followed || r == '#' && spaceRune(previous) {
			a.plain = false
		}
		if (r < ' ' || r > '~') && r != '\n' {
			special = true
		}
		switch {
		case r == ' ':
			if at == 0 || last {
				a.plain = false
			}
			breakSpace = breakSpace || breakRune(previous)
		case breakRune(r):
			a.multiline, a.plain = true, false
			spaceBreak = spaceBreak || previous == ' '
		}
		previous = r
		at += n
	}
	if breakSpace || spaceBreak || special {
		a.plain, a.single = false, false
	}
	return a
}

// decodeRune is utf8.DecodeRuneInString that knows the half surrogates appendRune makes; other bytes that are not UTF-8 are U+FFFD.
func decodeRune(s string) (rune, int) {
	if s[0] < utf8.RuneSelf {
		return rune(s[0]), 1
	}
	r, n := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && n == 1 && len(s) >= 3 && s[0] == 0xed && s[1] >= 0xa0 && s[1] <= 0xbf && s[2] >= 0x80 && s[2] <= 0xbf {
		return 0xd000 | rune(s[1]&0x3f)<<6 | rune(s[2]&0x3f), 3
	}
	return r, n
}
