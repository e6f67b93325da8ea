package quantum

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// again is a repository with 12 visits and detectors in which an earlier attempt wrote metadata and more into run out.
func again(t testing.TB) (*fakeSource, Options) {
	s := observations(t, grid()...)
	s.collections["out"] = run("out")
	for _, name := range []string{"memory_metadata", "memory_log", "metricvalue_p_Memory", "aboutmemory_metadata", "aboutmemory_log", "metricvalue_p_MemoryTime"} {
		s.define(name, "visit", "detector")
	}
	return s, Options{Collections: &Collections{Inputs: []string{"out", "in"}, Run: "out", RunExists: true, SkipIn: []string{"out"}}}
}

func TestBuildSkips(t *testing.T) {
	s, o := again(t)
	for _, v := range s.join[:5] {
		s.put("memory_metadata", "out", v)
		s.put("memory_log", "out", v)
	}
	// Other outputs than metadata let nothing be skipped, and skipping does not need them.
	s.put("metricvalue_p_Memory", "out", s.join[0])
	g, err := s.build(t, yaml(memoryTask), o)
	if err != nil {
		t.Fatal(err)
	}
	if g.Len() != 7 || g.Skipped() != 5 || !strings.Contains(messages(g), "Generated 7 quanta for task memory (5 previously succeeded and skipped).") {
		t.Fatal(messages(g))
	}
	q := g.Task("memory")
	for i := range q.Len() {
		at := slices.IndexFunc(s.join, func(v values) bool { return v.cut(q.DataIDs.Group(), nil).Compare(q.DataID(i)) == 0 })
		if (q.States[i] == Skipped) != (at < 5) {
			t.Errorf("%s is %s", q.DataID(i), q.States[i])
		}
	}
	o.Collections.SkipIn = nil
	var exists *OutputExistsError
	if _, err := s.build(t, yaml(memoryTask), o); !errors.As(err, &exists) || exists.Count != 11 {
		t.Fatal(err)
	}
}

func TestBuildSkipsAll(t *testing.T) {
	s, o := again(t)
	for _, v := range s.join {
		s.put("memory_metadata", "out", v)
	}
	g, err := s.build(t, yaml(memoryTask), o)
	if err != nil || g.Len() != 0 || g.Skipped() != 12 || len(g.Tasks) != 0 {
		t.Fatal(g, err)
	}
	if !strings.Contains(messages(g), "Dropping task memory because no quanta remain (12 previously succeeded and skipped).") {
		t.Error(messages(g))
	}
}

func TestBuildSkipsInOtherCollections(t *testing.T) {
	s, o := again(t)
	s.collections["old"] = run("old")
	s.put("memory_metadata", "old", s.join[3])
	o.Collections = &Collections{Inputs: []string{"in"}, Run: "new", SkipIn: []string{"out", "old"}}
	g, err := s.build(t, yaml(memoryTask), o)
	if err != nil || g.Len() != 11 || g.Skipped() != 1 {
		t.Fatal(g, err)
	}
}

// Consumers of skipped quanta read what those wrote, the others what will be written.
func TestBuildReadsOutputsOfSkipped(t *testing.T) {
	for _, skipped := range []int{1, 5, 12} {
		s, o := again(t)
		for _, v := range s.join[:skipped] {
			s.put("memory_metadata", "out", v)
		}
		g, err := s.build(t, yaml(memoryTask, readerTask), o)
		if err != nil || g.Skipped() != skipped || g.Len() != 24-skipped {
			t.Fatal(g, err)
		}
		q := g.Task("aboutmemory")
		for i := range q.Len() {
			at := slices.IndexFunc(s.join, func(v values) bool { return v.cut(q.DataIDs.Group(), nil).Compare(q.DataID(i)) == 0 })
			got, ok := q.Input(0, i)
			want := s.datasets["memory_metadata"]["out"][s.join[at].cut(q.DataIDs.Group(), nil).Key()].id
			if ok != (at < skipped) || got != want {
				t.Errorf("%d skipped, %s reads %s, not %s", skipped, q.DataID(i), got, want)
			}
		}
	}
}

