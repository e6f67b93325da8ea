package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The demo measures what the real stack measured on the same repository, each value at its own data ID.
func TestDemoMeasuresWhatUpstreamDoes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	a, stdout, stderr := testApp("demo", "--keep", dir)
	if code := a.Main(t.Context()); code != ExitOK {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	text, err := os.ReadFile("../../../testdata/run/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var expected struct {
		Datasets []struct {
			Type        string
			DataID      struct{ Detector, Visit int64 } `json:"dataId"`
			Measurement struct{ Value float64 }
		}
	}
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	want := map[[2]int64]float64{}
	for _, d := range expected.Datasets {
		if d.Type == demoMetric {
			want[[2]int64{d.DataID.Detector, d.DataID.Visit}] = d.Measurement.Value
		}
	}
	b, err := a.openButler(t.Context(), filepath.Join(dir, "repo"), true)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	found, err := readMeasurements(t.Context(), b, demoMetric, demoOutput)
	if err != nil {
		t.Fatal(err)
	}
	got := map[[2]int64]float64{}
	for _, f := range found {
		got[[2]int64{f.id.Get("detector").Int(), f.id.Get("visit").Int()}] = f.m.Quantity.Value
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, text := range []string{"13 measurements", "$ valet run ", "What next:"} {
		if !strings.Contains(stdout.String(), text) {
			t.Errorf("the demo does not say %q:\n%s", text, stdout)
		}
	}
	if lines := strings.Split(strings.TrimSpace(stderr.String()), "\n"); !strings.HasPrefix(lines[len(lines)-1], "run=u/metrics/") {
		t.Errorf("last line on stderr: %s", lines[len(lines)-1])
	}
	// A second demo in the same place overwrites nothing.
	again, _, stderr := testApp("demo", "--keep", dir)
	if code := again.Main(t.Context()); code != ExitUsage || !strings.Contains(stderr.String(), "is not empty") {
		t.Errorf("second demo: exit code %d, %s", code, stderr)
	}
}
