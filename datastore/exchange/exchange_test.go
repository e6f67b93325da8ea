package exchange_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"valet/datastore/exchange"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

func universe(t testing.TB) *dimension.Universe {
	t.Helper()
	text, err := os.ReadFile("../testdata/universe.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func golden(t testing.TB) []byte {
	t.Helper()
	// Written by Butler.export with dimension records of all kinds of regions and timespans, an empty one too.
	text, err := os.ReadFile("testdata/butler.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// read returns what a text says, an entry a line and without line numbers, and its faults.
func read(u *dimension.Universe, text []byte) (said, faults []string, err error) {
	say := func(format string, args ...any) error {
		said = append(said, fmt.Sprintf(format, args...))
		return nil
	}
	err = exchange.Read("x.yaml", bytes.NewReader(text), int64(len(text)), u, exchange.Visitor{
		Header: func(h exchange.Header) error { return say("header %s %d", h.Namespace, h.Version) },
		Records: func(r exchange.Records) error {
			for _, row := range r.Rows {
				_ = say("record %s %v", r.Element, row.Record.Values)
			}
			return nil
		},
		Collection: func(c exchange.Collection) error { return say("collection %+v", c.Collection) },
		Type:       func(t exchange.Type) error { return say("type %s", t.Type) },
		Datasets: func(d exchange.Datasets) error {
			for _, f := range d.Files {
				_ = say("file %s %s %v %s %s", d.Type, d.Run, f.Datasets, f.Path, f.Formatter)
			}
			return nil
		},
		Associations: func(a exchange.Associations) error {
			for _, m := range a.Members {
				_ = say("member %s %s %s %v", a.Collection, a.Kind, m.ID, m.Span)
			}
			return nil
		},
		Fault: func(e *exchange.Error) { faults = append(faults, e.Error()) },
	})
	return said, faults, err
}

func TestReadWhatTheButlerWrote(t *testing.T) {
	u := universe(t)
	said, faults, err := read(u, golden(t))
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	counts := map[string]int{}
	for _, s := range said {
		word, _, _ := strings.Cut(s, " ")
		counts[word]++
	}
	want := map[string]int{"header": 1, "record": 24, "collection": 7, "type": 7, "file": 12, "member": 8}
	if diff := cmp.Diff(want, counts); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{
		"header daf_butler 8",
		"type DatasetType('flat', {instrument, detector}, StructuredDataDict, isCalibration=True)",
		"collection {Name:chain Kind:CHAINED Doc:multi\nline Children:[r2 tag r1 cal]}",
		"record skymap [sky [1 255 0 97 98] 1 2 2]",
		"record group [Cam grp1]",
	} {
		if !contains(said, want) {
			t.Errorf("%q is not in\n%s", want, strings.Join(said, "\n"))
		}
	}
	for _, part := range []string{"20260801 g1 v21 <nil>", "{4102444800000000000 0}]", "{1785621600123456789 1785621630000000000}]", "a \"quoted\" 'thing'\nline", "+Inf",
		"{0 4102444800000000000}", "file:///data/raw%201%25.yaml"} {
		if !strings.Contains(strings.Join(said, "\n"), part) {
			t.Errorf("%q is nowhere", part)
		}
	}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// write writes what a text says.
func write(t interface{ Fatal(...any) }, u *dimension.Universe, text []byte) []byte {
	var out bytes.Buffer
	var w *exchange.Writer
	types := map[string]*dataset.Type{}
	err := exchange.Read("x.yaml", bytes.NewReader(text), int64(len(text)), u, exchange.Visitor{
		Header: func(h exchange.Header) error { w = exchange.NewWriter(&out, h); return nil },
		Records: func(r exchange.Records) error {
			var list []*dimension.Record
			for _, row := range r.Rows {
				list = append(list, row.Record)
			}
			return w.Records(r.Element, list)
		},
		Collection: func(c exchange.Collection) error { return w.Collection(&c.Collection) },
		Type: func(x exchange.Type) error {
			types[x.Type.Name] = x.Type
			return w.Type(x.Type)
		},
		Datasets: func(d exchange.Datasets) error {
			typ := types[d.Type]
			if typ == nil {
				return nil
			}
			for _, f := range d.Files {
				var refs []dataset.Ref
				for _, x := range f.Datasets {
					values := make([]dimension.Value, len(typ.Dimensions.Required))
					for i, e := range typ.Dimensions.Required {
						for _, n := range x.DataID {
							if n.Name == e.Name {
								v, err := e.ConvertValue(n.Value)
								if err != nil {
									return nil
								}
								values[i] = v
							}
						}
						if values[i].IsZero() {
							return nil
						}
					}
					refs = append(refs, dataset.Ref{ID: x.ID, Type: typ, Run: d.Run, DataID: dimension.NewDataID(typ.Dimensions, values)})
				}
				class := f.Formatter
				if class == "" {
					class = "some.Formatter"
				}
				if err := w.File(refs, f.Path, class); err != nil {
					return err
				}
			}
			return nil
		},
		Associations: func(a exchange.Associations) error {
			for _, m := range a.Members {
				if err := w.Member(&dataset.Collection{Name: a.Collection, Kind: a.Kind}, m.Span, m.ID); err != nil {
					return err
				}
			}
			return nil
		},
	})
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestWriteReadsBack(t *testing.T) {
	u := universe(t)
	want, _, err := read(u, golden(t))
	if err != nil {
		t.Fatal(err)
	}
	once := write(t, u, golden(t))
	got, faults, err := read(u, once)
	if err != nil || len(faults) > 0 {
		t.Fatal(err, faults)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if again := write(t, u, once); !bytes.Equal(once, again) {
		t.Error(cmp.Diff(string(once), string(again)))
	}
	var empty bytes.Buffer
	if err := exchange.NewWriter(&empty, exchange.Header{Namespace: "daf_butler", Version: 8}).Close(); err != nil {
		t.Fatal(err)
	}
	if said, faults, err := read(u, empty.Bytes()); err != nil || len(faults) > 0 || len(said) != 1 {
		t.Errorf("an empty text is %v %v %v", said, faults, err)
	}
}

// The same meaning in another style is read as a whole, with the same result.
func TestStyles(t *testing.T) {
	u := universe(t)
	want, _, err := read(u, golden(t))
	if err != nil {
		t.Fatal(err)
	}
	text := string(golden(t))
	for name, other := range map[string]string{
		"keys behind the list": strings.Replace(text, "data:\n", "data:\n- records: []\n  type: dimension\n  element: instrument\n", 1),
		"indented lists":       indented(text),
		"comments":             strings.ReplaceAll(text, "- type: dataset\n", "# a comment\n\n- type: dataset\n    # and one more\n"),
		"line ends":            strings.ReplaceAll(text, "\n", "\r\n"),
		"a header behind":      strings.Replace(text, "version: 1.0.2\n", "", 1) + "version: 1.0.2\n",
		"aliases":              strings.Replace(strings.Replace(text, "storage_class: StructuredDataDict", "storage_class: &s StructuredDataDict", 1), "storage_class: StructuredDataDict", "storage_class: *s", 1),
		"an end":               text + "...\n",
	} {
		got, faults, err := read(u, []byte(other))
		if err != nil || len(faults) > 0 {
			t.Errorf("%s: %v %v", name, err, faults)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// indented moves all items to the right.
func indented(text string) string {
	head, items, _ := strings.Cut(text, "data:\n")
	return head + "data:\n  " + strings.ReplaceAll(strings.TrimSuffix(items, "\n"), "\n", "\n  ") + "\n"
}

const header = "description: x\nversion: 1.0.2\nuniverse_version: 8\nuniverse_namespace: daf_butler\ndata:\n"

func TestFaults(t *testing.T) {
	u := universe(t)
	const id = "!uuid '01a210a8-4001-705e-9f9e-2f2dbe95ea01'"
	file := func(text string) string {
		return "- type: dataset\n  dataset_type: flat\n  run: r\n  records:\n" + text
	}
	for _, c := range []struct{ name, text, want string }{
		{"unknown type", "- type: foo\n", `x.yaml:6: "foo" is no type of an item`},
		{"no type", "- element: foo\n", "x.yaml:6: an item needs type"},
		{"no mapping", "- 3\n", "x.yaml:6: an item is a mapping"},
		{"unknown element", "- type: dimension\n  element: foo\n  records:\n  - a: 1\n", `x.yaml:6: "foo" is no dimension element of the universe daf_butler 8`},
		{"unknown field", "- type: dimension\n  element: instrument\n  records:\n  - name: Cam\n    foo: 1\n", `x.yaml:10: record of instrument: it has no field "foo"`},
		{"no records", "- type: dimension\n  element: instrument\n", "x.yaml:6: an item of type dimension needs a list records"},
		{"wrong list", "- type: dimension\n  element: instrument\n  dataset_ids:\n  - 1\n", "x.yaml:6: an item of type dimension needs a list records"},
		{"list of a collection", "- type: collection\n  collection_type: RUN\n  name: r\n  records:\n  - 1\n", "x.yaml:6: an item of type collection has no records"},
		{"missing key", "- type: dimension\n  element: instrument\n  records:\n  - class_name: x\n", "x.yaml:9: record of instrument: name is missing"},
		{"field twice", "- {type: dimension, element: instrument, records: [{name: a, name: b}]}\n", "x.yaml:6: record of instrument: name is given twice"},
		{"wrong integer", "- type: dimension\n  element: instrument\n  records:\n  - name: Cam\n    visit_max: abc\n", "x.yaml:10: record of instrument: visit_max: 'abc' is not of type int"},
		{"number for a text", "- type: dimension\n  element: instrument\n  records:\n  - name: 12\n", "x.yaml:9: record of instrument: name: '12' is not of type string"},
		{"half a timespan", "- type: dimension\n  element: day_obs\n  records:\n  - instrument: Cam\n    id: 1\n    datetime_begin: null\n", "x.yaml:9: record of day_obs: datetime_begin and datetime_end go together"},
		{"bad time", "- type: dimension\n  element: day_obs\n  records:\n  - instrument: Cam\n    id: 1\n    datetime_begin: !butler_time/tai/iso 'x'\n    datetime_end: null\n", `x.yaml:11: record of day_obs: "x" is no time`},
		{"time without tag", "- type: dimension\n  element: day_obs\n  records:\n  - instrument: Cam\n    id: 1\n    datetime_begin: '2020-01-01'\n    datetime_end: null\n", "x.yaml:11: record of day_obs: 2020-01-01 is no time"},
		{"unknown tag", "- type: dimension\n  element: instrument\n  records:\n  - name: !foo Cam\n", `x.yaml:9: record of instrument: name: unknown tag "!foo"`},
		{"bad region", "- type: dimension\n  element: tract\n  records:\n  - skymap: s\n    id: 0\n    region: !<lsst.sphgeom.Circle>\n      encoded: xy\n", "x.yaml:11: record of tract: region: is no region: encoded has to be hexadecimal"},
		{"region without tag", "- type: dimension\n  element: tract\n  records:\n  - skymap: s\n    id: 0\n    region:\n      encoded: '63'\n", "is no region: a tag"},
		{"bad kind", "- type: collection\n  collection_type: FOO\n  name: r\n", `x.yaml:6: "FOO" is no kind of collection`},
		{"no children", "- type: collection\n  collection_type: CHAINED\n  name: r\n", "x.yaml:6: an item needs children"},
		{"unknown key", "- type: collection\n  collection_type: RUN\n  name: r\n  foo: 1\n", `x.yaml:9: unknown key "foo"`},
		{"bad doc", "- type: collection\n  collection_type: RUN\n  name: r\n  doc: 3\n", "x.yaml:9: doc has to be a text"},
		{"unknown dimension", "- {type: dataset_type, name: flat, dimensions: [foo], storage_class: A}\n", `dataset type "flat": unknown dimension "foo"`},
		{"bad type name", "- {type: dataset_type, name: a.b, dimensions: [], storage_class: A}\n", "components cannot be registered"},
		{"bad calibration", "- {type: dataset_type, name: a, dimensions: [], storage_class: A, is_calibration: 3}\n", "is_calibration has to be true or false"},
		{"no path", file("  - dataset_id: [" + id + "]\n    data_id: [{instrument: Cam, detector: 1}]\n"), "x.yaml:10: an item needs path"},
		{"no ID", file("  - path: a\n    data_id: [{instrument: Cam, detector: 1}]\n"), "x.yaml:10: a dataset needs dataset_id and data_id"},
		{"bad ID", file("  - path: a\n    dataset_id: [!uuid 'x']\n    data_id: [{}]\n"), `x.yaml:11: "x" is no dataset ID`},
		{"ID without tag", file("  - path: a\n    dataset_id: ['01a210a8-4001-705e-9f9e-2f2dbe95ea01']\n    data_id: [{}]\n"), "is no dataset ID: !uuid and a text expected"},
		{"more IDs than data IDs", file("  - path: a\n    dataset_id: [" + id + "]\n    data_id: [{}, {}]\n"), "x.yaml:10: there are 1 dataset IDs and 2 data IDs"},
		{"bad data ID", file("  - path: a\n    dataset_id: [" + id + "]\n    data_id: [{detector: 1.5}]\n"), "data ID: detector is neither a number nor a text"},
		{"null formatter", file("  - path: a\n    formatter: null\n    dataset_id: [" + id + "]\n    data_id: [{}]\n"), "x.yaml:11: formatter has to be a text"},
		{"tags of a run", "- {type: associations, collection: r, collection_type: RUN, dataset_ids: [" + id + "]}\n", "a collection of type RUN has no associations"},
		{"range without times", "- type: associations\n  collection: c\n  collection_type: CALIBRATION\n  validity_ranges:\n  - timespan: null\n    dataset_ids: [" + id + "]\n", "is no timespan"},
		{"empty range", "- type: associations\n  collection: c\n  collection_type: CALIBRATION\n  validity_ranges:\n  - timespan: !lsst.daf.butler.Timespan {begin: !butler_time/tai/iso '2021-01-01', end: !butler_time/tai/iso '2020-01-01'}\n    dataset_ids: [" + id + "]\n", "the validity range is empty"},
	} {
		_, faults, err := read(u, []byte(header+c.text))
		if err != nil {
			faults = append(faults, err.Error())
		}
		if !strings.Contains(strings.Join(faults, "\n"), c.want) {
			t.Errorf("%s: %v, want %s", c.name, faults, c.want)
		}
	}
}

func TestNoExport(t *testing.T) {
	u := universe(t)
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "x.yaml:1: is no export: a mapping"},
		{"list", "- a\n", "is no export: a mapping"},
		{"no version", "data: []\n", "is no export: it has no version"},
		{"no data", "version: 1.0.2\n", "is no export: it has no data"},
		{"data is no list", "version: 1.0.2\ndata: 3\n", "x.yaml:2: data is no list"},
		{"newer version", "version: 1.1.0\ndata: []\n", `x.yaml:1: version "1.1.0" of the export form is not supported`},
		{"newer form", "version: 2.0.0\ndata:\n- a: 1\n", `version "2.0.0" of the export form is not supported`},
		{"no form version", "version: 1\ndata:\n- a: 1\n", `version "1" of the export form is not supported`},
		{"syntax in the header", "version: [\ndata:\n- a: 1\n", "x.yaml:"},
		{"syntax", header + "- type: collection\n  collection_type: TAGGED\n  name: t\n- type: 'x\n", "x.yaml:"},
		{"syntax in an entry", header + "- type: dimension\n  element: instrument\n  records:\n  - name: Cam\n  - name: [\n", "x.yaml:10"},
		{"two documents", header + "- {type: collection, collection_type: TAGGED, name: a}\n---\na: 1\n", "more than one document"},
		{"an unknown alias", header + "- type: collection\n  name: *x\n", "x.yaml: unknown anchor 'x'"},
	} {
		_, faults, err := read(u, []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v %v, want %s", c.name, err, faults, c.want)
		}
		var hinted interface{ Hint() string }
		if !errors.As(err, &hinted) || hinted.Hint() == "" {
			t.Errorf("%s: no hint", c.name)
		}
	}
}

// Every text, however odd, comes back.
func TestTexts(t *testing.T) {
	u := universe(t)
	rapid.Check(t, func(t *rapid.T) {
		doc, path := rapid.StringOf(rapid.Rune()).Draw(t, "doc"), rapid.StringN(1, 20, -1).Draw(t, "path")
		name := rapid.SampledFrom([]string{"yes", "12", "1e3", "null", "a: b", "- a", "2020-01-01", "=", "x#", "'", "\"", "*a", "0x1", "1_000", "~", " a"}).Draw(t, "name")
		var out bytes.Buffer
		w := exchange.NewWriter(&out, exchange.Header{Namespace: "daf_butler", Version: 8})
		_ = w.Collection(&dataset.Collection{Name: name, Kind: dataset.Tagged, Doc: doc})
		typ := &dataset.Type{Name: "a", Dimensions: u.MustGroup("physical_filter"), StorageClass: "S"}
		id := dimension.NewDataID(typ.Dimensions, []dimension.Value{dimension.StringValue(name), dimension.StringValue(path)})
		_ = w.File([]dataset.Ref{{ID: dataset.NewID(), Type: typ, Run: name, DataID: id}}, path, "f.F")
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		said, faults, err := read(u, out.Bytes())
		if err != nil || len(faults) > 0 || len(said) != 3 {
			t.Fatalf("%v %v %v\n%s", said, faults, err, out.String())
		}
		if want := fmt.Sprintf("collection %+v", dataset.Collection{Name: name, Kind: dataset.Tagged, Doc: doc}); said[1] != want {
			t.Errorf("%q, want %q", said[1], want)
		}
		if !strings.HasSuffix(said[2], " "+path+" f.F") || !strings.HasPrefix(said[2], "file a "+name+" ") {
			t.Errorf("%q", said[2])
		}
	})
}

// FuzzRead: a text is refused, or says the same piece by piece and as a whole, and what it says can be written and says the same.
func FuzzRead(f *testing.F) {
	u := universe(f)
	f.Add(golden(f))
	for _, piece := range bytes.SplitAfter(golden(f), []byte("\n- type: ")) {
		f.Add([]byte(header + "- type: " + strings.TrimSuffix(string(piece), "\n- type: ")))
	}
	f.Add([]byte(header + "- {type: collection, collection_type: TAGGED, name: a}\n"))
	f.Add([]byte(header + "- type: dimension\n  element: instrument\n  records:\n  - &a {name: Cam}\n  - *a\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		said, faults, err := read(u, text)
		if err != nil || len(faults) > 0 {
			return
		}
		// What looks like an alias keeps a text from being cut into parts.
		if whole, faults, err := read(u, append([]byte("# : *a\n"), text...)); err != nil || len(faults) > 0 || !cmp.Equal(said, whole) {
			t.Fatalf("as a whole it says something else: %v %v %s", err, faults, cmp.Diff(said, whole))
		}
		for _, s := range said {
			// What has no type or a strange data ID cannot be written, and strange regions are refused.
			if strings.HasPrefix(s, "file ") || strings.HasPrefix(s, "record ") {
				return
			}
		}
		again, faults, err := read(u, write(t, u, text))
		if err != nil || len(faults) > 0 {
			t.Fatal(err, faults)
		}
		if diff := cmp.Diff(said, again); diff != "" {
			t.Error(diff)
		}
	})
}

func BenchmarkRead(b *testing.B) {
	u := universe(b)
	var out bytes.Buffer
	w := exchange.NewWriter(&out, exchange.Header{Namespace: "daf_butler", Version: 8})
	typ := &dataset.Type{Name: "a", Dimensions: u.MustGroup("detector"), StorageClass: "S"}
	if err := w.Type(typ); err != nil {
		b.Fatal(err)
	}
	const n = 10000
	for i := range n {
		id := dimension.NewDataID(typ.Dimensions, []dimension.Value{dimension.StringValue("Cam"), dimension.IntValue(int64(i))})
		if err := w.File([]dataset.Ref{{ID: dataset.NewID(), Type: typ, Run: "r", DataID: id}}, fmt.Sprintf("r/a/a_Cam_%d_r.yaml", i), "lsst.daf.butler.formatters.yaml.YamlFormatter"); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := exchange.Read("x.yaml", bytes.NewReader(out.Bytes()), int64(out.Len()), u, exchange.Visitor{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "datasets/s")
}
