package tasks

import (
	"slices"
	"strings"
)

// Nearest is the name that is most like the mistyped one, or empty if none is near: few letters are wrong, counted without regard to
// case, or the last parts of dotted names agree. Of equally near names the first wins.
func Nearest(names []string, name string) string {
	const longest = 200
	if name == "" || len(name) > longest {
		return ""
	}
	wanted := strings.ToLower(name)
	best, least := "", max(1, len(name)/3)+1
	for _, candidate := range names {
		if len(candidate) > longest {
			continue
		}
		lower := strings.ToLower(candidate)
		d := distance(wanted, lower)
		if lastPart(wanted) == lastPart(lower) {
			// The place of the field or the module is wrong, not its name.
			d = min(d, 1)
		}
		if d < least {
			best, least = candidate, d
		}
	}
	return best
}

func lastPart(s string) string { return s[strings.LastIndexByte(s, '.')+1:] }

// distance is how many letters must be put in, taken out, changed or swapped with their neighbour to make a of b.
func distance(a, b string) int {
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	next := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(last[j]+1, next[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, last, next = last, next, before
	}
	return last[len(b)]
}

// nearestClass compares full names, then short names.
func nearestClass(t Table, name string) string {
	full := make([]string, len(t))
	short := make([]string, len(t))
	for i, c := range t {
		full[i], short[i] = c.Name, c.ShortName()
	}
	if strings.Contains(name, ".") {
		if near := Nearest(full, name); near != "" {
			return near
		}
		name = lastPart(name)
	}
	if i := slices.Index(short, Nearest(short, name)); i >= 0 {
		return full[i]
	}
	return ""
}
