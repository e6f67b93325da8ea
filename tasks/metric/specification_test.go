package metric_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"valet/tasks/metric"
)

// specs are files of a package like verify_metrics, with every kind of inheritance that metrics.md 4.2 names.
func specs() fstest.MapFS {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	return fstest.MapFS{
		"metrics/pkg.yaml": file(`
PA1: &pa1
  description: >
    Repeatability.
  unit: mmag
  reference: &ref
    doc: LPM-17
    url: http://example.org
    page: 21
  tags: [chromatic]
PA2:
  <<: *pa1
  unit: mag
`),
		"specs/pkg/base/parts.yaml": file(`
id: "srd"
tags: [srd]
---
id: half
base: "#srd"
threshold: {unit: mmag, operator: "<="}
tags: [half]
`),
		"specs/pkg/PA1.yml": file(`
name: PA1.design
base: base/parts#half
threshold:
  value: 5.0
metadata_query:
  instrument: X
tags: [design]
---
# A specification as base gives its metric too.
name: design_r
base: ["PA1.design", "#r"]
---
id: r
metadata_query:
  filter_name: r
  visit: 12
---
name: pkg.PA2.stretch
metric: PA2
threshold: {value: 5 mmag, unit: mag, operator: ">"}
provenance_query: {ignored: 1}
tags: one
---
name: stretch_late
base: [PA2.stretch, "pkg:base/parts#srd"]
threshold: {operator: "!="}
`),
		"specs/notes.txt": file("not YAML: ["),
	}
}

func TestSpecifications(t *testing.T) {
	s, problems, err := metric.LoadSpecifications(specs(), "vm")
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	var got []string
	for _, x := range s.All() {
		line := x.Name.String() + ": " + x.Test() + " " + strings.Join(x.Tags, ",")
		for _, q := range x.Query {
			line += " " + q.Key
		}
		got = append(got, line)
	}
	want := []string{
		"pkg.PA1.design: x <= 5.0 mmag design,half,srd instrument",
		"pkg.PA1.design_r: x <= 5.0 mmag design,half,srd instrument filter_name visit",
		"pkg.PA2.stretch: x > 0.005 mag one",
		"pkg.PA2.stretch_late: x != 0.005 mag srd",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if n := len(s.Of("pkg.PA1")); n != 2 {
		t.Errorf("%d specifications of pkg.PA1", n)
	}
	if n := len(s.Of("pkg.PA")); n != 0 {
		t.Errorf("%d specifications of pkg.PA", n)
	}
	r := s.Of("pkg.PA1")[1]
	meta := map[string]metric.Value{"instrument": "X", "filter_name": "r", "visit": float64(12)}
	applies := func() bool {
		return r.Applies(func(k string) (metric.Value, bool) { v, ok := meta[k]; return v, ok })
	}
	if !applies() {
		t.Error("12 and 12.0 are one number")
	}
	meta["visit"] = "12"
	if applies() {
		t.Error("a text is no number")
	}
	delete(meta, "visit")
	if applies() {
		t.Error("a term that the metadata lack")
	}
}

func TestDefinitions(t *testing.T) {
	d, problems, err := metric.LoadDefinitions(specs(), "vm")
	if err != nil || len(problems) > 0 || len(d) != 2 {
		t.Fatal(d, problems, err)
	}
	if d[1].Name.String() != "pkg.PA2" || d[1].Unit.String() != "mag" || d[1].Description != "Repeatability." || d[1].Reference.Page != "21" || d[1].Tags[0] != "chromatic" {
		t.Errorf("%+v", d[1])
	}
}

func TestSpecificationErrors(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"no name", "threshold: {value: 1, unit: s, operator: '<'}", "f.yaml:1:1: the document has neither a name nor an id"},
		{"list", "- a", "f.yaml:1:1: the document is no mapping"},
		{"syntax", "name: a.b\nthreshold: {value", "f.yaml:2:"},
		{"second document", "id: x\n---\nname: [", "f.yaml:3:"},
		{"package", "name: other.m.s", `f.yaml:1:7: p.m.s: the name says package "other", but the file is in that of "p"`},
		{"four parts", "name: a.b.c.d", "is no name of a specification"},
		{"no threshold", "name: m.s", "f.yaml:1:1: p.m.s: it has no threshold"},
		{"no metric", "name: s\nthreshold: {value: 1, unit: s, operator: '<'}", "no metric"},
		{"threshold is a number", "name: m.s\nthreshold: 5", "f.yaml:2:12: p.m.s: the threshold is no mapping"},
		{"no unit", "name: m.s\nthreshold: {value: 1, operator: '<'}", "f.yaml:2:12: p.m.s: the threshold has no unit"},
		{"operator", "name: m.s\nthreshold:\n  value: 1\n  unit: s\n  operator: =<", `f.yaml:5:13: p.m.s: "=<" is not a comparison`},
		{"unit", "name: m.s\nthreshold: {value: 1, unit: seconds, operator: '<'}", `"seconds"`},
		{"value", "name: m.s\nthreshold: {value: [1], unit: s, operator: '<'}", "f.yaml:2:20: p.m.s: the value of the threshold is no number"},
		{"value of another kind", "name: m.s\nthreshold: {value: 5 kB, unit: s, operator: '<'}", "p.m.s: "},
		{"unknown base", "name: m.s\nbase: '#no'\nthreshold: {value: 1, unit: s, operator: '<'}", `f.yaml:2:7: p.m.s: its base "#no" does not exist`},
		{"circle", "name: m.a\nbase: m.b\n---\nname: m.b\nbase: m.a", `f.yaml:2:7: p.m.a: its base "m.b" cannot be resolved`},
		{"own base", "id: a\nbase: '#a'", "cannot be resolved"},
		{"twice", "name: m.s\nthreshold: {value: 1, unit: s, operator: '<'}\n---\nname: m.s\nthreshold: {value: 2, unit: s, operator: '<'}", "f.yaml:4:7: p.m.s: a second specification of this name; the first is in f.yaml, line 1"},
		{"tags", "name: m.s\nthreshold: {value: 1, unit: s, operator: '<'}\ntags: {a: b}", "f.yaml:3:7: p.m.s: tags are a text or a list of texts"},
		{"query", "name: m.s\nthreshold: {value: 1, unit: s, operator: '<'}\nmetadata_query: r", "f.yaml:3:17: p.m.s: the metadata query is no mapping"},
		{"unmarked document", "name: m.s\nthreshold: {value: 1, unit: s, operator: '<'}\n...\nname: m.t", "must begin with '---'"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, problems := metric.ParseSpecifications([]metric.SpecificationFile{{Package: "p", Path: "f", File: "f.yaml", Text: []byte(c.text)}})
			if len(problems) == 0 {
				t.Fatal("no problem")
			}
			var e *metric.SpecificationError
			if !errors.As(problems[0], &e) || !strings.Contains(e.Error(), c.want) || e.ClassName() == "" {
				t.Errorf("%v, want %q", problems, c.want)
			}
		})
	}
}

