package synthetic

import (
	"os"
	"path/filepath"
	"testing"

	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
)

// The repository opens, and holds every dataset it says with a file that tells a peak memory.
func TestMakeHoldsWhatItSays(t *testing.T) {
	for _, test := range []struct {
		name string
		o    Options
		runs int
	}{
		{"one dataset", Options{Visits: 1, Detectors: 1}, 1},
		{"two days", Options{Visits: 401, Detectors: 2, Runs: 2}, 2},
		{"no more runs than days", Options{Visits: 3, Detectors: 101, Runs: 9}, 1},
		{"large files", Options{Visits: 2, Detectors: 2, InputSize: 20_000}, 1},
		{"rows only", Options{Visits: 12, Detectors: 4, NoFiles: true}, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			told := 0
			test.o.Progress = func(n int) { told = n }
			made, err := Make(t.Context(), filepath.Join(t.TempDir(), "new"), test.o)
			if err != nil {
				t.Fatal(err)
			}
			want := test.o.Visits * test.o.Detectors
			if made.Datasets != want || told != want {
				t.Errorf("made %d, told %d, want %d", made.Datasets, told, want)
			}
			b, err := butler.Open(t.Context(), made.Root, butler.Options{ReadOnly: true})
			if err != nil {
				t.Fatal(err)
			}
			defer b.Close()
			runs, err := b.Registry.Flatten(t.Context(), Chain)
			if err != nil || len(runs) != test.runs {
				t.Errorf("%d runs, %v; want %d", len(runs), err, test.runs)
			}
			typ, err := b.Registry.DatasetType(t.Context(), DatasetType)
			if err != nil {
				t.Fatal(err)
			}
			q := registry.Query{Dimensions: typ.Dimensions, Sorted: true, DataID: map[string]any{"instrument": Instrument},
				Datasets: []registry.DatasetSearch{{Type: DatasetType, Collections: []string{Chain}, Records: true}}}
			n, size := 0, int64(0)
			var last dataset.FileRecord
			for row, err := range b.Registry.Select(t.Context(), q) {
				if err != nil {
					t.Fatal(err)
				}
				last = *row.Datasets[0].Record
				if info, err := os.Stat(filepath.Join(made.Root, last.Path)); test.o.NoFiles != os.IsNotExist(err) || err == nil && info.Size() != last.Size {
					t.Fatal(row.DataID, err)
				}
				n, size = n+1, size+last.Size
			}
			if last.Size < int64(test.o.InputSize) {
				t.Errorf("a file of %d bytes, want %d", last.Size, test.o.InputSize)
			}
			if n != want || !test.o.NoFiles && size != made.Bytes {
				t.Errorf("%d datasets of %d bytes, want %d of %d", n, size, want, made.Bytes)
			}
		})
	}
}

func TestMakeRefuses(t *testing.T) {
	full := t.TempDir()
	if err := os.WriteFile(filepath.Join(full, "mine"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Make(t.Context(), full, Options{Visits: 1, Detectors: 1}); err == nil {
		t.Error("a directory with something in it was taken")
	}
	if _, err := Make(t.Context(), t.TempDir(), Options{Visits: 1}); err == nil {
		t.Error("no detectors were taken")
	}
}

// Each question has as many rows as it says, on small repositories and large ones.
func TestQuestionsHaveTheirRows(t *testing.T) {
	for _, o := range []Options{{Visits: 1, Detectors: 1}, {Visits: 409, Detectors: 3, Runs: 2}, {Visits: 811, Detectors: 20, Runs: 3}, {Visits: 2, Detectors: 1200}} {
		o.NoFiles = true
		made, err := Make(t.Context(), t.TempDir(), o)
		if err != nil {
			t.Fatal(err)
		}
		b, err := butler.Open(t.Context(), made.Root, butler.Options{ReadOnly: true})
		if err != nil {
			t.Fatal(err)
		}
		defer b.Close()
		questions, err := Questions(b.Registry.Universe(), o)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range questions {
			n := 0
			for _, err := range b.Registry.Select(t.Context(), q.Query) {
				if err != nil {
					t.Fatal(q.Name, err)
				}
				n++
			}
			if n != q.Rows {
				t.Errorf("%d visits of %d detectors: %s: %d rows, want %d", o.Visits, o.Detectors, q.Name, n, q.Rows)
			}
		}
	}
}
