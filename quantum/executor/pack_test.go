package executor_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/datastore/vfs"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/registry"
	"valet/registry/dataset"
)

// runPacked runs a pipeline with or without packing.
func runPacked(t *testing.T, dir string, disk vfs.FS, q request, pack bool) (*executor.Result, error) {
	t.Helper()
	b := openOn(t, dir, disk)
	defer b.Close()
	g, err := build(t, b, q)
	if err != nil {
		t.Fatal(err)
	}
	if err := executor.Prepare(t.Context(), b, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
		return nil, err
	}
	r, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 2, Pack: pack})
	if err == nil && r.Unfinished() != 0 {
		t.Errorf("%d quanta unfinished without an error", r.Unfinished())
	}
	return r, err
}

// unpacked gives packed datasets the paths that loose ones have, where the names agree, and counts them.
func unpacked(got, want map[string]stored) (out map[string]stored, packed int) {
	for key, g := range got {
		_, member, ok := dataset.SplitMember(g.Path)
		if !ok {
			continue
		}
		packed++
		if w := want[key].Path; filepath.Base(w) == member {
			g.Path = w
		}
		got[key] = g
	}
	return got, packed
}

func newestRun(t *testing.T, b *butler.Butler) string {
	t.Helper()
	chain, err := b.Registry.Collection(t.Context(), "u/metrics")
	if err != nil {
		t.Fatal(err)
	}
	return chain.Children[0]
}

// TestPackedGoldenRun runs the golden pipeline with packed files: the datasets are those that upstream wrote.
func TestPackedGoldenRun(t *testing.T) {
	t.Parallel()
	dir := copyRepository(t)
	r, err := runPacked(t, dir, vfs.Real{}, request{pipeline: filepath.Join(golden, "metrics.yaml")}, true)
	if err != nil || r.Failed != 1 || r.NoWork != 5 || r.Succeeded != 90 || r.Datasets != 281 {
		t.Fatalf("%+v %v", r, err)
	}
	b := open(t, dir)
	want := expected(t, func(string) bool { return true })
	got, packed := unpacked(contents(t, b, newestRun(t, b)), want)
	if compare(t, got, want); packed != 281 {
		t.Errorf("%d datasets are packed", packed)
	}
	noStrayFiles(t, b, newestRun(t, b))
}

// packedChain is a task and two that read what it writes.
const packedChain = `description: chained
tasks:
  memory_diaForcedSource:
    class: lsst.verify.tasks.commonMetrics.MemoryMetricTask
    config: {connections.package: ap_association, connections.metric: DiaForcedSourceMemory, connections.labelName: diaPipe, target: "diaPipe:diaForcedSource.run"}
  timing_memory:
    class: lsst.verify.tasks.commonMetrics.TimingMetricTask
    config: {connections.package: verify, connections.metric: MemoryTime, connections.labelName: memory_diaForcedSource, target: memory_diaForcedSource.run}
  timing_again:
    class: lsst.verify.tasks.commonMetrics.TimingMetricTask
    config: {connections.package: verify, connections.metric: MemoryTimeAgain, connections.labelName: memory_diaForcedSource, target: memory_diaForcedSource.run}
`

