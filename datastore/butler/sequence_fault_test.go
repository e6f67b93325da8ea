package butler_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mattn/go-sqlite3"
	"pgregory.net/rapid"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/registry"
	"valet/registry/registrytest"
)

// Random sequences of operations, each of which fails at a random step and is then repeated: a failure loses nothing, and in the end the
// repository is whole and agrees with a simple model.
func TestAnySequenceWithFaults(t *testing.T) {
	template := camera(t, t.TempDir(), 3)
	rapid.Check(t, func(t *rapid.T) {
		dir, err := os.MkdirTemp("", "valet-sequence")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		ctx := context.Background()
		repo := filepath.Join(dir, "repo")
		if err := os.CopyFS(repo, os.DirFS(template)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("a: 1\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		model := map[string]map[int]bool{}
		for range rapid.IntRange(1, 5).Draw(t, "operations") {
			run := rapid.SampledFrom([]string{"r/0", "r/1"}).Draw(t, "run")
			detector := rapid.IntRange(0, 2).Draw(t, "detector")
			transfer := rapid.SampledFrom([]butler.Transfer{butler.Copy, butler.Link, butler.Symlink, butler.RelSymlink}).Draw(t, "transfer")
			remove := model[run] != nil && rapid.Bool().Draw(t, "remove")
			operation := func(b *butler.Butler) error {
				if remove {
					return b.RemoveRun(ctx, run, false)
				}
				_, err := b.IngestFiles(ctx, butler.IngestOptions{Type: "flat", Run: run, Transfer: transfer}, []butler.Ingest{{At: 1, Path: filepath.Join(dir, "a.yaml"), DataID: map[string]any{"instrument": "Cam", "detector": detector}}})
				return err
			}
			if !remove && model[run][detector] {
				continue
			}
			at := rapid.IntRange(1, 60).Draw(t, "step")
			step := 0
			next := func(err error) error {
				if step++; step == at {
					return err
				}
				return nil
			}
			sql := registrytest.NewFault(func(s registrytest.Statement) error {
				if s.After {
					return nil
				}
				return next(sqlite3.Error{Code: sqlite3.ErrFull})
			})
			disk := vfs.NewFault(vfs.Real{}, func(vfs.Op) error { return next(vfs.Errnos()[at%len(vfs.Errnos())]) })
			if b, err := butler.Open(ctx, repo, butler.Options{Layer: sql.Layer, FS: disk}); err == nil {
				_ = operation(b) // What it did is looked at below.
				_ = b.Close()
			}
			b, err := butler.Open(ctx, repo, butler.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range faultsOf(t, b) {
				if !strings.HasPrefix(f, "file-without-row") && !strings.HasPrefix(f, butler.UnfinishedRemoval) {
					t.Fatalf("after a fault at step %d: %s", at, f)
				}
			}
			if err := operation(b); err != nil && !strings.Contains(err.Error(), "exists already") && !strings.Contains(err.Error(), "no collection") {
				t.Fatalf("repeated after a fault at step %d: %v", at, err)
			}
			if err := b.EmptyTrash(ctx); err != nil {
				t.Fatal(err)
			}
			if remove {
				delete(model, run)
			} else {
				if model[run] == nil {
					model[run] = map[int]bool{}
				}
				model[run][detector] = true
			}
			if faults := faultsOf(t, b); len(faults) > 0 {
				t.Fatalf("repeated after a fault at step %d: %q", at, faults)
			}
			for _, r := range []string{"r/0", "r/1"} {
				n := 0
				if model[r] != nil {
					for _, err := range b.Registry.AllDatasets(ctx, registry.AllDatasetsQuery{Types: []string{"flat"}, Collections: []string{r}, Bounds: registry.Bounds{AllRows: true}}) {
						if err != nil {
							t.Fatal(err)
						}
						n++
					}
				}
				if n != len(model[r]) {
					t.Fatalf("%s has %d datasets, want %d", r, n, len(model[r]))
				}
			}
			if err := b.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
