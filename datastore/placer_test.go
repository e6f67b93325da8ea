package datastore

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"valet/datastore/vfs"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

func testUniverse(t testing.TB) *dimension.Universe {
	t.Helper()
	text, err := os.ReadFile("testdata/universe.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// goldenPath is a case of testdata/paths.json: what upstream made of a template, or of its defaults if there is none.
type goldenPath struct {
	Template, Type, Run, Path, Error string
	Dimensions                       []string
	DataID                           map[string]any
}

// goldenRecords answers from the records of testdata/paths.json.
type goldenRecords map[string]*dimension.Record

func (g goldenRecords) Record(e *dimension.Element, id dimension.DataID) (*dimension.Record, error) {
	if r := g[e.Name+" "+id.Key()]; r != nil {
		return r, nil
	}
	return nil, fmt.Errorf("no %s record for %s", e, id)
}

func exact(text json.RawMessage, into any) error {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	return d.Decode(into)
}

func makeDataID(t testing.TB, g *dimension.Group, values map[string]any) dimension.DataID {
	t.Helper()
	var out []dimension.Value
	for _, d := range g.Dimensions() {
		x := values[d.Name]
		if n, ok := x.(json.Number); ok {
			x = n.String()
		}
		v, err := d.ConvertValue(x)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return dimension.NewDataID(g, out)
}

func loadGolden(t testing.TB, u *dimension.Universe) ([]goldenPath, goldenRecords, dataset.ID) {
	t.Helper()
	text, err := os.ReadFile("testdata/paths.json")
	if err != nil {
		t.Fatal(err)
	}
	var in struct {
		ID      dataset.ID
		Records []struct {
			Element string
			DataID  map[string]any
			Fields  map[string]any
		}
		Cases []goldenPath
	}
	if err := exact(text, &in); err != nil {
		t.Fatal(err)
	}
	records := goldenRecords{}
	for _, r := range in.Records {
		e := u.Element(r.Element)
		out := &dimension.Record{Element: e}
		for _, c := range e.Fields() {
			var v any
			switch x := r.Fields[c.Name].(type) {
			case json.Number:
				if c.Type == dimension.Float {
					v, _ = x.Float64()
				} else {
					v, _ = x.Int64()
				}
			case map[string]any:
				if span, ok := x["timespan"].([]any); ok {
					begin, _ := span[0].(json.Number).Int64()
					end, _ := span[1].(json.Number).Int64()
					v = dimension.NewTimespan(begin, end)
				} else {
					v, _ = hex.DecodeString(x["hash"].(string))
				}
			default:
				v = x
			}
			out.Values = append(out.Values, v)
		}
		records[r.Element+" "+requiredKey(t, e, r.DataID)] = out
	}
	return in.Cases, records, in.ID
}

// requiredKey is the key of a data ID of the element's own required values.
func requiredKey(t testing.TB, e *dimension.Element, values map[string]any) string {
	var out []dimension.Value
	for _, d := range e.Group().Required {
		x := values[d.Name]
		if n, ok := x.(json.Number); ok {
			x = n.String()
		}
		v, err := d.ConvertValue(x)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return dimension.NewDataID(e.Group(), out).Key()
}

func testStore(t testing.TB, u *dimension.Universe, change func(*Config)) *Store {
	t.Helper()
	c, err := ParseConfig("/repo", map[string]any{"root": ButlerRoot})
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(&c)
	}
	s, err := New(vfs.NewMemory(), c, u)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestGoldenPaths compares with the paths that upstream made of hand-picked and of random templates.
func TestGoldenPaths(t *testing.T) {
	u := testUniverse(t)
	cases, records, ref := loadGolden(t, u)
	for _, c := range cases {
		g := u.MustGroup(c.Dimensions...)
		typ := &dataset.Type{Name: c.Type, Dimensions: g, StorageClass: "StructuredDataDict"}
		config, err := ParseConfig("/repo", map[string]any{"root": ButlerRoot})
		if err != nil {
			t.Fatal(err)
		}
		if c.Template != "" || c.Error == "FileTemplateValidationError" && c.Path == "" && c.Type == "t" {
			config.Templates = map[string]any{"default": c.Template}
		}
		got, err := func() (string, error) {
			s, err := New(vfs.NewMemory(), config, u)
			if err != nil {
				return "", err
			}
			p, err := s.Placer(typ, c.Run, records)
			if err != nil {
				return "", err
			}
			b, err := p.AppendPath([]byte("before "), makeDataID(t, g, c.DataID), ref)
			if err != nil {
				return "", err
			}
			// A second time, with the directory known.
			again, err := p.AppendPath([]byte("before "), makeDataID(t, g, c.DataID), ref)
			if string(again) != string(b) {
				t.Errorf("%q: %s, and again %s %v", c.Template, b, again, err)
			}
			return strings.TrimPrefix(string(b), "before "), nil
		}()
		switch {
		case c.Error != "" && err == nil:
			t.Errorf("%q %s %v: got %s, want %s", c.Template, c.Type, c.DataID, got, c.Error)
		case c.Error == "" && (err != nil || got != c.Path+".yaml"):
			t.Errorf("%q %s %v run %q:\n got %q %v\nwant %q", c.Template, c.Type, c.DataID, c.Run, got, err, c.Path+".yaml")
		}
	}
}
