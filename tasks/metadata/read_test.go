package metadata

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// readCase is one text with what the Python stack makes of it.
type readCase struct {
	Text *string
	Hex  string
	// Runs is a long text: pieces and how often each is repeated.
	Runs   [][2]any
	Error  string
	Own    []string
	Values map[string]readValue
	Find   map[string]readValue
}

type readValue struct {
	N *string
	T *string
	B *bool
	E string
	A []string
}

func (c *readCase) bytes(t *testing.T) []byte {
	switch {
	case c.Text != nil:
		return []byte(*c.Text)
	case c.Runs != nil:
		var b []byte
		for _, r := range c.Runs {
			b = append(b, strings.Repeat(r[0].(string), int(r[1].(float64)))...)
		}
		return b
	}
	b, err := hex.DecodeString(c.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func readCases(t *testing.T) []readCase {
	t.Helper()
	data, err := os.ReadFile("testdata/read.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var cases []readCase
	for line := range bytes.Lines(data) {
		var c readCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

func (v readValue) check(t *testing.T, what string, got Value, err error) {
	t.Helper()
	ok := false
	var (
		missing   *NotFoundError
		ambiguous *AmbiguousError
	)
	switch {
	case v.N != nil:
		want, _ := strconv.ParseFloat(*v.N, 64)
		ok = err == nil && got.Kind == Number && sameFloat(got.Number, want)
	case v.T != nil:
		ok = err == nil && got.Kind == Text && got.Text == *v.T
	case v.B != nil:
		ok = err == nil && got.Kind == Branch && got.Truth() == *v.B
	case v.E != "":
		ok = errors.As(err, &missing) && missing.ClassName() == v.E
	case v.A != nil:
		ok = errors.As(err, &ambiguous) && slices.Equal(ambiguous.Names, v.A)
	default:
		ok = err == nil && got.Kind == Absent
	}
	if !ok {
		t.Errorf("%s = %+v, %v; want %s", what, got, err, mustJSON(v))
	}
}

func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

func sameFloat(a, b float64) bool {
	return math.IsNaN(a) && math.IsNaN(b) || math.Float64bits(a) == math.Float64bits(b)
}

// TestRead compares both readers with the Python stack.
func TestRead(t *testing.T) {
	for i, c := range readCases(t) {
		text := c.bytes(t)
		name := strconv.Itoa(i+1) + " " + string(text[:min(len(text), 60)])
		t.Run(name, func(t *testing.T) {
			m, err := Parse(text)
			d := NewDocument(text)
			if c.Error != "" {
				var p *ParseError
				if !errors.As(err, &p) || p.ClassName()[strings.LastIndexByte(p.ClassName(), '.')+1:] != c.Error {
					t.Errorf("error %v, want %s", err, c.Error)
				}
				if _, scanErr := d.Find(nil, []string{"x"}); scanErr == nil || scanErr.Error() != err.Error() {
					t.Errorf("document error %v, want %v", scanErr, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if own := m.OwnNames(); !slices.Equal(slices.Sorted(slices.Values(own)), c.Own) {
				t.Errorf("own names %q, want %q", own, c.Own)
			}
			names := m.Names()
			if len(names) != len(c.Values) {
				t.Errorf("names %q, want those of %v", names, c.Values)
			}
			for _, name := range names {
				v, err := m.Get(name)
				c.Values[name].check(t, name, v, err)
			}
			for fragment, want := range c.Find {
				var v Value
				found, err := d.Find(nil, []string{fragment})
				if err == nil {
					v = found[0]
				}
				want.check(t, "document fragment "+fragment, v, err)
				found, err = m.Find(nil, []string{fragment})
				v = Value{}
				if err == nil {
					v = found[0]
				}
				want.check(t, "tree fragment "+fragment, v, err)
			}
		})
	}
}

// TestFloat compares ParseFloat and ParseInt with Python's float() and int().
func TestFloat(t *testing.T) {
	f, err := os.Open("testdata/float.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var cases []struct {
		S    string
		F, I *string
	}
	if err := json.NewDecoder(bufio.NewReader(f)).Decode(&cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		got, ok := ParseFloat(c.S)
		if ok != (c.F != nil) {
			t.Errorf("ParseFloat(%q) = %v, %v", c.S, got, ok)
		} else if ok {
			if want, _ := strconv.ParseFloat(*c.F, 64); !sameFloat(got, want) {
				t.Errorf("ParseFloat(%q) = %v, want %v", c.S, got, want)
			}
		}
		n, ok := ParseInt(c.S)
		if ok != (c.I != nil) {
			t.Errorf("ParseInt(%q) = %v, %v", c.S, n, ok)
		} else if ok && n.String() != *c.I {
			t.Errorf("ParseInt(%q) = %v, want %v", c.S, n, *c.I)
		}
	}
}

// TestDigits checks the rule by which digits get their values: ranges of whole sets of ten.
func TestDigits(t *testing.T) {
	for _, r := range unicode.Nd.R16 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("range %x-%x", r.Lo, r.Hi)
		}
	}
	for _, r := range unicode.Nd.R32 {
		if r.Stride != 1 || (r.Hi-r.Lo+1)%10 != 0 {
			t.Errorf("range %x-%x", r.Lo, r.Hi)
		}
	}
}