// TestPackedChain reads packed outputs in the run that writes them, and when it is gone on with.
func TestPackedChain(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "chain.yaml")
	if err := os.WriteFile(file, []byte(packedChain), 0o666); err != nil {
		t.Fatal(err)
	}
	// The metadata of the first task have no times, so that the others have no work, but only who reads them knows.
	reasons := func(dir string, q request, pack bool) map[string]int {
		b := open(t, dir)
		g, err := build(t, b, q)
		if err != nil {
			t.Fatal(err)
		}
		if err := executor.Prepare(t.Context(), b, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
			t.Fatal(err)
		}
		journal := &recorder{}
		if _, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 2, Pack: pack, Journal: journal}); err != nil {
			t.Fatal(err)
		}
		noStrayFiles(t, b, newestRun(t, b))
		out := map[string]int{}
		for _, o := range journal.outcomes {
			out[o.Item.Task.Task.Label+" "+o.Reason.String()]++
		}
		return out
	}
	dir := copyRepository(t)
	want := reasons(copyRepository(t), request{pipeline: file}, false)
	if got := reasons(dir, request{pipeline: file + "#memory_diaForcedSource,timing_memory"}, true); len(got) < 3 || got["timing_memory "+quantum.TaskFoundNoWork.String()] == 0 {
		t.Errorf("%v", got)
	} else {
		for key, n := range got {
			if want[key] != n {
				t.Errorf("%s: %d, want %d", key, n, want[key])
			}
		}
	}
	for _, pack := range []bool{true, false} {
		got := reasons(dir, request{pipeline: file + "#timing_again", extend: true, clobber: true}, pack)
		if key := "timing_again " + quantum.TaskFoundNoWork.String(); got[key] == 0 || pack && got[key] != want[key] {
			t.Errorf("%v", got)
		}
		b := open(t, dir)
		s, err := b.Registry.DatasetType(t.Context(), "timing_again_metadata")
		if err != nil {
			t.Fatal(err)
		}
		ids, err := b.Registry.RunDatasets(t.Context(), newestRun(t, b), []string{s.Name})
		if err != nil || len(ids) == 0 {
			t.Fatal(ids, err)
		}
		if err := b.Purge(t.Context(), ids...); err != nil {
			t.Fatal(err)
		}
	}
}

// packedLogs reads the logs of the memory task.
func packedLogs(t *testing.T, b *butler.Butler, run string) (out []*formatter.Attempt) {
	t.Helper()
	typ, err := b.Registry.DatasetType(t.Context(), "memory_diaForcedSource_log")
	if err != nil {
		t.Fatal(err)
	}
	search := registry.DatasetSearch{Type: typ.Name, Collections: []string{run}, Records: true}
	for row, err := range b.Registry.Select(t.Context(), registry.Query{Dimensions: typ.Dimensions, Datasets: []registry.DatasetSearch{search}}) {
		if err != nil {
			t.Fatal(err)
		}
		text, err := b.Store.Read(row.Datasets[0].Record)
		if err != nil {
			t.Fatal(err)
		}
		l, err := formatter.ParseLog(text)
		if err != nil {
			t.Fatal(err)
		}
		a, err := l.Attempt()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	return out
}

// damagedRun is a run of which one quantum failed because of its input, which is good by now.
func damagedRun(t *testing.T, pack bool) (dir string) {
	t.Helper()
	dir = copyRepository(t)
	files, err := filepath.Glob(filepath.Join(dir, "u/sci/*/diaPipe_metadata/*/*/*/*/*.json"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	good, err := os.ReadFile(files[3])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[3], []byte(strings.Repeat("{", len(good))), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := runPacked(t, dir, vfs.Real{}, request{pipeline: memoryTask}, pack); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[3], good, 0o666); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestPackedAgainAfterFailure repeats a failed quantum, with the files of either attempt packed or not. At whatever step the disk fails,
// every row has its file, the log of the last attempt keeps the first one, and no file is left over.
func TestPackedAgainAfterFailure(t *testing.T) {
	t.Parallel()
	again := request{pipeline: memoryTask, extend: true, clobber: true}
	want := expected(t, isMemory)
	for _, c := range []struct {
		name        string
		first, then bool
	}{{"both", true, true}, {"first", true, false}, {"second", false, true}} {
		t.Run(c.name, func(t *testing.T) {
			count := vfs.NewFault(vfs.Real{}, nil)
			if _, err := runPacked(t, damagedRun(t, c.first), count, again, c.then); err != nil {
				t.Fatal(err)
			}
			step := 2
			if testing.Short() {
				step = 7
			}
			for n := 0; n <= count.Count(); n += step {
				dir := damagedRun(t, c.first)
				_, _ = runPacked(t, dir, vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
					switch {
					case op.N != n || op.Kind == vfs.OpRemove: // what cannot be removed is left
						return nil
					case op.Kind == vfs.OpCreate:
						return vfs.Short{Err: syscall.EIO}
					}
					return syscall.EIO
				}), again, c.then)
				b := open(t, dir)
				contents(t, b, newestRun(t, b))
				if _, err := runPacked(t, dir, vfs.Real{}, again, c.then); err != nil {
					t.Fatal(err)
				}
				got, _ := unpacked(contents(t, b, newestRun(t, b)), want)
				compare(t, got, want)
				noStrayFiles(t, b, newestRun(t, b))
				nested := 0
				for _, s := range packedLogs(t, b, newestRun(t, b)) {
					if len(s.PreviousAttempts) > 0 && s.PreviousAttempts[0].Exception != nil {
						nested++
					}
				}
				if nested == 0 {
					t.Errorf("operation %d: the log of the failed attempt is lost", n)
				}
			}
		})
	}
}

// TestPackedFullDisk lets every write fail from the n-th file operation on.
func TestPackedFullDisk(t *testing.T) {
	t.Parallel()
	want := expected(t, isMemory)
	count := vfs.NewFault(vfs.Real{}, nil)
	if _, err := runPacked(t, copyRepository(t), count, request{pipeline: memoryTask}, true); err != nil {
		t.Fatal(err)
	}
	for n := 1; n < count.Count(); n += 5 {
		dir := copyRepository(t)
		_, err := runPacked(t, dir, vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
			if op.N >= n && op.Kind == vfs.OpCreate {
				return vfs.Short{Err: syscall.ENOSPC}
			}
			if op.N >= n && op.Kind == vfs.OpMkdir {
				return syscall.ENOSPC
			}
			return nil
		}), request{pipeline: memoryTask}, true)
		if err != nil && !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("operation %d: %v", n, err)
		}
		b := open(t, dir)
		if _, e := b.Registry.Collection(t.Context(), "u/metrics"); e != nil {
			continue
		}
		contents(t, b, newestRun(t, b))
		noStrayFiles(t, b, newestRun(t, b))
		if err == nil {
			continue
		}
		if _, err := runPacked(t, dir, vfs.Real{}, request{pipeline: memoryTask, extend: true, clobber: true}, true); err != nil {
			t.Fatalf("operation %d: again: %v", n, err)
		}
		got, _ := unpacked(contents(t, b, newestRun(t, b)), want)
		compare(t, got, want)
		noStrayFiles(t, b, newestRun(t, b))
	}
}

