package executor_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"valet/datastore/formatter"
	"valet/datastore/vfs"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/registry"
	"valet/tasks"
)

// recorder is a journal in memory.
type recorder struct {
	outcomes []executor.Outcome
	calls    int
	// refuse lets Record fail from this call on.
	refuse int
	err    error
}

func (r *recorder) Record(_ *registry.Tx, outcomes []executor.Outcome) error {
	r.calls++
	if r.refuse > 0 && r.calls >= r.refuse {
		return r.err
	}
	r.outcomes = append(r.outcomes, outcomes...)
	return nil
}

// TestRetries reads inputs from a disk whose first reads fail. The quanta are tried again, and their logs keep what happened.
func TestRetries(t *testing.T) {
	t.Parallel()
	dir := copyRepository(t)
	var failed atomic.Int32
	flaky := vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
		if op.Kind == vfs.OpOpen && strings.Contains(op.Path, "diaPipe_metadata") && failed.Add(1) <= 3 {
			return syscall.EIO
		}
		return nil
	})
	b := openOn(t, dir, flaky)
	defer b.Close()
	g := prepared(t, b, request{pipeline: memoryTask})
	journal := &recorder{}
	r, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 1, Retries: 3, Journal: journal})
	if err != nil || r.Retried != 3 || r.Failed != 1 || r.Unfinished() != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	retried, again := 0, 0
	for _, o := range journal.outcomes {
		if o.Retried {
			retried++
			if o.State != quantum.Failed || o.Reason != quantum.InputError || o.Ended.Before(o.Started) || o.Ended.IsZero() {
				t.Errorf("%+v", o)
			}
		}
		if o.Try == 0 || o.Retried {
			continue
		}
		again++
		text, err := os.ReadFile(filepath.Join(dir, o.Log))
		if err != nil {
			t.Fatal(err)
		}
		l, err := formatter.ParseLog(text)
		if err != nil {
			t.Fatal(err)
		}
		a, err := l.Attempt()
		if err != nil || len(a.PreviousAttempts) != o.Try || a.Exception != nil || a.PreviousAttempts[0].Exception == nil || len(a.PreviousAttempts[0].Logs) == 0 {
			t.Errorf("%+v %v", a, err)
		}
	}
	if retried != 3 || again == 0 {
		t.Errorf("%d retried, %d ended later", retried, again)
	}
	compare(t, contents(t, b, g.Collections.Run), expected(t, isMemory))
}

func isMemory(typ string) bool {
	return strings.HasPrefix(typ, "memory_diaForcedSource_") || typ == "metricvalue_ap_association_DiaForcedSourceMemory" || typ == "packages"
}

// slowDisk does not answer when its second metadata file is opened.
type slowDisk struct {
	vfs.FS
	opened  atomic.Int32
	release chan struct{}
}

func (d *slowDisk) Open(path string) (vfs.File, error) {
	if strings.Contains(path, "diaPipe_metadata") && d.opened.Add(1) == 2 {
		<-d.release
	}
	return d.FS.Open(path)
}

// TestTimeout runs quanta on a disk that leaves one of them waiting. It fails, and the run goes on and ends.
func TestTimeout(t *testing.T) {
	t.Parallel()
	hanging := &slowDisk{FS: vfs.Real{}, release: make(chan struct{})}
	b := openOn(t, copyRepository(t), hanging)
	defer b.Close()
	g := prepared(t, b, request{pipeline: memoryTask})
	journal := &recorder{}
	// Other quanta are far below this limit, unless the machine stands still.
	r, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 1, Timeout: 2 * time.Second, Journal: journal})
	close(hanging.release)
	if err != nil || r.Unfinished() != 0 {
		t.Fatalf("%+v %v", r, err)
	}
	late := 0
	for _, o := range journal.outcomes {
		if o.Reason == quantum.TimedOut {
			late++
			if o.State != quantum.Failed || o.Failure.Class != "TimeoutError" || o.Log == "" {
				t.Errorf("%+v", o)
			}
		}
	}
	if late != 1 {
		t.Errorf("%d late quanta", late)
	}
}

