package datastore

import (
	"bufio"
	"encoding/json"
	"os"
	"strconv"
	"testing"
	"unicode/utf8"
)

// TestFormatSpec compares with what Python's format makes of the same value and specification: testdata/formats.jsonl holds lines
// of [type, value, specification, result or null for an error].
func TestFormatSpec(t *testing.T) {
	file, err := os.Open("testdata/formats.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		var kind, text string
		var value json.RawMessage
		var want *string
		if err := json.Unmarshal(lines.Bytes(), &[]any{&kind, &value, &text, &want}); err != nil {
			t.Fatal(err)
		}
		f, err := parseFormatSpec(text)
		var got []byte
		if err == nil {
			switch kind {
			case "int":
				n, _ := strconv.ParseInt(string(value), 10, 64)
				got, err = f.appendInt(nil, n)
			case "bool":
				got, err = f.appendBool(nil, string(value) == "true")
			case "float":
				var s string
				_ = json.Unmarshal(value, &s)
				x, _ := strconv.ParseFloat(s, 64)
				got, err = f.appendFloat(nil, x)
			case "str":
				var s string
				_ = json.Unmarshal(value, &s)
				got, err = f.appendString(nil, s)
			}
		}
		switch {
		case want == nil && err == nil:
			t.Errorf("%s %s %q: got %q, want an error", kind, value, text, got)
		case want != nil && (err != nil || string(got) != *want):
			t.Errorf("%s %s %q: got %q %v, want %q", kind, value, text, got, err, *want)
		}
	}
}

func FuzzFormatSpec(f *testing.F) {
	for _, s := range []string{"", "04d", ">10s", "é^+#012_.3f", "z", "0<6"} {
		f.Add(s, int64(-42), 2.5, "ü")
	}
	f.Fuzz(func(t *testing.T, text string, n int64, x float64, s string) {
		spec, err := parseFormatSpec(text)
		if err != nil {
			return
		}
		for _, out := range []func() ([]byte, error){
			func() ([]byte, error) { return spec.appendInt(nil, n) },
			func() ([]byte, error) { return spec.appendFloat(nil, x) },
			func() ([]byte, error) { return spec.appendString(nil, s) },
		} {
			b, err := out()
			if err == nil && spec != nil && spec.width > 0 && utf8.RuneCount(b) < spec.width {
				t.Errorf("%q gives %q", text, b)
			}
		}
	})
}
