package registrytest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

func testReadOnly(t *testing.T, f *fixture) {
	f.register("d")
	o := f.options
	o.ReadOnly = true
	r := f.open(o)
	if _, err := r.DatasetType(f.ctx, "d"); err != nil {
		t.Error(err)
	}
	err := r.Write(f.ctx, func(tx *registry.Tx) error { t.Error("a transaction began"); return nil })
	if !is[*registry.ReadOnlyError](err) {
		t.Error(err)
	}
	if _, err := r.RegisterDatasetType(f.ctx, &dataset.Type{Name: "e", Dimensions: r.Universe().MustGroup(), StorageClass: "S"}); !is[*registry.ReadOnlyError](err) {
		t.Error(err)
	}
}

// testConcurrent reads and writes from many goroutines, through two registries as two processes would.
func testConcurrent(t *testing.T, f *fixture) {
	typ := f.register("d")
	other := f.open(f.options)
	var wait sync.WaitGroup
	for w := range 4 {
		wait.Add(1)
		r := []*registry.Registry{f.Registry, other}[w%2]
		go func() {
			defer wait.Done()
			run := fmt.Sprintf("run%d", w)
			for v := range visits {
				err := r.Write(f.ctx, func(tx *registry.Tx) error {
					if _, err := tx.RegisterCollection(run, dataset.Run, ""); err != nil {
						return err
					}
					// The other registry parsed the universe anew, so types and data IDs are its own.
					mine, err := tx.DatasetType(typ.Name)
					if err != nil {
						return err
					}
					id := dimension.NewDataID(mine.Dimensions, f.dataID("Cam", v, w).Values())
					return tx.InsertDatasets(mine, run, ingested, []dataset.Ref{{ID: dataset.NewID(), DataID: id}})
				})
				if err != nil {
					t.Error(err)
					return
				}
			}
		}()
		wait.Add(1)
		go func() {
			defer wait.Done()
			for range 20 {
				q := registry.Query{Dimensions: r.Universe().MustGroup("visit", "detector")}
				n := 0
				for _, err := range r.Select(f.ctx, q) {
					if err != nil {
						t.Error(err)
						return
					}
					n++
				}
				if n != 2*visits*detectors {
					t.Errorf("%d rows", n)
				}
			}
		}()
	}
	wait.Wait()
	q := registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", "run0", "run1", "run2", "run3")}}
	if rows := f.rows(q); len(rows) != 4*visits {
		t.Errorf("%d datasets, want %d", len(rows), 4*visits)
	}
}

func testCanceled(t *testing.T, f *fixture) {
	ctx, cancel := context.WithCancel(f.ctx)
	defer cancel()
	n := 0
	var last error
	for _, err := range f.Select(ctx, registry.Query{Dimensions: f.visitDetector()}) {
		if last = err; err == nil {
			n++
		}
		cancel()
	}
	if n != 1 || !errors.Is(last, context.Canceled) {
		t.Errorf("%d rows, then %v", n, last)
	}
	if err := f.Write(ctx, func(tx *registry.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	// The connections work on.
	f.run("r")
	if rows := f.rows(registry.Query{Dimensions: f.group("instrument")}); len(rows) != 2 {
		t.Error(rows)
	}
	// Leaving the loop early frees the reader.
	for range f.Select(f.ctx, registry.Query{Dimensions: f.visitDetector()}) {
		break
	}
	f.run("s")
}
