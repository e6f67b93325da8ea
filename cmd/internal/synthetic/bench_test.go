package synthetic_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"valet/cmd/internal/example"
	"valet/cmd/internal/synthetic"
	"valet/datastore/butler"
)

var (
	benchVisits = flag.Int("visits", 500, "visits of 100 detectors in the repository that benchmarks use")
	benchRuns   = flag.Int("runs", 4, "RUN collections that hold its datasets")
	benchDir    = flag.String("repo-dir", "", "`DIR` where that repository is, or is made and left if it is new, without files (default a temporary one)")
	benchPlans  = flag.Bool("plans", false, "print the plan of each query too")
)

// BenchmarkQueries asks the usual questions of a repository that has 100 datasets for each of the visits:
//
//	go test ./cmd/internal/synthetic -run xxx -bench Queries -visits 100000 -repo-dir /data/big
func BenchmarkQueries(b *testing.B) {
	o := synthetic.Options{Visits: *benchVisits, Detectors: 100, Runs: *benchRuns, NoFiles: true}
	dir := *benchDir
	if dir == "" {
		dir = b.TempDir()
	}
	if entries, err := os.ReadDir(dir); err != nil || len(entries) == 0 {
		if _, err := synthetic.Make(b.Context(), dir, o); err != nil {
			b.Fatal(err)
		}
	}
	r, err := butler.Open(b.Context(), filepath.Join(dir, example.Repository), butler.Options{ReadOnly: true})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	questions, err := synthetic.Questions(r.Registry.Universe(), o)
	if err != nil {
		b.Fatal(err)
	}
	for _, q := range questions {
		b.Run(q.Name, func(b *testing.B) {
			if *benchPlans {
				statement, steps, err := r.Registry.ExplainPlan(b.Context(), q.Query)
				fmt.Println(statement, err)
				for _, s := range steps {
					fmt.Println("  ", s)
				}
			}
			var took []time.Duration
			b.ReportAllocs()
			for b.Loop() {
				started := time.Now()
				n := 0
				for _, err := range r.Registry.Select(b.Context(), q.Query) {
					if err != nil {
						b.Fatal(err)
					}
					n++
				}
				if n != q.Rows {
					b.Fatalf("%d rows, want %d", n, q.Rows)
				}
				took = append(took, time.Since(started))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms-median")
			b.ReportMetric(float64(q.Rows*len(took))/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
