package registry

import (
	"slices"
	"strings"
)

// IsGlob reports whether a name stands for all names of its pattern: it has a *, a ? or a [ with a ] behind it (queries.md 9).
func IsGlob(name string) bool {
	if strings.ContainsAny(name, "*?") {
		return true
	}
	open := strings.IndexByte(name, '[')
	return open >= 0 && strings.IndexByte(name[open:], ']') > 0
}

// MatchGlob reports whether a pattern with * ? [abc] [a-c] [!abc] matches the whole name; * and ? cross slashes. It takes time
// proportional to the product of the lengths at worst.
func MatchGlob(pattern, name string) bool {
	return matchWhole([]rune(pattern), []rune(name), matchOne)
}

// MatchPattern reports whether a pattern of the query language's GLOB matches the whole text (queries.md 3): only * and ? are special, a
// backslash takes the next character as it is.
func MatchPattern(pattern, text string) bool {
	return matchWhole([]rune(pattern), []rune(text), matchEscaped)
}

// matchWhole matches a whole text: * is any text, everything else is what one says it is.
func matchWhole(p, s []rune, one func(p []rune, i int, c rune) (next int, ok bool)) bool {
	star, from := -1, 0
	i, j := 0, 0
	for j < len(s) {
		if i < len(p) && p[i] == '*' {
			star, from = i, j
			i++
			continue
		}
		if i < len(p) {
			if next, ok := one(p, i, s[j]); ok {
				i, j = next, j+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		from++
		i, j = star+1, from
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// matchOne matches a character with what stands at p[i] and returns where the pattern goes on. A bracket that is never closed is
// a character like others; a ] right after the opening is a member.
func matchOne(p []rune, i int, c rune) (next int, ok bool) {
	switch p[i] {
	case '?':
		return i + 1, true
	case '[':
		first := i + 1
		if first < len(p) && p[first] == '!' {
			first++
		}
		end := first + 1
		for end < len(p) && p[end] != ']' {
			end++
		}
		if end >= len(p) {
			break
		}
		in := false
		for k := first; k < end; k++ {
			if k+2 < end && p[k+1] == '-' {
				in = in || p[k] <= c && c <= p[k+2]
				k += 2
			} else {
				in = in || p[k] == c
			}
		}
		return end + 1, in != (first > i+1)
	}
	return i + 1, p[i] == c
}

// matchEscaped is matchOne where brackets are characters like others and a backslash escapes.
func matchEscaped(p []rune, i int, c rune) (next int, ok bool) {
	switch p[i] {
	case '?':
		return i + 1, true
	case '\\':
		return i + 2, i+1 < len(p) && p[i+1] == c
	}
	return i + 1, p[i] == c
}

// MatchAny reports whether one of the patterns matches.
func MatchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return MatchGlob(p, name) })
}
