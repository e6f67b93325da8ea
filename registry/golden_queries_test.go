package registry_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"valet/registry"
	"valet/registry/dimension"
	"valet/registry/query"
	"valet/registry/sphere"
)

// goldenCase is a query and the real Butler's answer.
type goldenCase struct {
	ID, Kind string
	Args     struct {
		Dimensions     []string
		DatasetType    string         `json:"dataset_type"`
		Collections    names          `json:"collections"`
		FindFirst      *bool          `json:"find_first"`
		Where          string         `json:"where"`
		QueryWhere     string         `json:"query_where"`
		Bind           map[string]any `json:"bind"`
		DataID         map[string]any `json:"data_id"`
		Default        map[string]any `json:"default_data_id"`
		DefaultIn      names          `json:"default_collections"`
		Infer          *bool          `json:"infer_defaults"`
		OrderBy        []string       `json:"order_by"`
		Limit          *int           `json:"limit"`
		JoinDimensions []string       `json:"join_dimensions"`
		WithRecords    bool           `json:"with_dimension_records"`
		JoinDatasets   []struct {
			DatasetType string `json:"dataset_type"`
			Collections names
		} `json:"join_datasets"`
	}
	Result  json.RawMessage
	Error   string
	Compare string
	Count   int
}

// names is one name or a list of them.
type names []string

func (n *names) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '"' {
		*n = names{""}
		return json.Unmarshal(text, &(*n)[0])
	}
	return json.Unmarshal(text, (*[]string)(n))
}

func goldenCases(t *testing.T, kinds ...string) []goldenCase {
	t.Helper()
	f, err := os.Open("../testdata/queries/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []goldenCase
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<24)
	for s.Scan() {
		var head struct{ Kind string }
		if err := json.Unmarshal(s.Bytes(), &head); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(kinds, head.Kind) {
			continue
		}
		var c goldenCase
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err, s.Text())
		}
		out = append(out, c)
	}
	if s.Err() != nil || len(out) == 0 {
		t.Fatal(s.Err(), len(out))
	}
	return out
}

// openQueries opens the golden query repository for reading.
func openQueries(t testing.TB) *registry.Registry {
	path, err := filepath.Abs("../testdata/queries/repo/gen3.sqlite3")
	if err != nil {
		t.Fatal(err)
	}
	return open(t, registry.Options{URL: "sqlite:///" + path, ReadOnly: true})
}

func (c *goldenCase) query(t *testing.T, r *registry.Registry) (registry.Query, error) {
	var q registry.Query
	var err error
	a := c.Args
	if c.Kind == "datasets" {
		typ, err := r.DatasetType(context.Background(), a.DatasetType)
		if err != nil {
			return q, err
		}
		q.Dimensions = typ.Dimensions
		first := a.FindFirst == nil || *a.FindFirst
		in := a.Collections
		if in == nil {
			in = a.DefaultIn
		}
		q.Datasets = append(q.Datasets, registry.DatasetSearch{Type: a.DatasetType, Collections: in, All: !first, Records: true})
	} else if q.Dimensions, err = r.Universe().Group(a.Dimensions...); err != nil {
		return q, err
	}
	if len(a.JoinDimensions) > 0 {
		if q.Joined, err = r.Universe().Group(a.JoinDimensions...); err != nil {
			return q, err
		}
	}
	for _, j := range a.JoinDatasets {
		q.Datasets = append(q.Datasets, registry.DatasetSearch{Type: j.DatasetType, Collections: j.Collections, Restrict: true})
	}
	if q.Where, err = query.Parse(a.Where); err != nil {
		return q, err
	}
	if q.JoinWhere, err = query.Parse(a.QueryWhere); err != nil {
		return q, err
	}
	q.OrderBy = a.OrderBy
	q.Binds, q.DataID, q.Defaults = binds(t, a.Bind), a.DataID, a.Default
	for k, v := range q.DataID {
		if f, ok := v.(float64); ok {
			q.DataID[k] = int64(f)
		}
	}
	if a.Limit != nil && *a.Limit > 0 {
		q.Limit = *a.Limit
	}
	if a.DefaultIn != nil && (a.Infer == nil || *a.Infer) {
		values, err := r.Governors(context.Background(), a.DefaultIn...)
		if err != nil {
			return q, err
		}
		if q.Defaults == nil {
			q.Defaults = map[string]any{}
		}
		for g, list := range values {
			if _, given := q.Defaults[g]; !given && len(list) == 1 {
				q.Defaults[g] = list[0]
			}
		}
	}
	return q, nil
}

func dataIDMap(id dimension.DataID) map[string]any {
	m := map[string]any{}
	for i, d := range id.Group().Dimensions() {
		m[d.Name] = id.Values()[i].Any()
	}
	return m
}