// TestPackedJournalError leaves no zip when outcomes cannot be recorded, unless the run may be another's.
func TestPackedJournalError(t *testing.T) {
	t.Parallel()
	for _, cause := range []error{errors.New("no room"), executor.ErrFenced} {
		b := open(t, copyRepository(t))
		g := prepared(t, b, request{pipeline: memoryTask})
		r, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 2, Pack: true, Journal: &recorder{refuse: 1, err: cause}})
		if !errors.Is(err, cause) || r.Succeeded != 0 || r.Unfinished() != r.Planned {
			t.Errorf("%+v %v", r, err)
		}
		packs, err := b.Store.Packs(g.Collections.Run)
		if err != nil || (len(packs) == 0) != !errors.Is(cause, executor.ErrFenced) {
			t.Errorf("%v: %v %v", cause, packs, err)
		}
	}
}

// TestPackedOutcomes tells where logs and measurements are.
func TestPackedOutcomes(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	g, err := build(t, b, request{pipeline: memoryTask})
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := outcomes(t, b, g, executor.Options{Pack: true})
	if err != nil || len(got) == 0 {
		t.Fatal(err)
	}
	for at, o := range got {
		if _, _, ok := dataset.SplitMember(o.Log); !ok {
			t.Errorf("%s: log %q", at, o.Log)
		}
		for i := range o.Measured {
			if _, err := b.Store.Read(&o.Measured[i].Record); err != nil {
				t.Errorf("%s: %v", at, err)
			}
		}
	}
}
