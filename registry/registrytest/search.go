package registrytest

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
)

func testFindFirst(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("old", "new", "none")
	a, b, c := f.dataID("Cam", 0, 0), f.dataID("Cam", 1, 0), f.dataID("Aux", 0, 0)
	old := f.put(typ, "old", a, b)
	latest := f.put(typ, "new", b, c)
	f.chain("all", "none", "new", "old")
	f.chain("reverse", "old", "all")
	for _, test := range []struct {
		name string
		in   []string
		want map[string]dataset.ID
	}{
		{"chain", []string{"all"}, map[string]dataset.ID{a.Key(): old[0].ID, b.Key(): latest[0].ID, c.Key(): latest[1].ID}},
		{"reverse", []string{"reverse"}, map[string]dataset.ID{a.Key(): old[0].ID, b.Key(): old[1].ID, c.Key(): latest[1].ID}},
		{"list", []string{"old", "new"}, map[string]dataset.ID{a.Key(): old[0].ID, b.Key(): old[1].ID, c.Key(): latest[1].ID}},
		{"one", []string{"old"}, map[string]dataset.ID{a.Key(): old[0].ID, b.Key(): old[1].ID}},
		{"none", []string{"none"}, map[string]dataset.ID{}},
		{"empty list", nil, map[string]dataset.ID{}},
	} {
		rows := f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", test.in...)}})
		if len(rows) != len(test.want) {
			t.Errorf("%s: %d rows, want %d", test.name, len(rows), len(test.want))
		}
		for _, row := range rows {
			if row.Datasets[0].ID != test.want[row.DataID.Key()] {
				t.Errorf("%s: %v has %s", test.name, row.DataID, row.Datasets[0].ID)
			}
		}
	}
	_, err := Collect(f.ctx, f.Registry, registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("d", "all", "nope")}})
	if !is[*registry.NotFoundError](err) {
		t.Errorf("unknown collection: %v", err)
	}
	_, err = Collect(f.ctx, f.Registry, registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{search("nope", "all")}})
	if !is[*registry.NotFoundError](err) {
		t.Errorf("unknown type: %v", err)
	}
	_, err = Collect(f.ctx, f.Registry, registry.Query{Dimensions: f.group("visit"), Datasets: []registry.DatasetSearch{search("d", "all")}})
	if !is[*registry.DimensionsError](err) {
		t.Errorf("missing dimensions: %v", err)
	}
}

// testFindFirstModel compares searches with what a few lines of Go say they give.
func testFindFirstModel(t *testing.T, f *fixture) {
	const runs, types = 5, 3
	held := map[string]map[string]dataset.ID{} // type/run -> data ID -> dataset
	var names, typeNames []string
	for i := range runs {
		names = append(names, fmt.Sprintf("run%d", i))
	}
	f.run(names...)
	for k := range types {
		typ := f.register(fmt.Sprintf("type%d", k))
		typeNames = append(typeNames, typ.Name)
		for i, run := range names {
			var ids []dimension.DataID
			for v := range visits {
				for d := range detectors {
					if (v*7+d*3+i*5+k)%(i+2) == 0 {
						ids = append(ids, f.dataID([]string{"Cam", "Aux"}[(v+i)%2], v, d))
					}
				}
			}
			held[typ.Name+run] = map[string]dataset.ID{}
			for _, ref := range f.put(typ, run, ids...) {
				held[typ.Name+run][ref.DataID.Key()] = ref.ID
			}
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		q := registry.Query{Dimensions: f.visitDetector(), Sorted: rapid.Bool().Draw(rt, "sorted")}
		instrument := rapid.SampledFrom([]string{"", "Cam", "Aux", "Nope"}).Draw(rt, "instrument")
		if instrument != "" {
			q.DataID = map[string]any{"instrument": instrument}
		}
		want := map[string]string{}
		for k := range rapid.IntRange(1, types).Draw(rt, "searches") {
			in := rapid.SliceOfN(rapid.SampledFrom(names), 0, 6).Draw(rt, "collections")
			s := search(typeNames[k], in...)
			s.Records = rapid.Bool().Draw(rt, "records")
			q.Datasets = append(q.Datasets, s)
			first := map[string]dataset.ID{}
			for i := len(in) - 1; i >= 0; i-- {
				for key, id := range held[s.Type+in[i]] {
					first[key] = id
				}
			}
			next := map[string]string{}
			for key, id := range first {
				if before, ok := want[key]; k == 0 || ok {
					next[key] = before + id.String()
				}
			}
			want = next
		}
		if instrument != "" {
			prefix := fmt.Sprintf("%d:%s,", len(instrument), instrument)
			for key := range want {
				if len(key) < len(prefix) || key[:len(prefix)] != prefix {
					delete(want, key)
				}
			}
		}
		rows, err := Collect(f.ctx, f.Registry, q)
		if err != nil {
			rt.Fatal(err)
		}
		if len(rows) != len(want) {
			rt.Fatalf("%d rows, want %d", len(rows), len(want))
		}
		for i, row := range rows {
			got := ""
			for _, d := range row.Datasets {
				got += d.ID.String()
			}
			if got != want[row.DataID.Key()] {
				rt.Errorf("%v: %s, want %s", row.DataID, got, want[row.DataID.Key()])
			}
			if q.Sorted && i > 0 && rows[i-1].DataID.Compare(row.DataID) > 0 {
				rt.Errorf("%v after %v", row.DataID, rows[i-1].DataID)
			}
		}
	})
}

