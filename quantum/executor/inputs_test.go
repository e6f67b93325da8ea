package executor_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/tasks/pipeline"
)

const memoryTask = golden + "/metrics.yaml#memory_diaForcedSource"

// outcomes runs a graph and gathers how its quanta ended, by visit and detector.
func outcomes(t testing.TB, b *butler.Butler, g *quantum.Graph, o executor.Options) (map[string]executor.Outcome, *executor.Result, error) {
	t.Helper()
	if err := executor.Prepare(t.Context(), b, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	out := map[string]executor.Outcome{}
	o.Workers = 2
	o.Events.Finished = func(x executor.Outcome) {
		id := x.Item.Task.DataID(x.Item.Row)
		out[id.Get("visit").Text()+"/"+id.Get("detector").Text()] = x
	}
	r, err := executor.Execute(t.Context(), b, g, o)
	return out, r, err
}

// TestBadInputs damages one input in each way; only its quantum suffers.
func TestBadInputs(t *testing.T) {
	t.Parallel()
	damage := func(content string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			old, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			// Padding keeps the recorded size.
			if err := os.WriteFile(path, []byte(content+strings.Repeat(" ", len(old)-len(content))), 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, path string)
		state  quantum.State
		class  string
		caveat quantum.Caveats
	}{
		{"missing file", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, quantum.NoWork, "", 15},
		{"other size", func(t *testing.T, path string) {
			if err := os.WriteFile(path, []byte(`{}`), 0o666); err != nil {
				t.Fatal(err)
			}
		}, quantum.Failed, "FileIntegrityError", 0},
		{"truncated", damage(`{"scalars":{"a":`), quantum.Failed, "ValidationError", 0},
		{"no JSON", damage("\x00\x01"), quantum.Failed, "ValidationError", 0},
		{"empty metadata", damage(`{}`), quantum.NoWork, "", 7},
		{"NaN memory", damage(`{"metadata":{"diaPipe:diaForcedSource":{"arrays":{"runEndMaxResidentSetSize":[NaN]}}}}`), quantum.Failed, "MetricComputationError", 0},
		{"infinite memory", damage(`{"metadata":{"diaPipe:diaForcedSource":{"arrays":{"runEndMaxResidentSetSize":[Infinity]}}}}`), quantum.Failed, "OverflowError", 0},
		{"NaN elsewhere", damage(`{"metadata":{"diaPipe:diaForcedSource":{"scalars":{"x":NaN},"arrays":{"runEndMaxResidentSetSize":[5]}}}}`), quantum.Succeeded, "", 0},
		{"directory", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := os.Mkdir(path, 0o777); err != nil {
				t.Fatal(err)
			}
		}, quantum.Failed, "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := copyRepository(t)
			b := open(t, dir)
			g, err := build(t, b, request{pipeline: memoryTask})
			if err != nil {
				t.Fatal(err)
			}
			rec, _ := g.Tasks[0].Inputs[0].Existing.Record(int(g.Tasks[0].Inputs[0].Rows[0]))
			id := g.Tasks[0].DataID(0)
			c.damage(t, filepath.Join(dir, rec.Path))
			out, r, err := outcomes(t, b, g, executor.Options{})
			if err != nil {
				t.Fatal(err)
			}
			x := out[id.Get("visit").Text()+"/"+id.Get("detector").Text()]
			if x.State != c.state || x.Caveats != c.caveat {
				t.Errorf("%s, caveats %d, %v; want %s, %d", x.State, x.Caveats, x.Failure, c.state, c.caveat)
			}
			if c.class != "" && (x.Failure == nil || x.Failure.ShortClass() != c.class) {
				t.Errorf("failure %+v, want %s", x.Failure, c.class)
			}
			if r.Planned != len(out) || r.Unfinished() != 0 {
				t.Errorf("%+v", r)
			}
			files := contents(t, b, g.Collections.Run)
			if len(files) != r.Datasets+2 {
				t.Errorf("%d datasets, want %d and two of the run", len(files), r.Datasets)
			}
			noStrayFiles(t, b, g.Collections.Run)
		})
	}
}

