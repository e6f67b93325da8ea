package registry_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"valet/registry"
	"valet/registry/dimension"
)

// Whatever a file says, a record is read in the types of its fields or refused.
func FuzzReadRecord(f *testing.F) {
	text, err := os.ReadFile("dimension/testdata/universe8.json")
	if err != nil {
		f.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		`{"instrument":"Cam","id":5,"exposure_time":30.5,"region":"CIRCLE 10 -60 0.1","timespan":{"begin":"2026-08-01T22:00:00","end":null}}`,
		`{"instrument":"Cam","visit":"5","azimuth":"1e3","timespan":"{\"end\":\"2026-08-01\"}","can_see_sky":"true"}`,
		`{"region":"63","hash":"0xff","cell_x":1.0}`, `{"timespan":{"begin":5}}`, `{}`,
	} {
		f.Add("visit", seed)
		f.Add("exposure", seed)
	}
	f.Fuzz(func(t *testing.T, element, text string) {
		e := u.Element(element)
		if e == nil || !e.HasTable() {
			return
		}
		d := json.NewDecoder(strings.NewReader(text))
		d.UseNumber()
		var given map[string]any
		if d.Decode(&given) != nil {
			return
		}
		r, err := registry.ReadRecord(e, given)
		if (err == nil) != (r != nil) {
			t.Fatal(r, err)
		}
		if r == nil {
			return
		}
		for i, c := range e.Fields() {
			ok := false
			switch v := r.Values[i].(type) {
			case nil:
				ok = true
			case int64:
				ok = c.Type == dimension.Int
			case float64:
				ok = c.Type == dimension.Float
			case bool:
				ok = c.Type == dimension.Bool
			case string:
				ok = c.Type == dimension.String
			case []byte:
				ok = slices.Contains([]dimension.ColumnType{dimension.Hash, dimension.RegionColumn}, c.Type)
			case dimension.Timespan:
				ok = c.Type == dimension.TimespanColumn && v.Begin >= dimension.MinTime && v.Begin <= dimension.MaxTime
			}
			if !ok {
				t.Fatalf("%s is %T", c.Name, r.Values[i])
			}
		}
	})
}
