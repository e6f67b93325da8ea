package pipeline

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"valet/tasks"
	"valet/tasks/python"
)

// anyText draws texts that YAML writers get wrong.
var anyText = rapid.OneOf(
	rapid.SampledFrom([]string{"", " ", "a", "no", "1", "017", "1e3", "1:30", "~", "=", "<<", "- a", "a: b", "a #b", "a:", "'", "\"", "\n", "\n\n", " a\n", "a\n b\n\n", "a\n\n",
		"  a\n b", "\ta\n\tb", "#", "[a", "{", "&a", "*a", "!a", "%a", "@a", "`a", "?", "? a", ": a", "---", "...", "--- a", "2020-01-01", "0x1F", "é\u2028x", "\x07", "a\r\nb", "null\n",
		strings.Repeat("long ", 60), strings.Repeat("x", 300), "a\n \nb", "Infinity", "0b1", "0o7", ".5", "+.5", "-.5"}),
	rapid.StringN(0, 12, -1),
	rapid.StringOfN(rapid.RuneFrom([]rune("ab :#-'\"\n\t0.,[]{}&*!|>%@`?=~_\\")), 0, 10, -1),
)

func anyValue(depth int) *rapid.Generator[tasks.Value] {
	kinds := []*rapid.Generator[tasks.Value]{
		rapid.Map(anyText, func(s string) tasks.Value { return s }),
		rapid.Just[tasks.Value](nil),
		rapid.Map(rapid.Bool(), func(b bool) tasks.Value { return b }),
		rapid.Map(rapid.Int64(), func(i int64) tasks.Value { return i }),
		rapid.Map(rapid.Float64().Filter(func(f float64) bool { return !math.IsNaN(f) }), func(f float64) tasks.Value { return f }),
		rapid.SampledFrom([]tasks.Value{math.Inf(-1), 1e-5, 1e300, tasks.Object{Name: "2020-01-01"}, tasks.Object{Name: "2020-01-01 10:11:12"}, python.Bytes("a\x00b")}),
	}
	if depth > 0 {
		kinds = append(kinds, rapid.Map(rapid.SliceOfN(anyValue(depth-1), 0, 3), func(l []tasks.Value) tasks.Value { return l }),
			rapid.Custom(func(t *rapid.T) tasks.Value {
				m := &tasks.Mapping{}
				for _, key := range rapid.SliceOfNDistinct(anyText, 0, 3, rapid.ID[string]).Draw(t, "keys") {
					m.Pairs = append(m.Pairs, python.Pair{Key: key, Value: anyValue(depth-1).Draw(t, "value")})
				}
				return m
			}))
	}
	return rapid.OneOf(kinds...)
}

func anyPipeline(t *rapid.T) *Pipeline {
	p := New(anyText.Draw(t, "description"))
	p.Instrument = rapid.SampledFrom([]string{"", "a.B", "yes"}).Draw(t, "instrument")
	for _, label := range rapid.SliceOfNDistinct(anyText.Filter(func(s string) bool { return s != reserved }), 0, 4, rapid.ID[string]).Draw(t, "labels") {
		task := &Task{Label: label, Class: "c" + anyText.Draw(t, "class")}
		for range rapid.IntRange(0, 3).Draw(t, "entries") {
			e := Entry{Python: anyText.Draw(t, "python"), DataID: rapid.Bool().Draw(t, "data ID")}
			for _, f := range rapid.SliceOfN(anyText, 0, 2).Draw(t, "files") {
				e.Files = append(e.Files, FileRef{Path: f})
			}
			fields := anyText.Filter(func(s string) bool { return s != "file" && s != "python" && s != "dataId" })
			for _, f := range rapid.SliceOfNDistinct(fields, 0, 3, rapid.ID[string]).Draw(t, "fields") {
				e.Pairs = append(e.Pairs, Pair{Field: f, Value: anyValue(2).Draw(t, "value")})
			}
			task.Entries = append(task.Entries, e)
		}
		p.tasks.set(label, task)
	}
	for _, name := range rapid.SliceOfNDistinct(anyText, 0, 3, rapid.ID[string]).Draw(t, "subsets") {
		if p.tasks.has(name) {
			continue
		}
		s := &Subset{Name: name, Description: anyText.Draw(t, "subset description")}
		for _, label := range p.Labels() {
			if rapid.Bool().Draw(t, "in") {
				s.Labels = append(s.Labels, label)
			}
		}
		p.subsets.set(name, s)
	}
	for _, name := range rapid.SliceOfNDistinct(anyText, 0, 3, rapid.ID[string]).Draw(t, "parameters") {
		p.parameters.set(name, Parameter{Name: name, Value: anyValue(3).Draw(t, "value")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "contracts") {
		p.Contracts = append(p.Contracts, Contract{Expression: anyText.Draw(t, "contract"), Message: anyText.Draw(t, "message")})
	}
	return p
}

func TestSaveAndLoadAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anyPipeline(t)
		again := reload(t, p)
		if got, want := dump(facts(again)), dump(facts(p)); got != want {
			t.Fatalf("saved as\n%s\n%s", p.AppendYAML(nil), cmp.Diff(want, got))
		}
	})
}