// TestSaveFields leaves out metadata and logs; the config tells of the first only to valet.
func TestSaveFields(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	g, err := build(t, b, request{pipeline: memoryTask, actions: []pipeline.Action{
		{Kind: pipeline.SetConfig, Text: "memory_diaForcedSource:saveMetadata=False"}, {Kind: pipeline.SetConfig, Text: "memory_diaForcedSource:saveLogOutput=False"}}})
	if err != nil {
		t.Fatal(err)
	}
	r := execute(t, b, g)
	if r.Datasets != 13 || r.Failed != 1 || r.NoWork != 5 {
		t.Errorf("%+v", r)
	}
	for key, s := range contents(t, b, g.Collections.Run) {
		if s.StorageClass != "MetricValue" && s.StorageClass != "Config" && s.StorageClass != "Packages" {
			t.Errorf("written: %s", key)
		}
		if strings.Contains(s.Text, "saveMetadata") || s.StorageClass == "Config" && !strings.Contains(s.Text, "config.saveLogOutput=False") {
			t.Errorf("config: %s", s.Text)
		}
	}
}

// TestExtendAndClobber runs a failed quantum again after its cause is gone: the log keeps the first attempt and its ID.
func TestExtendAndClobber(t *testing.T) {
	t.Parallel()
	dir := copyRepository(t)
	b := open(t, dir)
	g, err := build(t, b, request{pipeline: memoryTask})
	if err != nil {
		t.Fatal(err)
	}
	first, r, err := outcomes(t, b, g, executor.Options{})
	if err != nil || r.Failed != 1 {
		t.Fatal(r, err)
	}
	if _, err := build(t, b, request{pipeline: memoryTask, extend: true}); err == nil || !strings.Contains(err.Error(), "already exists") {
		t.Errorf("without clobbering: %v", err)
	}
	g, err = build(t, b, request{pipeline: memoryTask, extend: true, clobber: true})
	if err != nil {
		t.Fatal(err)
	}
	if g.Len() != 1 || g.Skipped() != 18 {
		t.Fatalf("%d planned, %d skipped", g.Len(), g.Skipped())
	}
	second, r, err := outcomes(t, b, g, executor.Options{})
	if err != nil || r.Failed != 1 {
		t.Fatal(r, err)
	}
	for key, x := range second {
		if x.Log != first[key].Log {
			t.Errorf("log %s, first %s", x.Log, first[key].Log)
		}
		text, err := os.ReadFile(filepath.Join(dir, x.Log))
		if err != nil {
			t.Fatal(err)
		}
		log, err := formatter.ParseLog(text)
		if err != nil {
			t.Fatal(err)
		}
		a, err := log.Attempt()
		if err != nil || len(a.PreviousAttempts) != 1 || a.PreviousAttempts[0].Exception == nil || len(a.PreviousAttempts[0].Logs) != 3 {
			t.Errorf("%+v %v", a, err)
		}
	}
	noStrayFiles(t, b, g.Collections.Run)
}

// TestDrain ends a run at once; what was handed out is finished and the rest is left.
func TestDrain(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	g, err := build(t, b, request{pipeline: golden + "/metrics.yaml", now: time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	drain := make(chan struct{})
	close(drain)
	if err := executor.Prepare(t.Context(), b, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
		t.Fatal(err)
	}
	// A block may have been handed out before the order to drain was seen: what began is finished and told.
	told := 0
	r, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 2, Drain: drain,
		Events: executor.Events{Finished: func(executor.Outcome) { told++ }}})
	if err != nil || !r.Drained || r.Unfinished() != r.Planned-told {
		t.Errorf("%d told, %+v %v", told, r, err)
	}
	noStrayFiles(t, b, g.Collections.Run)
}
