package metadata

import (
	"bufio"
	"bytes"
	"encoding/json"
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

// agree compares the two readers on one search.
func agree(t interface{ Errorf(string, ...any) }, text []byte, fragments []string) {
	var (
		want    []Value
		wantErr error
	)
	m, wantErr := Parse(text)
	if wantErr == nil {
		want, wantErr = m.Find(nil, fragments)
	}
	got, ok := scan(text, nil, fragments)
	if !ok {
		return // the slow reader answers
	}
	if wantErr != nil || !slices.EqualFunc(got, want, sameValue) {
		t.Errorf("scan gives %v, the tree %v, %v\nfragments %q in %q", got, want, wantErr, fragments, text)
	}
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

// FuzzScan lets the two readers answer the same searches.
func FuzzScan(f *testing.F) {
	for _, text := range goldenTexts(f) {
		f.Add([]byte(text), "t.runEndMaxResidentSetSize", "t.")
	}
	f.Add([]byte(`{"metadata":{"a":{"scalars":{"x":1}},"a":{}}}`), "a.x", "x")
	f.Add([]byte(`{"arrays":{"a":["1","2"]},"metadata":{"":{"arrays":{"":["x","2"]}}}}`), ".", "")
	f.Fuzz(func(t *testing.T, text []byte, a, b string) {
		agree(t, text, []string{a, b})
		if err := NewDocument(text).Check(); err != nil {
			if _, parseErr := Parse(text); parseErr == nil || err.Error() != parseErr.Error() {
				t.Errorf("check gives %v, parse %v", err, parseErr)
			}
		}
	})
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
