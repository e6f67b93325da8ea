package plot

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"image/png"
	"io"
	"math"
	"math/rand"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var memory = Quantity{"ap_association.DiaForcedSourceMemory", "Mibyte"}

// picture is what a test can say of an SVG without knowing fonts: its texts, titles and links in order, and how often each element is there.
type picture struct {
	texts, titles, links []string
	elements             map[string]int
}

// readSVG parses a picture, and fails if it is not XML or holds what is no number.
func readSVG(t testing.TB, text string) picture {
	t.Helper()
	p := picture{elements: map[string]int{}}
	for _, bad := range []string{"NaN", "Inf\"", "Inf "} {
		if strings.Contains(strings.ReplaceAll(text, "R22_NaN", ""), bad) {
			t.Errorf("the picture holds %q", bad)
		}
	}
	d := xml.NewDecoder(strings.NewReader(text))
	var open []string
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatalf("%v in %.2000s", err, text)
		}
		switch x := token.(type) {
		case xml.StartElement:
			p.elements[x.Name.Local]++
			open = append(open, x.Name.Local)
			for _, a := range x.Attr {
				if x.Name.Local == "a" && a.Name.Local == "href" {
					p.links = append(p.links, a.Value)
				}
			}
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) == 0 {
				continue
			}
			switch open[len(open)-1] {
			case "text":
				p.texts = append(p.texts, string(x))
			case "title":
				p.titles = append(p.titles, string(x))
			}
		}
	}
}

func svgOf(t testing.TB, f *Figure) string {
	t.Helper()
	var b bytes.Buffer
	if err := f.Write(&b, SVG); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func normal(n int, middle, width float64) []float64 {
	r := rand.New(rand.NewSource(int64(n)))
	out := make([]float64, n)
	for i := range out {
		out[i] = middle + width*r.NormFloat64()
	}
	return out
}

// figures are figures of every kind of the same values.
func figures(values []float64) map[string]*Figure {
	x := make([]float64, len(values))
	cells := &Cells{ColumnLabel: "visit", RowLabel: "detector", Values: values, X: make([]int32, len(values)), Y: make([]int32, len(values))}
	var detectors []Detector
	for i := range values {
		x[i] = float64(i / 4)
		cells.X[i], cells.Y[i] = int32(i/4), int32(i%4)
		if i%4 == 0 {
			cells.Columns = append(cells.Columns, fmt.Sprint(2026080100000+i/4))
		}
		if i < 200 {
			detectors = append(detectors, Detector{Name: fmt.Sprintf("R%d%d_S%d%d", i/45, i/9%5, i/3%3, i%3), Value: values[i], Count: 2, Link: "/metrics?where=detector=" + fmt.Sprint(i)})
		}
	}
	if len(values) > 0 {
		cells.Rows = []string{"a", "b", "c", "d"}
	}
	return map[string]*Figure{
		"histogram":   Histogram("title", memory, Values{"u/a", values, 1}),
		"two":         Histogram("title", memory, Values{"u/a", values, 1}, Values{"u/b", nil, 0}),
		"focal plane": FocalPlane("title", memory, "median", detectors),
		"series":      Series("title", memory, Along{Label: "visit", Names: cells.Columns}, Line{Name: "u/a", X: x, Y: values}),
		"in time":     Series("title", memory, Along{Label: "time (TAI)", Time: true}, Line{Name: "u/a", X: x, Y: values}),
		"heat map":    HeatMap("title", memory, cells),
		"comparison":  Compare("title", memory, &Comparison{Names: []string{"u/a", "u/b"}, Values: [][]float64{values, values}}),
	}
}

func TestOddValues(t *testing.T) {
	inf := math.Inf(1)
	nan := math.NaN()
	tests := []struct {
		name   string
		values []float64
		empty  bool
	}{
		{"none", nil, true},
		{"only odd ones", []float64{nan, inf, -inf}, true},
		{"one", []float64{177.25}, false},
		{"zero", []float64{0}, false},
		{"all equal", []float64{5, 5, 5, 5, 5, 5}, false},
		{"equal and large", []float64{1e300, 1e300}, false},
		{"with odd ones", []float64{1, 2, nan, 3, inf, -inf, 4}, false},
		{"largest", []float64{-math.MaxFloat64, 0, math.MaxFloat64}, false},
		{"smallest", []float64{math.SmallestNonzeroFloat64, -math.SmallestNonzeroFloat64, 0}, false},
		{"neighbours", []float64{1, math.Nextafter(1, 2)}, false},
		{"large neighbours", []float64{1e15, 1e15 + 1, 1e15 + 2}, false},
		{"outlier", append(normal(100, 177, 3), 1e12, -1e12), false},
		{"many", normal(20000, 177, 3), false},
	}
	for _, test := range tests {
		for kind, f := range figures(test.values) {
			t.Run(test.name+"/"+kind, func(t *testing.T) {
				text := svgOf(t, f)
				p := readSVG(t, text)
				if got := strings.Contains(strings.Join(p.texts, "|"), "no value to draw"); got != test.empty {
					t.Errorf("empty is %v, want %v: %q", got, test.empty, p.texts)
				}
				if f.Summary == "" {
					t.Error("no summary")
				}
				readSVG(t, f.Inline())
				if len(text) > 1<<20 {
					t.Errorf("%d bytes", len(text))
				}
			})
		}
	}
}

func TestHistogramOfKnownValues(t *testing.T) {
	f := Histogram("memory of u/a", memory, Values{"u/a", []float64{1, 2, 2, 3, 3, 3, math.NaN()}, 2})
	p := readSVG(t, svgOf(t, f))
	want := []string{"memory of u/a", "Left out: 2 without a value, 1 not a number.", "ap_association.DiaForcedSourceMemory (Mibyte)", "1", "2", "3", "measurements", "0", "1", "2", "3", "median 2.5 Mibyte"}
	var texts []string
	for _, s := range p.texts {
		if !strings.Contains(s, ".5") || strings.Contains(s, " ") {
			texts = append(texts, s)
		}
	}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"memory of u/a", "0.5 to 1.5 Mibyte: 1", "1.5 to 2.5 Mibyte: 2", "2.5 to 3.5 Mibyte: 3"}, p.titles); diff != "" {
		t.Error(diff)
	}
	if want := "6 values, median 2.5 Mibyte. "; f.Summary != want {
		t.Errorf("summary %q", f.Summary)
	}
}

