package pipeline

import (
	"slices"
	"strings"
	"testing"
)

// What the real stack selected.
func TestSelectTasks(t *testing.T) {
	text := chains("t1:a>b t3:c>d t2:b>c u1:b>e v:x>y") + "subsets: {s: [t1, t2], r: [t1, t2, t3], w: [v]}\n"
	for _, c := range []struct{ expression, want string }{
		{"t1", "t1"}, {"<t3", "t1 t2"}, {"<=t3", "t1 t2 t3"}, {">t1", "t2 t3 u1"}, {">=t1", "t1 t2 t3 u1"}, {"~t1", "t2 t3 u1 v"},
		{"t1|t2", "t1 t2"}, {"t1&s", "t1"}, {"s&~t1", "t2"}, {"T:t1", "t1"}, {"D:b", "t1"}, {"S:s", "t1 t2"}, {">D:b", "t2 t3 u1"},
		{"<=D:c", "t1 t2"}, {">=D:b", "t1 t2 t3 u1"}, {"<D:b", ""}, {"<D:c", "t1"}, {"s", "t1 t2"}, {"(t1|v)&s", "t1"}, {"~<t3", "t3 u1 v"},
		{"~~t1", "t1"}, {"t1 & s", "t1"}, {"< t3", "t1 t2"}, {"b", "t1"}, {"a", ""}, {">a", "t1 t2 t3 u1"}, {"<a", ""}, {"<b", ""},
		{">=b", "t1 t2 t3 u1"}, {"x|t1", "t1"}, {"t1|t2&v", "t1"}, {"t1&t2|v", "v"}, {">=t1 & <=t3", "t1 t2 t3"}, {"~t1|t1", "t1 t2 t3 u1 v"},
		{"<=t3&~t2", "t1 t3"}, {"t1_metadata", "t1"}, {"D:t1_log", "t1"}, {">=t1_metadata", "t1"}, {"D:y", "v"}, {"S:r", "t1 t2 t3"},
		{"T:t1|S:w", "t1 v"}, {"((t1))", "t1"}, {"~(t1|t2)", "t3 u1 v"}, {"t1 | ~ t2", "t1 t3 u1 v"}, {">D:e|<t2", "t1"}, {">D:d", ""},
	} {
		r, err := resolveText(text, Options{Select: c.expression})
		if err != nil {
			t.Errorf("%s: %v", c.expression, err)
			continue
		}
		got := strings.Fields(labels(r.Tasks))
		slices.Sort(got)
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", c.expression, got, c.want)
		}
	}
	for _, c := range []struct{ expression, err string }{
		{">s", `subset "s" cannot be the start`}, {"t1|", "ended unexpectedly"}, {" ", "ended unexpectedly"}, {"zz", `no task, subset or dataset type "zz"`},
		{"S:zz", `no subset "zz"`}, {"T:zz", `no task "zz"`}, {"D:zz", `no dataset type "zz"`}, {"T:s", `no task "s"`}, {"<~t3", `column 2: syntax error near "~"`},
		{">(t1|v)", "column 2"}, {"t1 t2", `column 4: syntax error near "t2"`}, {"!t1", `column 1: no expression has "!"`}, {"t1,t2", "column 3"}, {"not t1", "column 5"},
		{"<<t3", "column 2"}, {"D: b", "column 1"}, {"D :b", "column 3"}, {"D:t1_config", "written once a run"}, {"D:packages", `no dataset type "packages"`},
		{"packages", `"packages"`}, {"t3.x", "column 3"}, {`"t1"`, "column 1"}, {"X:t1", "column 2"}, {"()", "column 2"}, {"t1)", "column 3"}, {"(t1", "ended unexpectedly"},
		{"|t1", "column 1"}, {"&", "column 1"}, {">", "ended"}, {"t1||t2", "column 4"}, {"é", "é"}, {strings.Repeat("~", 1000) + "t1", "200 terms"},
		{strings.Repeat("(", 1000), "200 terms"}, {"t1_metadat", `did you mean "t1_metadata"?`},
	} {
		_, err := resolveText(text, Options{Select: c.expression})
		wantError(t, err, "InvalidExpressionError", c.err)
	}
}

// Types of tasks that were not selected become overall inputs, or go.
func TestSelectCutsTheGraph(t *testing.T) {
	text := chains("t1:a>b t2:b>c t3:c>d") + "subsets: {s: [t1, t2, t3]}\nsteps: [{label: s, dimensions: [visit]}]\n"
	r, err := resolveText(text, Options{Select: "t2", NoVersions: true, Universe: testUniverse(t)})
	if err != nil {
		t.Fatal(err)
	}
	if got := typeNames(r.OverallInputs()); got != "b" {
		t.Errorf("overall inputs %s", got)
	}
	if got := typeNames(r.DatasetTypes); got != "b c t2_config t2_log t2_metadata" {
		t.Errorf("dataset types %s", got)
	}
	if b := r.DatasetType("b"); b.StorageClass != "MetricValue" || b.Dimensions == nil || len(b.Consumers) != 1 {
		t.Errorf("b is %+v", b)
	}
	if r.Task("t1") != nil || r.Task("t2").Index != 0 {
		t.Error("t1 is still there, or t2 is not first")
	}
	_, err = r.Show(&strings.Builder{}, "pipeline")
	wantError(t, err, "RuntimeError", "--select-tasks")
}
