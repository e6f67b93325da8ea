package metric

import (
	"bufio"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// TestUpstreamUnits holds the parser to texts with what astropy 8.0.2 makes of them: the canonical form, the size in base units, the kind.
func TestUpstreamUnits(t *testing.T) {
	f, err := os.Open("testdata/units.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var c struct {
			Text, Canonical, Physical, Error string
			Size                             *float64
		}
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		u, err := ParseUnit(c.Text)
		if classOf(err) != c.Error {
			t.Errorf("%q: got %v, want class %q", c.Text, err, c.Error)
			continue
		}
		if err != nil {
			continue
		}
		if u.String() != c.Canonical || u.Physical() != c.Physical {
			t.Errorf("%q: got %q (%s), want %q (%s)", c.Text, u, u.Physical(), c.Canonical, c.Physical)
		}
		if c.Size != nil && u.def().size != *c.Size {
			t.Errorf("%q: got size %v, want %v", c.Text, u.def().size, *c.Size)
		}
	}
}

func TestSimilarUnits(t *testing.T) {
	for name, want := range map[string][]string{
		"bytes": {"byte"}, "KB": {"kbyte", "Kibyte"}, "sec": {"s"}, "minutes": {"minute"}, "Byte": {"byte"}, "miliarcsecond": {"milliarcsecond"},
		"kilobytes": {"kilobyte"}, "percnt": {"percent"}, "furlong": nil, "Kibytes": {"Kibyte"},
	} {
		_, err := ParseUnit(name)
		e, ok := err.(*UnitError)
		if !ok {
			t.Errorf("%q: got %v", name, err)
			continue
		}
		if diff := cmp.Diff(want, e.Similar()); diff != "" {
			t.Errorf("%q: -want +got:\n%s", name, diff)
		}
		if !strings.Contains(e.Error(), name) || e.Hint() == "" {
			t.Errorf("%q: got %v, %s", name, e, e.Hint())
		}
	}
}

func TestHostileUnits(t *testing.T) {
	for _, s := range []string{strings.Repeat("(", 4000), strings.Repeat("sqrt(", 800) + "m", strings.Repeat("m ", 5000), strings.Repeat("/s", 2000), "m^99999999999999999999", "10^99999999999", "\xff\xfe"} {
		if _, err := ParseUnit(s); err == nil && !strings.HasPrefix(s, "/s/s") {
			t.Errorf("%.20q is a unit", s)
		}
	}
}

func TestUnitText(t *testing.T) {
	var u Unit
	if err := u.UnmarshalText([]byte("KiB/s")); err != nil {
		t.Fatal(err)
	}
	text, _ := u.MarshalText()
	if string(text) != "Kibyte / s" || u.Dimensionless() || u.Equal(Unit{}) || !u.Equal(unit(t, "1024 byte s-1")) {
		t.Errorf("got %s", text)
	}
	if !(Unit{}).Dimensionless() || (Unit{}).String() != "" {
		t.Error("the zero unit is not dimensionless")
	}
}

func TestQuantityString(t *testing.T) {
	for want, q := range map[string]Quantity{"3.0 mas": Q(3, unit(t, "mas")), "2.5": Q(2.5, Unit{}), "1e+16 byte / s": Q(1e16, unit(t, "B/s"))} {
		if q.String() != want {
			t.Errorf("got %q, want %q", q, want)
		}
	}
	if got := string(Q(12945, Mibyte).Append(nil, Five)); got != "1.2945e+04 Mibyte" {
		t.Errorf("got %s", got)
	}
}

func TestParseQuantity(t *testing.T) {
	for text, want := range map[string]string{"5": "5.0", "1e3": "1000.0", "2.5 min": "2.5 min", "nan": "nan", "-inf s": "-inf s", " .5%": "0.5 %", "5 10 s": "5.0 10 s", "٥ s": "5.0 s", "infs": "inf s"} {
		if q, err := ParseQuantity(text); err != nil || q.String() != want {
			t.Errorf("%q: got %q, %v; want %q", text, q, err, want)
		}
	}
	for text, want := range map[string]string{"": "TypeError", "abc": "TypeError", "0o17": "ValueError", "1,5": "ValueError", "5-3": "TypeError", "nane5": "TypeError", "- 5": "TypeError", "5 mag(AB)": "UnitTypeError", "5 foo": "ValueError", "1.5.5": "TypeError"} {
		if q, err := ParseQuantity(text); classOf(err) != want {
			t.Errorf("%q: got %q, %v; want %s", text, q, err, want)
		}
	}
}

// Converting there and back changes a value by rounding only.
func TestConvertBack(t *testing.T) {
	families := [][]string{{"byte", "Kibyte", "Mbyte", "bit", "Gibit"}, {"s", "ms", "min", "yr", "fortnight"}, {"", "%", "10"}, {"mas", "deg", "uarcsec", "rad"}, {"byte / s", "Mibyte / h"}}
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom(families).Draw(t, "family")
		from, _ := ParseUnit(rapid.SampledFrom(names).Draw(t, "from"))
		to, _ := ParseUnit(rapid.SampledFrom(names).Draw(t, "to"))
		x := rapid.Float64Range(-1e200, 1e200).Draw(t, "value")
		there, err := Q(x, from).In(to)
		if err != nil {
			t.Fatal(err)
		}
		back, err := there.In(from)
		if err != nil || math.Abs(back.Value-x) > 1e-14*math.Abs(x) && math.Abs(there.Value) > 1e-290 {
			t.Fatalf("%v %s became %v and then %v", x, from, there, back)
		}
	})
}

func FuzzParseUnit(f *testing.F) {
	for _, c := range unitCases(f) {
		if c.Kind == "parse" {
			f.Add(c.Text)
		}
	}
	for _, s := range []string{"m s / kg", "sqrt(m/s)", "10**-3 s(1/2)", "1.5 10+3 m2.s", "mag(ct / s)", "s⁻¹", "M☉2", "m(0.123)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		u, err := ParseUnit(s)
		if err != nil {
			return
		}
		text := u.String()
		again, err := ParseUnit(text)
		if scale := u.def().scale; u.Logarithmic() || math.IsInf(scale, 0) || math.Abs(scale) < 1e-300 || math.Abs(scale) > 1e300 {
			return // such sizes have no text that reads back
		}
		if err != nil {
			t.Fatalf("%q prints as %q: %v", s, text, err)
		}
		if again.String() != text || !again.Compatible(u) {
			t.Fatalf("%q prints as %q, which prints as %q", s, text, again)
		}
	})
}