// text is a canonical form for comparing rows without order.
func text(t *testing.T, v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestGoldenQueries(t *testing.T) {
	r := openQueries(t)
	skipped := map[string]int{}
	for _, c := range goldenCases(t, "data_ids", "datasets") {
		t.Run(c.ID, func(t *testing.T) {
			if c.Args.WithRecords || c.Args.Limit != nil && *c.Args.Limit == 0 {
				skipped["with_dimension_records, limit=0"]++
				t.Skip("not part of Query")
			}
			if strings.HasPrefix(c.Error, "NoDefaultCollectionError") {
				t.Skip("default collections are the caller's")
			}
			var got []string
			q, err := c.query(t, r)
			if err == nil {
				for row, e := range r.Select(context.Background(), q) {
					if err = e; err != nil {
						break
					}
					if c.Kind == "data_ids" {
						got = append(got, text(t, dataIDMap(row.DataID)))
						continue
					}
					typ, _ := r.DatasetType(context.Background(), c.Args.DatasetType)
					got = append(got, text(t, map[string]any{"type": typ.Name, "storage_class": typ.StorageClass, "run": row.Datasets[0].Run,
						"id": row.Datasets[0].ID.String(), "dataId": dataIDMap(row.DataID)}))
					if row.Datasets[0].Record == nil {
						t.Errorf("no record of %v", row.Datasets[0].ID)
					}
				}
			}
			if unsupported := (*registry.UnsupportedError)(nil); errors.As(err, &unsupported) {
				skipped[unsupported.What]++
				t.Skip(err)
			}
			if c.Error != "" {
				checkClass(t, err, c.Error)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var rows []map[string]any
			d := json.NewDecoder(strings.NewReader(string(c.Result)))
			d.UseNumber()
			if err := d.Decode(&rows); err != nil {
				t.Fatal(err)
			}
			var want []string
			for _, row := range rows {
				want = append(want, text(t, row))
			}
			if c.Compare == "subset" {
				for _, g := range got {
					if !slices.Contains(want, g) {
						t.Errorf("%s is not among the rows", g)
					}
				}
				if len(got) != c.Count {
					t.Errorf("%d rows, want %d", len(got), c.Count)
				}
				return
			}
			if c.Compare != "list" {
				sort.Strings(got)
				sort.Strings(want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s\n%s", fmt.Sprintf("%+v", c.Args), diff)
			}
		})
	}
	for what, n := range skipped {
		t.Logf("skipped %3d: %s", n, what)
	}
}

// checkClass compares an error with upstream's "Class: message".
func checkClass(t *testing.T, err error, want string) {
	t.Helper()
	class, _, _ := strings.Cut(want, ":")
	if err == nil {
		t.Fatalf("no error, want %s", want)
	}
	var classed interface{ ClassName() string }
	if !errors.As(err, &classed) {
		t.Errorf("%T %v has no class, want %s", err, err, want)
		return
	}
	got := classed.ClassName()
	got = got[strings.LastIndexByte(got, '.')+1:]
	if got != class && !(class == "AssertionError" && got == "InvalidQueryError") {
		t.Errorf("%s: %v, want %s", got, err, want)
	}
}

// binds reads the bind values of a golden case (testdata/queries, README of the golden data).
func binds(t *testing.T, in map[string]any) query.Binds {
	t.Helper()
	out := query.Binds{}
	instant := func(v any) int64 {
		if v == nil {
			return -1
		}
		at, err := time.Parse("2006-01-02T15:04:05.999999999", v.(string))
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixNano()
	}
	var value func(v any) any
	value = func(v any) any {
		switch v := v.(type) {
		case float64:
			if v == float64(int64(v)) {
				return int64(v)
			}
			return v
		case []any:
			list := []any{}
			for _, x := range v {
				list = append(list, value(x))
			}
			return list
		case map[string]any:
			switch {
			case v["time"] != nil:
				return query.Time(instant(v["time"]))
			case v["timespan"] != nil:
				bounds := v["timespan"].([]any)
				begin, end := instant(bounds[0]), instant(bounds[1])
				if end < 0 {
					end = dimension.MaxTime
				}
				return dimension.NewTimespan(begin, end)
			case v["set"] != nil:
				return value(v["set"])
			case v["lonlat"] != nil:
				l := v["lonlat"].([]any)
				return sphere.LonLat{Lon: l[0].(float64) * math.Pi / 180, Lat: l[1].(float64) * math.Pi / 180}
			case v["region_pos"] != nil:
				r, err := sphere.ParsePOS(v["region_pos"].(string))
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
		}
		return v
	}
	for name, v := range in {
		out[name] = value(v)
	}
	return out
}
