package registry_test

import (
	"bufio"
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"valet/registry"
	"valet/registry/dataset"
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
		Element        string         `json:"element"`
		Names          []string       `json:"names"`
		Of             string         `json:"of"`
		Exact          *bool          `json:"exact"`
		Execute        *bool          `json:"execute"`
		Discard        *bool          `json:"discard"`
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
	return casesOf(t, "../testdata/queries/cases.jsonl", kinds...)
}

// casesOf are the cases of the given kinds in golden data; among them those that a differential test found, testdata/differences.jsonl.
func casesOf(t *testing.T, name string, kinds ...string) []goldenCase {
	t.Helper()
	f, err := os.Open(name)
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
	kind := c.Kind
	var returned []registry.DatasetSearch
	if a.Of != "" {
		kind = a.Of
	}
	switch kind {
	case "datasets":
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
		returned = []registry.DatasetSearch{{Type: a.DatasetType, Collections: in, All: !first, Records: true}}
	case "dimension_records":
		if q.Element = r.Universe().Element(a.Element); q.Element == nil {
			return q, classError("DimensionNameError")
		}
	default:
		if q.Dimensions, err = r.Universe().Group(a.Dimensions...); err != nil {
			return q, err
		}
		q.Columns = a.Names
	}
	if len(a.JoinDimensions) > 0 {
		if q.Joined, err = r.Universe().Group(a.JoinDimensions...); err != nil {
			return q, err
		}
	}
	for _, j := range a.JoinDatasets {
		d := registry.DatasetSearch{Type: j.DatasetType, Collections: j.Collections, Restrict: true}
		if kind == "general" && a.FindFirst != nil {
			d.First, d.All = *a.FindFirst, !*a.FindFirst
		}
		q.Datasets = append(q.Datasets, d)
	}
	q.Datasets = append(q.Datasets, returned...)
	if kind == "general" && a.FindFirst != nil && *a.FindFirst && len(a.JoinDatasets) == 0 {
		return q, classError("InvalidQueryError")
	}
	if q.Where, err = query.Parse(a.Where); err != nil {
		return q, err
	}
	if q.JoinWhere, err = query.Parse(a.QueryWhere); err != nil {
		return q, err
	}
	q.OrderBy, q.WithRecords = a.OrderBy, a.WithRecords
	q.Binds, q.DataID, q.Defaults = binds(t, a.Bind), a.DataID, a.Default
	for k, v := range q.DataID {
		if f, ok := v.(float64); ok {
			q.DataID[k] = int64(f)
		}
	}
	if a.Limit != nil {
		q.Limit, q.NoRows = max(*a.Limit, 0), *a.Limit == 0
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
	if kind == "datasets" && a.Collections == nil && a.DefaultIn == nil {
		return q, classError("NoDefaultCollectionError")
	}
	return q, nil
}

// classError is an error that the caller of the registry makes.
type classError string

func (e classError) Error() string     { return string(e) }
func (e classError) ClassName() string { return string(e) }

// plain is a value as the golden data show it.
func plain(v any) any {
	switch v := v.(type) {
	case dimension.Timespan:
		return map[string]any{"timespan": []int64{v.Begin, v.End}}
	case query.Time:
		return map[string]any{"time": int64(v)}
	case dataset.ID:
		return v.String()
	}
	return v
}

func recordMap(r *dimension.Record) map[string]any {
	if r == nil {
		return nil
	}
	m := map[string]any{}
	for i, f := range r.Element.Fields() {
		m[f.Name] = columnValue(f.Type, r.Values[i])
	}
	return m
}

func columnValue(of dimension.ColumnType, v any) any {
	if b, ok := v.([]byte); ok {
		if of == dimension.Hash {
			return map[string]any{"hash": hex.EncodeToString(b)}
		}
		return map[string]any{"region": hex.EncodeToString(b)}
	}
	return plain(v)
}

// answer is what Select gives for a case, in the form of the golden rows.
func (c *goldenCase) answer(r *registry.Registry, q registry.Query) (got []any, err error) {
	for row, e := range r.Select(context.Background(), q) {
		if e != nil {
			return got, e
		}
		var one any
		switch c.Kind {
		case "data_ids":
			one = dataIDMap(row.DataID)
		case "datasets":
			typ, err := r.DatasetType(context.Background(), c.Args.DatasetType)
			if err != nil {
				return nil, err
			}
			if row.Datasets[0].Record == nil {
				return nil, fmt.Errorf("no record of %v", row.Datasets[0].ID)
			}
			one = map[string]any{"type": typ.Name, "storage_class": typ.StorageClass, "run": row.Datasets[0].Run,
				"id": row.Datasets[0].ID.String(), "dataId": dataIDMap(row.DataID)}
		case "dimension_records":
			one = recordMap(row.Record)
		case "general":
			m := dataIDMap(row.DataID)
			for i, name := range c.Args.Names {
				column, err := query.BindColumn(name, query.Context{Universe: r.Universe(), Dimensions: q.Dimensions})
				if err != nil {
					return nil, err
				}
				var of dimension.ColumnType
				if f, ok := column.(*query.Field); ok {
					of = f.Column.Type
				}
				m[column.String()] = columnValue(of, row.Columns[i])
			}
			one = m
		}
		if c.Args.WithRecords {
			records := map[string]any{}
			for i, e := range row.DataID.Group().Elements {
				records[e.Name] = recordMap(row.Records[i])
			}
			one = map[string]any{"row": one, "records": records}
		}
		got = append(got, one)
	}
	return got, nil
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
				if begin == end {
					end++ // as upstream's Timespan does
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
