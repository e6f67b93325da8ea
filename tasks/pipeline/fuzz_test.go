package pipeline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// bomb is a text whose aliases stand for 10^9 values.
func bomb(kind string) string {
	var b strings.Builder
	b.WriteString("description: x\ntasks: {}\nparameters:\n  a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 10; i++ {
		item := fmt.Sprintf("*a%d", i-1)
		list := strings.TrimSuffix(strings.Repeat(item+", ", 10), ", ")
		switch kind {
		case "list":
			fmt.Fprintf(&b, "  a%d: &a%d [%s]\n", i, i, list)
		case "merge":
			fmt.Fprintf(&b, "  a%d: &a%d {<<: [%s]}\n", i, i, list)
		}
	}
	text := b.String()
	if kind == "merge" {
		text = strings.Replace(text, "[x, x, x, x, x, x, x, x, x, x]", "{}", 1)
	}
	return text
}

func TestBombsAreRefused(t *testing.T) {
	deepMerge := "description: x\ntasks: {}\nx0: &x0 {k0: 1}\n"
	for i := 1; i < 4000; i++ {
		deepMerge += fmt.Sprintf("x%d: &x%d {<<: *x%d, k%d: 1}\n", i, i, i-1, i)
	}
	for name, c := range map[string]struct{ text, err string }{
		"aliases":      {bomb("list"), "more than 2000000 values"},
		"merges":       {bomb("merge"), "more than"},
		"merge chain":  {deepMerge, "merged more than"},
		"merge itself": {"description: x\ntasks: {}\nx: &a {<<: *a}\n", "merged more than"},
		"deep lists":   {"description: x\ntasks: {}\nx: " + strings.Repeat("[", 5000) + strings.Repeat("]", 5000), "more than 200 deep"},
		"long number":  {"description: x\ntasks: {}\nx: " + strings.Repeat("9", 100000), "digits is too long"},
		"long file":    {"description: " + strings.Repeat("x", maxFile), "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := (&Loader{}).Parse("p.yaml", []byte(c.text))
			if err == nil || !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v has not %q", err, c.err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	paths, _ := filepath.Glob("../../testdata/pipelines/*.yaml")
	for _, path := range append(paths, "../../testdata/run/metrics.yaml") {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(expand(imported)))
	f.Add([]byte(expand(showText)))
	f.Add([]byte("description: &d [*d]\ntasks: {a: {<<: {class: x}, config: [{file: [a], python: b, dataId: {}, x: !!float 1}]}}\nimports: [{location: self, include: [a], rename: {a: b}}]\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		l := files{"self": "description: x\ntasks: {a: $M, b: $C}\nsubsets: {s: [a, b]}\nsteps: [{label: s, dimensions: []}]\n"}.loader(nil)
		p, err := l.Parse("fuzz.yaml", text)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without text")
			}
			return
		}
		saved := p.AppendYAML(nil)
		again, err := l.Parse("saved.yaml", saved)
		if err != nil {
			t.Fatalf("%v in\n%s", err, saved)
		}
		if got, want := dump(facts(again)), dump(facts(p)); got != want && !strings.Contains(string(saved), "\ufffd") && !strings.Contains(want, "NaN") {
			t.Fatalf("saved as\n%s\ngot\n%s\nwant\n%s", saved, got, want)
		}
		if r, err := p.Resolve(l.Table, Options{Read: l.Read}); err == nil {
			_ = r.WriteText(&strings.Builder{}, true)
			_ = r.WriteDot(&strings.Builder{})
			_ = r.WriteMermaid(&strings.Builder{})
			_, _ = r.Show(&strings.Builder{}, "config")
		}
	})
}

func FuzzSelectTasks(f *testing.F) {
	for _, s := range []string{"t1", "<=t3&~t2", "(T:t1|S:s)&D:b", ">D:b|<t2", "~~~(t1", "t1 t2", "é", "T:"} {
		f.Add(s)
	}
	text := chains("t1:a>b t3:c>d t2:b>c u1:b>e v:x>y") + "subsets: {s: [t1, t2], r: [t1, t2, t3], w: [v]}\n"
	f.Fuzz(func(t *testing.T, expression string) {
		r, err := resolveText(text, Options{Select: expression})
		if err == nil && len(r.Tasks) > 5 {
			t.Fatal("more tasks than there were")
		}
	})
}

func FuzzSelector(f *testing.F) {
	for _, s := range []string{"p.yaml#t1,t2", "p.yaml#t1..t3", "p.yaml#..", "p.yaml##", "p.yaml:a", "file:///p.yaml", "$HERE/${HERE}/$", "~/p.yaml"} {
		f.Add(s, "t1:connections.inp=x", "t1:f.py,t2:g.py", "test.ChainTask:z")
	}
	text := chains("t1:a>b t3:c>d t2:b>c u1:b>e v:x>y") + "subsets: {s: [t1, t2], r: [t1, t2, t3], w: [v]}\n"
	f.Fuzz(func(t *testing.T, location, config, configFile, task string) {
		l := files{"p.yaml": text, "f.py": "pass"}.loader(nil)
		p, err := l.Load(location)
		if err != nil {
			if p, err = l.Load("p.yaml"); err != nil {
				t.Fatal(err)
			}
		}
		for _, a := range []Action{{SetConfig, config}, {ConfigFile, configFile}, {AddTask, task}, {DeleteTask, task}} {
			_ = l.Apply(p, []Action{a})
		}
		_, _ = p.Resolve(l.Table, Options{Read: l.Read})
		_ = p.AppendYAML(nil)
	})
}
