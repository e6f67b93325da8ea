// Package synthetic makes repositories of any size for measuring: the example repository, which the real stack made, with one more
// instrument, its visits and detectors, and a metadata dataset for each pair of them.
//
// Everything a real repository has of such data is there: days, groups, exposures, visits, their definitions, runs in a chain, and
// a metadata file like the example's with a peak memory of its own. Visits have no regions. Ten million datasets without files
// take some minutes.
//
// It refuses directories that hold something already. What it made by half when it fails is left for the caller to remove.
package synthetic

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"valet/cmd/internal/example"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
)

// What a synthetic repository holds. The runs are Chain/0, Chain/1 and so on; visits go to them in turn, whole days at a time.
const (
	Instrument  = "SynthCam"
	DatasetType = "diaPipe_metadata"
	Chain       = "u/synthetic"
)

// Options of Make.
type Options struct {
	// Visits and Detectors give the number of datasets: one for each pair. Both are at least 1.
	Visits, Detectors int
	// Runs is the number of RUN collections in the chain; 0 means 1.
	Runs int
	// NoFiles leaves the files out: rows are there as if they were. Such a repository can be asked, and graphs be built from it,
	// but nothing can be run.
	NoFiles bool
	// InputSize is the size in bytes that a metadata file has at least; 0 is that of a task with few subtasks, 5 kB.
	InputSize int
	// Progress is told the number of datasets stored so far, from one goroutine; nil is not.
	Progress func(datasets int)
}

// Repository is what Make made.
type Repository struct {
	// Root is the directory of the repository, Pipeline the file of a pipeline for it.
	Root, Pipeline string
	// Datasets is the number of metadata datasets, Bytes the size of their files.
	Datasets int
	Bytes    int64
}

// Make makes a repository below dir, which must be new or empty.
func Make(ctx context.Context, dir string, o Options) (made *Repository, err error) {
	if o.Visits < 1 || o.Detectors < 1 {
		return nil, fmt.Errorf("synthetic repository: %d visits of %d detectors are no data", o.Visits, o.Detectors)
	}
	o.Runs = min(max(o.Runs, 1), days(o.Visits))
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, fmt.Errorf("synthetic repository: directory %s is not empty", dir)
	}
	if err := example.Extract(dir); err != nil {
		return nil, err
	}
	made = &Repository{Root: filepath.Join(dir, example.Repository), Pipeline: filepath.Join(dir, example.Pipeline)}
	b, err := butler.Open(ctx, made.Root, butler.Options{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.Close()) }()
	t, err := b.Registry.DatasetType(ctx, DatasetType)
	if err != nil {
		return nil, err
	}
	err = b.Registry.Write(ctx, func(tx *registry.Tx) error {
		if err := insertRecords(tx, o); err != nil {
			return err
		}
		return insertCollections(tx, o.Runs)
	})
	if err != nil {
		return nil, fmt.Errorf("synthetic repository: %w", err)
	}
	f := &filler{butler: b, typ: t, options: o, workers: runtime.GOMAXPROCS(0)}
	if err := f.prepare(ctx); err != nil {
		return nil, fmt.Errorf("synthetic repository: %w", err)
	}
	if err := f.fill(ctx); err != nil {
		return nil, fmt.Errorf("synthetic repository: %w", err)
	}
	made.Datasets, made.Bytes = o.Visits*o.Detectors, f.bytes
	return made, nil
}

// RunName is the name of run i.
func RunName(i int) string { return fmt.Sprintf("%s/%d", Chain, i) }

func insertCollections(tx *registry.Tx, runs int) error {
	names := make([]string, runs)
	for i := range names {
		names[i] = RunName(i)
		if _, err := tx.RegisterCollection(names[i], dataset.Run, ""); err != nil {
			return err
		}
	}
	if _, err := tx.RegisterCollection(Chain, dataset.Chained, ""); err != nil {
		return err
	}
	return tx.SetChain(Chain, names)
}
