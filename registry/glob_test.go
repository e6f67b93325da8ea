package registry_test

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"valet/registry"
)

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"*", "a/b", true}, {"?", "/", true}, {"?", "", false}, {"u/*", "u/a/b", true}, {"u/*", "U/a", false}, {"*/r1", "u/bob/r1", true},
		{"u/alice/run[12]", "u/alice/run2", true}, {"u/alice/run[12]", "u/alice/run3", false}, {"[!u]*", "u", false}, {"[!u]*", "tag", true},
		{"[a-c]x", "bx", true}, {"[a-c]x", "dx", false}, {"[]]", "]", true}, {"[", "[", true}, {"[!]", "[!]", true}, {"[]-a]", "^", true}, {"é?", "éü", true}, {"a**b", "ab", true},
		{"[c-a]", "b", false}, {"[a-]", "-", true}, {"[-a]", "-", true}, {"*a*b*c", "xxaxxbxxc", true}, {"*a*b*c", "xxaxxbxx", false},
	} {
		if got := registry.MatchGlob(c.pattern, c.name); got != c.want {
			t.Errorf("%q on %q: %v", c.pattern, c.name, got)
		}
	}
	for name, want := range map[string]bool{"a": false, "a*": true, "a?": true, "[": false, "]a[": false, "a[b": false, "a[]": true, "a[b]": true, "": false} {
		if got := registry.IsGlob(name); got != want {
			t.Errorf("IsGlob(%q): %v", name, got)
		}
	}
}

// TestGlobAgainstPath compares with path.Match where both have the same rules.
func TestGlobAgainstPath(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringMatching(`([ab*?]|\[[abc]+\]){0,8}`).Draw(t, "pattern")
		name := rapid.StringMatching(`[abc]{0,10}`).Draw(t, "name")
		want, err := path.Match(pattern, name)
		if err != nil {
			t.Skip(err)
		}
		if got := registry.MatchGlob(pattern, name); got != want {
			t.Errorf("%q on %q: %v, want %v", pattern, name, got, want)
		}
	})
}

func FuzzMatchGlob(f *testing.F) {
	f.Add("u/alice/run[12]", "u/alice/run1")
	f.Add(strings.Repeat("*a", 20), strings.Repeat("a", 50)+"b")
	f.Add("[!]-", "\xff")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := registry.MatchGlob(pattern, name)
		if !registry.IsGlob(pattern) && got != (string([]rune(pattern)) == string([]rune(name))) {
			t.Errorf("%q on %q: %v", pattern, name, got)
		}
	})
}
