package butler_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

// BenchmarkRemoveRun removes a run of 60,000 datasets, without files, and counts the transactions that kept others waiting for long.
func BenchmarkRemoveRun(b *testing.B) {
	const visits, detectors = 600, 100
	var log bytes.Buffer
	for b.Loop() {
		b.StopTimer()
		dir := b.TempDir()
		if err := os.CopyFS(dir, os.DirFS(golden)); err != nil {
			b.Fatal(err)
		}
		r, err := butler.Open(b.Context(), dir, butler.Options{Log: zerolog.New(&log).Level(zerolog.DebugLevel)})
		if err != nil {
			b.Fatal(err)
		}
		group := r.Registry.Universe().MustGroup("htm7", "healpix9")
		typ := &dataset.Type{Name: "many", Dimensions: group, StorageClass: "StructuredDataDict"}
		err = r.Registry.Write(b.Context(), func(tx *registry.Tx) error {
			if _, err := tx.RegisterDatasetType(typ); err != nil {
				return err
			}
			if _, err := tx.RegisterCollection("many", dataset.Run, ""); err != nil {
				return err
			}
			files := make([]butler.File, 0, visits*detectors)
			for i := range visits * detectors {
				id := dimension.NewDataID(group, []dimension.Value{dimension.IntValue(int64(i / detectors)), dimension.IntValue(int64(i % detectors))})
				ref := dataset.Ref{ID: dataset.NewID(), Type: typ, DataID: id, Run: "many"}
				files = append(files, butler.File{Ref: ref, Record: dataset.FileRecord{ID: ref.ID, Path: fmt.Sprint("many/", i), Component: dataset.WholeDataset, Size: 1}})
			}
			return r.Insert(tx, files, time.Now())
		})
		if err != nil {
			b.Fatal(err)
		}
		log.Reset()
		b.StartTimer()
		if err := r.RemoveRun(b.Context(), "many", false); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		r.Close()
		b.StartTimer()
	}
	b.ReportMetric(float64(strings.Count(log.String(), "long write transaction")), "long")
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/visits/detectors, "ns/dataset")
}
