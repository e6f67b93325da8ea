package cli

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"valet/cmd/internal/synthetic"
)

// process starts valet as a process of its own: this binary, under the name that TestMain gave it.
func process(ctx context.Context, args ...string) (*exec.Cmd, *bytes.Buffer) {
	cmd := exec.CommandContext(ctx, "valet", args...)
	stderr := new(bytes.Buffer)
	cmd.Stderr, cmd.Env = stderr, append(os.Environ(), "NO_COLOR=1", "TZ=UTC")
	return cmd, stderr
}

// exitOf is the exit code of a process that ended, -1 if a signal ended it.
func exitOf(t testing.TB, err error) int {
	t.Helper()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	t.Fatal(err)
	return 0
}

// goldenArgs is the command that runs the whole golden pipeline into crashRun.
func goldenArgs(dir string, again bool) []string {
	args := []string{"run", "-b", dir, "-p", filepath.Join(goldenRun, "../metrics.yaml"), "-i", "u/sci", "-o", "u/metrics", "--output-run", crashRun,
		"--register-dataset-types", "-j", "2"}
	if again {
		args = append(args, "--extend-run", "--clobber-outputs")
	}
	return args
}

// TestKilledAgainAndAgain kills real processes at random moments, six times in a row, resumes the run to its end, and compares it with an
// undisturbed one.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	const dataIDs = 300
	made, err := synthetic.Make(t.Context(), t.TempDir(), synthetic.Options{Visits: dataIDs / 50, Detectors: 50})
	if err != nil {
		t.Fatal(err)
	}
	fresh := func() *repo {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(made.Root)); err != nil {
			t.Fatal(err)
		}
		return realRepoAt(dir)
	}
	command := func(r *repo) (*exec.Cmd, *bytes.Buffer) {
		args := []string{"run", "-b", r.dir, "-p", made.Pipeline, "-i", synthetic.Chain, "-o", "u/metrics", "--output-run", crashRun, "--register-dataset-types", "-j", "2"}
		if r.hasRun(t) {
			args = append(args, "--extend-run", "--clobber-outputs")
		}
		return process(t.Context(), args...)
	}
	undisturbed := fresh()
	cmd, stderr := command(undisturbed)
	start := time.Now()
	if code := exitOf(t, cmd.Run()); code != ExitOK {
		t.Fatal(code, stderr)
	}
	whole := time.Since(start)
	want := undisturbed.audit(t, "u/metrics")
	if len(want.problems)+len(want.stray) > 0 || len(want.content) < 3*dataIDs {
		t.Fatal(want.problems, want.stray, len(want.content))
	}
	_, all := undisturbed.checkLedger(t)
	rounds, killed := 4, 0
	if testing.Short() {
		rounds = 1
	}
	for round := range rounds {
		moments := rand.New(rand.NewPCG(uint64(round), 6))
		r := fresh()
		for kill := range 6 {
			cmd, stderr := command(r)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			timer := time.AfterFunc(time.Duration(moments.Float64()*0.6*float64(whole)), func() { _ = cmd.Process.Kill() })
			if code := exitOf(t, cmd.Wait()); code == -1 {
				killed++
			} else if code != ExitOK && !strings.Contains(stderr.String(), "QuantumGraph was empty") {
				t.Errorf("round %d, kill %d: exit code %d\n%s", round, kill, code, stderr)
			}
			timer.Stop()
			for _, p := range r.audit(t, "u/metrics").problems {
				t.Errorf("round %d, kill %d: %s", round, kill, p)
			}
		}
		cmd, stderr := command(r)
		if code := exitOf(t, cmd.Run()); code != ExitOK && !strings.Contains(stderr.String(), "QuantumGraph was empty") {
			t.Errorf("round %d: resumed with exit code %d\n%s", round, code, stderr)
		}
		h := r.audit(t, "u/metrics")
		ledger, counts := r.checkLedger(t)
		for _, p := range append(append(append(h.problems, h.stray...), h.differences(want)...), ledger...) {
			t.Errorf("round %d: %s", round, p)
		}
		if counts != all {
			t.Errorf("round %d: the ledger counts %+v, want %+v", round, counts, all)
		}
	}
	if killed == 0 {
		t.Errorf("all %d processes ended before they were killed", 6*rounds)
	}
	t.Logf("%d of %d processes were killed, an undisturbed run takes %v", killed, 6*rounds, whole)
}

// TestDrainAndResume interrupts a run with SIGTERM: it ends what it has begun, and the command that it prints does the rest.
func TestDrainAndResume(t *testing.T) {
	t.Parallel()
	r := realRepo(t)
	args := append(goldenArgs(r.dir, false), "-j", "1")
	for try := 1; ; try++ {
		if try == 20 {
			t.Skip("the run ended before the signal each time")
		}
		r = realRepo(t)
		args[2] = r.dir
		cmd, stderr := process(t.Context(), args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		deadline := time.Now().Add(30 * time.Second)
		for !hasFiles(filepath.Join(r.dir, crashRun, "memory_diaForcedSource_log")) && time.Now().Before(deadline) {
			time.Sleep(time.Millisecond)
		}
		_ = cmd.Process.Signal(syscall.SIGTERM)
		code := exitOf(t, cmd.Wait())
		if code == ExitFailure && strings.Contains(stderr.String(), "planned=96 ") && !strings.Contains(stderr.String(), "interrupted") {
			continue
		}
		_, resume, ok := strings.Cut(stderr.String(), "resume with: ")
		if code != ExitInterrupted || !ok {
			if code == ExitFailure {
				continue // everything was under way
			}
			t.Fatalf("exit code %d\n%s", code, stderr)
		}
		h := r.audit(t, "u/metrics")
		if len(h.problems)+len(h.stray) > 0 {
			t.Errorf("drained: %v %v", h.problems, h.stray)
		}
		resume, _, _ = strings.Cut(resume, "\n")
		shell := exec.CommandContext(t.Context(), "sh", "-c", resume)
		out, err := shell.CombinedOutput()
		if code := exitOf(t, err); code != ExitFailure {
			t.Errorf("%s: exit code %d\n%s", resume, code, out)
		}
		if h := r.audit(t, "u/metrics"); len(h.problems)+len(h.stray) > 0 || len(h.content) != 287 {
			t.Errorf("resumed: %v %v %d", h.problems, h.stray, len(h.content))
		}
		return
	}
}

func hasFiles(dir string) bool {
	_, err := os.Stat(dir)
	return err == nil
}