func TestOutliersAreNamed(t *testing.T) {
	values := append(normal(500, 177, 3), 900, 2)
	f := Histogram("x", memory, Values{"u/a", values, 0})
	if len(f.Notes) != 1 || !strings.Contains(f.Notes[0], "1 below") || !strings.Contains(f.Notes[0], "(up to 900 Mibyte)") {
		t.Errorf("notes %q", f.Notes)
	}
	var detectors []Detector
	for i := range 9 {
		detectors = append(detectors, Detector{Name: fmt.Sprintf("R22_S%d%d", i/3, i%3), Value: 170 + float64(i), Count: 1})
	}
	detectors[4].Value = 5000
	detectors[5] = Detector{Name: "R22_S12", Value: math.NaN()}
	f = FocalPlane("x", memory, "median", detectors)
	if diff := cmp.Diff([]string{"Left out: 1 without a value.", "Beyond the colors, ringed: R22_S11 5000 Mibyte."}, f.Notes); diff != "" {
		t.Error(diff)
	}
}

func TestFocalPlaneLinksAndEscapes(t *testing.T) {
	f := FocalPlane(`<script>alert("x")</script>`, memory, "median", []Detector{{Name: `<b>&"'`, Value: 1, Count: 3, Link: `/metrics?where=detector = 1&unit=<x>`}, {Name: "b\x00\xff", Value: 2, Count: 1}})
	inline := f.Inline()
	if strings.Contains(inline, "<script") || strings.Contains(inline, "<b>") {
		t.Error("a text is not escaped")
	}
	p := readSVG(t, inline)
	if diff := cmp.Diff([]string{`/metrics?where=detector = 1&unit=<x>`}, p.links); diff != "" {
		t.Error(diff)
	}
	if p.titles[0] != `<b>&"': 1 Mibyte (median of 3)` {
		t.Errorf("titles %q", p.titles)
	}
	if !strings.Contains(inline, "currentColor") || strings.Contains(inline, "#1f2328") {
		t.Error("ink does not follow the page")
	}
	if p := readSVG(t, svgOf(t, f)); len(p.links) != 0 {
		t.Errorf("a file has links %q", p.links)
	}
}