// TestInheritanceIsBounded lets lists double at every step.
func TestInheritanceIsBounded(t *testing.T) {
	text := "id: p0\ntags: [a, b]\n"
	for i := range 40 {
		text += "---\nid: p" + string(rune('A'+i)) + "\nbase: ['#p" + func() string {
			if i == 0 {
				return "0"
			}
			return string(rune('A' + i - 1))
		}() + "', '#p" + func() string {
			if i == 0 {
				return "0"
			}
			return string(rune('A' + i - 1))
		}() + "']\n"
	}
	_, problems := metric.ParseSpecifications([]metric.SpecificationFile{{Package: "p", Path: "f", File: "f.yaml", Text: []byte(text)}})
	if len(problems) == 0 || !strings.Contains(problems[0].Error(), "more than") {
		t.Errorf("%d problems", len(problems))
	}
}

func FuzzSpecifications(f *testing.F) {
	for name, file := range specs() {
		if strings.HasPrefix(name, "specs") {
			f.Add(string(file.Data))
		}
	}
	f.Add("name: m.a\nbase: m.b\n---\nname: m.b\nbase: m.a")
	f.Add("id: a\n---\n...\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, problems := metric.ParseSpecifications([]metric.SpecificationFile{{Package: "p", Path: "f", File: "f.yaml", Text: []byte(text)}})
		for _, x := range s.All() {
			if _, err := metric.ParseOperator(string(x.Operator)); err != nil || x.Name.Spec == "" || x.Name.Metric == "" || x.Line < 1 {
				t.Errorf("%+v", x)
			}
		}
		for _, p := range problems {
			if !strings.HasPrefix(p.Error(), "f.yaml:") {
				t.Errorf("no place: %v", p)
			}
		}
		metric.ParseDefinitions("p", "f.yaml", []byte(text))
	})
}
