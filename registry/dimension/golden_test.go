package dimension_test

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"valet/registry/dimension"
)

func readJSON(t testing.TB, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

func universe(t testing.TB, version int) *dimension.Universe {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/universe%d.json", version))
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestGolden compares universes 0 to 8 with what the real stack makes of them.
func TestGolden(t *testing.T) {
	var golden []struct {
		Version  int
		Elements []string
		Element  map[string]struct {
			Required, Implied, Fields []string
			Governor, Table           bool
			AlwaysJoin                bool `json:"always_join"`
		}
		Groups []struct {
			Given, Names, Required, Implied, Elements, Keys, Lookup, Governors []string
		}
	}
	readJSON(t, "groups.json", &golden)
	for _, want := range golden {
		t.Run(fmt.Sprint("universe ", want.Version), func(t *testing.T) {
			u := universe(t, want.Version)
			if u.Version != want.Version || u.Namespace != "daf_butler" || u.CommonSkypix != "htm7" {
				t.Errorf("%s %d %s", u.Namespace, u.Version, u.CommonSkypix)
			}
			if got := names(u.Elements()); !slices.Equal(got, want.Elements) {
				t.Errorf("elements %v, want %v", got, want.Elements)
			}
			for name, w := range want.Element {
				e := u.Element(name)
				var fields []string
				for _, f := range e.Fields() {
					fields = append(fields, f.Name)
				}
				if !slices.Equal(names(e.Required), w.Required) || !slices.Equal(names(e.Implied), w.Implied) || !slices.Equal(fields, w.Fields) {
					t.Errorf("%s: required %v, implied %v, fields %v; want %+v", name, e.Required, e.Implied, fields, w)
				}
				if e.Governor != w.Governor || e.HasTable() != w.Table || e.AlwaysJoin != w.AlwaysJoin {
					t.Errorf("%s: governor %v, table %v, always join %v; want %+v", name, e.Governor, e.HasTable(), e.AlwaysJoin, w)
				}
			}
			for _, w := range want.Groups {
				g, err := u.Group(w.Given...)
				if err != nil {
					t.Fatal(err)
				}
				for _, check := range []struct {
					what      string
					got, want []string
				}{
					{"names", g.Names(), w.Names}, {"required", g.RequiredNames(), w.Required}, {"implied", names(g.Implied), w.Implied},
					{"elements", names(g.Elements), w.Elements}, {"keys", names(g.Dimensions()), w.Keys}, {"lookup", names(g.LookupOrder()), w.Lookup},
				} {
					if !slices.Equal(check.got, check.want) {
						t.Errorf("%v: %s %v, want %v", w.Given, check.what, check.got, check.want)
					}
				}
				governors := names(g.Governors())
				slices.Sort(governors)
				slices.Sort(w.Governors)
				if !slices.Equal(governors, w.Governors) {
					t.Errorf("%v: governors %v, want %v", w.Given, governors, w.Governors)
				}
			}
		})
	}
}

func names(elements []*dimension.Element) []string {
	out := []string{}
	for _, e := range elements {
		out = append(out, e.Name)
	}
	return out
}

func TestDataIDText(t *testing.T) {
	u := universe(t, 8)
	var golden [][2]any
	readJSON(t, "dataids.json", &golden)
	for _, c := range golden {
		given := c[0].(map[string]any)
		var keys []string
		for k := range given {
			keys = append(keys, k)
		}
		g := u.MustGroup(keys...)
		var values []dimension.Value
		for _, d := range g.Required {
			v := given[d.Name]
			if f, ok := v.(float64); ok {
				v = int64(f)
			}
			value, err := d.ConvertValue(v)
			if err != nil {
				t.Fatal(err)
			}
			values = append(values, value)
		}
		if got := dimension.NewDataID(g, values).String(); got != c[1] {
			t.Errorf("%s, want %s", got, c[1])
		}
	}
}

func TestQuote(t *testing.T) {
	var golden [][2]string
	readJSON(t, "quote.json", &golden)
	for _, c := range golden {
		if got := dimension.Quote(c[0]); got != c[1] {
			t.Errorf("%q: %s, want %s", c[0], got, c[1])
		}
	}
	if got := dimension.Quote("a\xffb"); got != `'a\udcffb'` {
		t.Errorf("undecodable byte: %s", got)
	}
}

func TestTAI(t *testing.T) {
	// Numbers stay raw: they need more digits than a float64 has.
	var golden [][2]json.RawMessage
	readJSON(t, "tai.json", &golden)
	for _, c := range golden {
		var utc string
		var want int64
		if err := json.Unmarshal(c[0], &utc); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(c[1], &want); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse("2006-01-02T15:04:05.999999999", utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := dimension.TAI(at); got != want {
			t.Errorf("%s: %d, want %d", utc, got, want)
		}
		if back := dimension.UTC(want); !back.Equal(at) {
			t.Errorf("%d: %s, want %s", want, back, at)
		}
	}
}
