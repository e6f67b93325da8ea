package yaml11

import (
	"bufio"
	"encoding/json"
	"errors"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// upstreamCase is a text with what PyYAML 6.0.3 makes of it: an error's class, or what it writes of a list that holds the value.
type upstreamCase struct{ Text, Error, Written string }

func upstreamCases(tb testing.TB) []upstreamCase {
	f, err := os.Open("testdata/pyyaml.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var out []upstreamCase
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var c upstreamCase
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			tb.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func class(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return e.Class
	}
	return ""
}

// rewrite reads a text and writes a list that holds the value.
func rewrite(text []byte) (string, error) {
	v, err := Load(text)
	if err != nil {
		return "", err
	}
	out, err := AppendDocument(nil, &Sequence{[]any{v}})
	return string(out), err
}

func TestUpstream(t *testing.T) {
	for _, c := range upstreamCases(t) {
		got, err := rewrite([]byte(c.Text))
		if class(err) != c.Error || got != c.Written {
			t.Errorf("%.200q:\n got %.300q, %v\nwant %.300q, %s", c.Text, got, err, c.Written, c.Error)
		}
	}
}

func TestEncodings(t *testing.T) {
	for _, c := range []struct{ text, class, written string }{
		{"\xff\xfea\x00\n\x00", "", "- a\n"},
		{"\xfe\xff\x00a", "", "- a\n"},
		{"\xef\xbb\xbfa", "", "- a\n"},
		{"\xef\xbb\xbf%YAML 1.1\n---\na", "", "- a\n"},
		{"\xef\xbb\xbf\xef\xbb\xbfa", "", "- \"\\uFEFFa\"\n"},
		{"\xff\xfe\x3d\xd8\x2d\xdd", "", "- \"\\U0001F52D\"\n"},
		{"\xff", "ReaderError", ""},
		{"a: \xff", "ReaderError", ""},
		{"\xc0\x80", "ReaderError", ""},
		{"\xed\xa0\x80", "ReaderError", ""},
		{"a\x00", "ReaderError", ""},
		{"\xff\xfe\x00\x00", "ReaderError", ""},
		{"\xff\xfea", "ReaderError", ""},
		{"\xff\xfe\x3d\xd8a\x00", "ReaderError", ""},
	} {
		got, err := rewrite([]byte(c.text))
		if class(err) != c.class || got != c.written {
			t.Errorf("%q: got %q, %v; want %q, %s", c.text, got, err, c.written, c.class)
		}
	}
}

func TestErrorPlace(t *testing.T) {
	_, err := Load([]byte("a: é\nb: [é, 'x\n"))
	var e *Error
	if !errors.As(err, &e) || e.Line != 2 || e.Column != 8 {
		t.Errorf("got %v, want line 2, column 8", err)
	}
}

// Hostile texts end in an error, at once and in little memory.
func TestHostile(t *testing.T) {
	var bomb strings.Builder
	bomb.WriteString("- &a0 {x: 1}\n")
	for i := range 60 {
		n := strconv.Itoa(i)
		bomb.WriteString("- &a" + strconv.Itoa(i+1) + " {<<: [*a" + n + ", *a" + n + "]}\n")
	}
	for name, c := range map[string]struct{ text, class string }{
		"deep flow":      {strings.Repeat("[", 100000), "RecursionError"},
		"deep block":     {strings.Repeat("- ", 100000), "RecursionError"},
		"deep keys":      {strings.Repeat("{a: ", 100000), "RecursionError"},
		"merge bomb":     {bomb.String(), "MemoryError"},
		"itself":         {"&a [*a]", "ConstructorError"},
		"itself as text": {"!!str {=: &b {=: *b}}", "ConstructorError"},
		"merges itself":  {"&a {<<: *a, x: 1}", "ConstructorError"},
		"long integer":   {strings.Repeat("9", 1<<20), "ValueError"},
		"many minutes":   {"1" + strings.Repeat(":1", 1<<18), "ValueError"},
		"closing":        {strings.Repeat("]", 1000), "ParserError"},
	} {
		if _, err := Load([]byte(c.text)); class(err) != c.class {
			t.Errorf("%s: got %.200v, want %s", name, err, c.class)
		}
	}
}

// Nested aliases are read and written in time and space of the text.
func TestSharedValues(t *testing.T) {
	var b strings.Builder
	b.WriteString("- &a0 [x]\n")
	for i := range 60 {
		n := strconv.Itoa(i)
		b.WriteString("- &a" + strconv.Itoa(i+1) + " [*a" + n + ", *a" + n + "]\n")
	}
	got, err := rewrite([]byte(b.String()))
	if err != nil || len(got) > 4096 || !strings.Contains(got, "- &id061\n") && !strings.Contains(got, "*id060") {
		t.Errorf("got %d bytes, %v", len(got), err)
	}
}

func TestFloats(t *testing.T) {
	for _, c := range []struct {
		x          float64
		repr, yaml string
	}{
		{0, "0.0", "0.0"}, {math.Copysign(0, -1), "-0.0", "-0.0"}, {1, "1.0", "1.0"}, {1e15, "1000000000000000.0", "1000000000000000.0"},
		{1e16, "1e+16", "1.0e+16"}, {1.5e16, "1.5e+16", "1.5e+16"}, {1e-4, "0.0001", "0.0001"}, {1e-5, "1e-05", "1.0e-05"}, {5e-324, "5e-324", "5.0e-324"},
		{-1e22, "-1e+22", "-1.0e+22"}, {0.30000000000000004, "0.30000000000000004", "0.30000000000000004"}, {math.NaN(), "nan", ".nan"},
		{math.Inf(1), "inf", ".inf"}, {math.Inf(-1), "-inf", "-.inf"}, {9007199254740993, "9007199254740992.0", "9007199254740992.0"},
	} {
		if got := string(AppendRepr([]byte("x"), c.x)); got != "x"+c.repr {
			t.Errorf("repr %v: got %s, want %s", c.x, got, c.repr)
		}
		if got := string(AppendFloat([]byte("x"), c.x)); got != "x"+c.yaml {
			t.Errorf("YAML %v: got %s, want %s", c.x, got, c.yaml)
		}
	}
}

// What is written is read back.
func TestWriteRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", "word", " ", "  ", "\n", "\t", ":", ": ", " #", "'", "\"", "\\", "é", "\u2028", "\u0085", "🔭", "1", ".", "e+", "-", "yes", "~", "\x01", strings.Repeat("x", 90)})
		s := strings.Join(rapid.SliceOf(piece).Draw(t, "pieces"), "")
		m := &Mapping{}
		m.Set(s, rapid.Float64().Draw(t, "float"))
		m.Set("text", s)
		m.Set("list", &Sequence{[]any{s, m.Values[0], int64(3), nil, true}})
		text, err := AppendDocument(nil, m)
		if err != nil {
			t.Fatal(err)
		}
		v, err := Load(text)
		if err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		back := v.(*Mapping)
		x, _ := back.Get(s)
		y, _ := m.Get(s)
		list, _ := back.Get("list")
		if got, _ := back.Get("text"); got != s || x != y && s != "text" && s != "list" || list.(*Sequence).Items[0] != s {
			t.Fatalf("got %#v of %q", back, text)
		}
	})
}

func FuzzLoad(f *testing.F) {
	for _, c := range upstreamCases(f) {
		f.Add([]byte(c.Text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Load(text)
		if err != nil {
			return
		}
		first, err := AppendDocument(nil, &Sequence{[]any{v}})
		if err != nil {
			return
		}
		v, err = Load(first)
		if err != nil {
			if strings.Contains(string(first), "!!python/tuple") { // which upstream writes and refuses too
				return
			}
			t.Fatalf("%v in %q, written from %q", err, first, text)
		}
		second, err := AppendDocument(nil, v)
		if err != nil || string(second) != string(first) {
			t.Fatalf("%q became %q, then %q, %v", text, first, second, err)
		}
	})
}
