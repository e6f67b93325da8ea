package dimension_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"valet/registry/dimension"
)

func TestGroups(t *testing.T) {
	u := universe(t, 8)
	if u.MustGroup("visit", "detector") != u.MustGroup("detector", "band", "visit") {
		t.Error("equal groups are not the same pointer")
	}
	_, err := u.Group("visit", "detektor")
	var unknown *dimension.UnknownDimensionError
	if !errors.As(err, &unknown) || unknown.Name != "detektor" || unknown.Hint() != `did you mean "detector"?` {
		t.Errorf("%v", err)
	}
	if _, err := u.Group("visit_definition"); err == nil {
		t.Error("a join is no dimension")
	}
	g := u.MustGroup("visit", "detector")
	if !g.Contains(u.MustGroup("visit")) || g.Contains(u.MustGroup("tract")) || !g.Contains(u.MustGroup()) {
		t.Error("Contains")
	}
	if g.Union(u.MustGroup("tract")) != u.MustGroup("tract", "visit", "detector") {
		t.Error("Union")
	}
	if g.String() != "{band, instrument, day_obs, detector, physical_filter, visit}" {
		t.Error(g)
	}
	for _, f := range u.Families() {
		if e := g.Finest(f); f.Name == "observation_regions" && (e == nil || e.Name != "visit_detector_region") {
			t.Errorf("finest of %s is %v", f.Name, e)
		}
	}
}

func TestConvertValue(t *testing.T) {
	u := universe(t, 8)
	for _, c := range []struct {
		dimension string
		in        any
		want      dimension.Value
	}{
		{"visit", 5, dimension.IntValue(5)}, {"visit", int64(-5), dimension.IntValue(-5)}, {"visit", "0123", dimension.IntValue(123)},
		{"visit", []byte("7"), dimension.IntValue(7)}, {"visit", dimension.IntValue(7), dimension.IntValue(7)},
		{"visit", "x", dimension.Value{}}, {"visit", "", dimension.Value{}}, {"visit", 1.5, dimension.Value{}}, {"visit", nil, dimension.Value{}},
		{"visit", "99999999999999999999", dimension.Value{}},
		{"band", "r", dimension.StringValue("r")}, {"band", 5, dimension.Value{}}, {"band", dimension.IntValue(5), dimension.Value{}},
	} {
		got, err := u.Dimension(c.dimension).ConvertValue(c.in)
		if got != c.want || (err != nil) != c.want.IsZero() {
			t.Errorf("%s %v: %v %v, want %v", c.dimension, c.in, got, err, c.want)
		}
		var bad *dimension.ValueError
		if err != nil && !errors.As(err, &bad) {
			t.Errorf("%T", err)
		}
	}
}

// values draws full data ID values of a group.
func values(t *rapid.T, g *dimension.Group, label string) []dimension.Value {
	var out []dimension.Value
	for _, d := range g.Dimensions() {
		if d.KeyType() == dimension.Int {
			out = append(out, dimension.IntValue(rapid.Int64Range(-3, 40).Draw(t, label+d.Name)))
		} else {
			out = append(out, dimension.StringValue(rapid.SampledFrom([]string{"", "a", "b,", "1:a", "12:a,"}).Draw(t, label+d.Name)))
		}
	}
	return out
}

func TestDataIDProperties(t *testing.T) {
	u := universe(t, 8)
	all := []string{"visit", "detector", "tract", "band", "htm7", "exposure", "skymap", "patch", "subfilter"}
	rapid.Check(t, func(t *rapid.T) {
		g := u.MustGroup(rapid.SliceOfN(rapid.SampledFrom(all), 0, 4).Draw(t, "group")...)
		a, b := dimension.NewDataID(g, values(t, g, "a ")), dimension.NewDataID(g, values(t, g, "b "))
		same := true
		for i, v := range a.RequiredValues() {
			same = same && v == b.RequiredValues()[i]
		}
		if (a.Key() == b.Key()) != same || (a.Compare(b) == 0) != same || a.Compare(b) != -b.Compare(a) {
			t.Errorf("%v and %v: keys %q and %q, order %d", a, b, a.Key(), b.Key(), a.Compare(b))
		}
		short := dimension.NewDataID(g, a.RequiredValues())
		if short.Key() != a.Key() || a.IsFull() == false || short.IsFull() != (len(g.Implied) == 0) {
			t.Errorf("%v and %v", short, a)
		}
		names := g.Names()
		if len(names) == 0 {
			return
		}
		small := u.MustGroup(rapid.SampledFrom(names).Draw(t, "subset"))
		if sub, ok := a.Subset(small); !ok || !sub.IsFull() || sub.Group() != small {
			t.Errorf("subset %v of %v: %v %v", small, a, sub, ok)
		} else {
			for _, n := range small.Names() {
				if sub.Get(n) != a.Get(n) {
					t.Errorf("%s of %v is not that of %v", n, sub, a)
				}
			}
		}
		// A known required value is there in a short data ID, an implied one is not.
		for _, d := range g.Dimensions() {
			if got := short.Get(d.Name); got.IsZero() != (g.Position(d.Name) >= len(g.Required)) {
				t.Errorf("%s of %v is %v", d.Name, short, got)
			}
		}
	})
}