// TestAgainAfterFailure replaces what a failed quantum left. At whatever step the disk fails, each row has its file, and the log of the
// last attempt keeps the first one.
func TestAgainAfterFailure(t *testing.T) {
	t.Parallel()
	damaged := func(t *testing.T) (dir, input string, good []byte) {
		dir = copyRepository(t)
		files, err := filepath.Glob(filepath.Join(dir, "u/sci/*/diaPipe_metadata/*/*/*/*/*.json"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		if good, err = os.ReadFile(files[3]); err != nil {
			t.Fatal(err)
		}
		bad := []byte(strings.Repeat("{", len(good)))
		if err := os.WriteFile(files[3], bad, 0o666); err != nil {
			t.Fatal(err)
		}
		if err := runOn(t, dir, vfs.Real{}, false); err != nil {
			t.Fatal(err)
		}
		return dir, files[3], good
	}
	count := vfs.NewFault(vfs.Real{}, nil)
	dir, input, good := damaged(t)
	if err := os.WriteFile(input, good, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := runOn(t, dir, count, true); err != nil {
		t.Fatal(err)
	}
	// Each step takes a while on a disk; every third is looked at, with -short every seventh.
	step := 3
	if testing.Short() {
		step = 7
	}
	for n := 1; n <= count.Count(); n += step {
		dir, input, good := damaged(t)
		if err := os.WriteFile(input, good, 0o666); err != nil {
			t.Fatal(err)
		}
		_ = runOn(t, dir, vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
			if op.N == n {
				return syscall.EIO
			}
			return nil
		}), true)
		if err := runOn(t, dir, vfs.Real{}, true); err != nil {
			t.Fatal(err)
		}
		b := open(t, dir)
		chain, err := b.Registry.Collection(t.Context(), "u/metrics")
		if err != nil {
			t.Fatal(err)
		}
		compare(t, contents(t, b, chain.Children[0]), expected(t, isMemory))
		noStrayFiles(t, b, chain.Children[0])
		nested := 0
		for _, s := range logsOf(t, b.Root) {
			if len(s.PreviousAttempts) > 0 && s.PreviousAttempts[0].Exception != nil {
				nested++
			}
		}
		if nested == 0 {
			t.Errorf("operation %d: the log of the failed attempt is lost", n)
		}
	}
}

// logsOf reads all logs of the memory task.
func logsOf(t *testing.T, root string) (out []*formatter.Attempt) {
	t.Helper()
	walk(t, os.DirFS(root), "u/metrics", func(path string) {
		if !strings.Contains(path, "memory_diaForcedSource_log") {
			return
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		if err != nil {
			t.Fatal(err)
		}
		l, err := formatter.ParseLog(text)
		if err != nil {
			t.Fatal(path, err)
		}
		a, err := l.Attempt()
		if err != nil {
			t.Fatal(path, err)
		}
		out = append(out, a)
	})
	return out
}

// TestJournalError ends the run when outcomes cannot be recorded, and nothing is stored without its record.
func TestJournalError(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	g := prepared(t, b, request{pipeline: memoryTask})
	full := errors.New("no room")
	r, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 2, Journal: &recorder{refuse: 1, err: full}})
	if !errors.Is(err, full) || r.Succeeded != 0 || r.Unfinished() != r.Planned {
		t.Errorf("%+v %v", r, err)
	}
	for key := range contents(t, b, g.Collections.Run) {
		if strings.HasPrefix(key, "metricvalue") || strings.Contains(key, "_log") {
			t.Errorf("%s is stored", key)
		}
	}
	noStrayFiles(t, b, g.Collections.Run)
}

// TestFencedKeepsFiles leaves files alone that may be those of the process that has the run now.
func TestFencedKeepsFiles(t *testing.T) {
	t.Parallel()
	dir := copyRepository(t)
	b := open(t, dir)
	g := prepared(t, b, request{pipeline: memoryTask})
	fenced := fmt.Errorf("lost: %w", executor.ErrFenced)
	_, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 1, Journal: &recorder{refuse: 1, err: fenced}})
	if !errors.Is(err, executor.ErrFenced) {
		t.Fatal(err)
	}
	if len(logsOf(t, dir)) == 0 {
		t.Error("a fenced process removed files")
	}
	// The guard is asked before anything is written.
	_, err = executor.Execute(t.Context(), b, g, executor.Options{Workers: 1, Guard: func() error { return fenced }})
	if !errors.Is(err, executor.ErrFenced) {
		t.Fatal(err)
	}
	// The next process writes over what is there.
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestTransient(t *testing.T) {
	for _, c := range []struct {
		err  error
		want bool
	}{
		{syscall.EIO, true}, {fmt.Errorf("read: %w", syscall.ESTALE), true}, {syscall.ENOENT, false}, {syscall.ENOSPC, false},
		{errors.New("bad text"), false}, {&executor.TimeoutError{}, false}, {&tasks.NoWorkError{}, false}, {repeatable{}, true},
	} {
		if got := executor.Transient(c.err); got != c.want {
			t.Errorf("%v: %v", c.err, got)
		}
	}
}

type repeatable struct{}

func (repeatable) Error() string     { return "again" }
func (repeatable) ClassName() string { return "lsst.pipe.base.RepeatableQuantumError" }
