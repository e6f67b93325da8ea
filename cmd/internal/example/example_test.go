package example

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"errors"
	"flag"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "make example.zip anew of testdata/run")

const golden = "../../../testdata/run"

// goldenFiles are the files of the golden run by their names in the archive.
func goldenFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	add := func(name, file string) {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	add(Pipeline, filepath.Join(golden, "metrics.yaml"))
	before := filepath.Join(golden, "before")
	err := filepath.WalkDir(before, func(file string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			below, _ := filepath.Rel(before, file)
			add(path.Join(Repository, filepath.ToSlash(below)), file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestExampleIsTheGoldenRepository(t *testing.T) {
	files := goldenFiles(t)
	if *update {
		writeArchive(t, files)
		return
	}
	dir := filepath.Join(t.TempDir(), "demo")
	if err := Extract(dir); err != nil {
		t.Fatal(err)
	}
	found := 0
	err := filepath.WalkDir(dir, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		found++
		below, _ := filepath.Rel(dir, file)
		data, err := os.ReadFile(file)
		if !bytes.Equal(data, files[filepath.ToSlash(below)]) {
			t.Errorf("%s is not what testdata/run holds: run go test ./cmd/internal/example -update", below)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if found != len(files) {
		t.Errorf("%d files, want %d", found, len(files))
	}
	if err := Extract(dir); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second Extract into the directory: %v", err)
	}
}

func writeArchive(t *testing.T, files map[string][]byte) {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	w.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(files[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("example.zip", b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
