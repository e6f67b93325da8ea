package values_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"valet/quantum/values"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/query"
	"valet/tasks/metric"
)

// TestFilesAreReadOnce asks again and again: files are read when they come, not when they are asked for.
func TestFilesAreReadOnce(t *testing.T) {
	r := newRepository(t)
	r.put("a", 1, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 1.5, "s"), "metricvalue_p_n": yaml(t, "p.n", math.NaN(), "byte")})
	reads := 0
	for range 2 {
		s := ask(t, r.index(&reads), values.Query{Collections: []string{"a"}}, "")
		if s.Len() != 2 || reads != 2 {
			t.Errorf("%v with %d reads", texts(s), reads)
		}
	}
	r.put("b", 2, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", math.Copysign(0, -1), "s")})
	s := ask(t, r.index(&reads), values.Query{Collections: []string{"b", "a"}}, "")
	if got, want := texts(s), []string{"p.m 1 1.5 s", "p.m 2 -0.0 s", "p.n 1 nan byte"}; !slices.Equal(got, want) || reads != 3 {
		t.Errorf("%q with %d reads, want %q", got, reads, want)
	}
	s = ask(t, r.index(&reads), values.Query{Collections: []string{"b", "a"}}, "")
	if got, want := texts(s), []string{"p.m 1 1.5 s", "p.m 2 -0.0 s", "p.n 1 nan byte"}; !slices.Equal(got, want) || reads != 3 {
		t.Errorf("%q with %d reads from the index, want %q", got, reads, want)
	}
}

// TestReplacedUnderItsID lets another program remove a dataset and put one with the same ID, of the same size.
func TestReplacedUnderItsID(t *testing.T) {
	r := newRepository(t)
	ids := r.put("a", 1, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 1, "s")})
	if s := ask(t, r.index(nil), values.Query{Collections: []string{"a"}}, ""); !slices.Equal(texts(s), []string{"p.m 1 1.0 s"}) {
		t.Fatal(texts(s))
	}
	id := ids["metricvalue_p_m"]
	ref := ask(t, r.index(nil), values.Query{Collections: []string{"a"}}, "").At(0).Dataset
	if _, err := r.Forget(t.Context(), []dataset.ID{id}, nil); err != nil {
		t.Fatal(err)
	}
	s := ask(t, r.index(nil), values.Query{Collections: []string{"a"}}, "")
	if s.Len() != 0 || len(s.Why) == 0 {
		t.Errorf("a removed dataset is found: %v, %v", texts(s), s.Why)
	}
	if err := commit(r, ref, yaml(t, "p.m", 2, "s")); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if s := ask(t, r.index(nil), values.Query{Collections: []string{"a"}}, ""); !slices.Equal(texts(s), []string{"p.m 1 2.0 s"}) {
			t.Errorf("the old value was found: %v", texts(s))
		}
	}
}

