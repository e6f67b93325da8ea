package executor_test

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/registry"
	"valet/registry/registrytest"
)

// replaced makes a repository in which u/metrics has a run, and returns the run.
func replaced(t *testing.T) (dir, run string) {
	t.Helper()
	dir = copyRepository(t)
	b := open(t, dir)
	g, err := build(t, b, request{pipeline: memoryTask})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, b, g)
	return dir, g.Collections.Run
}

// prune prepares the run that replaces the newest.
func prune(t *testing.T, b *butler.Butler, mode quantum.PruneMode, minute int, built func()) error {
	t.Helper()
	g, err := build(t, b, request{pipeline: memoryTask, replace: true, prune: mode, now: time.Date(2026, 11, 23, 18, minute, 0, 0, time.UTC)})
	if err != nil {
		return err
	}
	built()
	return executor.Prepare(t.Context(), b, g, executor.PrepareOptions{Register: true, Version: "test"})
}

// filesOf lists the files of a run.
func filesOf(t *testing.T, b *butler.Butler, run string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(b.Root, run), func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			out = append(out, filepath.Base(p))
		}
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return out
}

// pruned checks that a run lost what it should, and nothing else did.
func pruned(t *testing.T, b *butler.Butler, mode quantum.PruneMode, run, when string) {
	t.Helper()
	left := filesOf(t, b, run)
	_, err := b.Registry.Collection(t.Context(), run)
	switch mode {
	case quantum.Purge:
		var missing *registry.NotFoundError
		if len(left) > 0 || !errors.As(err, &missing) {
			t.Errorf("%s: %d files left, collection: %v", when, len(left), err)
		}
	case quantum.Unstore:
		if len(left) != 2 || err != nil {
			t.Errorf("%s: files %v, collection: %v", when, left, err)
		}
		ids, err := b.Registry.RunDatasets(t.Context(), run, []string{"memory_diaForcedSource_metadata", "memory_diaForcedSource_log", "memory_diaForcedSource_config", "packages"})
		if err != nil || len(ids) != 18+19+2 {
			t.Errorf("%s: %d datasets: %v", when, len(ids), err)
		}
	}
	if has, err := b.Registry.HasTrash(t.Context(), b.Store.Config.Name); err != nil || has {
		t.Errorf("%s: trash is left: %v", when, err)
	}
	allStored(t, b, when)
}

// allStored checks that every dataset with a location has its file.
func allStored(t *testing.T, b *butler.Butler, when string) {
	t.Helper()
	err := b.Registry.Rows(t.Context(), "SELECT path FROM file_datastore_records r JOIN dataset_location l ON l.dataset_id = r.dataset_id", nil, func(row []driver.Value) error {
		if _, err := os.Stat(filepath.Join(b.Root, row[0].(string))); err != nil {
			t.Errorf("%s: lost: %v", when, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	err = b.Registry.Rows(t.Context(), "SELECT * FROM pragma_foreign_key_check", nil, func(row []driver.Value) error {
		t.Errorf("%s: foreign key: %v", when, row)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPrune(t *testing.T) {
	t.Parallel()
	for _, mode := range []quantum.PruneMode{quantum.Unstore, quantum.Purge} {
		dir, run := replaced(t)
		b := open(t, dir)
		sci := len(filesOf(t, b, "u/sci"))
		if err := prune(t, b, mode, 1, func() {}); err != nil {
			t.Fatal(err)
		}
		pruned(t, b, mode, run, string(mode))
		chain, err := b.Registry.Collection(t.Context(), "u/metrics")
		if err != nil || slices.Contains(chain.Children, run) || len(chain.Children) != 3 {
			t.Errorf("%s: chain %v, %v", mode, chain, err)
		}
		if n := len(filesOf(t, b, "u/sci")); n != sci {
			t.Errorf("%s: %d files of the inputs are left of %d", mode, n, sci)
		}
	}
}

// TestPruneCrashes ends the program at every file operation and every writing statement of a replacement, and once after each commit.
// The chain holds either the old run, whole, or the new one; the same command, or the next run, does the rest.
func TestPruneCrashes(t *testing.T) {
	t.Parallel()
	for i, mode := range []quantum.PruneMode{quantum.Unstore, quantum.Purge} {
		origin, run := replaced(t)
		// Both have the same steps, so that each need take only every second of them.
		for n := 1 + i; ; n += 2 {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(origin)); err != nil {
				t.Fatal(err)
			}
			steps, crashed := -1<<30, false
			step := func(counts bool) error {
				if counts {
					steps++
				}
				if crashed = crashed || steps >= n; crashed {
					return syscall.EIO
				}
				return nil
			}
			files := vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
				// One of many files is as good as the other.
				return step(op.Kind != vfs.OpRemove || strings.Contains(op.Path, "detector") || strings.HasSuffix(op.Path, "R00_S02_u_metrics_20261123T180000Z.json"))
			})
			statements := registrytest.NewFault(func(s registrytest.Statement) error {
				if step(s.IsWrite()) != nil {
					return sqlite3.Error{Code: sqlite3.ErrIoErr}
				}
				return nil
			})
			b, err := butler.Open(t.Context(), dir, butler.Options{FS: files, Layer: statements.Layer})
			if err == nil {
				err = prune(t, b, mode, 1, func() { steps = 0 })
				b.Close()
			}
			when := fmt.Sprintf("%s, step %d", mode, n)
			if err == nil {
				if crashed {
					t.Errorf("%s: no error", when)
				}
				t.Logf("%s: %d steps", mode, n)
				break
			}
			recoverPrune(t, dir, mode, run, when)
		}
	}
}

// recoverPrune looks at what a crash left and goes on.
func recoverPrune(t *testing.T, dir string, mode quantum.PruneMode, run, when string) {
	t.Helper()
	b := open(t, dir)
	allStored(t, b, when)
	chain, err := b.Registry.Collection(t.Context(), "u/metrics")
	if err != nil {
		t.Fatalf("%s: %v", when, err)
	}
	if chain.Children[0] == run {
		if n := len(filesOf(t, b, run)); n < 50 {
			t.Errorf("%s: the old run is in the chain and has %d files", when, n)
		}
		if err := prune(t, b, mode, 2, func() {}); err != nil {
			t.Fatalf("%s: again: %v", when, err)
		}
	} else {
		g, err := build(t, b, request{pipeline: memoryTask, extend: true, clobber: true})
		if err != nil {
			t.Fatalf("%s: extend: %v", when, err)
		}
		if err := executor.Prepare(t.Context(), b, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
			t.Fatalf("%s: extend: %v", when, err)
		}
	}
	pruned(t, b, mode, run, when)
}