// dump makes comparable what holds texts that are the same but nil or empty.
func dump(v any) string {
	switch v := v.(type) {
	case []any:
		out := make([]string, len(v))
		for i, item := range v {
			out[i] = dump(item)
		}
		return "[" + strings.Join(out, "\n") + "]"
	case *tasks.Mapping:
		out := "{"
		for _, pair := range v.Pairs {
			out += dump(pair.Key) + "=" + dump(pair.Value) + "\n"
		}
		return out + "}"
	}
	return fmt.Sprintf("%T %#v", v, v)
}

// anyChains draws a graph without cycles: task i reads a type of an earlier task or an overall input.
func anyChains(t *rapid.T) string {
	n := rapid.IntRange(1, 12).Draw(t, "tasks")
	words := make([]string, n)
	for i := range n {
		in := "in" + fmt.Sprint(rapid.IntRange(0, 2).Draw(t, "overall"))
		if i > 0 && rapid.Bool().Draw(t, "linked") {
			in = fmt.Sprintf("out%d", rapid.IntRange(0, i-1).Draw(t, "from"))
		}
		words[i] = fmt.Sprintf("t%d:%s>out%d", i, in, i)
	}
	return chains(strings.Join(rapid.Permutation(words).Draw(t, "order"), " "))
}

func TestOrderOfAnyGraph(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, err := resolveText(anyChains(t), Options{})
		if err != nil {
			t.Fatal(err)
		}
		parts := 0
		for _, part := range r.Subgraphs() {
			parts += len(part)
		}
		if parts != len(r.Tasks) {
			t.Fatalf("subgraphs hold %d of %d tasks", parts, len(r.Tasks))
		}
		for _, n := range r.Tasks {
			for _, u := range n.upstream() {
				if u.Index >= n.Index {
					t.Fatalf("%s comes after %s, which reads from it", u.Label, n.Label)
				}
			}
		}
		if err := r.WriteText(&strings.Builder{}, true); err != nil {
			t.Fatal(err)
		}
	})
}

// A selector keeps the order of the tasks that it keeps, and a range keeps with two tasks all on the way between them.
func TestSelectionKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := files{"p.yaml": anyChains(t)}
		whole, err := f.loader(nil).Load("p.yaml")
		if err != nil {
			t.Fatal(err)
		}
		labels := whole.Labels()
		selector := strings.Join(rapid.SliceOfN(rapid.SampledFrom(labels), 1, 5).Draw(t, "labels"), ",")
		isRange := rapid.Bool().Draw(t, "range")
		if isRange {
			selector = rapid.SampledFrom(append(labels, "")).Draw(t, "begin") + ".." + rapid.SampledFrom(append(labels, "")).Draw(t, "end")
		}
		p, err := f.loader(nil).Load("p.yaml#" + selector)
		if err != nil {
			t.Fatal(err)
		}
		kept := p.Labels()
		at := 0
		for _, label := range labels {
			if at < len(kept) && kept[at] == label {
				at++
			}
		}
		if at != len(kept) {
			t.Fatalf("#%s keeps %v of %v in another order", selector, kept, labels)
		}
		if !isRange {
			for label := range strings.SplitSeq(selector, ",") {
				if !slices.Contains(kept, label) {
					t.Fatalf("#%s lost %s", selector, label)
				}
			}
		}
	})
}
