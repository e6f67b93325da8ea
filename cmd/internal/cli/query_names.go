package cli

import (
	"context"
	"slices"
	"strings"

	"valet/registry"
	"valet/registry/dataset"
)

// isGlob reports whether a name stands for all names of its pattern (queries.md 9).
func isGlob(name string) bool {
	if strings.ContainsAny(name, "*?") {
		return true
	}
	open := strings.IndexByte(name, '[')
	return open >= 0 && strings.IndexByte(name[open:], ']') > 0
}

// matchGlob reports whether a pattern with * ? [abc] [!abc] matches the whole name; * and ? cross slashes.
func matchGlob(pattern, name string) bool {
	p, s := []rune(pattern), []rune(name)
	star, from := -1, 0
	i, j := 0, 0
	for j < len(s) {
		if i < len(p) && p[i] == '*' {
			star, from = i, j
			i++
			continue
		}
		if i < len(p) {
			if next, ok := matchOne(p, i, s[j]); ok {
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

// matchAny reports whether one of the patterns matches.
func matchAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return matchGlob(p, name) })
}

// collectionIndex is all collections of a repository.
type collectionIndex struct {
	all    []*dataset.Collection
	byName map[string]*dataset.Collection
}

func indexCollections(ctx context.Context, r *registry.Registry) (*collectionIndex, error) {
	all, err := r.Collections(ctx)
	if err != nil {
		return nil, err
	}
	x := &collectionIndex{all: all, byName: make(map[string]*dataset.Collection, len(all))}
	for _, c := range all {
		x.byName[c.Name] = c
	}
	return x, nil
}

// match returns what names and globs stand for: matches of globs in database order, then plain names as given, each once. A
// plain name that does not exist gives a *registry.NotFoundError. With flatten, chains give way to what they reach: those matched
// by a glob after all direct matches.
func (x *collectionIndex) match(names []string, flatten bool) ([]*dataset.Collection, error) {
	var out []*dataset.Collection
	seen := map[string]bool{}
	var add func(c *dataset.Collection)
	add = func(c *dataset.Collection) {
		if seen[c.Name] {
			return
		}
		seen[c.Name] = true
		if !flatten || c.Kind != dataset.Chained {
			out = append(out, c)
			return
		}
		for _, child := range c.Children {
			if inner := x.byName[child]; inner != nil {
				add(inner)
			}
		}
	}
	var globs []string
	for _, n := range names {
		if isGlob(n) {
			globs = append(globs, n)
		}
	}
	var chains []*dataset.Collection
	for _, c := range x.all {
		switch {
		case !matchAny(globs, c.Name):
		case flatten && c.Kind == dataset.Chained:
			chains = append(chains, c)
		default:
			add(c)
		}
	}
	for _, c := range chains {
		add(c)
	}
	for _, n := range names {
		if isGlob(n) {
			continue
		}
		c := x.byName[n]
		if c == nil {
			return nil, &registry.NotFoundError{Kind: "collection", Name: n, Near: nearest(n, collectionNames(x.all))}
		}
		add(c)
	}
	return out, nil
}

// parents returns the chains that hold a collection directly, sorted by name.
func (x *collectionIndex) parents(name string) []*dataset.Collection {
	var out []*dataset.Collection
	for _, c := range x.all {
		if slices.Contains(c.Children, name) {
			out = append(out, c)
		}
	}
	slices.SortFunc(out, byCollectionName)
	return out
}

func byCollectionName(a, b *dataset.Collection) int { return strings.Compare(a.Name, b.Name) }

// collectionNames are the names of collections, in order.
func collectionNames(list []*dataset.Collection) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.Name
	}
	return out
}