func TestTimespan(t *testing.T) {
	n := dimension.NewTimespan
	if n(5, 5) != dimension.EmptyTimespan || n(7, 5) != dimension.EmptyTimespan || !n(5, 5).IsEmpty() {
		t.Error("empty timespans are not one")
	}
	if n(-5, dimension.MaxTime+5) != dimension.AllTime {
		t.Error("bounds are not clipped")
	}
	for _, c := range []struct {
		a, b dimension.Timespan
		want bool
	}{
		{n(0, 10), n(10, 20), false}, {n(0, 11), n(10, 20), true}, {n(5, 6), dimension.AllTime, true},
		{dimension.EmptyTimespan, dimension.AllTime, false}, {dimension.EmptyTimespan, dimension.EmptyTimespan, false},
	} {
		if c.a.Overlaps(c.b) != c.want || c.b.Overlaps(c.a) != c.want {
			t.Errorf("%v %v", c.a, c.b)
		}
	}
	if !n(3, 5).Contains(3) || n(3, 5).Contains(5) || dimension.EmptyTimespan.Contains(3) {
		t.Error("Contains")
	}
}

func TestRecord(t *testing.T) {
	u := universe(t, 8)
	e := u.Element("visit")
	r := &dimension.Record{Element: e, Values: make([]any, len(e.Fields()))}
	r.Values[0], r.Values[1], r.Values[2], r.Values[3] = "Cam", int64(42), int64(20260101), "g"
	if v, ok := r.Get("id"); !ok || v != int64(42) {
		t.Error(v, ok)
	}
	if v, ok := r.Get("timespan"); !ok || v != nil {
		t.Error(v, ok)
	}
	if _, ok := r.Get("nope"); ok {
		t.Error("a field that is none")
	}
	if id := r.DataID(); id.String() != "{instrument: 'Cam', visit: 42}" {
		t.Error(id)
	}
}

func TestBadUniverses(t *testing.T) {
	element := func(text string) string {
		return `{"version": 8, "skypix": {"common": "htm7"}, "elements": {` + text + `}}`
	}
	for name, text := range map[string]string{
		"no JSON": "hello", "empty": "", "array": "[]", "no version": "{}", "version text": `{"version": "8"}`,
		"unknown type":            element(`"a": {"keys": [{"name": "id", "type": "complex"}]}`),
		"unknown metadata":        element(`"a": {"keys": [{"name": "id", "type": "int"}], "metadata": [{"name": "m", "type": "blob"}]}`),
		"float key":               element(`"a": {"keys": [{"name": "id", "type": "float"}]}`),
		"nameless column":         element(`"a": {"keys": [{"type": "int"}]}`),
		"requires the unknown":    element(`"a": {"keys": [{"name": "id", "type": "int"}], "requires": ["b"]}`),
		"implies the unknown":     element(`"a": {"keys": [{"name": "id", "type": "int"}], "implies": ["b"]}`),
		"circle":                  element(`"a": {"requires": ["b"]}, "b": {"requires": ["a"]}`),
		"itself":                  element(`"a": {"keys": [{"name": "id", "type": "int"}], "requires": ["a"]}`),
		"requires a join":         element(`"a": {"requires": []}, "b": {"keys": [{"name": "id", "type": "int"}], "requires": ["a"]}`),
		"null element":            element(`"a": null`),
		"unknown storage":         element(`"a": {"keys": [{"name": "id", "type": "int"}], "storage": {"cls": "x.Unheard"}}`),
		"unknown skypix class":    `{"version": 8, "skypix": {"x": {"class": "a.B", "max_level": 3}}}`,
		"too many levels":         `{"version": 8, "skypix": {"x": {"class": "lsst.sphgeom.HtmPixelization", "max_level": 300000000}}}`,
		"levels upside down":      `{"version": 8, "skypix": {"x": {"class": "lsst.sphgeom.HtmPixelization", "min_level": 9, "max_level": 3}}}`,
		"no levels":               `{"version": 8, "skypix": {"x": {"class": "lsst.sphgeom.HtmPixelization"}}}`,
		"common is no name":       `{"version": 8, "skypix": {"common": 7}}`,
		"topology of the unknown": `{"version": 8, "topology": {"spatial": {"f": ["nope"]}}}`,
		"view of the unknown":     element(`"a": {"keys": [{"name": "id", "type": "int"}], "implied_union_target": "nope"}`),
	} {
		_, err := dimension.ParseUniverse([]byte(text))
		var bad *dimension.UniverseError
		if !errors.As(err, &bad) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParseUniverse(f *testing.F) {
	for _, v := range []string{"0", "2", "8"} {
		text, err := os.ReadFile("testdata/universe" + v + ".json")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Add([]byte(`{"version": 8, "skypix": {"common": "htm7"}, "elements": {"a": {"keys": [{"name": "id", "type": "int"}]}}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		u, err := dimension.ParseUniverse(text)
		if err != nil {
			var bad *dimension.UniverseError
			if !errors.As(err, &bad) {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		for _, e := range u.Elements() {
			if len(e.Fields()) < len(e.Required)+len(e.Implied) {
				t.Errorf("%s has fields %v", e, e.Fields())
			}
			if e.IsDimension() {
				if g := u.MustGroup(e.Name); !strings.Contains(g.String(), e.Name) {
					t.Errorf("%s is not in its group %s", e, g)
				}
			}
		}
	})
}

func BenchmarkDataIDKey(b *testing.B) {
	g := universe(b, 8).MustGroup("visit", "detector")
	id := dimension.NewDataID(g, []dimension.Value{dimension.StringValue("LSSTCam"), dimension.IntValue(94), dimension.IntValue(2026080100123)})
	var room []byte
	b.ReportAllocs()
	for b.Loop() {
		room = dimension.AppendKey(room[:0], id.RequiredValues())
	}
}
