package registry_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"valet/registry"
	"valet/registry/query"
)

func TestSelectGolden(t *testing.T) {
	r := openGolden(t)
	q := registry.Query{Dimensions: group(t, r, "visit", "detector"), Sorted: true,
		Datasets: []registry.DatasetSearch{{Type: "diaPipe_metadata", Collections: []string{"u/sci"}, Records: true}}}
	n := 0
	for row, err := range r.Select(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		found := row.Datasets[0]
		if found.Record == nil || found.Run != "u/sci/20261123T175034Z" || !strings.HasPrefix(found.Record.Path, found.Run+"/diaPipe_metadata/") || found.Record.Size <= 0 ||
			found.Record.Formatter != "lsst.daf.butler.formatters.json.JsonFormatter" || found.Record.ID != found.ID {
			t.Errorf("%v %+v", row.DataID, found)
		}
	}
	if n != 19 {
		t.Errorf("%d rows, want 19", n)
	}
}

// TestQueryPlans pins how SQLite runs the queries that matter: every table by an index, the dataset table first, nothing sorted.
func TestQueryPlans(t *testing.T) {
	r := openGolden(t)
	g := group(t, r, "visit", "detector")
	tags, visit := "SEARCH s0 USING INDEX sqlite_autoindex_dataset_tags_00000001_2 (dataset_type_id=? AND collection_id=?)", "SEARCH e1 USING INDEX sqlite_autoindex_visit_1 (instrument=? AND id=?)"
	filter := "SEARCH e0 USING INDEX sqlite_autoindex_physical_filter_1 (instrument=? AND name=?)"
	records := "SEARCH f0 USING INDEX sqlite_autoindex_file_datastore_records_1 (dataset_id=? AND component=?) LEFT-JOIN"
	for _, test := range []struct {
		name string
		q    registry.Query
		want []string
	}{
		{"one run", registry.Query{Datasets: []registry.DatasetSearch{{Type: "diaPipe_metadata", Collections: []string{"u/sci"}, Records: true}}},
			[]string{"SEARCH s0 USING INDEX dataset_tags_00000001_fkidx_collection_id_dataset_type_id (collection_id=? AND dataset_type_id=?)", visit, filter, records}},
		{"sorted", registry.Query{Sorted: true, Datasets: []registry.DatasetSearch{{Type: "diaPipe_metadata", Collections: []string{"u/sci"}, Records: true}}},
			[]string{tags, visit, filter, records}},
		{"one visit", registry.Query{DataID: map[string]any{"instrument": "TestCam", "detector": 1, "visit": 2026080100000},
			Datasets: []registry.DatasetSearch{{Type: "diaPipe_metadata", Collections: []string{"u/sci"}, Records: true}}},
			[]string{visit, strings.Replace(tags, "collection_id=?)", "collection_id=? AND instrument=? AND detector=? AND visit=?)", 1), filter, records}},
	} {
		test.q.Dimensions = g
		_, steps, err := r.ExplainPlan(context.Background(), test.q)
		if err != nil {
			t.Fatal(err)
		}
		// The order of tables of one row each does not matter.
		if diff := cmp.Diff(slices.Sorted(slices.Values(test.want)), slices.Sorted(slices.Values(steps))); diff != "" {
			t.Errorf("%s: %s", test.name, diff)
		}
	}
}

// TestLargeConditions passes lists and alternatives that are larger than what one SQL statement takes as such.
func TestLargeConditions(t *testing.T) {
	r := openGolden(t)
	ctx := context.Background()
	var ints, texts []any
	for i := range 50000 {
		ints = append(ints, int64(2026080100000+i))
		texts = append(texts, strings.Repeat("é'\"", 3)+string(rune(i)))
	}
	texts = append(texts, "visit3")
	for where, want := range map[string]int{
		"instrument = 'TestCam' AND visit IN (:ints)":                                                     5,
		"instrument = 'TestCam' AND visit.name IN (:texts)":                                               1,
		"instrument = 'TestCam' AND NOT visit IN (:ints)":                                                 0,
		"instrument = 'TestCam' AND (visit = 1" + strings.Repeat(" OR visit > 2026080100003", 2000) + ")": 1,
	} {
		e, err := query.Parse(where)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, err := range r.Select(ctx, registry.Query{Dimensions: group(t, r, "visit"), Where: e, Binds: query.Binds{"ints": ints, "texts": texts}}) {
			if err != nil {
				t.Fatalf("%.60s: %v", where, err)
			}
			n++
		}
		if n != want {
			t.Errorf("%.60s: %d rows, want %d", where, n, want)
		}
	}
}

func TestGoldenDatasetTypes(t *testing.T) {
	r := openQueries(t)
	for _, c := range goldenCases(t, "dataset_types") {
		if c.ID != "dtype-01" {
			continue
		}
		var want []struct {
			Name          string
			Dimensions    []string
			StorageClass  string `json:"storage_class"`
			IsCalibration bool   `json:"is_calibration"`
		}
		if err := json.Unmarshal(c.Result, &want); err != nil {
			t.Fatal(err)
		}
		got, err := r.DatasetTypes(context.Background())
		if err != nil || len(got) != len(want) {
			t.Fatal(len(got), len(want), err)
		}
		for i, w := range want {
			if g := got[i]; g.Name != w.Name || g.StorageClass != w.StorageClass || g.IsCalibration != w.IsCalibration || !slices.Equal(g.Dimensions.Names(), w.Dimensions) {
				t.Errorf("%v, want %+v", g, w)
			}
		}
	}
}

func TestGoldenCollections(t *testing.T) {
	r := openQueries(t)
	for _, c := range goldenCases(t, "collections") {
		if c.ID != "coll-03" {
			continue
		}
		var want []struct {
			Name, Type, Doc string
			Children        []string
		}
		if err := json.Unmarshal(c.Result, &want); err != nil {
			t.Fatal(err)
		}
		got, err := r.Collections(context.Background())
		if err != nil || len(got) != len(want) {
			t.Fatal(len(got), len(want), err)
		}
		for i, w := range want {
			if g := got[i]; g.Name != w.Name || g.Kind.String() != w.Type || g.Doc != w.Doc || !slices.Equal(g.Children, w.Children) {
				t.Errorf("%+v, want %+v", g, w)
			}
		}
	}
}
