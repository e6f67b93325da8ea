package butler_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/registry/dataset"
	"valet/registry/registrytest"
)

// names lists everything below a directory.
func names(t *testing.T, dir string) (out []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err == nil && path != dir {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCreateMakesARepository(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "new one")
	if err := butler.Create(t.Context(), dir, butler.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); len(got) != 2 {
		t.Errorf("made %q", got)
	}
	b, err := butler.Open(t.Context(), dir, butler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	u := b.Registry.Universe()
	if u.Version != 8 || b.Store.Config.Name != "FileDatastore@<butlerRoot>" {
		t.Error(u.Version, b.Store.Config.Name)
	}
	made, err := b.Registry.RegisterDatasetType(t.Context(), &dataset.Type{Name: "x", Dimensions: u.MustGroup("visit"), StorageClass: "int"})
	if err != nil || !made {
		t.Error(made, err)
	}
}

func TestCreateRefuses(t *testing.T) {
	for _, test := range []struct {
		name, location string
		o              butler.CreateOptions
		file           string
	}{
		{"a repository", "", butler.CreateOptions{}, "butler.yaml"},
		{"a database", "", butler.CreateOptions{}, "gen3.sqlite3"},
		{"a file in the way", "in/the", butler.CreateOptions{}, "in"},
		{"a question mark", "what?", butler.CreateOptions{}, ""},
		{"a percent sign", "100%25/x", butler.CreateOptions{}, ""},
		{"a remote place", "s3://bucket/repo", butler.CreateOptions{}, ""},
		{"no universe", "", butler.CreateOptions{Universe: []byte("{}")}, ""},
		{"no JSON", "new/dir", butler.CreateOptions{Universe: []byte("{")}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if test.file != "" {
				if err := os.WriteFile(filepath.Join(dir, test.file), []byte("mine"), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			location := filepath.Join(dir, test.location)
			if test.name == "a remote place" {
				location = test.location
			}
			before := names(t, dir)
			if err := butler.Create(t.Context(), location, test.o); err == nil {
				t.Error("no error")
			}
			if after := names(t, dir); len(after) != len(before) {
				t.Errorf("left %q", after)
			}
		})
	}
}

// A failure at any step, of a file or of the database, leaves nothing behind, and the next attempt works.
func TestCreateLeavesNothingHalfMade(t *testing.T) {
	attempt := func(t *testing.T, o butler.CreateOptions) (failed bool) {
		dir := t.TempDir()
		location := filepath.Join(dir, "some", "where")
		err := butler.Create(context.Background(), location, o)
		if err == nil {
			return false
		}
		if left := names(t, dir); len(left) > 0 {
			t.Errorf("%v: left %q", err, left)
		}
		if err := butler.Create(context.Background(), location, butler.CreateOptions{}); err != nil {
			t.Error("second attempt:", err)
		}
		return true
	}
	broken := 0
	for n := 1; ; n++ {
		// What fails once: removing what was made works again.
		o := butler.CreateOptions{FS: vfs.NewFault(vfs.Real{}, vfs.FailNth("", n, syscall.EIO))}
		if !attempt(t, o) {
			break
		}
		broken++
	}
	for n := 1; ; n += 9 {
		fault := registrytest.NewFault(func(s registrytest.Statement) error {
			if s.N == n {
				return sqlite3.Error{Code: sqlite3.ErrFull}
			}
			return nil
		})
		if !attempt(t, butler.CreateOptions{Layer: fault.Layer}) {
			break
		}
		broken++
	}
	if broken < 12 {
		t.Errorf("only %d steps failed", broken)
	}
}

func TestReadUniverse(t *testing.T) {
	file := filepath.Join(t.TempDir(), "dimensions.yaml")
	text := `version: 77
namespace: mine
skypix: {common: htm7, htm: {class: lsst.sphgeom.HtmPixelization, max_level: 24}}
elements:
  telescope: {keys: [{name: name, type: string, length: 16}], governor: true, storage: {cls: lsst.daf.butler.registry.dimensions.governor.BasicGovernorDimensionRecordStorage}}
  night: {keys: [{name: id, type: int}], requires: [telescope], storage: {cls: lsst.daf.butler.registry.dimensions.table.TableDimensionRecordStorage}}
topology: {spatial: {}, temporal: {}}
`
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	universe, err := butler.ReadUniverse(file)
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "r")
	if err := butler.Create(t.Context(), dir, butler.CreateOptions{Universe: universe}); err != nil {
		t.Fatal(err)
	}
	b, err := butler.Open(t.Context(), dir, butler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if u := b.Registry.Universe(); u.Namespace != "mine" || u.Dimension("night") == nil {
		t.Error(u.Namespace, u.Version)
	}
	for _, bad := range []string{"[1]", "version: {", "version: 1\nelements: {x: {keys: [{name: a, type: color}]}}\n"} {
		if err := os.WriteFile(file, []byte(bad), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := butler.ReadUniverse(file); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	var c *butler.ConfigError
	if _, err := butler.ReadUniverse(file + "x"); !errors.As(err, &c) {
		t.Error(err)
	}
}