func testFindAll(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("old", "new")
	a, b := f.dataID("Cam", 0, 0), f.dataID("Cam", 1, 0)
	f.put(typ, "old", a, b)
	f.put(typ, "new", b)
	s := search("d", "new", "old", "new")
	s.All = true
	rows := f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{s}})
	runs := map[string]int{}
	for _, row := range rows {
		runs[row.Datasets[0].Run]++
	}
	if len(rows) != 3 || runs["old"] != 2 || runs["new"] != 1 {
		t.Errorf("%d rows, runs %v", len(rows), runs)
	}
	// Searches that only restrict.
	s.Restrict = true
	if rows = f.rows(registry.Query{Dimensions: f.visitDetector(), Datasets: []registry.DatasetSearch{s}}); len(rows) != 2 || len(rows[0].Datasets) != 0 {
		t.Errorf("%+v", rows)
	}
	if rows = f.rows(registry.Query{Dimensions: f.group("detector"), Datasets: []registry.DatasetSearch{s}}); len(rows) != 1 {
		t.Errorf("%+v", rows)
	}
}

func testDataIDs(t *testing.T, f *fixture) {
	for _, test := range []struct {
		names []string
		id    map[string]any
		want  int
	}{
		{nil, nil, 1},
		{[]string{"instrument"}, nil, 2},
		{[]string{"band"}, nil, 3},
		{[]string{"visit"}, nil, 2 * visits},
		{[]string{"visit", "detector"}, nil, 2 * visits * detectors},
		{[]string{"visit"}, map[string]any{"instrument": "Cam"}, visits},
		{[]string{"visit"}, map[string]any{"instrument": "Cam", "visit": 1003}, 1},
		{[]string{"visit"}, map[string]any{"instrument": "Cam", "band": "r"}, visits / 3},
		{[]string{"visit"}, map[string]any{"instrument": "Cam", "detector": 1}, visits},
		{[]string{"visit"}, map[string]any{"instrument": "Cam", "detector": 99}, 0},
		{[]string{"visit"}, map[string]any{"instrument": "Nope"}, 0},
		{[]string{"detector"}, map[string]any{"instrument": "Cam", "visit": 1003}, detectors},
	} {
		rows := f.rows(registry.Query{Dimensions: f.group(test.names...), DataID: test.id})
		if len(rows) != test.want {
			t.Errorf("%v with %v: %d rows, want %d", test.names, test.id, len(rows), test.want)
		}
	}
	for _, id := range []map[string]any{{"nope": 1}, {"visit": "x"}, {"instrument": 5}, {"visit": 1003}} {
		if _, err := Collect(f.ctx, f.Registry, registry.Query{Dimensions: f.group("visit"), DataID: id}); err == nil {
			t.Errorf("%v is accepted", id)
		}
	}
	q := registry.Query{Dimensions: f.group("visit"), Defaults: map[string]any{"instrument": "Aux"}}
	for _, row := range f.rows(q) {
		if row.DataID.Get("instrument").Text() != "Aux" {
			t.Errorf("%v", row.DataID)
		}
	}
	q.DataID = map[string]any{"instrument": "Cam"}
	if rows := f.rows(q); len(rows) != visits || rows[0].DataID.Get("instrument").Text() != "Cam" {
		t.Errorf("%d rows", len(rows))
	}
}

func testGovernors(t *testing.T, f *fixture) {
	typ := f.register("d")
	f.run("r", "s")
	f.put(typ, "r", f.dataID("Cam", 0, 0))
	f.put(typ, "s", f.dataID("Aux", 0, 0))
	f.chain("c", "r", "s")
	for _, test := range []struct {
		in   []string
		want string
	}{{[]string{"r"}, "[Cam]"}, {[]string{"c"}, "[Aux Cam]"}, {nil, "[]"}} {
		got, err := f.Governors(f.ctx, test.in...)
		if err != nil || fmt.Sprint(got["instrument"]) != test.want || got["skymap"] == nil {
			t.Errorf("%v: %v %v, want %s", test.in, got, err, test.want)
		}
	}
}
