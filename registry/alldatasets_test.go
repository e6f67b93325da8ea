package registry_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"valet/registry"
	"valet/registry/query"
)

func TestGoldenAllDatasets(t *testing.T) {
	r := openQueries(t)
	runKind(t, "all_datasets", func(t *testing.T, c *kindCase) (any, error) {
		var args struct {
			Collections names
			Name        names
			FindFirst   *bool `json:"find_first"`
			Where       string
			Bind        map[string]any
			DataID      map[string]json.RawMessage `json:"data_id"`
			Limit       *int
			Default     map[string]any `json:"default_data_id"`
			DefaultIn   names          `json:"default_collections"`
			Infer       *bool          `json:"infer_defaults"`
		}
		c.read(t, &args)
		q := registry.AllDatasetsQuery{Types: args.Name, Collections: args.Collections, First: args.FindFirst == nil || *args.FindFirst, DataID: dataIDValues(args.DataID),
			Binds:    binds(t, args.Bind),
			Defaults: registry.Defaults{Collections: args.DefaultIn, DataID: args.Default, NoInference: args.Infer != nil && !*args.Infer},
			Bounds:   registry.Bounds{Limit: registry.DefaultLimit}}
		if args.Limit != nil {
			q.Bounds.Limit = *args.Limit
		}
		var err error
		if q.Where, err = query.Parse(args.Where); err != nil {
			return nil, err
		}
		out := []any{}
		order := []string{}
		for ref, err := range r.AllDatasets(context.Background(), q) {
			if err != nil {
				return nil, err
			}
			if !slices.Contains(order, ref.Type.Name) {
				order = append(order, ref.Type.Name)
			}
			out = append(out, refJSON(&ref.Ref))
		}
		if c.TypeOrder != nil && !slices.Equal(order, c.TypeOrder) {
			t.Errorf("types %v, want %v", order, c.TypeOrder)
		}
		return out, nil
	})
}

func TestBoundsTell(t *testing.T) {
	r := openQueries(t)
	ctx := context.Background()
	whole := 0
	q := registry.Query{Dimensions: group(t, r, "visit")}
	for _, err := range r.Select(ctx, q) {
		if err != nil {
			t.Fatal(err)
		}
		whole++
	}
	all := registry.AllDatasetsQuery{Types: []string{"bias", "run_config"}, Collections: []string{"TestCam/calib/gen1", "u/alice/run1"}}
	for _, c := range []struct {
		limit, rows int
		told        bool
	}{{0, 0, false}, {3, 3, false}, {-3, 3, true}, {-whole, whole, false}, {-whole - 1, whole, false}, {whole + 5, whole, false}} {
		n, told := 0, false
		for _, err := range r.SelectBounded(ctx, q, registry.Bounds{Limit: c.limit, Explain: true, OnMore: func(limit int) { told = limit == -c.limit }}) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != c.rows || told != c.told {
			t.Errorf("limit %d: %d rows, told %v", c.limit, n, told)
		}
	}
	biases := 0
	for limit := -9; limit < 9; limit++ {
		all.Bounds.Limit = limit
		n, told := 0, 0
		all.Bounds.OnMore = func(limit int) { told = limit }
		var types []string
		for ref, err := range r.AllDatasets(ctx, all) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			types = append(types, ref.Type.Name)
		}
		if limit == -9 {
			biases = n - 1
		}
		want := min(max(limit, -limit), biases+1)
		if n != want || !slices.IsSorted(types) || (told != 0) != (limit < 0 && -limit <= biases) || told != 0 && told != -limit {
			t.Errorf("limit %d: %s, told %d of %d", limit, strings.Join(types, " "), told, biases+1)
		}
	}
}
