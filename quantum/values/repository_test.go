package values_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"valet/datastore/butler"
	"valet/quantum/values"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
	"valet/tasks/metric"
)

const (
	goldenRepository   = "../../testdata/run/before"
	goldenMeasurements = "../../testdata/measurements"
)

// repository is a copy of the golden repository that tests put measurements into.
type repository struct {
	*butler.Butler
	t   testing.TB
	dir string
	// class is the storage class of what is put.
	class string
}

func newRepository(t testing.TB) *repository {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(goldenRepository)); err != nil {
		t.Fatal(err)
	}
	return openRepository(t, dir, false)
}

func openRepository(t testing.TB, dir string, readOnly bool) *repository {
	t.Helper()
	b, err := butler.Open(t.Context(), dir, butler.Options{ReadOnly: readOnly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return &repository{b, t, dir, values.StorageClass}
}

// put writes files as measurements of one type each into a run, as another program would, and returns them by type. The data ID is that of one
// detector and visit.
func (r *repository) put(run string, detector int64, files map[string][]byte) map[string]dataset.ID {
	r.t.Helper()
	g := r.Registry.Universe().MustGroup("instrument", "visit", "detector")
	id := dimension.NewDataID(g, []dimension.Value{dimension.StringValue("TestCam"), dimension.IntValue(detector), dimension.IntValue(2026080100000)})
	out := map[string]dataset.ID{}
	var list []butler.File
	for typ, text := range files {
		ref := dataset.Ref{ID: dataset.NewID(), Type: &dataset.Type{Name: typ, Dimensions: g, StorageClass: r.class}, DataID: id, Run: run}
		list = append(list, butler.File{Ref: ref, Record: r.write(ref, text)})
		out[typ] = ref.ID
	}
	err := r.Registry.Write(r.t.Context(), func(tx *registry.Tx) error {
		if _, err := tx.RegisterCollection(run, dataset.Run, ""); err != nil {
			return err
		}
		for i := range list {
			if _, err := tx.RegisterDatasetType(list[i].Ref.Type); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		_, err = r.Commit(r.t.Context(), list, nil)
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

func (r *repository) write(ref dataset.Ref, text []byte) dataset.FileRecord {
	r.t.Helper()
	path := ref.Run + "/" + ref.Type.Name + "_" + ref.DataID.Get("detector").Text() + ".yaml"
	if err := r.Store.Writer().WriteOver(path, text); err != nil {
		r.t.Fatal(err)
	}
	return dataset.FileRecord{ID: ref.ID, Path: path, Formatter: "lsst.daf.butler.formatters.yaml.YamlFormatter", StorageClass: r.class,
		Component: dataset.WholeDataset, Size: int64(len(text))}
}

// yaml is a measurement file.
func yaml(t testing.TB, name string, value float64, unit string) []byte {
	t.Helper()
	n, err := metric.ParseName(name)
	if err != nil {
		t.Fatal(err)
	}
	u, err := metric.ParseUnit(unit)
	if err != nil {
		t.Fatal(err)
	}
	m, err := metric.New(n, metric.Q(value, u), []metric.Note{{Key: "n", Value: int64(1)}}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	text, err := m.AppendYAML(nil)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// index is a value index that counts the files it reads and stores what it finds.
func (r *repository) index(reads *int) *values.Index {
	o := values.Options{Write: r.Registry.Write, Unstored: func(err error) { r.t.Error(err) }}
	if reads != nil {
		o.Reading = func(done, total int) {
			if done == total {
				*reads += total
			}
		}
	}
	return values.New(r.Butler, o)
}

func ask(t testing.TB, x *values.Index, q values.Query, where string) *values.Set {
	t.Helper()
	var err error
	if q.Where, err = query.Parse(where); err != nil {
		t.Fatal(err)
	}
	s, err := x.Measurements(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// texts are the measurements in words.
func texts(s *values.Set) []string {
	out := []string{}
	for _, m := range s.All() {
		value := "nothing"
		if m.HasValue {
			value = metric.Q(m.Value, m.Unit).String()
		}
		out = append(out, fmt.Sprintf("%s %s %s", m.Metric, m.Dataset.DataID.Get("detector").Text(), value))
	}
	return out
}

// TestGolden puts every golden file into a repository: what can be read comes out of the files, and then of the index, as upstream reads it.
func TestGolden(t *testing.T) {
	r := newRepository(t)
	text, err := os.ReadFile(filepath.Join(goldenMeasurements, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index map[string]struct {
		Outcome string
		Metric  string
		Value   any
		Unit    *string
		Notes   map[string]any
	}
	if err := json.Unmarshal(text, &index); err != nil {
		t.Fatal(err)
	}
	files, of := map[string][]byte{}, map[string]string{}
	n := 0
	for name := range index {
		text, err := os.ReadFile(filepath.Join(goldenMeasurements, name))
		if err != nil {
			t.Fatal(err)
		}
		n++
		typ := "metricvalue_golden_" + strconv.Itoa(n)
		files[typ], of[typ] = text, name
	}
	r.put("golden", 1, files)
	reads := 0
	for round, x := range []*values.Index{r.index(&reads), r.index(&reads), values.New(r.Butler, values.Options{})} {
		s := ask(t, x, values.Query{Collections: []string{"golden"}}, "")
		got := map[string]values.Measured{}
		for _, m := range s.All() {
			got[of[m.Dataset.Type.Name]] = m
		}
		faults := map[string]error{}
		for _, f := range s.Faults {
			faults[of[f.Dataset.Type.Name]] = f.Err
		}
		for name, want := range index {
			m, found := got[name]
			_, array := want.Value.([]any)
			switch {
			case array || want.Outcome == "error":
				// Without quantity a file is listed all the same (metrics.md 1.3).
				if found == (faults[name] != nil) || found && m.HasValue {
					t.Errorf("round %d, %s: found %v, fault %v", round, name, found, faults[name])
				}
				continue
			case !found:
				t.Errorf("round %d, %s: %v", round, name, faults[name])
				continue
			}
			var notes map[string]any
			if err := json.Unmarshal([]byte(m.Notes), &notes); err != nil || len(notes) != len(want.Notes) {
				t.Errorf("round %d, %s: notes %s: %v", round, name, m.Notes, err)
			}
			if m.Metric != want.Metric || !sameValue(m, want.Value) || m.HasValue && m.Unit.String() != *want.Unit {
				t.Errorf("round %d, %s: %+v, want %v %v", round, name, m, want.Value, *want.Unit)
			}
		}
	}
	if reads >= 2*len(index) {
		t.Errorf("%d files were read", reads)
	}
}

// sameValue compares bit for bit.
func sameValue(m values.Measured, want any) bool {
	switch w := want.(type) {
	case nil:
		return !m.HasValue
	case bool:
		return m.HasValue && (m.Value == 1) == w
	case float64:
		return m.HasValue && math.Float64bits(m.Value) == math.Float64bits(w)
	case string:
		v, err := strconv.ParseFloat(map[string]string{"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}[w], 64)
		return err == nil && m.HasValue && (m.Value == v || m.Value != m.Value && v != v)
	}
	return false
}

// commit stores a file of a dataset as another program would.
func commit(r *repository, ref dataset.Ref, text []byte) error {
	_, err := r.Commit(r.t.Context(), []butler.File{{Ref: ref, Record: r.write(ref, text)}}, nil)
	return err
}
