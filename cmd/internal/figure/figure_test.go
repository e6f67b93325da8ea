package figure_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"valet/cmd/internal/cli"
	"valet/cmd/internal/figure"
	"valet/datastore/butler"
	"valet/quantum/values"
	"valet/registry/query"
	"valet/tasks/metric"
	"valet/tasks/verify"
)

const memory = "ap_association.DiaForcedSourceMemory"

// example is the repository of the demo after its run and another of all tasks.
func example(t *testing.T) (*butler.Butler, *values.Index) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	repo := filepath.Join(dir, "repo")
	for _, args := range [][]string{{"demo", "--keep", dir}, {"run", "-q", "-b", repo, "-p", filepath.Join(dir, "metrics.yaml"), "-i", "u/sci", "-o", "u/all", "--register-dataset-types"}} {
		var out bytes.Buffer
		a := cli.App{Program: "valet", Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Tasks: verify.Table()}
		if code := a.Main(context.Background()); code > 1 {
			t.Fatalf("%q: exit code %d: %s", args, code, &out)
		}
	}
	b, err := butler.Open(t.Context(), repo, butler.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b, values.New(b, values.Options{})
}

// sources asks for a metric in collections.
func sources(t *testing.T, x *values.Index, name, where string, collections ...string) (out []figure.Source) {
	t.Helper()
	expr, err := query.Parse(where)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range collections {
		set, err := x.Measurements(t.Context(), values.Query{Metrics: []string{name}, Collections: []string{c}, Where: expr})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, figure.Source{Name: c, Set: set})
	}
	return out
}

func TestMake(t *testing.T) {
	b, x := example(t)
	gibyte, err := metric.ParseUnit("Gibyte")
	if err != nil {
		t.Fatal(err)
	}
	both := []string{"u/metrics", "u/all"}
	one := both[:1]
	tests := []struct {
		name, metric, where string
		in                  []string
		options             figure.Options
		// want are texts of the picture.
		want []string
	}{
		{"by detectors", memory, "", one, figure.Options{}, []string{"median of ap_", " (Mibyte)", ">R00_S00<", ">174.39<", memory + " in u/metrics"}},
		{"one detector, so by visits", memory, "instrument = 'TestCam' AND detector = 1", one, figure.Options{Where: "detector = 1"}, []string{">visit<", ">2026080100000<", "where detector = 1"}},
		{"one measurement", memory, "instrument = 'TestCam' AND detector = 1 AND visit = 2026080100000", one, figure.Options{}, []string{">measurements<"}},
		{"several collections", memory, "", both, figure.Options{}, []string{"u/metrics (13)", "13 data IDs in common"}},
		{"unit", memory, "", one, figure.Options{Kind: figure.Histogram, Unit: &gibyte}, []string{"(Gibyte)", "median 0.17292 Gibyte"}},
		{"seconds stay", "ip_isr.IsrTime", "", both[1:], figure.Options{Kind: figure.Histogram}, []string{"ip_isr.IsrTime (1e-6 s)"}},
		{"detectors as a sequence", memory, "", one, figure.Options{Kind: figure.Series, Along: "detector"}, []string{">detector<"}},
		{"in time", memory, "", both, figure.Options{Kind: figure.Series, Along: figure.Time}, []string{"begin of visit (TAI)", "2026-08-01"}},
		{"visits by detectors", memory, "", one, figure.Options{Kind: figure.HeatMap}, []string{">visit<", ">detector<", ">R00_S02<"}},
		{"two distributions", memory, "", both, figure.Options{Kind: figure.Histogram}, []string{"share of measurements"}},
		{"nothing", memory, "value > 1e30", one, figure.Options{}, []string{"no value to draw", "No measurements in u/metrics"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f, err := figure.Make(t.Context(), b.Registry, sources(t, x, test.metric, test.where, test.in...), test.options)
			if err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := f.Write(&out, "svg"); err != nil {
				t.Fatal(err)
			}
			for _, want := range test.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, &out)
				}
			}
		})
	}
}

func TestMakeRefuses(t *testing.T) {
	b, x := example(t)
	second, err := metric.ParseUnit("s")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, metric string
		in           []string
		options      figure.Options
		want         string
	}{
		{"several metrics", "*", []string{"u/all"}, figure.Options{}, "a figure shows one metric, and these are several"},
		{"two focal planes", memory, []string{"u/metrics", "u/all"}, figure.Options{Kind: figure.FocalPlane}, "shows one collection"},
		{"kind", memory, []string{"u/metrics"}, figure.Options{Kind: "pie"}, "no kind of figure"},
		{"dimension", memory, []string{"u/metrics"}, figure.Options{Kind: figure.Series, Along: "tract"}, "needs visits or another sequence"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := figure.Make(t.Context(), b.Registry, sources(t, x, test.metric, "", test.in...), test.options)
			var refused *figure.Error
			if !errors.As(err, &refused) || !strings.Contains(err.Error(), test.want) || refused.Hint() == "" {
				t.Errorf("%v", err)
			}
		})
	}
	_, err = figure.Make(t.Context(), b.Registry, sources(t, x, memory, "", "u/metrics"), figure.Options{Unit: &second})
	var unit *values.UnitError
	if !errors.As(err, &unit) {
		t.Errorf("an incompatible unit: %v", err)
	}
}

func TestHandy(t *testing.T) {
	for _, test := range []struct {
		unit  string
		value float64
		want  string
	}{{"byte", 12, "byte"}, {"byte", 20e3, "Kibyte"}, {"byte", 185e6, "Mibyte"}, {"byte", -185e6, "Mibyte"}, {"byte", 1e12, "Gibyte"}, {"byte", 0, "byte"}, {"s", 1e12, "s"}, {"", 1e12, ""}} {
		u, err := metric.ParseUnit(test.unit)
		if err != nil {
			t.Fatal(err)
		}
		if got := figure.Handy(u, test.value).String(); got != test.want {
			t.Errorf("%v %s is shown in %s, want %s", test.value, test.unit, got, test.want)
		}
	}
}
