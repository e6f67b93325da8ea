package cli

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"valet/cmd/internal/synthetic"
)

// Several tasks over one file are compared with a single one, and files may be larger.
func TestBenchTasks(t *testing.T) {
	a, stdout, stderr := testApp("bench", "--dir", t.TempDir(), "--quanta", "12", "--detectors", "2", "--tasks", "3", "--rows", "0", "--rounds", "2",
		"--input-size", "30000", "--format", "json")
	if code := a.Main(t.Context()); code != ExitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{`"rate against a single task's"`, `{"part":"single task","figure":"quanta","value":12`, `{"part":"run","figure":"quanta","value":12`} {
		if !bytes.Contains(stdout.Bytes(), []byte(want)) {
			t.Errorf("no %s in %s", want, stdout)
		}
	}
}

// The report has every part, each with figures that can be, and nothing is left behind.
func TestBenchReportsEveryPart(t *testing.T) {
	dir := t.TempDir()
	cpu, memory := filepath.Join(t.TempDir(), "cpu"), filepath.Join(t.TempDir(), "mem")
	a, stdout, stderr := testApp("bench", "--dir", dir, "--quanta", "10", "--detectors", "3", "--rows", "20", "--rounds", "2", "-j", "2",
		"--format", "json", "--cpu-profile", cpu, "--mem-profile", memory)
	if code := a.Main(t.Context()); code != ExitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var rows []struct {
		Part, Figure string
		Value        float64
	}
	if err := json.Unmarshal(stdout.Bytes(), &rows); err != nil {
		t.Fatal(err, stdout)
	}
	got := map[string]float64{}
	for _, r := range rows {
		got[r.Part+": "+r.Figure] = r.Value
		if r.Value < 0 {
			t.Errorf("%+v", r)
		}
	}
	for name, want := range map[string]float64{"run: quanta": 12, "query: datasets": 21, "floor: commits": 1} {
		if got[name] != want {
			t.Errorf("%s = %v, want %v", name, got[name], want)
		}
	}
	for _, name := range []string{"run: rate", "floor: rate", "run: rate against the floor's", "run: written", "run: peak memory", "query: open to first row", "query: all datasets"} {
		if got[name] <= 0 {
			t.Errorf("%s = %v", name, got[name])
		}
	}
	if _, ok := got["resume: seconds to find nothing left"]; !ok {
		t.Error("no resume")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Error("left behind:", left, err)
	}
	for _, path := range []string{cpu, memory} {
		// Profiles are compressed with gzip.
		if text, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
			t.Errorf("%s: %v, %d bytes", filepath.Base(path), err, len(text))
		}
	}
}

// Several tasks over one file are several quanta.
func TestBenchRunsSeveralTasks(t *testing.T) {
	a, stdout, stderr := testApp("bench", "--dir", t.TempDir(), "--quanta", "12", "--detectors", "2", "--tasks", "3", "--rows", "0", "--rounds", "1", "--format", "csv")
	if code := a.Main(t.Context()); code != ExitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	if !bytes.Contains(stdout.Bytes(), []byte("run,quanta,12")) || bytes.Contains(stdout.Bytes(), []byte("floor")) {
		t.Error(stdout)
	}
}

func TestBenchRefuses(t *testing.T) {
	for _, args := range [][]string{{"--quanta", "-1"}, {"--detectors", "0"}, {"--rounds", "0"}, {"-j", "0"}, {"--format", "parquet"}} {
		a, _, stderr := testApp(append([]string{"bench"}, args...)...)
		if code := a.Main(t.Context()); code != ExitUsage {
			t.Errorf("%v: exit code %d: %s", args, code, stderr)
		}
	}
}

var (
	benchQuanta = flag.Int("quanta", 5000, "quanta of the run that BenchmarkMainJob measures")
	benchTasks  = flag.Int("tasks", 1, "tasks over each metadata file in it")
)

// BenchmarkMainJob compares the main job, graph and all, with the floor, each on a repository of its own below TMPDIR.
func BenchmarkMainJob(b *testing.B) {
	o := &benchOptions{processes: runtime.GOMAXPROCS(0)}
	perVisit := 100 * *benchTasks
	size := synthetic.Options{Visits: (*benchQuanta + perVisit - 1) / perVisit, Detectors: 100}
	b.Run("valet", func(b *testing.B) {
		dir := b.TempDir()
		made, err := synthetic.Make(b.Context(), filepath.Join(dir, "made"), size)
		if err != nil {
			b.Fatal(err)
		}
		pipeline := filepath.Join(dir, "bench.yaml")
		if err := writeBenchPipeline(pipeline, *benchTasks); err != nil {
			b.Fatal(err)
		}
		a, _, _ := testApp()
		a.logs = defaultLogging(a)
		n, runs := 0, 0
		for b.Loop() {
			r, err := a.runBench(b.Context(), o, made, pipeline, fmt.Sprintf("%s/%d", benchChain, runs))
			if err != nil {
				b.Fatal(err)
			}
			n, runs = n+r.quanta, runs+1
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "quanta/s")
	})
	b.Run("floor", func(b *testing.B) {
		made, err := synthetic.Make(b.Context(), b.TempDir(), size)
		if err != nil {
			b.Fatal(err)
		}
		n, runs := 0, 0
		for b.Loop() {
			r, err := floorBench(b.Context(), o, made, fmt.Sprintf("u/floor/%d", runs))
			if err != nil {
				b.Fatal(err)
			}
			n, runs = n+r.Quanta, runs+1
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "quanta/s")
	})
}
