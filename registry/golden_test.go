package registry_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"valet/registry"
	"valet/registry/dimension"
)

// copyGolden copies the database of the golden repository and returns the options to open the copy.
func copyGolden(t testing.TB) registry.Options {
	t.Helper()
	data, err := os.ReadFile("../testdata/run/before/gen3.sqlite3")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "gen3.sqlite3")
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return registry.Options{URL: "sqlite:///" + path, BusyTimeout: 10 * time.Second}
}

func open(t testing.TB, o registry.Options) *registry.Registry {
	t.Helper()
	r, err := registry.Open(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func openGolden(t testing.TB) *registry.Registry { return open(t, copyGolden(t)) }

func group(t testing.TB, r *registry.Registry, names ...string) *dimension.Group {
	t.Helper()
	g, err := r.Universe().Group(names...)
	if err != nil {
		t.Fatal(err)
	}
	return g
}
