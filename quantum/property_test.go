package quantum

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"valet/registry/dataset"
	"valet/registry/dimension"
)

// Whatever rows come in whatever order: every quantum is there once, at its place, with its inputs.
func TestBuildOfAnyRows(t *testing.T) {
	u := universe(t)
	rapid.Check(t, func(r *rapid.T) {
		s := newSource(nil, run("a"), run("b"))
		s.universe = u
		s.define("isr_metadata", "exposure", "detector")
		s.define("dia_metadata", "visit", "detector")
		s.define("memory_metadata", "visit", "detector")
		// Each visit is one exposure, so that no connection holds two datasets.
		cells := rapid.SliceOfDistinct(rapid.IntRange(0, 63), func(i int) int { return i }).Draw(r, "cells")
		in := Collections{Inputs: []string{"a", "b"}, Run: "out", SkipIn: []string{"a"}}
		isr, dia, skipped := map[string]dataset.ID{}, map[string]dataset.ID{}, 0
		onVisit, onExposure := u.MustGroup("visit", "detector"), u.MustGroup("exposure", "detector")
		both := 0
		for _, cell := range cells {
			visit, detector := int64(cell%8)*7-10, int64(cell/8)
			v := observation(1000-visit, visit, detector)
			if rapid.Bool().Draw(r, "other instrument") {
				v["instrument"] = dimension.StringValue("Äcam")
			}
			s.join = append(s.join, v)
			put := func(name string, into map[string]dataset.ID, g *dimension.Group) bool {
				run := rapid.SampledFrom([]string{"", "a", "b", "ab"}).Draw(r, name)
				if strings.Contains(run, "b") {
					into[v.cut(g, nil).Key()] = s.put(name, "b", v)
				}
				if strings.Contains(run, "a") {
					into[v.cut(g, nil).Key()] = s.put(name, "a", v)
				}
				return run != ""
			}
			hasIsr, hasDia := put("isr_metadata", isr, onExposure), put("dia_metadata", dia, onVisit)
			if hasIsr && hasDia {
				both++
			}
			if hasDia && rapid.Bool().Draw(r, "done") {
				s.put("memory_metadata", "a", v)
				skipped++
			}
		}
		g, err := Build(t.Context(), s, s.resolve(t, yaml(pipelineTask, memoryTask, readerTask, isrTask)), Options{Collections: &in, Now: buildTime})
		if err != nil {
			r.Fatal(err)
		}
		check(r, g)
		if want := both + len(isr) + 2*len(dia) - skipped; g.Len() != want || g.Skipped() != skipped {
			r.Fatalf("%d quanta and %d skipped instead of %d and %d", g.Len(), g.Skipped(), want, skipped)
		}
		for label, want := range map[string]map[string]dataset.ID{"memory": dia, "isrtime": isr} {
			q := g.Task(label)
			if q == nil {
				continue
			}
			if q.Len() != len(want) {
				r.Fatalf("task %s: %d quanta", label, q.Len())
			}
			for i := range q.Len() {
				if got, ok := q.Input(0, i); !ok || got != want[q.DataID(i).Key()] {
					r.Fatalf("task %s: %s reads %s", label, q.DataID(i), got)
				}
			}
		}
		if q := g.Task("aboutmemory"); q != nil {
			for i := range q.Len() {
				p := q.Inputs[0].Producer
				if row := int(q.Inputs[0].Rows[i]); p.DataID(row).Compare(q.DataID(i)) != 0 {
					r.Fatalf("%s reads the output of %s", q.DataID(i), p.DataID(row))
				}
				id, ok := q.Input(0, i)
				if stored, done := s.datasets["memory_metadata"]["a"][q.DataID(i).Key()]; ok != done || id != stored.id {
					r.Fatalf("%s reads %s, not %s", q.DataID(i), id, stored.id)
				}
			}
		}
	})
}

// anyValue draws a value of a dimension's type.
func anyValue(r *rapid.T, e *dimension.Element) dimension.Value {
	if e.KeyType() == dimension.String {
		return dimension.StringValue(rapid.String().Draw(r, e.Name))
	}
	return dimension.IntValue(rapid.OneOf(rapid.Int64(), rapid.SampledFrom([]int64{math.MinInt64, -1, 0, math.MaxInt64})).Draw(r, e.Name))
}

