package registry_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"slices"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"

	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/query"
)

// kindCase is a golden case of a kind that golden_queries_test.go does not run.
type kindCase struct {
	ID, Kind  string
	Args      json.RawMessage
	Result    json.RawMessage
	Error     string
	Compare   string
	Count     int
	TypeOrder []string `json:"type_order"`
	Missing   []string
}

// runKind runs the cases of one kind: f reads the arguments and returns what is to be JSON like the result.
func runKind(t *testing.T, kind string, f func(t *testing.T, c *kindCase) (any, error)) {
	file, err := os.Open("../testdata/queries/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	s.Buffer(nil, 1<<24)
	n := 0
	for s.Scan() {
		var head struct{ Kind string }
		if err := json.Unmarshal(s.Bytes(), &head); err != nil {
			t.Fatal(err)
		}
		if head.Kind != kind {
			continue
		}
		var c kindCase
		if err := json.Unmarshal(s.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		n++
		t.Run(c.ID, func(t *testing.T) {
			got, err := f(t, &c)
			if c.Error != "" {
				checkClass(t, err, c.Error)
				return
			}
			if err != nil {
				t.Fatalf("%s: %v", c.Args, err)
			}
			compareKind(t, &c, got)
		})
	}
	if s.Err() != nil || n == 0 {
		t.Fatal(s.Err(), n)
	}
}

func compareKind(t *testing.T, c *kindCase, got any) {
	t.Helper()
	if c.Compare == "count" {
		if rows := rowTexts(t, marshal(t, got)); len(rows) != c.Count {
			t.Errorf("%s: %d rows, want %d", c.Args, len(rows), c.Count)
		}
		return
	}
	text := marshal(t, got)
	if c.Compare == "set" {
		want, have := rowTexts(t, c.Result), rowTexts(t, text)
		sort.Strings(want)
		sort.Strings(have)
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s: -want +got\n%s", c.Args, diff)
		}
		return
	}
	if diff := cmp.Diff(canonical(t, c.Result), canonical(t, text)); diff != "" {
		t.Errorf("%s: -want +got\n%s", c.Args, diff)
	}
}

func marshal(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// canonical is JSON with sorted keys and exact numbers.
func canonical(t *testing.T, raw []byte) string {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	return string(marshal(t, v))
}

func rowTexts(t *testing.T, raw []byte) []string {
	t.Helper()
	var rows []json.RawMessage
	if err := json.Unmarshal(raw, &rows); err != nil {
		t.Fatalf("%v: %s", err, raw)
	}
	out := []string{}
	for _, row := range rows {
		out = append(out, canonical(t, row))
	}
	return out
}

func (c *kindCase) read(t *testing.T, args any) {
	t.Helper()
	if err := json.Unmarshal(c.Args, args); err != nil {
		t.Fatalf("%s: %v", c.Args, err)
	}
}

// dataIDValues turns JSON's numbers into integers where they are written as such.
func dataIDValues(raw map[string]json.RawMessage) map[string]any {
	out := map[string]any{}
	for k, text := range raw {
		var n int64
		if json.Unmarshal(text, &n) == nil && string(text) != "null" {
			out[k] = n
			continue
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			panic(err)
		}
		out[k] = v
	}
	return out
}

func kindsOf(t *testing.T, names []string) (kinds []dataset.CollectionKind) {
	t.Helper()
	for _, n := range names {
		k, err := dataset.ParseCollectionKind(n)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, k)
	}
	return kinds
}

func refJSON(ref *dataset.Ref) map[string]any {
	return map[string]any{"type": ref.Type.Name, "storage_class": ref.Type.StorageClass, "run": ref.Run, "id": ref.ID.String(), "dataId": dataIDMap(ref.DataID)}
}

func TestGoldenCollectionQueries(t *testing.T) {
	r := openQueries(t)
	ctx := context.Background()
	runKind(t, "collections", func(t *testing.T, c *kindCase) (any, error) {
		var args struct {
			Expression names
			Flatten    bool     `json:"flatten_chains"`
			Include    *bool    `json:"include_chains"`
			Types      []string `json:"collection_types"`
		}
		c.read(t, &args)
		q := registry.CollectionQuery{Expression: args.Expression, Kinds: kindsOf(t, args.Types)}
		include := !args.Flatten
		if args.Include != nil {
			include = *args.Include
		}
		switch {
		case args.Flatten && include:
			q.Chains = registry.ExpandChains
		case args.Flatten:
			q.Chains = registry.FlattenChains
		case !include:
			q.Chains = registry.DropChains
		}
		list, err := r.QueryCollections(ctx, q)
		if err != nil {
			return nil, err
		}
		out := []any{}
		for _, x := range list {
			parents, err := r.Parents(ctx, x.Name)
			if err != nil {
				return nil, err
			}
			summaries, err := r.Summaries(ctx, x.Name)
			if err != nil {
				return nil, err
			}
			types := map[string]bool{}
			for _, list := range summaries {
				for _, name := range list {
					types[name] = true
				}
			}
			out = append(out, map[string]any{"name": x.Name, "type": x.Kind.String(), "doc": x.Doc, "children": append([]string{}, x.Children...),
				"parents": append([]string{}, parents...), "dataset_types": append([]string{}, slices.Sorted(maps.Keys(types))...)})
		}
		return out, nil
	})
}

func TestGoldenTypeQueries(t *testing.T) {
	r := openQueries(t)
	runKind(t, "dataset_types", func(t *testing.T, c *kindCase) (any, error) {
		var args struct{ Expression names }
		c.read(t, &args)
		if args.Expression == nil {
			args.Expression = names{"*"}
		}
		types, missing, err := r.MatchDatasetTypes(context.Background(), args.Expression...)
		if err != nil {
			return nil, err
		}
		if !slices.Equal(missing, c.Missing) {
			t.Errorf("missing %v, want %v", missing, c.Missing)
		}
		out := []any{}
		for _, x := range types {
			out = append(out, map[string]any{"name": x.Name, "dimensions": append([]string{}, x.Dimensions.Names()...), "required": append([]string{}, x.Dimensions.RequiredNames()...),
				"storage_class": x.StorageClass, "is_calibration": x.IsCalibration})
		}
		return out, nil
	})
}

func TestGoldenAssociations(t *testing.T) {
	r := openQueries(t)
	runKind(t, "associations", func(t *testing.T, c *kindCase) (any, error) {
		var args struct {
			Type        string   `json:"dataset_type"`
			Collections names    `json:"collections"`
			Kinds       []string `json:"collection_types"`
		}
		c.read(t, &args)
		if args.Collections == nil {
			args.Collections = names{"*"}
		}
		out := []any{}
		for a, err := range r.Associations(context.Background(), args.Type, args.Collections, kindsOf(t, args.Kinds)...) {
			if err != nil {
				return nil, err
			}
			row := map[string]any{"ref": refJSON(&a.Ref), "collection": a.Collection, "timespan": nil}
			if a.Timespan != nil {
				row["timespan"] = map[string]any{"timespan": []int64{a.Timespan.Begin, a.Timespan.End}}
			}
			out = append(out, row)
		}
		return out, nil
	})
}

func TestGoldenConform(t *testing.T) {
	r := openQueries(t)
	runKind(t, "conform", func(t *testing.T, c *kindCase) (any, error) {
		var args struct{ Dimensions []string }
		c.read(t, &args)
		if slices.Contains(args.Dimensions, "visit_detector_region") {
			// Upstream makes a dimension of a join and then searches for it for ever; it is refused (queries.md 5.2).
			_, err := r.Universe().Group(args.Dimensions...)
			checkClass(t, err, "KeyError")
			c.Result = []byte("null")
			return nil, nil
		}
		g, err := r.Universe().Group(args.Dimensions...)
		if err != nil {
			return nil, err
		}
		texts := func(list []*dimension.Element) []string {
			out := []string{}
			for _, e := range list {
				out = append(out, e.Name)
			}
			return out
		}
		families := func(temporal bool) []string {
			out := []string{}
			for _, f := range r.Universe().Families() {
				if f.Temporal == temporal && g.Finest(f) != nil {
					out = append(out, f.Name)
				}
			}
			return out
		}
		return map[string]any{"required": texts(g.Required), "implied": texts(g.Implied), "names": append([]string{}, g.Names()...), "elements": texts(g.Elements),
			"data_coordinate_keys": texts(g.Dimensions()), "spatial": families(false), "temporal": families(true), "governors": texts(g.Governors())}, nil
	})
}

func TestGoldenFindDataset(t *testing.T) {
	r := openQueries(t)
	ctx := context.Background()
	runKind(t, "find_dataset", func(t *testing.T, c *kindCase) (any, error) {
		var args struct {
			Type        string                     `json:"dataset_type"`
			DataID      map[string]json.RawMessage `json:"data_id"`
			Collections names
			Timespan    map[string]any
			Default     map[string]any `json:"default_data_id"`
			DefaultIn   names          `json:"default_collections"`
			Infer       *bool          `json:"infer_defaults"`
		}
		c.read(t, &args)
		d := registry.Defaults{Collections: args.DefaultIn, DataID: args.Default, NoInference: args.Infer != nil && !*args.Infer}
		l := registry.Lookup{Type: args.Type, DataID: dataIDValues(args.DataID), Collections: args.Collections}
		if l.Collections == nil {
			l.Collections = d.Collections
		}
		if args.Timespan != nil {
			span := binds(t, map[string]any{"t": args.Timespan})["t"].(dimension.Timespan)
			l.Timespan = &span
		}
		var err error
		if l.Defaults, err = d.Governors(ctx, r); err != nil {
			return nil, err
		}
		ref, err := r.FindDataset(ctx, l)
		if err != nil || ref == nil {
			return nil, err
		}
		return refJSON(ref), nil
	})
}

func TestGoldenButlerQueries(t *testing.T) {
	r := openQueries(t)
	ctx := context.Background()
	runKind(t, "butler_query", func(t *testing.T, c *kindCase) (any, error) {
		var args struct {
			Method    string
			Args      []names
			Where     string
			Bind      map[string]any
			KWArgs    map[string]json.RawMessage `json:"kwargs"`
			DataID    map[string]json.RawMessage `json:"data_id"`
			FindFirst *bool                      `json:"find_first"`
			Explain   *bool
			Limit     *int
			OrderBy   []string `json:"order_by"`
			Records   bool     `json:"with_dimension_records"`
		}
		c.read(t, &args)
		q := registry.Query{DataID: dataIDValues(args.DataID), OrderBy: args.OrderBy, Binds: binds(t, args.Bind)}
		maps.Copy(q.DataID, dataIDValues(args.KWArgs))
		bounds := registry.Bounds{Limit: registry.DefaultLimit, Explain: args.Explain == nil || *args.Explain}
		if args.Limit != nil {
			bounds.Limit = *args.Limit
		}
		var err error
		if q.Where, err = query.Parse(args.Where); err != nil {
			return nil, err
		}
		var show func(*registry.Row) any
		switch args.Method {
		case "query_data_ids":
			if q.Dimensions, err = r.Universe().Group(args.Args[0]...); err != nil {
				return nil, err
			}
			show = func(row *registry.Row) any { return dataIDMap(row.DataID) }
		case "query_dimension_records":
			if q.Element = r.Universe().Element(args.Args[0][0]); q.Element == nil {
				return nil, errors.New("no such element")
			}
			show = func(row *registry.Row) any { return nil }
		case "query_datasets":
			first := args.FindFirst == nil || *args.FindFirst
			var given names
			if len(args.Args) > 1 {
				given = args.Args[1]
			}
			in, err := r.SearchIn(ctx, given, registry.Defaults{}, first)
			if err != nil {
				return nil, err
			}
			typ, err := r.DatasetType(ctx, args.Args[0][0])
			if err != nil {
				return nil, err
			}
			q.Dimensions = typ.Dimensions
			q.Datasets = []registry.DatasetSearch{{Type: typ.Name, Collections: in, All: !first}}
			show = func(row *registry.Row) any {
				return refJSON(&dataset.Ref{ID: row.Datasets[0].ID, Type: typ, DataID: row.DataID, Run: row.Datasets[0].Run})
			}
		default:
			t.Fatalf("method %s", args.Method)
		}
		out := []any{}
		for row, err := range r.SelectBounded(ctx, q, bounds) {
			if err != nil {
				return nil, err
			}
			out = append(out, show(row))
		}
		return out, nil
	})
}
