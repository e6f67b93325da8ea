package executor_test

import (
	"errors"
	"strings"
	"syscall"
	"testing"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/quantum/executor"
)

// openOn opens a repository with its artifacts on a file system.
func openOn(t testing.TB, dir string, fs vfs.FS) *butler.Butler {
	t.Helper()
	b, err := butler.Open(t.Context(), dir, butler.Options{FS: fs})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestFullDisk lets every write fail from the n-th file operation on. The run stops and tells why, every row has its file and every
// file its row, and the same run is finished when there is room again.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	count := vfs.NewFault(vfs.Real{}, nil)
	runOn(t, copyRepository(t), count, false)
	total := count.Count()
	if total < 100 {
		t.Fatalf("only %d operations", total)
	}
	step := max(total/30, 1)
	for n := 1; n < total; n += step {
		dir := copyRepository(t)
		full := vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
			if op.N >= n && (op.Kind == vfs.OpCreate || op.Kind == vfs.OpMkdir) {
				return syscall.ENOSPC
			}
			return nil
		})
		if err := runOn(t, dir, full, false); err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("operation %d: %v", n, err)
		}
		finish(t, dir, n)
	}
}

// TestFaultAtEachStep lets one operation of each kind fail once.
func TestFaultAtEachStep(t *testing.T) {
	t.Parallel()
	for _, kind := range []vfs.Kind{vfs.OpCreate, vfs.OpRename, vfs.OpMkdir, vfs.OpSync, vfs.OpOpen, vfs.OpRead} {
		for _, n := range []int{1, 2, 5, 17, 40} {
			for _, errno := range []error{syscall.EIO, vfs.Short{Err: syscall.ENOSPC}} {
				dir := copyRepository(t)
				_ = runOn(t, dir, vfs.NewFault(vfs.Real{}, vfs.FailNth(kind, n, errno)), false)
				finish(t, dir, n)
			}
		}
	}
}

// runOn runs the memory task on a file system and returns why it stopped.
func runOn(t *testing.T, dir string, fs vfs.FS, again bool) error {
	t.Helper()
	b := openOn(t, dir, fs)
	defer b.Close()
	g, err := build(t, b, request{pipeline: memoryTask, extend: again, clobber: again})
	if err != nil {
		t.Fatal(err)
	}
	if err := executor.Prepare(t.Context(), b, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
		return err
	}
	r, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 2})
	if err == nil && r.Unfinished() != 0 {
		t.Errorf("%d quanta unfinished without an error", r.Unfinished())
	}
	return err
}

// finish checks what a stopped run left, runs what is missing, and compares the whole with upstream.
func finish(t *testing.T, dir string, n int) {
	t.Helper()
	b := open(t, dir)
	chain, err := b.Registry.Collection(t.Context(), "u/metrics")
	if err != nil {
		// Nothing was prepared: nothing may be there.
		noStrayFiles(t, b, "u/metrics")
		return
	}
	run := chain.Children[0]
	contents(t, b, run)
	noStrayFiles(t, b, run)
	if err := runOn(t, dir, vfs.Real{}, true); err != nil {
		t.Fatalf("operation %d: again: %v", n, err)
	}
	got := contents(t, b, run)
	compare(t, got, expected(t, func(typ string) bool {
		return strings.HasPrefix(typ, "memory_diaForcedSource_") || typ == "metricvalue_ap_association_DiaForcedSourceMemory" || typ == "packages"
	}))
	noStrayFiles(t, b, run)
}
