package quantum

import (
	"testing"

	"pgregory.net/rapid"

	"valet/registry/dataset"
)

// TestRowFinder brings datasets in any order, in several queries, and expects one row for each.
func TestRowFinder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		table := &Datasets{strings: &Strings{}}
		f := &rowFinder{table: table}
		ids := make([]dataset.ID, rapid.IntRange(1, 12).Draw(r, "datasets"))
		for i := range ids {
			ids[i] = dataset.NewID()
		}
		rows := map[dataset.ID]int32{}
		for range rapid.IntRange(1, 4).Draw(r, "queries") {
			order := rapid.Permutation(ids).Draw(r, "order")
			single := rapid.Bool().Draw(r, "single")
			if !single {
				order = append(order, rapid.SliceOf(rapid.SampledFrom(ids)).Draw(r, "again")...)
			}
			f.start(single)
			for _, id := range order {
				got := f.row(&Found{ID: id})
				if want, ok := rows[id]; ok && got != want || table.ID(int(got)) != id {
					r.Fatalf("row %d of %s, want %d", got, id, want)
				}
				rows[id] = got
			}
		}
		if table.Len() != len(rows) {
			r.Fatalf("%d rows of %d datasets", table.Len(), len(rows))
		}
	})
}
