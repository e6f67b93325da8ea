package butler_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/mattn/go-sqlite3"
	"pgregory.net/rapid"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/registrytest"
)

// camera makes a repository with an instrument of a few detectors and the calibration type flat over them.
func camera(t testing.TB, dir string, detectors int) string {
	t.Helper()
	ctx := context.Background()
	repo := filepath.Join(dir, "repo")
	if err := butler.Create(ctx, repo, butler.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	b, err := butler.Open(ctx, repo, butler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	u := b.Registry.Universe()
	err = b.Registry.Write(ctx, func(tx *registry.Tx) error {
		if _, err := tx.InsertDimensionRecords(u.Element("instrument"), registry.NewRecords, inputs(t, u.Element("instrument"), map[string]any{"name": "Cam"})); err != nil {
			return err
		}
		var list []map[string]any
		for i := range detectors {
			list = append(list, map[string]any{"instrument": "Cam", "id": int64(i), "full_name": fmt.Sprint("d", i)})
		}
		if _, err := tx.InsertDimensionRecords(u.Element("detector"), registry.NewRecords, inputs(t, u.Element("detector"), list...)); err != nil {
			return err
		}
		_, err := tx.RegisterDatasetType(&dataset.Type{Name: "flat", Dimensions: u.MustGroup("detector"), StorageClass: "StructuredDataDict", IsCalibration: true})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("a: 1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	return repo
}

func inputs(t testing.TB, e *dimension.Element, list ...map[string]any) func(func(registry.RecordInput) bool) {
	t.Helper()
	var out []registry.RecordInput
	for i, fields := range list {
		r, err := registry.ReadRecord(e, fields)
		out = append(out, registry.RecordInput{At: i + 1, Record: r, Err: err})
	}
	return slices.Values(out)
}

// faultsOf is what Check finds.
func faultsOf(t interface{ Fatal(...any) }, b *butler.Butler) (out []string) {
	err := b.Check(context.Background(), butler.CheckOptions{Now: time.Now()}, func(f registry.Fault) { out = append(out, f.Kind+" "+f.Object) })
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// Random sequences of operations leave a repository whole that agrees with a simple model, whether each operation works or is refused.
func TestAnySequenceLeavesARepositoryWhole(t *testing.T) {
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
		b, err := butler.Open(ctx, repo, butler.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		runs := []string{"r/0", "r/1", "r/2"}
		// model holds the detectors that each run has, tags the run whose dataset each detector of the TAGGED collection has.
		model := map[string]map[int]bool{}
		tags := map[int]string{}
		var chain []string
		typ, err := b.Registry.DatasetType(ctx, "flat")
		if err != nil {
			t.Fatal(err)
		}
		refs := func(run string) (out []dataset.Ref) {
			for ref, err := range b.Registry.AllDatasets(ctx, registry.AllDatasetsQuery{Types: []string{"flat"}, Collections: []string{run}, Bounds: registry.Bounds{AllRows: true}}) {
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, ref.Ref)
			}
			return out
		}
		for range rapid.IntRange(1, 12).Draw(t, "operations") {
			run := rapid.SampledFrom(runs).Draw(t, "run")
			switch rapid.SampledFrom([]string{"ingest", "ingest", "remove", "prune", "tag", "chain"}).Draw(t, "operation") {
			case "ingest":
				detector := rapid.IntRange(0, 3).Draw(t, "detector")
				transfer := rapid.SampledFrom([]butler.Transfer{butler.Copy, butler.Link, butler.Hardlink, butler.Symlink, butler.RelSymlink, butler.Direct, butler.Auto}).Draw(t, "transfer")
				_, err := b.IngestFiles(ctx, butler.IngestOptions{Type: "flat", Run: run, Transfer: transfer}, []butler.Ingest{{At: 1, Path: filepath.Join(dir, "a.yaml"), DataID: map[string]any{"instrument": "Cam", "detector": detector}}})
				if want := model[run][detector] || detector == 3; (err != nil) != want {
					t.Fatalf("ingest detector %d in %s: %v", detector, run, err)
				}
				if err == nil {
					if model[run] == nil {
						model[run] = map[int]bool{}
					}
					model[run][detector] = true
				}
			case "remove":
				err := b.RemoveRun(ctx, run, false)
				if want := model[run] == nil || slices.Contains(chain, run); (err != nil) != want {
					t.Fatalf("remove %s: %v", run, err)
				}
				if err == nil {
					delete(model, run)
					maps.DeleteFunc(tags, func(_ int, r string) bool { return r == run })
				}
			case "prune":
				if model[run] == nil {
					continue
				}
				for _, ref := range refs(run) {
					if err := b.Purge(ctx, ref.ID); err != nil {
						t.Fatal(err)
					}
				}
				model[run] = map[int]bool{}
				maps.DeleteFunc(tags, func(_ int, r string) bool { return r == run })
			case "tag":
				if model[run] == nil {
					continue
				}
				clash := false
				for d := range model[run] {
					clash = clash || tags[d] != "" && tags[d] != run
				}
				found := refs(run)
				err := b.Registry.Write(ctx, func(tx *registry.Tx) error {
					if _, err := tx.RegisterCollection("tagged", dataset.Tagged, ""); err != nil {
						return err
					}
					return tx.Associate("tagged", typ, found)
				})
				if (err != nil) != clash {
					t.Fatalf("tag %s: %v", run, err)
				}
				if err == nil {
					for d := range model[run] {
						tags[d] = run
					}
				}
			case "chain":
				var children []string
				for _, r := range runs {
					if model[r] != nil && rapid.Bool().Draw(t, "in chain") {
						children = append(children, r)
					}
				}
				err := b.Registry.Write(ctx, func(tx *registry.Tx) error {
					if _, err := tx.RegisterCollection("chain", dataset.Chained, ""); err != nil {
						return err
					}
					return tx.SetChain("chain", children)
				})
				if err != nil {
					t.Fatal(err)
				}
				chain = children
			}
		}
		if faults := faultsOf(t, b); len(faults) > 0 {
			t.Fatalf("faults: %q", faults)
		}
		for _, r := range runs {
			if model[r] != nil && len(refs(r)) != len(model[r]) {
				t.Fatalf("%s has %d datasets, want %d", r, len(refs(r)), len(model[r]))
			}
		}
		if len(tags) > 0 && len(refs("tagged")) != len(tags) {
			t.Fatalf("tagged has %d datasets, want %d", len(refs("tagged")), len(tags))
		}
	})
}

// A failure of any statement leaves a repository without rows and files of what was to be ingested, or with all of them.
func TestIngestIsAllOrNothing(t *testing.T) {
	for n := 1; ; n++ {
		dir := t.TempDir()
		repo := camera(t, dir, 3)
		fault := registrytest.NewFault(func(s registrytest.Statement) error {
			if s.N == n && !s.After {
				return sqlite3.Error{Code: sqlite3.ErrFull}
			}
			return nil
		})
		b, err := butler.Open(t.Context(), repo, butler.Options{Layer: fault.Layer})
		if err == nil {
			rows := []butler.Ingest{}
			for i := range 3 {
				rows = append(rows, butler.Ingest{At: i + 1, Path: filepath.Join(dir, "a.yaml"), DataID: map[string]any{"instrument": "Cam", "detector": i}})
			}
			_, err = b.IngestFiles(t.Context(), butler.IngestOptions{Type: "flat", Run: "r", Transfer: butler.MoveIn}, rows[:1])
			if e := b.Close(); e != nil {
				t.Fatal(e)
			}
		}
		whole, e := butler.Open(t.Context(), repo, butler.Options{})
		if e != nil {
			t.Fatal(e)
		}
		if faults := faultsOf(t, whole); len(faults) > 0 {
			t.Errorf("statement %d (%v): %q", n, err, faults)
		}
		whole.Close()
		_, source := os.Stat(filepath.Join(dir, "a.yaml"))
		if err == nil {
			if source == nil {
				t.Error("the source is left")
			}
			return
		}
		if source != nil {
			t.Errorf("statement %d: the source is gone", n)
		}
		if n > 200 {
			t.Fatal("no end")
		}
	}
}

// Records are refused as a whole, with everything that is wrong with them.
func TestInsertDimensionRecordsRefusesAll(t *testing.T) {
	repo := camera(t, t.TempDir(), 2)
	b, err := butler.Open(t.Context(), repo, butler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	e := b.Registry.Universe().Element("detector")
	var list []map[string]any
	for i := range 10000 {
		list = append(list, map[string]any{"instrument": "Cam", "id": int64(i + 1), "full_name": fmt.Sprint("d", i+1)})
	}
	list = append(list, map[string]any{"instrument": "Nope", "id": int64(1)}, map[string]any{"instrument": "Cam", "id": "x"}, map[string]any{"instrument": "Cam", "id": int64(20000), "full_name": "d0"})
	err = b.Registry.Write(t.Context(), func(tx *registry.Tx) error {
		_, err := tx.InsertDimensionRecords(e, registry.NewRecords, inputs(t, e, list...))
		return err
	})
	var faults *registry.RecordsError
	if !errors.As(err, &faults) || faults.Total != 4 {
		t.Fatalf("%v", err)
	}
	// Prepared without a lock they have the same faults, whether the first is found before the transaction or in it.
	for _, records := range [][]map[string]any{list, append(slices.Clone(list[:10001]), list[10002])} {
		p, err := b.Registry.PrepareRecords(t.Context(), e, inputs(t, e, records...))
		if err != nil {
			t.Fatal(err)
		}
		changed, err := b.Registry.InsertPrepared(t.Context(), p, registry.NewRecords)
		if want := 4 - len(list) + len(records); !errors.As(err, &faults) || faults.Total != want || changed != 0 || p.Given() != len(records) {
			t.Errorf("%d records: %v", len(records), err)
		}
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	}
	x := b.Registry.Expander()
	if err := x.Preload(t.Context(), "detector"); err != nil {
		t.Fatal(err)
	}
	n := 0
	err = b.Registry.Rows(t.Context(), "SELECT 1 FROM detector", nil, func([]driver.Value) error { n++; return nil })
	if err != nil || n != 2 {
		t.Error(n, err)
	}
}

// Inserting records: about a tenth of a second for ten thousand.
func BenchmarkInsertDimensionRecords(b *testing.B) {
	repo := camera(b, b.TempDir(), 1)
	r, err := butler.Open(b.Context(), repo, butler.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	e := r.Registry.Universe().Element("detector")
	next := int64(10)
	for b.Loop() {
		err := r.Registry.Write(b.Context(), func(tx *registry.Tx) error {
			_, err := tx.InsertDimensionRecords(e, registry.NewRecords, func(yield func(registry.RecordInput) bool) {
				for range 10000 {
					next++
					rec, err := registry.ReadRecord(e, map[string]any{"instrument": "Cam", "id": next, "full_name": fmt.Sprint("d", next)})
					if !yield(registry.RecordInput{Record: rec, Err: err}) {
						return
					}
				}
			})
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}
