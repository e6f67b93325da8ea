package datastore

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"valet/datastore/vfs"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

func parseYAML(t testing.TB, text string) map[string]any {
	t.Helper()
	var out map[string]any
	if err := yaml.Unmarshal([]byte(text), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func TestDefaultsOfAnEmptySection(t *testing.T) {
	c, err := ParseConfig("/data/repo", nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Root != "/data/repo/datastore" || c.Name != "FileDatastore@<butlerRoot>/datastore" || c.Table != "file_datastore_records" ||
		!c.Create || c.Checksum || c.TrustGetRequest || c.Class != FileClass {
		t.Errorf("got %+v", c)
	}
	if len(c.Templates) != 2 || len(c.Formatters) < 50 {
		t.Errorf("%d templates, %d formatters", len(c.Templates), len(c.Formatters))
	}
}

func TestParseConfig(t *testing.T) {
	for _, c := range []struct {
		name, section string
		check         func(Config) bool
		err           string
	}{
		{"a new repository", "{cls: " + FileClass + ", records: {table: file_datastore_records}, root: <butlerRoot>}",
			func(c Config) bool { return c.Root == "/repo" && c.Name == "FileDatastore@<butlerRoot>" }, ""},
		{"a name of its own", "{root: /elsewhere/, name: mine, records: {table: t2}, checksum: yes, trust_get_request: true, create: false}",
			func(c Config) bool {
				return c.Root == "/elsewhere" && c.Name == "mine" && c.Table == "t2" && c.Checksum && c.TrustGetRequest && !c.Create
			}, ""},
		{"a file URI", "{root: 'file:///data/a%20b/'}", func(c Config) bool { return c.Root == "/data/a b" }, ""},
		{"templates add to the package's", "{templates: {mine: '{run}/{id}'}}",
			func(c Config) bool { return len(c.Templates) == 3 && c.Templates["mine"] == "{run}/{id}" }, ""},
		{"constraints", "{constraints: {accept: [a], reject: [all, {instrument<X>: [b]}]}}",
			func(c Config) bool { return len(c.Accept) == 1 && len(c.Reject) == 2 }, ""},
		{"a remote root", "{root: 's3://bucket/x'}", nil, "s3"},
		{"a root on another machine", "{root: 'file://host/x'}", nil, "this machine"},
		{"an empty root", "{root: ''}", nil, "root: is empty"},
		{"in memory", "{cls: " + InMemoryClass + "}", nil, "in-memory"},
		{"an unknown class", "{cls: a.B}", nil, `"a.B"`},
		{"a list as root", "{root: [a]}", nil, "root: a text expected"},
		{"a text as records", "{records: x}", nil, "records: a mapping expected"},
		{"a text as checksum", "{checksum: maybe}", nil, "checksum: true or false expected"},
		{"a text as accept", "{constraints: {accept: x}}", nil, "constraints.accept: a list expected"},
		{"an empty table", "{records: {table: ''}}", nil, "records.table"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := ParseConfig("/repo", parseYAML(t, c.section))
			var ce *ConfigError
			switch {
			case c.err == "" && err != nil:
				t.Fatal(err)
			case c.err == "" && !c.check(got):
				t.Errorf("got %+v", got)
			case c.err != "" && (!errors.As(err, &ce) || !strings.Contains(err.Error(), c.err)):
				t.Errorf("got %v, want %q", err, c.err)
			}
		})
	}
}

// TestLayers has the priorities that upstream was seen to give the files of two directories.
func TestLayers(t *testing.T) {
	general := Layer{"datastore.yaml", map[string]any{"root": "<butlerRoot>/fromds", "checksum": true, "name": "fromds",
		"templates": map[string]any{"default": "{run}/ds/{id}", "aaa": "x{run}{id}"}}}
	first := Layer{"datastores/fileDatastore.yaml", map[string]any{"templates": map[string]any{"bbb": "x{run}{id}", "default": "{run}/filed1/{id}"}}}
	second := Layer{"datastores/fileDatastore.yaml", map[string]any{"root": "<butlerRoot>/cfg2",
		"templates": map[string]any{"bbb": "c2{run}{id}", "default": "{run}/filed2/{id}"}}}
	for _, c := range []struct {
		layers    []Layer
		root      string
		bbb, deft string
	}{
		{[]Layer{general, first}, "/r/datastore", "x{run}{id}", "{run}/filed1/{id}"},
		{[]Layer{general, first, second}, "/r/cfg2", "x{run}{id}", "{run}/filed1/{id}"},
		{[]Layer{second, general, first}, "/r/cfg2", "c2{run}{id}", "{run}/filed2/{id}"},
	} {
		got, err := ParseConfig("/r", map[string]any{"trust_get_request": true}, c.layers...)
		if err != nil {
			t.Fatal(err)
		}
		if got.Root != c.root || !got.Checksum || got.Name != "fromds" || got.Templates["aaa"] != "x{run}{id}" ||
			got.Templates["bbb"] != c.bbb || got.Templates["default"] != c.deft || len(got.Templates) != 4 {
			t.Errorf("got %q %q %v", got.Root, got.Name, got.Templates)
		}
	}
}

func TestChain(t *testing.T) {
	section := parseYAML(t, `
cls: `+ChainedClass+`
datastores:
- datastore:
    cls: `+InMemoryClass+`
- datastore:
    cls: `+FileClass+`
    root: <butlerRoot>/FileDatastore_1
    records: {table: one}
- cls: `+FileClass+`
  root: <butlerRoot>/FileDatastore_2
  records: {table: two}
`)
	c, err := ParseConfig("/r", section)
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(vfs.NewMemory(), c, testUniverse(t))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range s.Files() {
		names = append(names, f.Config.Name+" "+f.Config.Table+" "+f.Config.Root)
	}
	want := []string{"FileDatastore@<butlerRoot>/FileDatastore_1 one /r/FileDatastore_1", "FileDatastore@<butlerRoot>/FileDatastore_2 two /r/FileDatastore_2"}
	if !reflect.DeepEqual(names, want) {
		t.Errorf("got %q", names)
	}
	var ce *ChainError
	if err := s.Writer().Write("a", nil); !errors.As(err, &ce) {
		t.Errorf("writing: %v", err)
	}
	if _, err := s.Placer(&dataset.Type{}, "r", nil); !errors.As(err, &ce) {
		t.Errorf("placing: %v", err)
	}
	if err := s.Remove(&dataset.FileRecord{Path: "a"}); !errors.As(err, &ce) {
		t.Errorf("removing: %v", err)
	}
	// Read falls through to the child that has the file.
	w := s.Files()[1].Writer()
	if err := w.Write("d/f", []byte("x")); err != nil {
		t.Fatal(err)
	}
	if data, err := s.Read(&dataset.FileRecord{Path: "d/f", Size: 1}); err != nil || string(data) != "x" {
		t.Errorf("reading: %q %v", data, err)
	}
	var missing *MissingFileError
	if _, err := s.Read(&dataset.FileRecord{Path: "d/g", Size: 1}); !errors.As(err, &missing) {
		t.Errorf("reading what is nowhere: %v", err)
	}
	for name, bad := range map[string]string{
		"same table":  "{cls: " + ChainedClass + ", datastores: [{}, {root: /x}]}",
		"only memory": "{cls: " + ChainedClass + ", datastores: [{cls: " + InMemoryClass + "}]}",
		"nothing":     "{cls: " + ChainedClass + "}",
		"no mapping":  "{cls: " + ChainedClass + ", datastores: [x]}",
		"bad child":   "{cls: " + ChainedClass + ", datastores: [{root: 's3://x'}]}",
	} {
		var ce *ConfigError
		if _, err := ParseConfig("/r", parseYAML(t, bad)); !errors.As(err, &ce) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestLookup has the outcomes that upstream was seen to give.
func TestLookup(t *testing.T) {
	const tail = "/{instrument}{visit:?}{detector:?}"
	for _, c := range []struct{ name, templates, typ, want string }{
		{"default of an instrument does not count", "{instrument<TestCam>: {default: '{run}/i" + tail + "'}, default: '{run}/d" + tail + "'}", "t1", "r/d/TestCam71"},
		{"instrument before the general one", "{instrument<TestCam>: {t1: '{run}/i" + tail + "'}, t1: '{run}/g" + tail + "'}", "t1", "r/i/TestCam71"},
		{"storage class of the instrument before the general name", "{instrument<TestCam>: {StructuredDataDict: '{run}/i" + tail + "'}, t1: '{run}/g" + tail + "'}", "t1", "r/i/TestCam71"},
		{"another instrument", "{instrument<Other>: {t1: '{run}/i" + tail + "'}, t1: '{run}/g" + tail + "'}", "t1", "r/g/TestCam71"},
		{"dimensions before storage class", "{visit+detector: '{run}/vd" + tail + "', StructuredDataDict: '{run}/sc" + tail + "'}", "t1", "r/vd/TestCam71"},
		{"dimensions with a redundant one", "{visit+detector+instrument: '{run}/vd" + tail + "'}", "t1", "r/vd/TestCam71"},
		{"other dimensions", "{visit+detector+exposure: '{run}/vd" + tail + "', StructuredDataDict: '{run}/sc" + tail + "'}", "t1", "r/sc/TestCam71"},
		{"one dimension", "{instrument+: '{run}/one" + tail + "', StructuredDataDict: '{run}/sc" + tail + "'}", "ti", "r/one/TestCam"},
		{"a name without plus is no dimension", "{instrument: '{run}/one" + tail + "', StructuredDataDict: '{run}/sc" + tail + "'}", "ti", "r/sc/TestCam"},
		{"one dimension of an instrument", "{instrument<TestCam>: {instrument+: '{run}/ii" + tail + "'}}", "ti", "r/ii/TestCam"},
		{"unknown dimension", "{visit+nope: '{run}/vd" + tail + "', default: '{run}/d" + tail + "'}", "t1", "r/d/TestCam71"},
		{"plus in front", "{+visit+detector: '{run}/vd" + tail + "'}", "t1", "r/vd/TestCam71"},
		{"name before dimensions", "{t1: '{run}/n" + tail + "', visit+detector: '{run}/vd" + tail + "'}", "t1", "r/n/TestCam71"},
		{"an instrument without mapping", "{instrument<TestCam>: '{run}/bad" + tail + "', default: '{run}/d" + tail + "'}", "t1", "r/d/TestCam71"},
		{"a filter is no instrument", "{physical_filter<g>: {t1: '{run}/pf" + tail + "'}, default: '{run}/d" + tail + "'}", "t1", "r/d/TestCam71"},
		{"an empty value", "{t1: , default: '{run}/d" + tail + "'}", "t1", "r/d/TestCam71"},
		{"no default", "{default: }", "t1", "error: no default"},
		{"not unique", "{default: '{run}/x{id}'}", "t1", "error: different datasets would share a file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u := testUniverse(t)
			s := testStore(t, u, func(cfg *Config) { cfg.Templates = parseYAML(t, c.templates) })
			typ := &dataset.Type{Name: c.typ, Dimensions: u.MustGroup("instrument"), StorageClass: "StructuredDataDict"}
			values := map[string]any{"instrument": "TestCam", "visit": 7, "detector": 1, "band": "g", "day_obs": 20260801, "physical_filter": "g"}
			if c.typ == "t1" {
				typ.Dimensions = u.MustGroup("visit", "detector")
			}
			p, err := s.Placer(typ, "r", nil)
			var got []byte
			if err == nil {
				got, err = p.AppendPath(nil, makeDataID(t, typ.Dimensions, values), dataset.ID{})
			}
			if want, bad := strings.CutPrefix(c.want, "error: "); bad {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %s %v", got, err)
				}
			} else if err != nil || string(got) != c.want+".yaml" {
				t.Errorf("got %s %v, want %s", got, err, c.want)
			}
		})
	}
}

// TestConstraints has the outcomes that upstream was seen to give for a dataset type ti of StructuredDataDict over instrument.
func TestConstraints(t *testing.T) {
	u := testUniverse(t)
	typ := &dataset.Type{Name: "ti", Dimensions: u.MustGroup("instrument"), StorageClass: "StructuredDataDict"}
	for constraint, want := range map[string]bool{
		"{accept: [t0]}": false, "{accept: [ti]}": true, "{accept: [instrument+]}": true, "{reject: [ti], accept: [all]}": false,
		"{reject: [all], accept: [ti]}": true, "{reject: [ti]}": false, "{accept: [{instrument<TestCam>: [ti]}]}": true,
		"{accept: [{instrument<O>: [ti]}]}": false, "{reject: [StructuredDataDict], accept: [ti]}": true, "{reject: [ti], accept: [ti]}": true,
		"{reject: [all]}": false, "{reject: [t0]}": true, "{accept: [{instrument<TestCam>: [all]}]}": true,
		"{reject: [{instrument<TestCam>: [ti]}]}": false, "{}": true, "{accept: [instrument<TestCam>]}": false,
		"{accept: [StructuredDataDict], reject: [ti]}": true, "{accept: [t0], reject: [tx]}": false, "{accept: [instrument+], reject: [ti]}": true,
		"{accept: [all], reject: [{instrument<TestCam>: [all]}]}": false, "{accept: [ti], reject: [{instrument<TestCam>: [ti]}]}": true,
		"{accept: [{instrument<TestCam>: [ti]}], reject: [ti]}": true, "{accept: [{instrument<TestCam>: [all]}], reject: [ti]}": false,
		"{reject: [{instrument<TestCam>: [all]}], accept: [ti]}": true,
	} {
		c, err := ParseConfig("/r", map[string]any{"constraints": parseYAML(t, constraint)})
		if err != nil {
			t.Fatal(err)
		}
		s, err := New(vfs.NewMemory(), c, u)
		if err != nil {
			t.Fatal(err)
		}
		p, err := s.Placer(typ, "r", nil)
		if err == nil {
			_, err = p.AppendPath(nil, makeDataID(t, typ.Dimensions, map[string]any{"instrument": "TestCam"}), dataset.ID{})
		}
		var rejected *RejectedError
		if (err == nil) != want || err != nil && !errors.As(err, &rejected) {
			t.Errorf("%s: got %v, want acceptance %v", constraint, err, want)
		}
	}
	for _, bad := range []string{"{accept: [all], reject: [all]}", "{accept: [5]}", "{accept: [{x: y}]}"} {
		c, err := ParseConfig("/r", map[string]any{"constraints": parseYAML(t, bad)})
		if err == nil {
			_, err = New(vfs.NewMemory(), c, u)
		}
		var ce *ConfigError
		if !errors.As(err, &ce) {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

func TestFormatterChoice(t *testing.T) {
	u := testUniverse(t)
	const jsonClass = "lsst.daf.butler.formatters.json.JsonFormatter"
	for _, c := range []struct{ name, formatters, class, want, err string }{
		{"package default", "{}", "MetricValue", "lsst.daf.butler.formatters.yaml.YamlFormatter .yaml", ""},
		{"log", "{}", "ButlerLogRecords", "lsst.daf.butler.formatters.logs.ButlerLogRecordsFormatter .json", ""},
		{"config", "{}", "Config", "lsst.pipe.base.formatters.pexConfig.PexConfigFormatter .py", ""},
		{"by storage class", "{StructuredDataDict: " + jsonClass + "}", "StructuredDataDict", jsonClass + " .json", ""},
		{"by instrument", "{instrument<TestCam>: {StructuredDataDict: " + jsonClass + "}}", "StructuredDataDict", jsonClass + " .json", ""},
		{"by dimensions, with write options", "{instrument+: {formatter: " + jsonClass + ", parameters: {x: 1}}}", "StructuredDataDict", jsonClass + " .json", ""},
		{"default is no lookup key", "{default: {a.B: {x: 1}}, write_recipes: {a.B: {}}}", "StructuredDataList", "", "no formatter"},
		{"unknown class", "{ti: a.B}", "StructuredDataDict", "", `"a.B"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg, err := ParseConfig("/r", map[string]any{"formatters": parseYAML(t, c.formatters)})
			if err != nil {
				t.Fatal(err)
			}
			s, err := New(vfs.NewMemory(), cfg, u)
			if err != nil {
				t.Fatal(err)
			}
			typ := &dataset.Type{Name: "ti", Dimensions: u.MustGroup("instrument"), StorageClass: c.class}
			p, err := s.Placer(typ, "r", nil)
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("got %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			f, err := p.FormatterOf(makeDataID(t, typ.Dimensions, map[string]any{"instrument": "TestCam"}))
			if err != nil || f.Class+" "+f.Extension != c.want {
				t.Errorf("got %v %v", f, err)
			}
		})
	}
}

// TestEscapes has the outcomes that upstream was seen to give for runs with percent escapes; where it lost part of the path valet
// refuses.
func TestEscapes(t *testing.T) {
	u := testUniverse(t)
	s := testStore(t, u, nil)
	typ := &dataset.Type{Name: "t0", Dimensions: u.MustGroup(), StorageClass: "StructuredDataDict"}
	for run, want := range map[string]string{
		"f%41": "fA/t0/t0_fA.yaml", "f%2Fx": "f/x/t0/t0_f/x.yaml", "f%": "f%/t0/t0_f%.yaml", "f%zz": "f%zz/t0/t0_f%zz.yaml",
		"f%C3%BC": "fü/t0/t0_fü.yaml", "f%25z": "f%z/t0/t0_f%z.yaml", "f%2541": "fA/t0/t0_fA.yaml", "f%3Fq": "f?q/t0/t0_f?q.yaml",
		"a%2Fb/c%2E%2E/d": "a/b/c../d/t0/t0_a/b_c..yaml", "f%2x": "f%2x/t0/t0_f%2x.yaml", "f%c3%bcz": "füz/t0/t0_füz.yaml",
		"f;p": "f;p/t0/t0_f;p.yaml", "f%3Bp": "f;p/t0/t0_f;p.yaml", "x%20y": "x y/t0/t0_x y.yaml",
		"f#a#b": "f#a#b/t0/t0_fHASHaHASHb.yaml", "x#": "x#/t0/t0_xHASH.yaml", "a\tb": "a\tb/t0/t0_a\tb.yaml",
		"f#%41": "", "f%41#x": "", "%2e%2e/x": "", "f%23y": "", "..": "", "a/../../b": "", "%41;x%42": "", "/%2Fabs": "", "f%00": "", "f%FF": "",
		"../x": "", "a\x00b": "",
	} {
		p, err := s.Placer(typ, run, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.AppendPath(nil, dimension.NewDataID(typ.Dimensions, nil), dataset.ID{})
		if string(got) != want || (err == nil) != (want != "") {
			t.Errorf("run %q: got %q %v, want %q", run, got, err, want)
		}
	}
}
