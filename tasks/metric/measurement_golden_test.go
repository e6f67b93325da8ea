package metric

import (
	"encoding/json"
	"errors"
	"math"
	"math/big"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const goldenDir = "../../testdata/measurements/"

// goldenMeasurement is an entry of index.json.
type goldenMeasurement struct {
	Outcome, Error string
	Metric         string
	Identifier     any
	Value, Unit    any
	Notes          map[string]any
	Extras         map[string]any
	Blobs          []goldenBlob
	Rewritten      string
	RewrittenError string `json:"rewritten_error"`
}

type goldenBlob struct {
	Name       string
	Identifier any
	Data       map[string]any
}

func goldenIndex(tb testing.TB) map[string]goldenMeasurement {
	f, err := os.Open(goldenDir + "index.json")
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	var index map[string]goldenMeasurement
	d := json.NewDecoder(f)
	d.UseNumber()
	if err := d.Decode(&index); err != nil {
		tb.Fatal(err)
	}
	return index
}

// made are the digits that stand for identifiers the reader makes up: e for the extras blob, f for the measurement.
type made struct{ digits []byte }

func (m *made) Read(p []byte) (int, error) {
	if len(m.digits) == 0 {
		return 0, errors.New("no more identifiers were expected")
	}
	for i := range p {
		p[i] = m.digits[0]<<4 | m.digits[0]
	}
	m.digits = m.digits[1:]
	return len(p), nil
}

func TestGoldenMeasurements(t *testing.T) {
	for file, want := range goldenIndex(t) {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile(goldenDir + file)
			if err != nil {
				t.Fatal(err)
			}
			m, err := Reader{Random: &made{[]byte{0xe, 0xf}}}.Parse(text)
			if want.Outcome == "error" {
				if class, _, _ := strings.Cut(want.Error, ":"); classOf(err) != class {
					t.Errorf("got %v (%s), want %s", err, classOf(err), want.Error)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(expected(want), observed(m)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			checkRewritten(t, m, want)
		})
	}
}

func checkRewritten(t *testing.T, m *Measurement, want goldenMeasurement) {
	t.Helper()
	got, err := m.AppendYAML([]byte("before\n"))
	if want.RewrittenError != "" {
		if class, _, _ := strings.Cut(want.RewrittenError, ":"); classOf(err) != class || string(got) != "before\n" {
			t.Errorf("got %q, %v; want %s", got, err, want.RewrittenError)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	// The version and variant of a random identifier are not its own digits.
	text := strings.NewReplacer("eeeeeeeeeeee4eeeaeeeeeeeeeeeeeee", strings.Repeat("e", 32), "ffffffffffff4fffbfffffffffffffff", strings.Repeat("f", 32)).Replace(string(got[len("before\n"):]))
	if diff := cmp.Diff(want.Rewritten, text); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// expected and observed bring the two sides to one form.
func expected(g goldenMeasurement) map[string]any {
	blobs := []any{}
	for _, b := range g.Blobs {
		blobs = append(blobs, map[string]any{"name": b.Name, "identifier": b.Identifier, "data": orEmpty(b.Data)})
	}
	return map[string]any{"metric": g.Metric, "identifier": g.Identifier, "value": g.Value, "unit": g.Unit, "notes": orEmpty(g.Notes), "extras": orEmpty(g.Extras), "blobs": blobs}
}

func orEmpty(m map[string]any) map[string]any {
	if m == nil {
		return map[string]any{}
	}
	return m
}

func observed(m *Measurement) map[string]any {
	out := map[string]any{"metric": m.Metric, "identifier": jsonForm(m.Identifier), "value": nil, "unit": nil}
	switch {
	case m.Array != nil:
		out["value"], out["unit"] = jsonForm(m.Array), m.Array.Unit.String()
	case m.Boolean:
		out["value"], out["unit"] = m.Quantity.Value != 0, m.Quantity.Unit.String()
	case m.Quantity != nil:
		out["value"], out["unit"] = jsonForm(m.Quantity.Value), m.Quantity.Unit.String()
	}
	notes := map[string]any{}
	for _, n := range m.Notes {
		notes[n.Key] = jsonForm(n.Value)
	}
	blobs := []any{}
	for _, b := range m.Blobs {
		blobs = append(blobs, map[string]any{"name": b.Name, "identifier": jsonForm(b.Identifier), "data": jsonEntries(b.Data)})
	}
	out["notes"], out["extras"], out["blobs"] = notes, jsonEntries(m.Extras()), blobs
	return out
}

func jsonEntries(entries []Entry) map[string]any {
	out := map[string]any{}
	for _, e := range entries {
		unit := e.Datum.Unit.String()
		if a, ok := e.Datum.Value.(*Array); ok {
			unit = a.Unit.String()
		}
		d := map[string]any{"value": jsonForm(e.Datum.Value), "unit": unit, "label": nil, "description": nil}
		if e.Datum.Label != nil {
			d["label"] = *e.Datum.Label
		}
		if e.Datum.Description != nil {
			d["description"] = *e.Datum.Description
		}
		out[e.Key] = d
	}
	return out
}

func jsonForm(v Value) any {
	switch v := v.(type) {
	case string:
		if v == "eeeeeeeeeeee4eeeaeeeeeeeeeeeeeee" || v == "ffffffffffff4fffbfffffffffffffff" {
			return "(random)"
		}
		return v
	case int64:
		return json.Number(big.NewInt(v).String())
	case *big.Int:
		return json.Number(v.String())
	case float64:
		switch {
		case v != v:
			return "NaN"
		case math.IsInf(v, 1):
			return "Infinity"
		case math.IsInf(v, -1):
			return "-Infinity"
		}
		return json.Number(AppendFloatRepr(nil, v))
	case *Array:
		return jsonForm(v.nested())
	case *Sequence:
		out := []any{}
		for _, x := range v.Items {
			out = append(out, jsonForm(x))
		}
		return out
	case *Mapping:
		out := map[string]any{}
		for i, k := range v.Keys {
			out[k.(string)] = jsonForm(v.Values[i])
		}
		return out
	}
	return v
}
