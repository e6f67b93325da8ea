package cli

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"valet/quantum/ledger"
)

func TestTelling(t *testing.T) {
	for _, c := range []struct{ message, want string }{
		{"", ""}, {"\n\t\n", ""}, {"no such key", "no such key"}, {"short\n  a longer line \r\nend", "a longer line"},
		{strings.Repeat("ä", 100), strings.Repeat("ä", 80)}, {"x" + strings.Repeat("ä", 100), "x" + strings.Repeat("ä", 79)},
	} {
		if got := telling(c.message); got != c.want {
			t.Errorf("%q: %q, want %q", c.message, got, c.want)
		}
	}
}

// The command of a group finds the failures of the group, whatever their message.
func TestTellingFindsItsFailures(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		message := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z0-9 /'{}:\n-]{0,400}`)).Draw(r, "message")
		text := telling(ledger.Normalize(message))
		if !holds(message, text) {
			r.Fatalf("%q is not in %q", text, message)
		}
		if strings.ContainsFunc(text, unicode.IsControl) || utf8.ValidString(message) && !utf8.ValidString(text) {
			r.Fatalf("%q is no word of a command line", text)
		}
	})
}
