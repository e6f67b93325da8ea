package pipeline

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

const pipelines = "../../testdata/pipelines/"

func pipelineLoader() *Loader {
	return &Loader{Read: os.ReadFile, Table: testTable(), Getenv: func(name string) (string, bool) { return strings.TrimSuffix(pipelines, "/"), name == "PIPELINES" }}
}

// The pipeline that the golden run was made by.
func TestGoldenRun(t *testing.T) {
	l := pipelineLoader()
	p, err := l.Load("../../testdata/run/metrics.yaml")
	if err != nil {
		t.Fatal(err)
	}
	r, err := p.Resolve(l.Table, Options{Read: l.Read, Universe: testUniverse(t)})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := labels(r.Tasks), "cputiming_alertPackager memory_diaForcedSource timing_apPipe timing_diaPipe timing_isr"; got != want {
		t.Errorf("tasks %s, want %s", got, want)
	}
	if got, want := typeNames(r.OverallInputs()), "diaPipe_metadata isr_metadata"; got != want {
		t.Errorf("overall inputs %s, want %s", got, want)
	}
	if got := len(r.Subgraphs()); got != 5 {
		t.Errorf("%d subgraphs, want 5", got)
	}
	u := testUniverse(t)
	isr := r.Task("timing_isr")
	if isr.Dimensions.String() != u.MustGroup("exposure", "detector").String() || isr.Outputs[0].Type.Dimensions.String() != u.MustGroup("visit", "detector").String() ||
		isr.MetadataType.Dimensions != isr.Dimensions {
		t.Errorf("timing_isr is on %s, its metric on %s", isr.Dimensions, isr.Outputs[0].Type.Dimensions)
	}
	for name, write := range map[string]func(io.Writer) error{
		"pipeline-graph.txt": func(w io.Writer) error { return r.WriteText(w, true) },
		"task-graph.txt":     func(w io.Writer) error { return r.WriteText(w, false) },
		"pipeline.dot":       r.WriteDot,
		"pipeline.mmd":       r.WriteMermaid,
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

var update = flag.Bool("update", false, "write the golden drawings anew")

// golden compares with a file of testdata.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s: %s", name, diff)
	}
}

// Chains, forks and joins of every kind.
func TestDrawing(t *testing.T) {
	r, err := resolveText(chains("t1:a>b t3:c>d t2:b>c u1:b>e v:x>y w:v_metadata>z/TaskMetadata k:d>f k2:d>g l:b>h m:h>i n:e>j"), Options{NoVersions: true})
	if err != nil {
		t.Fatal(err)
	}
	for name, types := range map[string]bool{"forks.txt": true, "fork-tasks.txt": false} {
		var b bytes.Buffer
		if err := r.WriteText(&b, types); err != nil {
			t.Fatal(err)
		}
		golden(t, name, b.Bytes())
	}
}

// A pipeline such as surveys have: thirty tasks over ten labels from three files.
func TestRuntimePipeline(t *testing.T) {
	l := pipelineLoader()
	for selector, want := range map[string]int{
		"": 30, "#timing": 10, "#cputiming": 9, "#memory,timing_isr": 10, "#total": 2, "#timing_images,cputiming_images": 6, "#timing_isr..": 1,
	} {
		p, err := l.Load(pipelines + "runtime.yaml" + selector)
		if err != nil {
			t.Errorf("%s: %v", selector, err)
			continue
		}
		r, err := p.Resolve(l.Table, Options{Read: l.Read, Universe: testUniverse(t)})
		if err != nil {
			t.Errorf("%s: %v", selector, err)
			continue
		}
		if len(r.Tasks) != want {
			t.Errorf("%s: %d tasks, want %d", selector, len(r.Tasks), want)
		}
		if selector != "" {
			continue
		}
		if got := len(r.OverallInputs()); got != 10 {
			t.Errorf("%d overall inputs, want those of ten labels", got)
		}
		if c := r.Task("memory_diaPipe").Config; c.Get("target") != "diaPipe:alertPackager.run" || c.Get("connections.metric") != "AlertPackagerMemory" {
			t.Errorf("memory_diaPipe measures %v", c.Get("target"))
		}
		if got := r.Task("timing_alertProduction").Outputs[0].Type.Name; got != "metricvalue_ap_pipe_ApPipelineTime" {
			t.Errorf("timing_alertProduction writes %s", got)
		}
	}
}

// reload saves and loads a pipeline.
func reload(t *rapid.T, p *Pipeline) *Pipeline {
	text := p.AppendYAML(nil)
	again, err := (&Loader{}).Parse("saved.yaml", text)
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return again
}

// facts are all of a pipeline but places and steps, which saving loses.
func facts(p *Pipeline) []any {
	out := []any{p.Description, p.Instrument}
	for _, t := range p.Tasks() {
		out = append(out, t.Label, t.Class)
		for _, e := range t.Entries {
			out = append(out, "entry", e.Python, e.DataID)
			for _, f := range e.Files {
				out = append(out, f.Path)
			}
			for _, pair := range e.Pairs {
				out = append(out, pair.Field, pair.Value)
			}
		}
	}
	for _, s := range p.Subsets() {
		out = append(out, s.Name, s.Description, s.Labels)
	}
	for _, v := range p.Parameters() {
		out = append(out, v.Name, v.Value)
	}
	var contracts []string
	for _, c := range p.Contracts {
		contracts = append(contracts, c.Expression+"\x00"+c.Message)
	}
	slices.Sort(contracts)
	return append(out, contracts)
}

func TestSaveAndLoadTestPipelines(t *testing.T) {
	for _, path := range []string{"../../testdata/run/metrics.yaml", pipelines + "runtime.yaml", pipelines + "memory.yaml"} {
		p, err := pipelineLoader().Load(path)
		if err != nil {
			t.Fatal(err)
		}
		again, err := (&Loader{}).Parse("saved.yaml", p.AppendYAML(nil))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(facts(p), facts(again)); diff != "" {
			t.Errorf("%s: %s", path, diff)
		}
	}
}

func BenchmarkLoadAndResolve(b *testing.B) {
	l := pipelineLoader()
	u := testUniverse(b)
	for b.Loop() {
		p, err := l.Load(pipelines + "runtime.yaml")
		if err != nil {
			b.Fatal(err)
		}
		if _, err := p.Resolve(l.Table, Options{Read: l.Read, Universe: u}); err != nil {
			b.Fatal(err)
		}
	}
}