func TestDataIDsKeepAnyValue(t *testing.T) {
	u := universe(t)
	from := u.MustGroup("visit", "exposure", "detector", "patch")
	groups := []*dimension.Group{from, u.MustGroup("visit", "detector"), u.MustGroup("exposure"), u.MustGroup("instrument"), u.MustGroup("tract", "band"), u.MustGroup()}
	rapid.Check(t, func(r *rapid.T) {
		g := rapid.SampledFrom(groups).Draw(r, "group")
		shared := &Strings{}
		d, positions := newDataIDs(g, shared), project(from, g)
		var want []dimension.DataID
		for range rapid.IntRange(1, 20).Draw(r, "length") {
			var vs []dimension.Value
			for _, e := range from.Dimensions() {
				vs = append(vs, anyValue(r, e))
			}
			id := dimension.NewDataID(from, vs)
			d.add(id, positions)
			sub, ok := id.Subset(g)
			if !ok || !d.same(len(want), id, positions) {
				r.Fatalf("%s is not the same as itself", id)
			}
			want = append(want, sub)
		}
		var scratch []dimension.Value
		for i, w := range want {
			var got dimension.DataID
			got, scratch = d.At(i, scratch)
			if !got.IsFull() || got.Group() != g || !slices.Equal(got.Values(), w.Values()) {
				r.Fatalf("%s came back as %s", w, got)
			}
			for j, v := range want {
				if compare := w.Compare(v); sign(d.compare(i, j)) != sign(compare) {
					r.Fatalf("%s and %s compare as %d", w, v, d.compare(i, j))
				}
			}
		}
		if len(g.Dimensions()) == 0 {
			return
		}
		if d.Len() != len(want) {
			r.Fatalf("%d data IDs", d.Len())
		}
		perm := make([]int32, len(want))
		for i := range perm {
			perm[i] = int32(i)
		}
		perm = rapid.Permutation(perm).Draw(r, "permutation")
		d.permute(perm)
		for to, old := range perm {
			if got, _ := d.At(to, nil); !slices.Equal(got.Values(), want[old].Values()) {
				r.Fatalf("%s was moved and became %s", want[old], got)
			}
		}
	})
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}

func TestDatasetsKeepAnyRecord(t *testing.T) {
	text := rapid.StringMatching(`[a-z.]{0,3}`)
	path := rapid.OneOf(rapid.StringMatching(`[a-c]{0,3}(/[a-c]{0,3}){0,4}(#[a-c/=#]{0,5})?`), rapid.StringMatching(`(s3://b/)?[a-c/]{0,5}\.zip#zip-path=[a-c/]{1,5}`),
		rapid.String())
	rapid.Check(t, func(r *rapid.T) {
		d := &Datasets{Type: "t", strings: &Strings{}}
		var want []Found
		var scratch dataset.FileRecord
		for i := range rapid.IntRange(0, 20).Draw(r, "length") {
			f := Found{ID: dataset.ID{byte(i), 1}, Run: rapid.StringMatching(`[ab]/?`).Draw(r, "run")}
			if rapid.IntRange(0, 4).Draw(r, "stored") > 0 {
				f.Record = &dataset.FileRecord{ID: f.ID, Path: path.Draw(r, "path"), Formatter: text.Draw(r, "formatter"), StorageClass: text.Draw(r, "class"),
					Component: text.Draw(r, "component"), Size: rapid.Int64Min(-1).Draw(r, "size")}
			}
			want = append(want, f)
			given := f
			if f.Record != nil {
				scratch = *f.Record
				given.Record = &scratch
			}
			if got := d.add(&given); int(got) != i {
				r.Fatalf("row %d instead of %d", got, i)
			}
			scratch = dataset.FileRecord{}
		}
		if d.Len() != len(want) {
			r.Fatalf("%d rows", d.Len())
		}
		for i, w := range want {
			got, ok := d.Record(i)
			if ok != (w.Record != nil) || ok && got != *w.Record || d.ID(i) != w.ID || d.Run(i) != w.Run {
				r.Fatalf("row %d: %+v instead of %+v", i, got, w)
			}
		}
	})
}

func TestIDBlockCountsOverItsEnd(t *testing.T) {
	b := idBlock{ID{6: 0x7a, 8: 0xbf, 9: 0xff, 10: 0xff, 11: 0xff, 12: 0xff, 13: 0xff, 14: 0xff, 15: 0xfe}}
	seen := map[ID]bool{}
	for i := range 5 {
		id := b.at(i)
		if seen[id] || id[6] != 0x7a || id[8]>>6 != 2 || id.IsZero() {
			t.Errorf("%d: %s", i, id)
		}
		seen[id] = true
	}
}