func TestLayout(t *testing.T) {
	at := func(name string) place { p, _ := raftPlace(name); return p }
	if a, b := at("R22_S00"), at("R22_S01"); !(b.x > a.x && b.y == a.y) {
		t.Error("the second digit of a sensor is its column")
	}
	if a, b := at("R22_S00"), at("R22_S10"); !(b.y > a.y && b.x == a.x) {
		t.Error("the first digit of a sensor is its row, upwards")
	}
	if a, b := at("R21_S11"), at("R31_S11"); !(b.y > a.y && b.x == a.x) {
		t.Error("the first digit of a raft is its row, upwards")
	}
	// All 205 sensors of LSSTCam have places that do not overlap.
	var names []string
	for row := range 5 {
		for column := range 5 {
			if row%4 == 0 && column%4 == 0 {
				for _, s := range []string{"SG0", "SG1", "SW0", "SW1"} {
					names = append(names, fmt.Sprintf("R%d%d_%s", row, column, s))
				}
				continue
			}
			for i := range 9 {
				names = append(names, fmt.Sprintf("R%d%d_S%d%d", row, column, i/3, i%3))
			}
		}
	}
	places, byName := layout(names)
	if len(names) != 205 || !byName {
		t.Fatalf("%d names, by name %v", len(names), byName)
	}
	for i, a := range places {
		for k, b := range places[:i] {
			if math.Abs(a.x-b.x) < (a.w+b.w)/2-1e-9 && math.Abs(a.y-b.y) < (a.h+b.h)/2-1e-9 {
				t.Errorf("%s overlaps %s", names[i], names[k])
			}
		}
	}
	for _, odd := range [][]string{{"R22_S11", "N1"}, {"R22_S11", "R22_S11"}, {"R22_SG0"}, {"R22_S33"}, {"1_53"}, {""}, {"R00_SG2"}} {
		if _, byName := layout(odd); byName {
			t.Errorf("%q has a place by name", odd)
		}
	}
}

func TestFormats(t *testing.T) {
	f := figures(normal(300, 177, 3))["comparison"]
	var b bytes.Buffer
	if err := f.Write(&b, PNG); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&b)
	if err != nil || img.Bounds().Dx() != 1800 {
		t.Errorf("%v, %v", img.Bounds(), err)
	}
	b.Reset()
	for kind, f := range figures(normal(300, 177, 3)) {
		b.Reset()
		if err := f.Write(&b, PDF); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("%PDF-")) {
			t.Errorf("%s: %v", kind, err)
		}
	}
	for path, want := range map[string]Format{"a.svg": SVG, "b/c.PNG": PNG, "x.pdf": PDF, "a.jpg": "", "svg": "", "": ""} {
		got, err := ParseFormat(path)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q is %q, %v", path, got, err)
		}
	}
}

// The same data give the same picture, to the byte.
func TestRepeatable(t *testing.T) {
	values := normal(5000, 177, 3)
	for kind, f := range figures(values) {
		if svgOf(t, f) != svgOf(t, figures(values)[kind]) {
			t.Errorf("%s differs", kind)
		}
	}
}

func TestMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("draws millions of values")
	}
	for kind, f := range figures(normal(1_000_000, 177, 3)) {
		if n := len(svgOf(t, f)); n > 1<<20 {
			t.Errorf("%s: %d bytes", kind, n)
		}
	}
}

func TestBinsHoldEveryValue(t *testing.T) {
	// The last one is so close to the last bound that its place rounds to more than there are bins.
	if got := binCounts([]float64{-500000.5, -5.820766091346741e-11}, binEdges([]float64{-500000.5, -5.820766091346741e-11}, -500000.5, -5.820766091346741e-11)); got[0] != 1 && got[1] != 1 || got[len(got)-1] != 1 {
		t.Errorf("%v", got)
	}
	// So small that a bin's width has no inverse.
	tiny := []float64{4.450147717014403e-308}
	if got := binCounts(tiny, binEdges(tiny, tiny[0], tiny[0])); got[0] != 1 {
		t.Errorf("%v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Float64Range(-1e6, 1e6), 1, 50).Draw(t, "values")
		s, _, _, _ := sorted(values)
		edges := binEdges(s, s[0], s[len(s)-1])
		n := 0
		for _, c := range binCounts(s, edges) {
			n += c
		}
		if n != len(s) {
			t.Fatalf("%d of %d values in %v", n, len(s), edges)
		}
	})
}

func TestAnyValuesCanBeDrawn(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		for _, f := range figures(rapid.SliceOfN(rapid.Float64(), 0, 30).Draw(r, "values")) {
			readSVG(t, svgOf(t, f))
		}
	})
}

