package pipeline

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"valet/registry/dimension"
)

// chains makes a pipeline of ChainTasks from "label:in>out" or "label:in>out/class" words.
func chains(words string) string {
	var b strings.Builder
	b.WriteString("description: P\ntasks:\n")
	for w := range strings.FieldsSeq(words) {
		label, rest, _ := strings.Cut(w, ":")
		in, rest, _ := strings.Cut(rest, ">")
		out, class, _ := strings.Cut(rest, "/")
		if class == "" {
			class = "MetricValue"
		}
		fmt.Fprintf(&b, "  %s: {class: $C, config: {connections.inp: %s, connections.out: %s, class: %s}}\n", label, in, out, class)
	}
	return b.String()
}

func resolveText(text string, opts Options) (*Resolved, error) {
	l := files{"p.yaml": text}.loader(nil)
	p, err := l.Load("p.yaml")
	if err != nil {
		return nil, err
	}
	return p.Resolve(l.Table, opts)
}

func labels(tasks []*TaskNode) string {
	out := make([]string, len(tasks))
	for i, t := range tasks {
		out[i] = t.Label
	}
	return strings.Join(out, " ")
}

func typeNames(types []*DatasetType) string {
	out := make([]string, len(types))
	for i, d := range types {
		out[i] = d.Name
	}
	return strings.Join(out, " ")
}

// The wanted orders are those of the real stack.
func TestOrder(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"independent chains", chains("z:a>b c:b>c b:b>d y:q>r a:r>s"), "y a z b c"},
		{"two chains", chains("c:x0>x1 a:x1>x2 b:x0>x3 d:x3>x4"), "b c a d"},
		{"labels against dependency", chains("t5:x0>x1 t4:x0>x2 t3:x0>x3 t2:x1>x5 t1:x2>x4"), "t3 t4 t1 t5 t2"},
		{"steps first", chains("t5:x0>x1 t4:x0>x2 t3:x0>x3 t2:x0>x5 t1:x2>x4") +
			"subsets: {s1: [t3, t5], s2: [t1, t2, t4]}\nsteps: [{label: s2, dimensions: [visit]}, {label: s1, dimensions: [visit]}]\n", "t2 t4 t1 t3 t5"},
		{"metadata links", chains("a:b_metadata>x/TaskMetadata b:q>r"), "b a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := resolveText(c.text, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if got := labels(r.Tasks); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			for i, n := range r.Tasks {
				if n.Index != i || r.Task(n.Label) != n {
					t.Errorf("task %s has index %d at %d", n.Label, n.Index, i)
				}
			}
		})
	}
}

func TestGraphFaults(t *testing.T) {
	for _, c := range []struct{ name, text, class, err string }{
		{"two writers", chains("a:a>b c:q>b"), "DuplicateOutputError", `p.yaml:4:3: dataset type "b" is produced by both task a and task c`},
		{"two writers of a log", chains("a:a>b_log b:q>x"), "DuplicateOutputError", `"b_log"`},
		{"own output", chains("a:a>a"), "PipelineDataCycleError", "a -> a -> a"},
		{"own metadata", chains("a:a_metadata>b"), "PipelineDataCycleError", "a -> a_metadata -> a"},
		{"cycle", chains("z:x>y c:b>a a:a>b"), "PipelineDataCycleError", "c -> a -> a -> b -> c"},
		{"below a cycle", chains("q:a>d c:b>a a:a>b"), "PipelineDataCycleError", "c -> a -> a -> b -> c"},
		{"bad label", chains("a-b:a>b"), "ValueError", `"a-b_config" does not look like a valid dataset type name`},
		{"label with a period", chains("a.b:a>b"), "ValueError", "a task label may not have a period"},
		{"label with a digit first", chains("9b:a>b"), "ValueError", "9b_config"},
		{"label of other letters", chains("é:a>b"), "ValueError", "é_config"},
		{"output component", chains("a:a>b.c"), "ValueError", "illegal output component"},
		{"bad input name", chains("a:'z-z'>b"), "ValueError", `"z-z"`},
		{"empty name", chains("a:''>b"), "ValueError", `""`},
		{"packages as output", chains("a:a>packages"), "IncompatibleDatasetTypeError", "packages"},
		{"config as input", chains("a:b_config>x b:q>r"), "IncompatibleDatasetTypeError", "producing task 'b'"},
		{"component of what nobody has", chains("a:z.z>b"), "MissingDatasetTypeError", "via component 'z'"},
		{"consumers differ", chains("a:q>b/TaskMetadata b:q>c"), "MissingDatasetTypeError", "Definitions differ for input dataset type 'q'"},
		{"producer differs", chains("a:b_metadata>x/Exposure b:q>r"), "IncompatibleDatasetTypeError", "producing task 'b'"},
		{"unknown class", "description: P\ntasks: {a: lsst.verify.tasks.MemoryMetricTask}\n", "ModuleNotFoundError", `did you mean "lsst.verify.tasks.commonMetrics.MemoryMetricTask"?`},
		{"step missing", chains("a:a>b c:q>r") + "subsets: {s: [a]}\nsteps: [{label: s, dimensions: [visit]}]\n", "InvalidStepsError", "task c: no step contains the task"},
		{"steps repeat", chains("a:a>b c:q>r") + "subsets: {s: [a], u: [a, c]}\nsteps: [{label: s, dimensions: [visit]}, {label: u, dimensions: [visit]}]\n", "InvalidStepsError", "repeats task a"},
		{"steps out of order", chains("a:a>b c:b>r") + "subsets: {s: [a], u: [c]}\nsteps: [{label: u, dimensions: [visit]}, {label: s, dimensions: [visit]}]\n", "InvalidStepsError", "task c reads it in an earlier step"},
		{"step of unknown dimensions", chains("a:a>b") + "subsets: {s: [a]}\nsteps: [{label: s, dimensions: [vizit]}]\n", "KeyError", `did you mean "visit"?`},
		{"step of other dimensions", chains("a:a>b") + "subsets: {s: [a]}\nsteps: [{label: s, dimensions: [tract]}]\n", "InvalidStepsError", "not compatible"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := resolveText(c.text, Options{Universe: testUniverse(t)})
			wantError(t, err, c.class, c.err)
		})
	}
}

