package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valet/datastore/butler"
	"valet/quantum/ledger"
)

// TestSecondValet refuses a run that another process writes to, and takes it over when that one is dead.
func TestSecondValet(t *testing.T) {
	const golden = "../../../testdata/run"
	repo := t.TempDir()
	if err := os.CopyFS(repo, os.DirFS(filepath.Join(golden, "before"))); err != nil {
		t.Fatal(err)
	}
	runApp := func(args ...string) (code int, stderr string) {
		a, _, errOut := testApp(args...)
		code = a.Main(t.Context())
		return code, errOut.String()
	}
	pipeline := filepath.Join(golden, "metrics.yaml") + "#memory_diaForcedSource"
	args := []string{"run", "-b", repo, "-p", pipeline, "-i", "u/sci", "-o", "u/metrics", "--register-dataset-types", "--output-run", "u/metrics/r"}
	if code, stderr := runApp(append(args, "-d", "detector = 1")...); code != ExitOK {
		t.Fatal(code, stderr)
	}
	b, err := butler.Open(t.Context(), repo, butler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	elsewhere := &ledger.Machine{Self: ledger.Process{Host: "elsewhere", PID: 4711}, Lookup: func(int) (int64, bool) { return 0, true }}
	now := time.Now()
	other := ledger.New(b.Registry, ledger.Options{Machine: elsewhere, Now: func() time.Time { return now }})
	lease, err := other.Acquire(t.Context(), "u/metrics/r")
	if err != nil {
		t.Fatal(err)
	}
	again := append(args, "--extend-run")
	code, stderr := runApp(again...)
	if code != ExitTryAgain || !strings.Contains(stderr, "process 4711 on elsewhere") {
		t.Errorf("%d %s", code, stderr)
	}
	// Its last sign of life is long ago: the run is taken over, and it cannot write any more.
	now = now.Add(-time.Hour)
	if err := lease.Beat(t.Context()); err != nil {
		t.Fatal(err)
	}
	if code, stderr := runApp(again...); code != ExitFailure || !strings.Contains(stderr, " planned=19 ") {
		t.Errorf("%d %s", code, stderr)
	}
	if err := lease.Beat(t.Context()); err == nil {
		t.Error("the lease is still held")
	}
}