// TestExtremeValuesCanBeDrawn draws sets in which bulk and outliers are as far from each other as numbers can be.
func TestExtremeValuesCanBeDrawn(t *testing.T) {
	most, least := math.MaxFloat64, math.SmallestNonzeroFloat64
	odd := []float64{most, -most, math.Nextafter(most, 0), 1e308, -1e308, 8.9e307, 1e300, least, -least, 3 * least, 2.2250738585072014e-308, 1e-310, -1e-305, 1e-300, 0,
		math.Copysign(0, -1), 1, math.Nextafter(1, 2), -1, 177, 1e15, math.Inf(1), math.Inf(-1), math.NaN()}
	rapid.Check(t, func(r *rapid.T) {
		few := rapid.SliceOfNDistinct(rapid.SampledFrom(odd), 1, 4, math.Float64bits).Draw(r, "extremes")
		value := rapid.OneOf(rapid.SampledFrom(few), rapid.SampledFrom(few[:1]), rapid.Map(rapid.Float64Range(0.5, 1), func(part float64) float64 { return part * few[0] }))
		values := rapid.SliceOfN(value, 0, 30).Draw(r, "values")
		for kind, f := range figures(values) {
			readSVG(t, svgOf(t, f))
			if text := f.Summary + fmt.Sprint(f.Notes); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
				r.Fatalf("%s: %s", kind, text)
			}
		}
		if s, _, _, _ := sorted(values); len(s) > 0 {
			n := 0
			edges := binEdges(s, s[0], s[len(s)-1])
			for _, c := range binCounts(s, edges) {
				n += c
			}
			if most := math.Max(-s[0], s[len(s)-1]); most < 1e300 && n != len(s) {
				r.Fatalf("%d of %d values in %v", n, len(s), edges)
			}
		}
	})
}

// TestOutliersAreNamedAsTheyAre names values that cannot be told in the power of ten of the others.
func TestOutliersAreNamedAsTheyAre(t *testing.T) {
	values := make([]float64, 100)
	for i := range values {
		values[i] = 1e-300 * float64(100+i)
	}
	values[99] = 1e300
	for kind, f := range figures(values) {
		if kind == "two" {
			continue
		}
		if text := f.Summary + fmt.Sprint(f.Notes); !strings.Contains(text, "1e+300") || strings.Contains(text, "e+308") || strings.Contains(text, "e+08") {
			t.Errorf("%s: %s", kind, text)
		}
	}
	// Quantiles stay between their neighbours, however large these are.
	if got := quantile([]float64{1, 2, math.MaxFloat64}, 0.5); got != 2 {
		t.Error(got)
	}
	if got := quantile([]float64{math.Nextafter(math.MaxFloat64, 0), math.MaxFloat64}, 0.7); math.IsInf(got, 0) {
		t.Error(got)
	}
	f := FocalPlane("x", memory, "median", []Detector{{Name: "a", Value: 1e-320}, {Name: "b", Value: 2e-320}})
	if !strings.Contains(f.Summary, "from 1e-320 to 2e-320") {
		t.Error(f.Summary)
	}
}

func BenchmarkHistogramOfAMillion(b *testing.B) {
	values := normal(1_000_000, 177, 3)
	for b.Loop() {
		Histogram("x", memory, Values{"u/a", values, 0}).Inline()
	}
}

func BenchmarkHeatMapOfAMillion(b *testing.B) {
	values := normal(1_000_000, 177, 3)
	cells := &Cells{Values: values, X: make([]int32, len(values)), Y: make([]int32, len(values)), Columns: make([]string, 10000), Rows: make([]string, 100)}
	for i := range values {
		cells.X[i], cells.Y[i] = int32(i/100), int32(i%100)
	}
	for b.Loop() {
		HeatMap("x", memory, cells).Inline()
	}
}

func TestLongNamesKeepTheirUnit(t *testing.T) {
	q := Quantity{strings.Repeat("a_long_package.A_long_metric_", 20), "Mibyte"}
	values := normal(100, 177, 3)
	x := make([]float64, len(values))
	names := []string{strings.Repeat("u/long/run/", 30), "u/b"}
	for kind, f := range map[string]*Figure{"histogram": Histogram(q.Name, q, Values{"u/a", values, 0}), "series": Series(q.Name, q, Along{Label: "visit"}, Line{Name: names[0], X: x, Y: values}),
		"focal plane": FocalPlane(q.Name, q, "median", []Detector{{Name: "a", Value: 1}, {Name: "b", Value: 2}}), "comparison": Compare(q.Name, q, &Comparison{Names: names, Values: [][]float64{values, values}})} {
		found := false
		for _, text := range readSVG(t, svgOf(t, f)).texts {
			found = found || strings.HasSuffix(text, "… (Mibyte)")
			if len(text) > 400 {
				t.Errorf("%s: text of %d letters", kind, len(text))
			}
		}
		if !found {
			t.Errorf("%s: no axis has the unit", kind)
		}
	}
}