func TestUnknownDimension(t *testing.T) {
	_, err := resolveText("description: P\ntasks: {a: {class: $M, config: {target: x, metadataDimensions: [instrument, vizit]}}}\n", Options{Universe: testUniverse(t)})
	wantError(t, err, "KeyError", "task a")
}

func TestRegistered(t *testing.T) {
	registered := map[string]Definition{
		"exp_metadata":     {Dimensions: []string{"exposure", "detector"}, StorageClass: "TaskMetadata"},
		"md_metadata":      {Dimensions: []string{"instrument", "visit", "detector", "band"}, StorageClass: "PropertySet"},
		"parent":           {Dimensions: []string{"visit", "detector"}, StorageClass: "Composite"},
		"metricvalue_a_b":  {Dimensions: []string{"visit", "detector"}, StorageClass: "MetricValue"},
		"metricvalue_a_v":  {Dimensions: []string{"visit"}, StorageClass: "MetricValue"},
		"metricvalue_a_sc": {Dimensions: []string{"visit", "detector"}, StorageClass: "Packages"},
		"packages":         {StorageClass: "Packages"},
	}
	opts := func(t *testing.T) Options {
		return Options{
			Universe: testUniverse(t),
			Registered: func(name string) (*Definition, bool, error) {
				if name == "broken_metadata" {
					return nil, false, errors.New("disk on fire")
				}
				d, ok := registered[name]
				return &d, ok, nil
			},
			Convertible: func(stored, wanted string) bool { return stored == "PropertySet" && wanted == "TaskMetadata" },
			Component: func(class, component string) (string, bool) {
				return "TaskMetadata", class == "Composite" && component == "md"
			},
		}
	}
	const head = "description: P\ntasks: {a: {class: $M, config: {target: x, connections.package: a, "
	for _, c := range []struct{ name, config, class, err string }{
		{"equal", "connections.labelName: md, connections.metric: b", "", ""},
		{"component", "connections.metadata: parent.md, connections.metric: b", "", ""},
		{"unknown component", "connections.metadata: parent.foo, connections.metric: b", "IncompatibleDatasetTypeError", "does not include component 'foo'"},
		{"input dimensions", "connections.labelName: exp, connections.metric: b", "IncompatibleDatasetTypeError",
			"p.yaml:2:9: task a: Incompatible definition for input dataset type 'exp_metadata'; task 'a' has DatasetType('exp_metadata', {"},
		{"input dimensions given", "connections.labelName: exp, connections.metric: b, metadataDimensions: [instrument, exposure, detector]", "", ""},
		{"output dimensions", "connections.labelName: md, connections.metric: v", "IncompatibleDatasetTypeError", "output dataset type 'metricvalue_a_v': task 'a' has"},
		{"output storage class", "connections.labelName: md, connections.metric: sc", "IncompatibleDatasetTypeError", "data repository has DatasetType('metricvalue_a_sc'"},
		{"registry at fault", "connections.labelName: broken, connections.metric: b", "RuntimeError", "disk on fire"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := resolveText(head+c.config+"}}}\n", opts(t))
			if c.class != "" {
				wantError(t, err, c.class, c.err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := r.DatasetType("packages"); !d.Registered || !d.Init || d.Producer != nil {
				t.Errorf("packages is %+v", d)
			}
		})
	}
	r, err := resolveText(head+"connections.labelName: md, connections.metric: b}}}\n", opts(t))
	if err != nil {
		t.Fatal(err)
	}
	in, out := r.DatasetType("md_metadata"), r.DatasetType("metricvalue_a_b")
	if in.StorageClass != "PropertySet" || !in.Registered || r.Tasks[0].Inputs[0].StorageClass != "TaskMetadata" {
		t.Errorf("input %+v", in)
	}
	if !out.Registered || out.Producer != r.Tasks[0] || out.Dimensions != r.Tasks[0].Dimensions {
		t.Errorf("output %+v", out)
	}
	if d := r.DatasetType("a_log"); d.Registered || d.StorageClass != "ButlerLogRecords" || d != r.Tasks[0].LogType {
		t.Errorf("log %+v", d)
	}
	if got, want := typeNames(r.DatasetTypes), "a_config a_log a_metadata md_metadata metricvalue_a_b packages"; got != want {
		t.Errorf("dataset types %s, want %s", got, want)
	}
	if got := typeNames(r.OverallInputs()); got != "md_metadata" {
		t.Errorf("overall inputs %s", got)
	}
	if got := typeNames(r.Outputs()); got != "a_config a_log a_metadata metricvalue_a_b" {
		t.Errorf("outputs %s", got)
	}
}

func TestWhatATaskWrites(t *testing.T) {
	const head = "description: P\ntasks: {a: {class: $M, config: {target: x, connections.labelName: q, "
	for config, want := range map[string]string{
		"saveLogOutput: false": "a_config a_metadata metricvalue_None_None packages q_metadata",
		"saveMetadata: false":  "a_config a_log metricvalue_None_None packages q_metadata",
	} {
		r, err := resolveText(head+config+"}}}\n", Options{})
		if err != nil {
			t.Fatal(err)
		}
		if got := typeNames(r.DatasetTypes); got != want {
			t.Errorf("%s: %s, want %s", config, got, want)
		}
		n := r.Task("a")
		if (n.LogType == nil) != strings.HasPrefix(config, "saveLog") || (n.MetadataType == nil) != strings.HasPrefix(config, "saveMeta") {
			t.Errorf("%s: log %v, metadata %v", config, n.LogType, n.MetadataType)
		}
	}
	r, err := resolveText(head+"}}}\n", Options{NoVersions: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.DatasetType("packages") != nil {
		t.Error("packages is there without versions")
	}
}

func TestInstrument(t *testing.T) {
	const text = "description: P\ninstrument: lsst.Cam\ntasks: {a: {class: $C}}\n"
	known := func(class string) (string, bool, error) { return "Cam", class == "lsst.Cam", nil }
	r, err := resolveText(text, Options{Instrument: known})
	if err != nil || r.Instrument != "Cam" {
		t.Errorf("%v, %v", r, err)
	}
	_, err = resolveText(strings.Replace(text, "lsst.Cam", "lsst.Kam", 1), Options{Instrument: known})
	wantError(t, err, "ModuleNotFoundError", "p.yaml:2:13: no instrument of the repository has the class lsst.Kam")
	if r, err = resolveText(text, Options{}); err != nil || r.Instrument != "" {
		t.Errorf("without a repository: %v, %v", r, err)
	}
}

// The real stack plans tasks apart that share an overall input, and together those that a written type links.
func TestSubgraphs(t *testing.T) {
	r, err := resolveText(chains("t1:dia_metadata>b t3:c>d t2:b>c u1:b>e v:dia_metadata>y v2:dia_metadata>y2 w:v_metadata>z/TaskMetadata"), Options{
		Convertible: func(stored, wanted string) bool { return true },
		Registered: func(name string) (*Definition, bool, error) {
			return &Definition{Dimensions: []string{"instrument", "visit", "detector"}, StorageClass: "MetricValue"}, name == "dia_metadata", nil
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, part := range r.Subgraphs() {
		got = append(got, labels(part))
	}
	if want := []string{"t1 t2 t3 u1", "v w", "v2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func testUniverse(t testing.TB) *dimension.Universe {
	t.Helper()
	text, err := os.ReadFile("../../registry/dimension/testdata/universe8.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
