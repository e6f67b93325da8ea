package registry_test

import (
	"context"
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valet/registry"
	"valet/registry/registrytest"
)

// sqliteDatabase makes registries of a stored layout for the conformance suite.
func sqliteDatabase(t testing.TB, universe string, nameKeys, textDates bool) registrytest.Database {
	t.Helper()
	text, err := os.ReadFile("dimension/testdata/" + universe + ".json")
	if err != nil {
		t.Fatal(err)
	}
	return registrytest.Database{
		Universe: text,
		Empty: func(t testing.TB, universe []byte) registry.Options {
			t.Helper()
			o := registry.Options{URL: "sqlite:///" + filepath.Join(t.TempDir(), "a b%20#é.sqlite3"), BusyTimeout: 20 * time.Second}
			if nameKeys {
				o.Managers = map[string]string{"collections": "lsst.daf.butler.registry.collections.nameKey.NameKeyCollectionManager"}
			}
			err := registry.Create(context.Background(), registry.CreateOptions{URL: o.URL, Universe: universe, NameKeys: nameKeys, TextDates: textDates})
			if err != nil {
				t.Fatal(err)
			}
			return o
		},
		Exec: exec,
	}
}

// escapedPath is the path of a registry's database as a URI has it.
func escapedPath(o registry.Options) string {
	return strings.NewReplacer("%", "%25", "#", "%23", "?", "%3f").Replace(strings.TrimPrefix(o.URL, "sqlite:///"))
}

// exec runs a statement on a registry's database with foreign keys on.
func exec(t testing.TB, o registry.Options, statement string, args ...any) {
	t.Helper()
	db, err := sql.Open("sqlite3", "file:"+escapedPath(o)+"?_foreign_keys=on&_synchronous=OFF&_busy_timeout=20000")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(statement, args...); err != nil {
		t.Fatal(err, statement)
	}
}

func TestConformance(t *testing.T) {
	for _, layout := range []struct {
		name, universe      string
		nameKeys, textDates bool
	}{
		{"current", "universe8", false, false},
		{"universe 2 as of 2022", "universe2", false, true},
		{"universe 6 with name keys and text dates", "universe6", true, true},
	} {
		t.Run(layout.name, func(t *testing.T) {
			registrytest.Run(t, sqliteDatabase(t, layout.universe, layout.nameKeys, layout.textDates))
		})
	}
}

func TestCreateTwice(t *testing.T) {
	d := sqliteDatabase(t, "universe8", false, false)
	o := d.Empty(t, d.Universe)
	before := content(t, o)
	err := registry.Create(context.Background(), registry.CreateOptions{URL: o.URL, Universe: d.Universe})
	if !is[*registry.ExistsError](err) {
		t.Errorf("%v", err)
	}
	if after := content(t, o); after != before {
		t.Errorf("the registry changed: %s", after)
	}
}
