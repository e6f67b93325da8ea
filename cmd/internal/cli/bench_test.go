package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

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
