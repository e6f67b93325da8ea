package ledger_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"valet/quantum/ledger"
)

func TestNormalize(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "no numbers here": "no numbers here", "got 3 of 17": "got <n> of <n>", "x=-3.5e-7, y=+2": "x=<n>, y=<n>", "took 12.5s": "took <n>s",
		"dataset diaPipe_metadata@{instrument: 'Te}st', visit: 42} [sc=TaskMetadata] (run=u/sci/20261123T175034Z id=019ab2d3-6f5e-7c11-a0b1-0123456789ab)": "dataset diaPipe_metadata@<data ID> [sc=TaskMetadata] (run=<path> id=<uuid>)",
		"read /data/repo/u/a.json: input/output error": "read <path>: input/output error", "open file:///a/b.json.": "open file:<path>.", "at 0x7fff12 in htm7": "at <hex> in htm7",
		"sum 0123456789abcdef0123456789abcdef": "sum <hex>", "deadbeef": "deadbeef", "'42' is no 'km/s'": "'<n>' is no 'km/s'", "20261123T175034Z": "<n>Z",
		"{not a data ID": "{not a data ID", "a-1": "a-<n>", "1-2": "<n>-<n>", "v1.2": "v1.<n>", "…7é": "…7é",
	} {
		if got := ledger.Normalize(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

func TestNormalizeTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{"a", "7", "-", "+", ".", "/", " ", "{", "}", "visit: ", "'", "e", "0x", "019ab2d3-6f5e-7c11-a0b1-0123456789ab", "\xff", "é", ":"})).Draw(t, "parts")
		in := strings.Join(parts, "")
		once := ledger.Normalize(in)
		if utf8.ValidString(in) && !utf8.ValidString(once) {
			t.Errorf("%q becomes %q", in, once)
		}
	})
}

func FuzzNormalize(f *testing.F) {
	f.Add("got 3 of {visit: 4}, /a/b at 0x1f")
	f.Fuzz(func(t *testing.T, s string) { ledger.Normalize(s) })
}
