package executor_test

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"valet/datastore/butler"
	"valet/datastore/formatter"
	"valet/quantum"
	"valet/quantum/executor"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/query"
	"valet/tasks/pipeline"
	"valet/tasks/verify"
)

const golden = "../../testdata/run"

// copyRepository copies the golden repository before its metrics run.
func copyRepository(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(golden, "before"))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func open(t testing.TB, dir string) *butler.Butler {
	t.Helper()
	b, err := butler.Open(t.Context(), dir, butler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// request is what a run command asks for.
type request struct {
	pipeline string
	where    string
	extend   bool
	clobber  bool
	replace  bool
	prune    quantum.PruneMode
	actions  []pipeline.Action
	now      time.Time
}

func build(t testing.TB, b *butler.Butler, q request) (*quantum.Graph, error) {
	t.Helper()
	l := &pipeline.Loader{Read: os.ReadFile, Table: verify.Table()}
	p, err := l.Load(q.pipeline)
	if err != nil {
		return nil, err
	}
	if err := l.Apply(p, q.actions); err != nil {
		return nil, err
	}
	resolved, err := p.Resolve(l.Table, pipeline.Options{Read: os.ReadFile, Universe: b.Registry.Universe(), Convertible: dataset.Convertible,
		Registered: func(name string) (*pipeline.Definition, bool, error) {
			typ, err := b.Registry.DatasetType(t.Context(), name)
			if err != nil {
				return nil, false, nil
			}
			return &pipeline.Definition{Dimensions: typ.Dimensions.Names(), StorageClass: typ.StorageClass}, true, nil
		}})
	if err != nil {
		return nil, err
	}
	if q.now.IsZero() {
		q.now = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)
	}
	src := executor.Source{Registry: b.Registry, RecordTable: b.Store.Config.Table}
	c, err := quantum.ResolveCollections(t.Context(), src, quantum.CollectionOptions{Inputs: []string{"u/sci"}, Output: "u/metrics",
		RunTimeName: q.now, ExtendRun: q.extend, ReplaceRun: q.replace, PruneMode: q.prune})
	if err != nil {
		return nil, err
	}
	where, err := query.Parse(q.where)
	if err != nil {
		return nil, err
	}
	return quantum.Build(t.Context(), src, resolved, quantum.Options{Collections: c, Where: where, Now: q.now, Clobber: q.clobber})
}

// prepared builds a graph and prepares its run.
func prepared(t testing.TB, b *butler.Butler, q request) *quantum.Graph {
	t.Helper()
	g, err := build(t, b, q)
	if err != nil {
		t.Fatal(err)
	}
	prepare(t, b, g)
	return g
}

func prepare(t testing.TB, b *butler.Butler, g *quantum.Graph) {
	t.Helper()
	if err := executor.Prepare(t.Context(), b, g, executor.PrepareOptions{Register: true, Version: "test"}); err != nil {
		t.Fatal(err)
	}
}

func execute(t testing.TB, b *butler.Butler, g *quantum.Graph) *executor.Result {
	t.Helper()
	prepare(t, b, g)
	r, err := executor.Execute(t.Context(), b, g, executor.Options{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stored is a dataset as expected.json describes it.
type stored struct {
	Type         string         `json:"type"`
	StorageClass string         `json:"storageClass"`
	DataID       map[string]any `json:"dataId"`
	Path         string         `json:"path"`
	Text         string         `json:"text"`
	Levels       []string       `json:"levels"`
	Error        bool           `json:"error"`
	Shape        map[string]any `json:"shape"`
}

func (s stored) key() string { return fmt.Sprint(s.Type, s.DataID) }

// contents lists every dataset of a run with what its file says.
func contents(t testing.TB, b *butler.Butler, run string) map[string]stored {
	t.Helper()
	types, err := b.Registry.DatasetTypes(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]stored{}
	for _, typ := range types {
		search := registry.DatasetSearch{Type: typ.Name, Collections: []string{run}, Records: true}
		for row, err := range b.Registry.Select(t.Context(), registry.Query{Dimensions: typ.Dimensions, Datasets: []registry.DatasetSearch{search}}) {
			if err != nil {
				t.Fatal(err)
			}
			found := row.Datasets[0]
			if found.Record == nil {
				t.Errorf("%s %s has no file record", typ.Name, row.DataID)
				continue
			}
			if v := found.ID.Version(); v != 7 {
				t.Errorf("%s %s has an ID of version %d", typ.Name, row.DataID, v)
			}
			text, err := b.Store.Read(found.Record)
			if err != nil {
				t.Errorf("%s %s: %v", typ.Name, row.DataID, err)
				continue
			}
			s := describe(t, found.Record, text)
			s.Type, s.StorageClass, s.DataID = typ.Name, typ.StorageClass, map[string]any{}
			for i, d := range typ.Dimensions.Required {
				v := row.DataID.RequiredValues()[i]
				if v.IsInt() {
					s.DataID[d.Name] = float64(v.Int())
				} else {
					s.DataID[d.Name] = v.Text()
				}
			}
			s.Path = strings.ReplaceAll(strings.ReplaceAll(found.Record.Path, run, "<RUN>"), strings.ReplaceAll(run, "/", "_"), "<RUN_>")
			out[s.key()] = s
		}
	}
	return out
}

var identifiers = regexp.MustCompile(`(?m)identifier: '?[0-9a-f]{32}'?$`)

func describe(t testing.TB, r *dataset.FileRecord, text []byte) (s stored) {
	t.Helper()
	switch r.StorageClass {
	case "MetricValue":
		s.Text = identifiers.ReplaceAllString(string(text), "identifier: <UUID>")
	case "Config":
		s.Text = string(text)
	case "ButlerLogRecords":
		log, err := formatter.ParseLog(text)
		if err != nil {
			t.Fatalf("%s: %v", r.Path, err)
		}
		for _, rec := range log.Records {
			if !slices.Contains(s.Levels, rec.LevelName) {
				s.Levels = append(s.Levels, rec.LevelName)
			}
		}
		slices.Sort(s.Levels)
		a, err := log.Attempt()
		if err != nil {
			t.Fatal(err)
		}
		s.Error = a.Exception != nil
	case "TaskMetadata":
		var tree map[string]any
		if err := json.Unmarshal(text, &tree); err != nil {
			t.Fatalf("%s: %v\n%s", r.Path, err, text)
		}
		s.Shape = map[string]any{"scalars": names(tree["scalars"]), "arrays": names(tree["arrays"]), "metadata": shapes(tree["metadata"])}
	}
	return s
}

func names(v any) []any {
	out := []any{}
	for k := range v.(map[string]any) {
		out = append(out, k)
	}
	return out
}

// shapes replaces the values of metadata by the names of their Python types, level by level, as expected.json does.
func shapes(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, x := range v {
			out[k] = shapes(x)
		}
		return out
	case []any:
		return "list"
	case string:
		return "str"
	case bool:
		return "bool"
	case float64:
		return "number"
	}
	return fmt.Sprintf("%T", v)
}

// expected reads expected.json; numbers of the shapes lose their kind, which JSON does not tell.
func expected(t testing.TB, only func(typ string) bool) map[string]stored {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(golden, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	text = []byte(strings.NewReplacer(`"int"`, `"number"`, `"float"`, `"number"`).Replace(string(text)))
	var all struct{ Datasets []stored }
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	out := map[string]stored{}
	for _, s := range all.Datasets {
		if only(s.Type) {
			out[s.key()] = s
		}
	}
	return out
}

func statements(config string) string {
	var out []string
	for _, line := range strings.Split(config, "\n") {
		if !strings.HasPrefix(line, "#") {
			out = append(out, line)
		}
	}
	return strings.Join(out, "\n")
}

func compare(t *testing.T, got, want map[string]stored) {
	t.Helper()
	for key, w := range want {
		g, ok := got[key]
		if !ok {
			t.Errorf("missing: %s", key)
			continue
		}
		if g.StorageClass == "Config" {
			g.Text, w.Text = statements(g.Text), statements(w.Text)
		}
		slices.Sort(w.Levels)
		switch {
		case g.StorageClass != w.StorageClass || g.Path != w.Path:
			t.Errorf("%s: %s %s, want %s %s", key, g.StorageClass, g.Path, w.StorageClass, w.Path)
		case g.Text != w.Text:
			t.Errorf("%s:\n%s\nwant\n%s", key, g.Text, w.Text)
		case !slices.Equal(g.Levels, w.Levels) || g.Error != w.Error:
			t.Errorf("%s: log %v %v, want %v %v", key, g.Levels, g.Error, w.Levels, w.Error)
		case w.Shape != nil && fmt.Sprint(g.Shape) != fmt.Sprint(w.Shape):
			t.Errorf("%s: metadata %v\nwant %v", key, g.Shape, w.Shape)
		}
	}
	for key := range got {
		if _, ok := want[key]; !ok {
			t.Errorf("too many: %s", key)
		}
	}
}

// TestGoldenRun runs the golden pipeline and compares every dataset with what upstream wrote.
func TestGoldenRun(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	g, err := build(t, b, request{pipeline: filepath.Join(golden, "metrics.yaml")})
	if err != nil {
		t.Fatal(err)
	}
	if g.Len() != 96 {
		t.Errorf("%d quanta, want 96", g.Len())
	}
	r := execute(t, b, g)
	if r.Failed != 1 || r.NoWork != 5 || r.Succeeded != 90 || r.Datasets != 281 {
		t.Errorf("%+v", r)
	}
	compare(t, contents(t, b, g.Collections.Run), expected(t, func(string) bool { return true }))
	chain, err := b.Registry.Collection(t.Context(), "u/metrics")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{g.Collections.Run, "u/sci/20261123T175034Z", "inputs/empty"}; !slices.Equal(chain.Children, want) {
		t.Errorf("chain %v, want %v", chain.Children, want)
	}
	noStrayFiles(t, b, g.Collections.Run)
}

// TestGoldenRunOfOneTask selects one task by its label, as the main job does.
func TestGoldenRunOfOneTask(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	g, err := build(t, b, request{pipeline: filepath.Join(golden, "metrics.yaml") + "#memory_diaForcedSource"})
	if err != nil {
		t.Fatal(err)
	}
	execute(t, b, g)
	compare(t, contents(t, b, g.Collections.Run), expected(t, func(typ string) bool {
		return strings.HasPrefix(typ, "memory_diaForcedSource_") || typ == "metricvalue_ap_association_DiaForcedSourceMemory" || typ == "packages"
	}))
}

// noStrayFiles checks that every file under a run has a row.
func noStrayFiles(t testing.TB, b *butler.Butler, run string) {
	t.Helper()
	known := map[string]bool{}
	err := b.Registry.Rows(context.Background(), "select path from file_datastore_records", nil, func(row []driver.Value) error {
		path, _, _ := dataset.SplitMember(fmt.Sprint(row[0]))
		known[path] = true
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	root := os.DirFS(b.Root)
	var stray []string
	walk(t, root, run, func(path string) {
		if !known[path] {
			stray = append(stray, path)
		}
	})
	slices.SortFunc(stray, cmp.Compare[string])
	if len(stray) > 0 {
		t.Errorf("files without a row: %v", stray)
	}
}

// walk calls f with every file below a directory, which may be missing.
func walk(t testing.TB, root fs.FS, dir string, f func(path string)) {
	t.Helper()
	err := fs.WalkDir(root, dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && !d.IsDir() {
			f(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
