// Package imports_test keeps the import direction of valet: the table below is the architecture, and the packages are held to it.
package imports_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers says which packages of valet a package may import: those named, and whatever those may import. Packages below an
// internal folder belong to the package above it and may import what that one may; packages for tests of one count as it.
var layers = map[string][]string{
	"cmd/valet":               {"cmd/internal/cli", "tasks/verify"},
	"cmd/internal/cli":        {"cmd/internal/synthetic", "cmd/internal/floor", "cmd/internal/report", "cmd/internal/ui", "cmd/internal/web", "quantum/ledger", "registry/trace", "tasks/verify"},
	"cmd/internal/web":        {"cmd/internal/figure", "cmd/internal/ui", "quantum/ledger"},
	"cmd/internal/figure":     {"cmd/internal/plot", "quantum/values"},
	"cmd/internal/plot":       {},
	"cmd/internal/report":     {},
	"cmd/internal/ui":         {"registry/dimension"},
	"cmd/internal/example":    {},
	"cmd/internal/synthetic":  {"cmd/internal/example", "datastore/butler"},
	"cmd/internal/floor":      {"registry/dataset"},
	"quantum/ledger":          {"quantum/executor", "quantum/values", "migrations"},
	"quantum/values":          {"datastore/butler", "tasks/metric", "registry/query"},
	"quantum/executor":        {"quantum", "datastore/butler", "tasks/metric", "tasks/metadata"},
	"quantum":                 {"tasks/pipeline", "registry/dataset", "registry/query"},
	"tasks/pipeline":          {"tasks", "tasks/python", "registry/dimension"},
	"tasks/verify":            {"tasks", "tasks/metric", "tasks/metadata"},
	"tasks/metadata":          {},
	"tasks/metric":            {},
	"tasks":                   {"tasks/python"},
	"tasks/python":            {"registry/dimension"},
	"datastore/butler":        {"registry", "datastore", "datastore/formatter", "datastore/exchange"},
	"datastore/exchange":      {"datastore/formatter", "registry/dataset"},
	"datastore/formatter":     {"tasks/metric", "tasks/metadata"},
	"datastore":               {"registry/dataset", "registry/dimension", "datastore/vfs"},
	"datastore/vfs":           {},
	"registry":                {"registry/query", "registry/dataset", "migrations"},
	"registry/registrytest":   {"registry", "registry/internal/layer"},
	"registry/query":          {"registry/dataset", "registry/sphere"},
	"registry/trace":          {"registry/internal/layer"},
	"registry/internal/layer": {},
	"registry/dataset":        {"registry/dimension"},
	"registry/dimension":      {"registry/sphere"},
	"registry/sphere":         {},
	"migrations":              {},
}

// nouns are the packages that compile without database and without files.
var nouns = []string{
	"registry/dimension", "registry/dataset", "registry/query", "registry/sphere",
	"tasks", "tasks/metric", "tasks/metadata", "tasks/python", "tasks/verify", "quantum",
}

// databases may not be reached from a noun, not even through another package of valet. What others' modules import is theirs: the
// module of UUIDs, for one, knows how SQL scans them.
var databases = []string{"database/sql", "github.com/jmoiron/sqlx", "github.com/mattn/go-sqlite3", "github.com/jackc/pgx"}

// banned are names of packages that say nothing.
var banned = []string{"util", "utils", "common", "helpers", "types", "models", "misc"}

// source is what go list tells of a package.
type source struct {
	ImportPath string
	Imports    []string
	Deps       []string
	Standard   bool
}

// listPackages asks the go command for all packages of the module.
func listPackages(t *testing.T) map[string]source {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,Deps,Standard", "valet/...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}
	packages := map[string]source{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p source
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages[strings.TrimPrefix(p.ImportPath, "valet/")] = p
	}
}

// owner is the package whose row of the table holds for a package.
func owner(name string) string {
	if _, ok := layers[name]; ok {
		return name
	}
	above, _, _ := strings.Cut(name, "/internal/")
	return above
}

// mayImport reports whether the table lets a package import another, directly or through what it may import.
func mayImport(from, to string, seen map[string]bool) bool {
	for _, next := range layers[from] {
		if next == to {
			return true
		}
		if !seen[next] {
			seen[next] = true
			if mayImport(next, to, seen) {
				return true
			}
		}
	}
	return false
}

func TestImportsGoDown(t *testing.T) {
	for name, p := range listPackages(t) {
		from := owner(name)
		if _, ok := layers[from]; !ok {
			if len(p.Imports) > 0 {
				t.Errorf("package %s is not in the table of layers: say what it may import", name)
			}
			continue
		}
		for _, path := range p.Imports {
			to, ours := strings.CutPrefix(path, "valet/")
			if !ours || owner(to) == from {
				continue
			}
			if !mayImport(from, owner(to), map[string]bool{}) {
				t.Errorf("package %s imports %s, which does not lie below it", name, to)
			}
		}
	}
}

func TestTableHasNoCycle(t *testing.T) {
	for name, below := range layers {
		if mayImport(name, name, map[string]bool{}) {
			t.Errorf("package %s lies below itself", name)
		}
		for _, b := range below {
			if _, ok := layers[b]; !ok {
				t.Errorf("package %s may import %s, which is not in the table", name, b)
			}
		}
	}
}

// The database side and the bytes side know nothing of each other.
func TestRegistryAndDatastoreMeetInButler(t *testing.T) {
	for name := range layers {
		both := mayImport(name, "registry", map[string]bool{}) && mayImport(name, "datastore", map[string]bool{})
		if both && name != "datastore/butler" && !mayImport(name, "datastore/butler", map[string]bool{}) {
			t.Errorf("package %s may import registry and datastore without datastore/butler", name)
		}
	}
}

func TestNounsKnowNoDatabaseAndNoFiles(t *testing.T) {
	packages := listPackages(t)
	for _, name := range nouns {
		p, ok := packages[name]
		if !ok {
			continue
		}
		if slices.Contains(p.Imports, "os") {
			t.Errorf("package %s imports os", name)
		}
		for _, dep := range append(p.Deps, p.ImportPath) {
			for _, path := range packages[strings.TrimPrefix(dep, "valet/")].Imports {
				if slices.ContainsFunc(databases, func(d string) bool { return path == d || strings.HasPrefix(path, d+"/") }) {
					t.Errorf("package %s reaches %s by %s", name, path, dep)
				}
			}
		}
	}
}

func TestPackageNamesSaySomething(t *testing.T) {
	for name := range listPackages(t) {
		for _, part := range strings.Split(name, "/") {
			if slices.Contains(banned, part) {
				t.Errorf("package %s: %q says nothing", name, part)
			}
		}
	}
}