func TestBuildOutputsInTheWay(t *testing.T) {
	for _, name := range []string{"memory_metadata", "memory_log", "metricvalue_p_Memory"} {
		t.Run(name, func(t *testing.T) {
			s, o := again(t)
			o.Collections.SkipIn = nil
			id := s.put(name, "out", s.join[4])
			s.put(name, "in", s.join[5])
			_, err := s.build(t, yaml(memoryTask), o)
			var exists *OutputExistsError
			if !errors.As(err, &exists) || exists.Count != 1 || exists.Task != "memory" || exists.DatasetType != name || exists.Run != "out" ||
				exists.DataID != s.join[4].cut(s.groups[name], nil).String() || exists.Hint() == "" ||
				exists.ClassName() != "lsst.pipe.base.quantum_graph_builder.OutputExistsError" {
				t.Fatalf("%v", err)
			}
			o.Clobber = true
			g, err := s.build(t, yaml(memoryTask), o)
			if err != nil || g.Len() != 12 {
				t.Fatal(g, err)
			}
			q := g.Tasks[0]
			if len(q.InTheWay) != 1 {
				t.Fatalf("%d quanta with something in the way", len(q.InTheWay))
			}
			for i, found := range q.InTheWay {
				if len(found) != 1 || found[0].Found.ID != id || found[0].Type.Name != name || found[0].Found.Record.ID != id ||
					q.DataID(i).Compare(s.join[4].cut(q.DataIDs.Group(), nil)) != 0 {
					t.Errorf("%s: %+v", q.DataID(i), found)
				}
			}
		})
	}
}

// Outputs on other dimensions than the quantum's are found at their own data IDs.
func TestBuildOutputsInTheWayOnVisit(t *testing.T) {
	s := observations(t, grid()...)
	s.collections["out"] = run("out")
	s.define("metricvalue_p_IsrTime", "visit", "detector")
	s.define("isrtime_log", "exposure", "detector")
	for _, v := range s.join[2:4] {
		s.put("metricvalue_p_IsrTime", "out", v)
		s.put("isrtime_log", "out", v)
	}
	o := Options{Collections: &Collections{Inputs: []string{"in"}, Run: "out", RunExists: true}, Clobber: true}
	g, err := s.build(t, yaml(isrTask), o)
	if err != nil {
		t.Fatal(err)
	}
	q := g.Tasks[0]
	if len(q.InTheWay) != 2 {
		t.Fatalf("%d quanta with something in the way", len(q.InTheWay))
	}
	for i, found := range q.InTheWay {
		if len(found) != 2 || q.DataID(i).Compare(s.join[2].cut(q.DataIDs.Group(), nil)) != 0 && q.DataID(i).Compare(s.join[3].cut(q.DataIDs.Group(), nil)) != 0 {
			t.Errorf("%s: %+v", q.DataID(i), found)
		}
		for _, f := range found {
			// A row of the source lives until the next one only, the record must not.
			if f.Found.Record.ID != f.Found.ID {
				t.Errorf("%s: the record is of another dataset", q.DataID(i))
			}
		}
	}
}

// What lies at a skipped quantum is not in the way; clobbering leaves it alone.
func TestBuildLeavesSkippedAlone(t *testing.T) {
	for _, clobber := range []bool{false, true} {
		s, o := again(t)
		o.Clobber = clobber
		s.put("memory_metadata", "out", s.join[0])
		s.put("memory_log", "out", s.join[0])
		s.put("metricvalue_p_Memory", "out", s.join[0])
		g, err := s.build(t, yaml(memoryTask), o)
		if err != nil || g.Len() != 11 || len(g.Tasks[0].InTheWay) != 0 {
			t.Fatal(g, err)
		}
	}
}
