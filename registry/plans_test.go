package registry_test

import (
	"context"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"valet/registry"
	"valet/registry/query"
)

var updatePlans = flag.Bool("update-plans", false, "write testdata/plans.txt anew")

// planned are queries of the kinds that matter, of which the plans are pinned.
func planned(t *testing.T, r *registry.Registry) []struct {
	name string
	q    registry.Query
} {
	in := func(typ string, collections ...string) registry.DatasetSearch {
		return registry.DatasetSearch{Type: typ, Collections: collections}
	}
	all := func(s registry.DatasetSearch) registry.DatasetSearch { s.All = true; return s }
	only := func(s registry.DatasetSearch) registry.DatasetSearch { s.Restrict = true; return s }
	chain := in("diaPipe_metadata", "u/alice/all")
	const cam, sky = "instrument = 'TestCam'", "instrument = 'TestCam' AND skymap = 'small_sky'"
	var out []struct {
		name string
		q    registry.Query
	}
	for _, c := range []struct {
		name, dimensions, where string
		q                       registry.Query
	}{
		{"visits", "visit", cam, registry.Query{}},
		{"visits by time, first ten", "visit", cam, registry.Query{OrderBy: []string{"visit.timespan.begin"}, Limit: 10}},
		{"range of visits", "visit detector", cam + " AND visit IN (5..9)", registry.Query{}},
		{"visits of an exposure", "visit exposure", cam + " AND exposure = 9", registry.Query{}},
		{"records of visits", "visit", cam, registry.Query{WithRecords: true}},
		{"visits and tracts", "visit tract", sky, registry.Query{}},
		{"tracts of a visit", "visit tract", sky + " AND visit = 5", registry.Query{}},
		{"visits of a tract", "visit", sky + " AND tract = 5", registry.Query{}},
		{"detectors of a patch", "visit detector", sky + " AND tract = 5 AND patch = 2", registry.Query{}},
		{"detectors at a point", "visit detector", cam + " AND visit_detector_region.region OVERLAPS POINT(10, -30)", registry.Query{}},
		{"visits in a circle", "visit", cam + " AND visit.region OVERLAPS CIRCLE(10, -30, 5)", registry.Query{}},
		{"one visit in a circle", "visit", cam + " AND visit = 5 AND visit.region OVERLAPS CIRCLE(10, -30, 5)", registry.Query{}},
		{"pixels of a visit", "visit htm7", cam + " AND visit = 5", registry.Query{}},
		{"reference catalogs of a visit", "htm7", cam + " AND visit = 5", registry.Query{Datasets: []registry.DatasetSearch{in("refcat", "refcats")}}},
		{"first datasets of a chain", "visit detector", "", registry.Query{Datasets: []registry.DatasetSearch{chain}}},
		{"first datasets of a chain, sorted", "visit detector", cam, registry.Query{Datasets: []registry.DatasetSearch{chain}, Sorted: true}},
		{"datasets of a visit", "visit detector", cam + " AND visit = 5", registry.Query{Datasets: []registry.DatasetSearch{all(chain)}}},
		{"datasets of a day", "visit detector", cam + " AND visit.day_obs = 20260801", registry.Query{Datasets: []registry.DatasetSearch{all(chain)}}},
		{"datasets at a point", "visit detector", cam + " AND visit_detector_region.region OVERLAPS POINT(10, -30)", registry.Query{Datasets: []registry.DatasetSearch{chain}}},
		{"datasets of a tag", "visit detector", cam, registry.Query{Datasets: []registry.DatasetSearch{all(in("diaPipe_metadata", "tag/good"))}}},
		{"datasets by date", "visit detector", cam + " AND ingest_date > T'2026-09-04'", registry.Query{Datasets: []registry.DatasetSearch{chain}}},
		{"visits with datasets", "visit", cam, registry.Query{Datasets: []registry.DatasetSearch{only(chain)}}},
		{"data IDs with datasets", "visit detector", cam, registry.Query{Datasets: []registry.DatasetSearch{only(chain)}}},
		{"calibrations of a visit", "detector", cam + " AND visit = 5", registry.Query{Datasets: []registry.DatasetSearch{in("bias", "TestCam/calib")}}},
		{"calibrations and others of a visit", "detector", cam + " AND visit = 5", registry.Query{Datasets: []registry.DatasetSearch{in("bias", "TestCam/calib", "TestCam/calib/gen1")}}},
		{"all calibrations", "detector", cam, registry.Query{Datasets: []registry.DatasetSearch{all(in("bias", "calibs_both"))}}},
		{"validity ranges", "detector", cam, registry.Query{Columns: []string{"bias.run", "bias.timespan"},
			Datasets: []registry.DatasetSearch{all(only(in("bias", "TestCam/calib", "TestCam/calib/gen1")))}}},
	} {
		c.q.Dimensions = group(t, r, strings.Fields(c.dimensions)...)
		var err error
		if c.q.Where, err = query.Parse(c.where); err != nil {
			t.Fatal(err)
		}
		out = append(out, struct {
			name string
			q    registry.Query
		}{c.name, c.q})
	}
	return out
}

var (
	scan     = regexp.MustCompile(`^SCAN (\S+)`)
	internal = regexp.MustCompile(`^(\(subquery-\d+\)|q|\d+-ROW)$`)
)

// TestPlans pins how SQLite runs the queries: testdata/plans.txt. Whatever the plans are, no table is read from end to end.
func TestPlans(t *testing.T) {
	r := openQueries(t)
	var got strings.Builder
	for _, c := range planned(t, r) {
		statement, steps, err := r.ExplainPlan(context.Background(), c.q)
		if err != nil {
			t.Fatal(c.name, err)
		}
		got.WriteString(c.name + "\n")
		for _, s := range steps {
			got.WriteString("  " + s + "\n")
			if m := scan.FindStringSubmatch(s); m != nil && !internal.MatchString(m[1]) && !slices.Contains(steps, "CO-ROUTINE "+m[1]) {
				t.Errorf("%s: %s\n%s", c.name, s, statement)
			}
		}
	}
	const name = "testdata/plans.txt"
	if *updatePlans {
		if err := os.WriteFile(name, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("plans changed; if for the better, run with -update-plans:\n%s", diff)
	}
}
