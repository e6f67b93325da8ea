package registry_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"valet/registry"
	"valet/registry/query"
	"valet/registry/sphere"
)

// rows is the answer of a query as texts.
func rows(t rapid.TB, r *registry.Registry, q registry.Query) []string {
	t.Helper()
	var out []string
	for row, err := range r.Select(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		s := row.DataID.String()
		for _, d := range row.Datasets {
			s += " " + d.ID.String() + " " + d.Run
		}
		out = append(out, s)
	}
	return out
}

// drawCondition draws a condition on visits, detectors and tracts.
func drawCondition(t *rapid.T, label string) string {
	return rapid.SampledFrom([]string{
		"visit > 2026080200000", "visit IN (2026080100010, 2026080200030)", "detector < 3", "visit.exposure_time > 30.0", "visit.target_name = 'field0'",
		"band = 'r'", "day_obs = 20260801", "visit.timespan OVERLAPS T'2026-08-02T12:00:00'", "visit.science_program = NULL", "GLOB(physical_filter, '*_03')",
		"exposure.can_see_sky", "visit.seq_num % 20 = 0",
	}).Draw(t, label)
}

// TestQueryProperties checks what holds for every query: conditions only take away, a double negation is none, a limit cuts, count
// and any agree with the rows.
func TestQueryProperties(t *testing.T) {
	r := openQueries(t)
	ctx := context.Background()
	parse := func(t *rapid.T, text string) query.Expr {
		e, err := query.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	searches := [][]registry.DatasetSearch{nil, nil,
		{{Type: "diaPipe_metadata", Collections: []string{"u/alice/all"}}},
		{{Type: "diaPipe_metadata", Collections: []string{"tag/good", "u/alice/all"}, All: true}},
		{{Type: "diaPipe_metadata", Collections: []string{"u/alice/all", "u/bob/r1"}, Restrict: true}},
	}
	rapid.Check(t, func(t *rapid.T) {
		g, err := r.Universe().Group("visit", "detector")
		if err != nil {
			t.Fatal(err)
		}
		base := "instrument = 'TestCam'"
		if rapid.Bool().Draw(t, "spatial") {
			base += " AND skymap = 'small_sky' AND tract IN (0..3)"
		}
		if rapid.Bool().Draw(t, "literal") {
			base += fmt.Sprintf(" AND visit.region OVERLAPS CIRCLE(%d.5, -30.2, 0.%d)", rapid.IntRange(9, 11).Draw(t, "ra"), rapid.IntRange(1, 9).Draw(t, "radius"))
		}
		a, b := drawCondition(t, "a"), drawCondition(t, "b")
		q := registry.Query{Dimensions: g, Datasets: rapid.SampledFrom(searches).Draw(t, "search"), Sorted: true}
		ask := func(where string) []string {
			q.Where = parse(t, where)
			return rows(t, r, q)
		}
		whole := ask(base + " AND " + a)
		both := ask(base + " AND " + a + " AND " + b)
		for _, x := range both {
			if !slices.Contains(whole, x) {
				t.Fatalf("%s AND %s adds %s", a, b, x)
			}
		}
		if twice := ask(base + " AND NOT (NOT (" + a + "))"); !slices.Equal(sorted(twice), sorted(whole)) {
			t.Fatalf("NOT NOT %s: %d rows, want %d", a, len(twice), len(whole))
		}
		q.Where = parse(t, base+" AND "+a)
		if n, err := r.Count(ctx, q, true, true); err != nil || n != int64(len(whole)) {
			t.Fatalf("count %d %v, want %d", n, err, len(whole))
		}
		if n, err := r.Count(ctx, q, false, false); err != nil || n < int64(len(whole)) {
			t.Fatalf("count of candidates %d %v, want at least %d", n, err, len(whole))
		}
		if found, err := r.Any(ctx, q, true, true); err != nil || found != (len(whole) > 0) {
			t.Fatalf("any is %v %v for %d rows", found, err, len(whole))
		}
		q.Limit = rapid.IntRange(1, 10).Draw(t, "limit")
		cut := rows(t, r, q)
		if len(cut) != min(q.Limit, len(whole)) {
			t.Fatalf("limit %d gives %d of %d rows", q.Limit, len(cut), len(whole))
		}
		for i, x := range cut {
			// Datasets of one data ID have no order.
			if id, want := dataIDOf(x), dataIDOf(whole[i]); id != want {
				t.Fatalf("row %d is %s, want %s", i, id, want)
			}
		}
		if messages, err := r.ExplainNoResults(ctx, q, true); err != nil || len(whole) > 0 && len(messages) > 0 {
			t.Fatalf("%q explains %d rows (%v)", messages, len(whole), err)
		}
		q.NoRows = true
		if none := rows(t, r, q); len(none) > 0 {
			t.Fatal(none)
		}
	})
}

func sorted(in []string) []string { return slices.Sorted(slices.Values(in)) }

func dataIDOf(row string) string {
	id, _, _ := strings.Cut(row, "}")
	return id
}

// TestSpatialJoinIsExact compares the join of all visits and patches with the relation of each pair of regions.
func TestSpatialJoinIsExact(t *testing.T) {
	r := openQueries(t)
	ctx := context.Background()
	regions := func(element string) map[string]sphere.Region {
		out := map[string]sphere.Region{}
		for row, err := range r.Select(ctx, registry.Query{Element: r.Universe().Element(element)}) {
			if err != nil {
				t.Fatal(err)
			}
			stored, _ := row.Record.Get("region")
			b, ok := stored.([]byte)
			if !ok {
				continue
			}
			region, err := sphere.Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			out[fmt.Sprint(row.DataID.RequiredValues())] = region
		}
		return out
	}
	want := map[string]bool{}
	visits, patches := regions("visit"), regions("patch")
	for v, x := range visits {
		for p, y := range patches {
			if sphere.Overlaps(x, y) == sphere.Yes {
				want[v+p] = true
			}
		}
	}
	got := map[string]bool{}
	q := registry.Query{Dimensions: group(t, r, "visit", "patch")}
	visit, patch := group(t, r, "visit"), group(t, r, "patch")
	for row, err := range r.Select(ctx, q) {
		if err != nil {
			t.Fatal(err)
		}
		v, _ := row.DataID.Subset(visit)
		p, _ := row.DataID.Subset(patch)
		a, b := fmt.Sprint(v.RequiredValues()), fmt.Sprint(p.RequiredValues())
		if got[a+b] {
			t.Errorf("%v comes twice", row.DataID)
		}
		got[a+b] = true
		if sphere.Overlaps(visits[a], patches[b]) == sphere.No {
			t.Errorf("%v does not overlap", row.DataID)
		}
	}
	for pair := range want {
		if !got[pair] {
			t.Errorf("%s is missing", pair)
		}
	}
	if len(want) == 0 {
		t.Error("nothing overlaps")
	}
}