// TestUnreadable breaks one file and removes another: both are told of, the third is shown, and once mended they are all there.
func TestUnreadable(t *testing.T) {
	r := newRepository(t)
	good := yaml(t, "p.m", 1, "s")
	broken := append([]byte(nil), good...)
	copy(broken, "![[")
	r.put("a", 1, map[string][]byte{"metricvalue_p_m": good})
	r.put("a", 2, map[string][]byte{"metricvalue_p_m": broken})
	r.put("a", 3, map[string][]byte{"metricvalue_p_m": good})
	gone := filepath.Join(r.dir, "a", "metricvalue_p_m_3.yaml")
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		s := ask(t, r.index(nil), values.Query{Collections: []string{"a"}}, "")
		if !slices.Equal(texts(s), []string{"p.m 1 1.0 s"}) || len(s.Faults) != 2 {
			t.Fatalf("%v %v", texts(s), s.Faults)
		}
		var bad *metric.ReadError
		if f := s.Faults[0]; !errors.As(f.Err, &bad) || f.Dataset.DataID.Get("detector").Int() != 2 || f.Path != "a/metricvalue_p_m_2.yaml" {
			t.Errorf("%+v", f)
		}
	}
	for _, name := range []string{gone, filepath.Join(r.dir, "a", "metricvalue_p_m_2.yaml")} {
		if err := os.WriteFile(name, good, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if s := ask(t, r.index(nil), values.Query{Collections: []string{"a"}}, ""); s.Len() != 3 || len(s.Faults) > 0 {
		t.Errorf("%v %v", texts(s), s.Faults)
	}
}

// TestReadOnly keeps what it reads in memory, and says once that it does.
func TestReadOnly(t *testing.T) {
	r := newRepository(t)
	r.put("a", 1, map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", 1, "s")})
	r.Close()
	before, err := os.ReadFile(filepath.Join(r.dir, "gen3.sqlite3"))
	if err != nil {
		t.Fatal(err)
	}
	o := openRepository(t, r.dir, true)
	reads, told := 0, 0
	x := values.New(o.Butler, values.Options{Write: o.Registry.Write, Unstored: func(err error) { told++ }, Reading: func(done, total int) {
		if done == total {
			reads += total
		}
	}})
	for range 3 {
		if s := ask(t, x, values.Query{Collections: []string{"a"}}, ""); s.Len() != 1 {
			t.Errorf("%v", texts(s))
		}
	}
	if reads != 1 || told != 1 {
		t.Errorf("%d reads, told %d times", reads, told)
	}
	if names, err := x.Metrics(t.Context()); err != nil || !slices.Equal(names, []string{"p.m"}) {
		t.Errorf("%v %v", names, err)
	}
	after, err := os.ReadFile(filepath.Join(r.dir, "gen3.sqlite3"))
	if err != nil || string(before) != string(after) {
		t.Error("the database changed")
	}
}

// TestWhere asks with conditions on values beside those of the registry.
func TestWhere(t *testing.T) {
	r := newRepository(t)
	for d, v := range []float64{1, 2, math.NaN(), math.Inf(1)} {
		r.put("a", int64(d), map[string][]byte{"metricvalue_p_m": yaml(t, "p.m", v, "Kibyte")})
	}
	r.put("a", 0, map[string][]byte{"metricvalue_p_other": yaml(t, "p.other", 2, "s")})
	const camera = "instrument = 'TestCam' AND "
	kb := mustUnit(t, "byte")
	for _, c := range []struct {
		name, where string
		unit        *metric.Unit
		want        []string
	}{
		{"above", "value > 1", nil, []string{"p.m 1 2.0 Kibyte", "p.m 3 inf Kibyte", "p.other 0 2.0 s"}},
		{"not above", "NOT value > 1", nil, []string{"p.m 0 1.0 Kibyte"}},
		{"NaN is not equal to anything", "value != 1", nil, []string{"p.m 1 2.0 Kibyte", "p.m 2 nan Kibyte", "p.m 3 inf Kibyte", "p.other 0 2.0 s"}},
		{"integers and floats", "value IN (1, 2.0)", nil, []string{"p.m 0 1.0 Kibyte", "p.m 1 2.0 Kibyte", "p.other 0 2.0 s"}},
		{"unit", "unit = 's'", nil, []string{"p.other 0 2.0 s"}},
		{"metric", "GLOB(metric, '*.o*')", nil, []string{"p.other 0 2.0 s"}},
		{"registry's part", camera + "detector IN (1..3:2) AND value < 10", nil, []string{"p.m 1 2.0 Kibyte"}},
		{"joined by OR", "value > 10 OR detector = 0", nil, []string{"p.m 0 1.0 Kibyte", "p.m 3 inf Kibyte", "p.other 0 2.0 s"}},
		{"fields of dimensions", "visit.exposure_time > value AND unit != 's'", nil, []string{"p.m 0 1.0 Kibyte", "p.m 1 2.0 Kibyte"}},
		{"arithmetic", "value * 2.0 - 1.0 = 3.0", nil, []string{"p.m 1 2.0 Kibyte", "p.other 0 2.0 s"}},
		{"parentheses", camera + "(detector = 1 AND (value = 2 OR value = 1))", nil, []string{"p.m 1 2.0 Kibyte"}},
		{"shown unit", "value = 2048 AND metric = 'p.m'", &kb, []string{"p.m 1 2048.0 byte"}},
		{"a dimension that there is not", "value = 1 OR patch = 3 OR patch.cell_x != 0", nil, []string{"p.m 0 1.0 Kibyte"}},
		{"nothing", "value = 77", nil, []string{}},
		{"not missing", "value != NULL AND unit = 's'", nil, []string{"p.other 0 2.0 s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := ask(t, r.index(nil), values.Query{Collections: []string{"a"}, Unit: c.unit}, c.where)
			if got := texts(s); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
			if s.Len() == 0 && len(s.Why) == 0 {
				t.Error("nobody says why there is nothing")
			}
		})
	}
	for _, c := range []struct {
		where string
		kind  query.Kind
	}{
		{"valeu > 1", query.Invalid}, {"value > 'x'", query.Invalid}, {"value", query.Invalid},
		{"value > 1 OR visit.region OVERLAPS POINT(1, 2)", query.Unimplemented}, {"unit > 3", query.Invalid},
	} {
		e, err := query.Parse(c.where)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.index(nil).Measurements(t.Context(), values.Query{Collections: []string{"a"}, Where: e})
		var wrong *query.Error
		if !errors.As(err, &wrong) || wrong.Kind != c.kind {
			t.Errorf("%s: %v", c.where, err)
		}
	}
}

func mustUnit(t *testing.T, s string) metric.Unit {
	t.Helper()
	u, err := metric.ParseUnit(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestNamesAndOrder asks for metrics by name, orders and limits.
func TestNamesAndOrder(t *testing.T) {
	r := newRepository(t)
	r.put("a", 1, map[string][]byte{"metricvalue_p_q_m": yaml(t, "p_q.m", 3, "s"), "metricvalue_p_n": yaml(t, "p.n", 1, "s"), "odd_name": yaml(t, "p.hidden", 2, "s")})
	r.put("b", 1, map[string][]byte{"metricvalue_p_n": yaml(t, "p.n", 9, "min")})
	both := []string{"b", "a"}
	for _, c := range []struct {
		name string
		q    values.Query
		want []string
	}{
		{"first match", values.Query{Metrics: []string{"p.n"}}, []string{"p.n 1 9.0 min"}},
		{"all", values.Query{Metrics: []string{"p.n"}, All: true}, []string{"p.n 1 1.0 s", "p.n 1 9.0 min"}},
		{"underscores", values.Query{Metrics: []string{"p_q.*"}}, []string{"p_q.m 1 3.0 s"}},
		{"dataset type", values.Query{Metrics: []string{"metricvalue_p_q_*"}}, []string{"p_q.m 1 3.0 s"}},
		{"type of another name", values.Query{Metrics: []string{"p.hidden"}}, []string{"p.hidden 1 2.0 s"}},
		{"by value", values.Query{OrderBy: []string{"-value"}}, []string{"p.n 1 9.0 min", "p_q.m 1 3.0 s", "p.hidden 1 2.0 s"}},
		{"by metric", values.Query{OrderBy: []string{"metric"}}, []string{"p.hidden 1 2.0 s", "p.n 1 9.0 min", "p_q.m 1 3.0 s"}},
		{"by field, then value", values.Query{OrderBy: []string{"visit.timespan.begin", "visit.exposure_time", "detector", "value"}}, []string{"p.hidden 1 2.0 s", "p_q.m 1 3.0 s", "p.n 1 9.0 min"}},
		{"limit", values.Query{Limit: 1}, []string{"p.n 1 9.0 min"}},
		{"limit after order", values.Query{Limit: 1, OrderBy: []string{"value"}}, []string{"p.hidden 1 2.0 s"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.q.Collections = both
			if got := texts(ask(t, r.index(nil), c.q, "")); !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
	var unknown *values.UnknownMetricError
	r.Registry.Write(t.Context(), func(*registry.Tx) error { return nil })
	_, err := r.index(nil).Measurements(t.Context(), values.Query{Collections: both, Metrics: []string{"metricvalue_p_x"}})
	if err != nil && !errors.As(err, &unknown) {
		t.Error(err)
	}
	var unit *values.UnitError
	mib := mustUnit(t, "MiB")
	if _, err := r.index(nil).Measurements(t.Context(), values.Query{Collections: both, Unit: &mib}); !errors.As(err, &unit) || unit.Count != 1 {
		t.Error(err)
	}
	var order *values.OrderError
	if _, err := r.index(nil).Measurements(t.Context(), values.Query{Collections: both, OrderBy: []string{"vallue"}}); !errors.As(err, &order) {
		t.Error(err)
	}
}

// TestBundles lists the measurements of a bundle, also of none, and forgets those of one that was replaced.
func TestBundles(t *testing.T) {
	r := newRepository(t)
	r.class = values.BundleClass
	ids := r.put("a", 1, map[string][]byte{"plots_metrics": []byte(`{"act": [{"metric": "x", "identifier": "1", "value": 3.5, "unit": "mmag"}, {"metric": "y", "identifier": "2", "value": null, "unit": "ct"}], "__n": ""}`)})
	r.put("a", 2, map[string][]byte{"plots_metrics": []byte(`{"__n": ""}`)})
	reads := 0
	for range 2 {
		s := ask(t, r.index(&reads), values.Query{Collections: []string{"a"}}, "")
		if got, want := texts(s), []string{"act.x 1 3.5 mmag", "act.y 1 nan ct"}; !slices.Equal(got, want) || reads != 2 {
			t.Errorf("%q with %d reads, want %q", got, reads, want)
		}
	}
	if got := texts(ask(t, r.index(nil), values.Query{Collections: []string{"a"}, Metrics: []string{"*.y"}}, "")); !slices.Equal(got, []string{"act.y 1 nan ct"}) {
		t.Errorf("%q", got)
	}
	ref := ask(t, r.index(nil), values.Query{Collections: []string{"a"}}, "").At(0).Dataset
	if _, err := r.Forget(t.Context(), []dataset.ID{ids["plots_metrics"]}, nil); err != nil {
		t.Fatal(err)
	}
	if err := commit(r, ref, []byte(`{"act": [{"metric": "x", "identifier": "1", "value": 4, "unit": "mmag"}]}`)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := texts(ask(t, r.index(nil), values.Query{Collections: []string{"a"}}, "")); !slices.Equal(got, []string{"act.x 1 4.0 mmag"}) {
			t.Errorf("%q", got)
		}
	}
}
