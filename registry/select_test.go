package registry_test

import (
	"context"
	"testing"

	"valet/registry"
)

func TestSelectGolden(t *testing.T) {
	r := openGolden(t)
	ctx := context.Background()
	q := registry.Query{Dimensions: group(t, r, "visit", "detector"), Sorted: true,
		Datasets: []registry.DatasetSearch{{Type: "diaPipe_metadata", Collections: []string{"u/sci"}, Records: true}}}
	n := 0
	for row, err := range r.Select(ctx, q) {
		if err != nil {
			t.Fatal(err)
		}
		n++
		if row.Datasets[0].Record == nil || row.Datasets[0].Run != "u/sci/20261123T175034Z" {
			t.Errorf("%v %+v", row.DataID, row.Datasets[0])
		}
	}
	if n != 19 {
		t.Errorf("%d rows, want 19", n)
	}
	s, steps, err := r.ExplainPlan(ctx, q)
	t.Log(s, err)
	for _, s := range steps {
		t.Log(s)
	}
}
