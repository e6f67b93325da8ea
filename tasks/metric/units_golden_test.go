package metric

import (
	"bufio"
	"encoding/json"
	"errors"
	"math"
	"os"
	"testing"
)

// jsonNumber reads JSON numbers and the strings NaN, Infinity, -Infinity.
type jsonNumber float64

func (n *jsonNumber) UnmarshalJSON(b []byte) error {
	switch string(b) {
	case `"NaN"`:
		*n = jsonNumber(math.NaN())
	case `"Infinity"`:
		*n = jsonNumber(math.Inf(1))
	case `"-Infinity"`:
		*n = jsonNumber(math.Inf(-1))
	default:
		return json.Unmarshal(b, (*float64)(n))
	}
	return nil
}

type unitCase struct {
	ID, Kind, Text, Canonical, Physical, Error string
	InByte                                     *jsonNumber `json:"in_byte"`
	InS                                        *jsonNumber `json:"in_s"`
	InDimensionless                            *jsonNumber `json:"in_dimensionless"`
	Value                                      jsonNumber
	Unit, To, Op                               string
	Left, Right                                jsonNumber
	LeftUnit                                   string `json:"left_unit"`
	RightUnit                                  string `json:"right_unit"`
	Result                                     json.RawMessage
	Nonzero                                    bool
	Four, Five, Full, Inspect                  string
}

func unitCases(tb testing.TB) []unitCase {
	f, err := os.Open("../../testdata/units/cases.jsonl")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var out []unitCase
	for sc := bufio.NewScanner(f); sc.Scan(); {
		var c unitCase
		if err := json.Unmarshal(sc.Bytes(), &c); err != nil {
			tb.Fatal(err)
		}
		out = append(out, c)
	}
	return out
}

func same(a, b float64) bool { return a == b && math.Signbit(a) == math.Signbit(b) || a != a && b != b }

// classOf gives the upstream class an error names, or "".
func classOf(err error) string {
	var c interface{ ClassName() string }
	if errors.As(err, &c) {
		return c.ClassName()
	}
	return ""
}

func unit(tb testing.TB, s string) Unit {
	u, err := ParseUnit(s)
	if err != nil {
		tb.Fatal(err)
	}
	return u
}

func TestGoldenUnits(t *testing.T) {
	for _, c := range unitCases(t) {
		t.Run(c.ID, func(t *testing.T) {
			switch c.Kind {
			case "parse":
				checkParse(t, c)
			case "convert":
				q, err := Q(float64(c.Value), unit(t, c.Unit)).In(unit(t, c.To))
				checkResult(t, c, q.Value, err)
			case "compare":
				ok, err := Q(float64(c.Left), unit(t, c.LeftUnit)).Compare(Operator(c.Op), Q(float64(c.Right), unit(t, c.RightUnit)))
				if class := classOf(err); class != c.Error || err == nil && string(c.Result) != map[bool]string{true: "true", false: "false"}[ok] {
					t.Errorf("got %v, %v; want %s %s", ok, err, c.Result, c.Error)
				}
			case "subtract":
				q, err := Q(float64(c.Left), unit(t, c.LeftUnit)).Sub(Q(float64(c.Right), unit(t, c.RightUnit)))
				checkResult(t, c, q.Value, err)
				if err == nil && (q.Unit.String() != c.Unit || (q.Value != 0) != c.Nonzero) {
					t.Errorf("got %s, want unit %q, nonzero %v", q, c.Unit, c.Nonzero)
				}
			case "format":
				x := float64(c.Value)
				for _, f := range []struct {
					got  []byte
					want string
				}{{Four(nil, x), c.Four}, {Five(nil, x), c.Five}, {AppendFloatRepr(nil, x), c.Full}, {AppendInspect(nil, x), c.Inspect}} {
					if string(f.got) != f.want {
						t.Errorf("got %s, want %s", f.got, f.want)
					}
				}
			default:
				t.Errorf("unknown kind %q", c.Kind)
			}
		})
	}
}

func checkParse(t *testing.T, c unitCase) {
	u, err := ParseUnit(c.Text)
	if classOf(err) != c.Error {
		t.Fatalf("got %v, want class %q", err, c.Error)
	}
	if err != nil {
		return
	}
	if u.String() != c.Canonical || u.Physical() != c.Physical {
		t.Errorf("got %q (%s), want %q (%s)", u, u.Physical(), c.Canonical, c.Physical)
	}
	for to, want := range map[string]*jsonNumber{"byte": c.InByte, "s": c.InS, "": c.InDimensionless} {
		if want == nil {
			continue
		}
		if q, err := Q(1, u).In(unit(t, to)); err != nil || !same(q.Value, float64(*want)) {
			t.Errorf("1 %s = %v, %v; want %v %s", u, q, err, *want, to)
		}
	}
}

func checkResult(t *testing.T, c unitCase, got float64, err error) {
	t.Helper()
	if classOf(err) != c.Error {
		t.Fatalf("got %v, want class %q", err, c.Error)
	}
	if err != nil {
		return
	}
	var want jsonNumber
	if err := json.Unmarshal(c.Result, &want); err != nil {
		t.Fatal(err)
	}
	if !same(got, float64(want)) {
		t.Errorf("got %v, want %v", got, want)
	}
}
