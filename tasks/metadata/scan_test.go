package metadata

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// realFile is a metadata file of a science task, of 4 kB.
func realFile(t testing.TB) []byte {
	t.Helper()
	const pattern = "../../testdata/run/before/u/sci/*/diaPipe_metadata/*/*/*/*/*.json"
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("no file %s: %v", pattern, err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	return text
}

var realFragments = []string{"diaPipe:diaForcedSource.runEndMaxResidentSetSize", "diaPipe:diaForcedSource.__version__"}

// TestScanIsFast checks that real files are answered without making the tree.
func TestScanIsFast(t *testing.T) {
	text := realFile(t)
	got, ok := scan(text, nil, realFragments)
	if !ok || len(got) != 2 || got[0].Kind != Number || got[0].Number < 1e6 || got[1] != NumberValue(1) {
		t.Errorf("scan gives %v, %v", got, ok)
	}
	d := NewDocument(text)
	dst := make([]Value, 0, 2)
	if n := testing.AllocsPerRun(100, func() { d.Find(dst, realFragments) }); n > 1 {
		t.Errorf("%v allocations per search", n)
	}
}

// agree compares the readers on one search.
func agree(t interface{ Errorf(string, ...any) }, text []byte, fragments []string) {
	var want []Value
	m, wantErr := Parse(text)
	if wantErr == nil {
		want, wantErr = m.Find(nil, fragments)
	}
	got, err := NewDocument(text).Find(nil, fragments)
	if (err == nil) != (wantErr == nil) || err != nil && (err.Error() != wantErr.Error() || className(err) != className(wantErr)) || !slices.EqualFunc(got, want, sameValue) {
		t.Errorf("the document gives %v, %v, the tree %v, %v\nfragments %q in %q", got, err, want, wantErr, fragments, text)
	}
	shared := NewSharedDocument(text)
	for range 2 {
		got, err := shared.Find(nil, fragments)
		if (err == nil) != (wantErr == nil) || err != nil && err.Error() != wantErr.Error() || !slices.EqualFunc(got, want, sameValue) {
			t.Errorf("the shared document gives %v, %v, the tree %v, %v\nfragments %q in %q", got, err, want, wantErr, fragments, text)
		}
	}
	got, ok := scan(text, nil, fragments)
	if !ok {
		return // the slow reader answers
	}
	if wantErr != nil || !slices.EqualFunc(got, want, sameValue) {
		t.Errorf("scan gives %v, the tree %v, %v\nfragments %q in %q", got, want, wantErr, fragments, text)
	}
}

// className is the upstream class of an error.
func className(err error) string {
	var c interface{ ClassName() string }
	if errors.As(err, &c) {
		return c.ClassName()
	}
	return ""
}

func sameValue(a, b Value) bool {
	same := sameFloat(a.Number, b.Number)
	a.Number, b.Number = 0, 0
	return same && a == b
}

func goldenTexts(t testing.TB) []string {
	t.Helper()
	f, err := os.Open("../../testdata/tasks/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var texts []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct{ Metadata, MetadataStart, MetadataEnd string }
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		texts = append(texts, c.Metadata, c.MetadataStart, c.MetadataEnd)
	}
	slices.Sort(texts)
	return slices.Compact(texts)
}

// FuzzScan lets the two readers answer the same searches: the fast one alone, which may give up, and Document, which may not. Answers and
// errors are to be the same, with their classes and places.
func FuzzScan(f *testing.F) {
	for _, text := range goldenTexts(f) {
		f.Add([]byte(text), "t.runEndMaxResidentSetSize", "t.")
	}
	f.Add([]byte(`{"metadata":{"a":{"scalars":{"x":1}},"a":{}}}`), "a.x", "x")
	f.Add([]byte(`{"arrays":{"a":["1","2"]},"metadata":{"":{"arrays":{"":["x","2"]}}}}`), ".", "")
	for _, trap := range traps() {
		f.Add([]byte(trap), "x", "a.x")
	}
	f.Fuzz(func(t *testing.T, text []byte, a, b string) {
		for _, fragments := range [][]string{{a, b}, {a}, {b, a, b}} {
			agree(t, text, fragments)
		}
		if err := NewDocument(text).Check(); err != nil {
			if _, parseErr := Parse(text); parseErr == nil || err.Error() != parseErr.Error() {
				t.Errorf("check gives %v, parse %v", err, parseErr)
			}
		}
	})
}

// traps are texts in which a reader that does not make a tree may go astray: names that come twice or are written otherwise, depth, numbers
// out of range, and damage before and behind what is looked for.
func traps() []string {
	node := func(item string) string { return `{"metadata":{"a":{"scalars":{` + item + `}}}}` }
	deep := func(n int) string {
		return strings.Repeat(`{"metadata":{"a":`, n) + node(`"x":1`) + strings.Repeat("}}", n)
	}
	out := []string{
		node(`"x":1,"x":2`), node(`"x":1,"\u0078":2`), node(`"\u0078":1`), node(`"y":1,"y":2,"x":3`),
		`{"metadata":{"a":{"scalars":{"x":1}},"\u0061":{}}}`, `{"metadata":{"a":{"scalars":{"y":1}},"a":{"scalars":{"x":1}}}}`,
		`{"metadata":{"a":{"scalars":{"x":1}}},"metadata":{}}`, `{"metadata":{"a":{"scalars":{"x":1},"scalars":{}}}}`, `{"\u006detadata":{"a":{"scalars":{"x":1}}}}`,
		`{"metadata":{"a":{"scalars":{"x":1},"arrays":{"x":[2]}}}}`, `{"metadata":{"a":{"arrays":{"x":[]}}}}`, `{"metadata":{"a":{"metadata":{"x":{}}}}}`,
		`{"metadata":{"a":{"arrays":{"x":[1,"2"]}}}}`, `{"metadata":{"a":{"arrays":{"x":["1","b"]}}}}`, `{"metadata":{"a.x":{"scalars":{"x":1}}}}`,
		node(`"x":"\ud800"`), node(`"x":"\ud83d\ude00"`), node("\"x\":\"\xff\""), node("\"\xff\":1,\"x\":2"), node("\"x\":\"a\nb\""), node("\"x\":\"\x00\""),
		`{"other":"` + "\xc3" + `","metadata":{"a":{"scalars":{"x":1}}}}`, node(`"x":"\q"`), node(`"x":"\u12"`),
		strings.Repeat("[", 300), `{"other":` + strings.Repeat("[", 199) + strings.Repeat("]", 199) + `}`, `{"other":` + strings.Repeat("[", 201) + strings.Repeat("]", 201) + `}`,
		deep(98), deep(99), deep(100), deep(101),
		"\ufeff" + node(`"x":1`), node(`"x":1`) + "x", node(`"x":1`) + "\x00", node(`"x":1`) + " \n\t\r", node(`"x":1`) + "{}", node(`"x":1,`), "", " ", "null", "[]", "1", `"x"`,
	}
	for _, number := range []string{"1e400", "-1e400", "1e-400", "-0", "-0.0", "0x1", "01", "+1", "1.", ".5", "1e", "1e+", "--1", "-", "NaN", "-NaN", "nan", "Infinity", "-Infinity",
		"+Infinity", "Inf", "Infinit", "true", "True", "9007199254740993", "18446744073709551616", strings.Repeat("9", 308), strings.Repeat("9", 309), "1" + strings.Repeat("0", 308),
		"1" + strings.Repeat("0", 309), strings.Repeat("9", 4300), strings.Repeat("9", 4301), "0." + strings.Repeat("1", 800), `"1e400"`, `"nan"`, `" inf "`, `"1_0"`, `"0x10"`, `"١"`, "null", "[]", "{}"} {
		out = append(out, node(`"x":`+number), node(`"y":`+number+`,"x":1`), `{"metadata":{"a":{"arrays":{"x":[1,`+number+`]}}},"other":`+number+`}`)
	}
	whole := node(`"y":[],"x":1.5e3`)
	for i := range whole {
		out = append(out, whole[:i])
	}
	return out
}

// TestTraps lets the two readers answer the same searches of texts with a trap.
func TestTraps(t *testing.T) {
	for _, text := range traps() {
		for _, fragments := range [][]string{{"x"}, {"a.x"}, {"y", "x"}, {"a."}, {""}, {"z"}, {"x", "z", "a.x"}} {
			agree(t, []byte(text), fragments)
		}
	}
}

// TestScanAgrees makes small trees with every kind of trap and searches them with fragments of their own names.
func TestScanAgrees(t *testing.T) {
	names := rapid.SampledFrom([]string{"a", "b", "aa", "ab", "run", "runEnd", "a:b", "a.b", "", ".", `\u0061`, "é", "scalars"})
	values := rapid.SampledFrom([]string{"1", "-0", "1.5", "1e400", "null", "true", "NaN", "-Infinity", `"x"`, `"12"`, `" 1_0 "`,
		`"a:b"`, `"\u0031"`, `""`, `"é"`, "12345678901234567", "[]", "{}", "01", `"`, "-", "1" + strings.Repeat("0", 400)})
	space := rapid.SampledFrom([]string{"", "", "", " ", "\n\t"})
	var node func(t *rapid.T, depth int) string
	object := func(t *rapid.T, item func() string) string {
		var b strings.Builder
		b.WriteString("{")
		for i := range rapid.IntRange(0, 3).Draw(t, "items") {
			if i > 0 {
				b.WriteString(",")
			}
			fmt.Fprintf(&b, `%s"%s":%s`, space.Draw(t, "space"), names.Draw(t, "name"), item())
		}
		return b.String() + "}"
	}
	// Most values must be good, or nearly every text would be refused.
	value := func(t *rapid.T) string {
		if rapid.IntRange(0, 20).Draw(t, "good") > 0 {
			return rapid.SampledFrom([]string{"1", "2.5", `"x"`, `"12"`, "null"}).Draw(t, "value")
		}
		return values.Draw(t, "odd value")
	}
	node = func(t *rapid.T, depth int) string {
		var parts []string
		for range rapid.IntRange(0, 4).Draw(t, "parts") {
			switch rapid.IntRange(0, 8).Draw(t, "part") {
			case 0, 1, 2:
				parts = append(parts, `"scalars":`+object(t, func() string { return value(t) }))
			case 3, 4:
				parts = append(parts, `"arrays":`+object(t, func() string {
					var items []string
					same := value(t)
					for range rapid.IntRange(0, 3).Draw(t, "elements") {
						if rapid.IntRange(0, 5).Draw(t, "other") == 0 {
							same = value(t)
						}
						items = append(items, same)
					}
					return "[" + strings.Join(items, ",") + "]"
				}))
			case 5:
				parts = append(parts, `"other":`+value(t))
			default:
				if depth > 0 {
					parts = append(parts, `"metadata":`+object(t, func() string { return node(t, depth-1) }))
				}
			}
		}
		return "{" + strings.Join(parts, ",") + "}"
	}
	rapid.Check(t, func(t *rapid.T) {
		text := []byte(node(t, 2))
		fragments := []string{"", ".", "a", "x"}
		if m, err := Parse(text); err == nil {
			for _, name := range m.Names() {
				i := rapid.IntRange(0, len(name)).Draw(t, "from")
				j := rapid.IntRange(i, len(name)).Draw(t, "to")
				fragments = append(fragments, name, name[i:j])
			}
		}
		for _, f := range fragments {
			agree(t, text, []string{f})
		}
		if n := len(fragments); n > 5 {
			agree(t, text, fragments[n-2:])
		}
	})
}

func BenchmarkScan(b *testing.B) {
	text := realFile(b)
	d := NewDocument(text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	dst := make([]Value, 0, 2)
	for b.Loop() {
		if _, err := d.Find(dst, realFragments); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkFindShared has three tasks look into each text.
func BenchmarkFindShared(b *testing.B) {
	text := realFile(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	dst := make([]Value, 0, 2)
	for b.Loop() {
		d := NewSharedDocument(text)
		for range 3 {
			if _, err := d.Find(dst, realFragments); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkParse(b *testing.B) {
	text := realFile(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(text); err != nil {
			b.Fatal(err)
		}
	}
}

// TestScanGolden counts how many golden texts the fast reader answers, so that it does not give up for no reason.
func TestScanGolden(t *testing.T) {
	texts := goldenTexts(t)
	fast := 0
	for _, text := range texts {
		agree(t, []byte(text), realFragments)
		if _, ok := scan(bytes.Clone([]byte(text)), nil, nil); ok {
			fast++
		}
	}
	if fast*10 < len(texts)*9 {
		t.Errorf("%d of %d texts are answered without the tree", fast, len(texts))
	}
}
