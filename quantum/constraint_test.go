package quantum

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"valet/registry/dimension"
)

func TestParseConstraint(t *testing.T) {
	for _, c := range []struct {
		in    []string
		holds string
	}{
		{nil, "abc"}, {[]string{"all"}, "abc"}, {[]string{"off"}, ""}, {[]string{"a"}, "a"}, {[]string{"a", "c"}, "ac"},
		// Only alone are these words; there may be a dataset type of the name.
		{[]string{"off", "b"}, "b"}, {[]string{"all", "b"}, "b"}, {[]string{"OFF"}, ""}, {[]string{""}, ""},
	} {
		got := ""
		for _, name := range []string{"a", "b", "c"} {
			if ParseConstraint(c.in).holds(name) {
				got += name
			}
		}
		if got != c.holds {
			t.Errorf("%q: %q instead of %q", c.in, got, c.holds)
		}
	}
}

// planned describes the quanta of a graph that are to run: what they are and what they read.
func planned(g *Graph) map[string]string {
	out := map[string]string{}
	for _, q := range g.Tasks {
		for i, state := range q.States {
			if state != Planned {
				continue
			}
			inputs := ""
			for c, in := range q.Inputs {
				id, ok := q.Input(c, i)
				inputs += fmt.Sprint(in.Edge.Connection, " ", id, ok, in.Producer != nil, "; ")
			}
			out[q.Task.Label+" "+q.DataID(i).Key()] = inputs
		}
	}
	return out
}

func count(g *Graph, s State) (n int) {
	for _, q := range g.All() {
		n += q.Count(s)
	}
	return n
}

// Whatever constrains the data IDs, the same quanta are run on the same datasets: of the others it is only found out later that they
// have no work.
func TestConstraintsPlanTheSame(t *testing.T) {
	u := universe(t)
	rapid.Check(t, func(r *rapid.T) {
		s := newSource(nil, run("a"), run("b"))
		s.universe = u
		s.define("isr_metadata", "exposure", "detector")
		s.define("dia_metadata", "visit", "detector")
		cells := rapid.SliceOfDistinct(rapid.IntRange(0, 63), func(i int) int { return i }).Draw(r, "cells")
		for _, cell := range cells {
			visit, detector := int64(cell%8)*7-10, int64(cell/8)
			v := observation(1000-visit, visit, detector)
			s.join = append(s.join, v)
			for _, name := range []string{"isr_metadata", "dia_metadata"} {
				for _, in := range rapid.SampledFrom([]string{"", "", "a", "b", "ab"}).Draw(r, name) {
					s.put(name, string(in), v)
				}
			}
		}
		for _, text := range []string{yaml(pipelineTask), yaml(memoryTask, readerTask), yaml(isrTask)} {
			build := func(c Constraint) *Graph {
				g, err := Build(t.Context(), s, s.resolve(t, text), Options{Collections: &Collections{Inputs: []string{"b", "a"}, Run: "out"}, Constraint: c, Now: buildTime})
				if err != nil {
					r.Fatal(err)
				}
				check(r, g)
				return g
			}
			all := build(Constraint{})
			if count(all, NoWork) > 0 {
				r.Fatal("no work although all inputs exist")
			}
			off := build(Constraint{Off: true})
			if !maps.Equal(planned(all), planned(off)) {
				r.Fatalf("all: %v\noff: %v", planned(all), planned(off))
			}
			tasks := strings.Count(text, "class:")
			if n := off.Len() + count(off, NoWork); n != tasks*len(cells) {
				r.Fatalf("%d quanta of %d data IDs", n, len(cells))
			}
			for _, name := range []string{"isr_metadata", "dia_metadata"} {
				if strings.Contains(text, "labelName: isr") && name != "isr_metadata" || strings.Contains(text, "labelName: dia") && name != "dia_metadata" {
					continue
				}
				one := build(Constraint{Types: []string{name, "other"}})
				if !maps.Equal(planned(all), planned(one)) {
					r.Fatalf("all: %v\n%s: %v", planned(all), name, planned(one))
				}
			}
		}
	})
}

// withoutDia is a repository of four visits of one detector; dia_metadata exists for the first n.
func withoutDia(t testing.TB, n int) *fakeSource {
	s := newSource(t, run("in"))
	s.define("isr_metadata", "exposure", "detector")
	s.define("dia_metadata", "visit", "detector")
	for i := range int64(4) {
		v := observation(100+i, i, 0)
		s.join = append(s.join, v)
		s.put("isr_metadata", "in", v)
		if i < int64(n) {
			s.put("dia_metadata", "in", v)
		}
	}
	return s
}

func TestNoWorkIsTold(t *testing.T) {
	const advice = "More than half of memory quanta had no work to do given available inputs.\nA query constraint on one of ['dia_metadata'] may yield a much faster build."
	for n, want := range []string{
		"Dropping task memory because no quanta remain (4 had no work to do).",
		"Generated 1 quantum for task memory (3 had no work to do).",
		"Generated 2 quanta for task memory (2 had no work to do).",
		"Generated 3 quanta for task memory (1 had no work to do).",
		"Generated 4 quanta for task memory.",
	} {
		g, err := withoutDia(t, n).build(t, yaml(memoryTask, readerTask), Options{Constraint: Constraint{Off: true}})
		if err != nil {
			t.Fatal(err)
		}
		if got := messages(g); !strings.Contains(got, want) || !strings.Contains(got, strings.ReplaceAll(want, "memory", "aboutmemory")) || strings.Contains(got, advice) != (n < 2) {
			t.Errorf("%d: %s", n, got)
		}
		if g.Len() != 2*n || count(g, NoWork) != 8-2*n {
			t.Errorf("%d: %d planned", n, g.Len())
		}
	}
}

func TestUnusedConstraint(t *testing.T) {
	s := withoutDia(t, 4)
	_, err := s.build(t, yaml(memoryTask, isrTask), Options{Constraint: Constraint{Types: []string{"dia_metadata"}}})
	var unused *UnusedConstraintError
	if !errors.As(err, &unused) || !slices.Equal(unused.Tasks, []string{"isrtime"}) || !slices.Equal(unused.Inputs, []string{"isr_metadata"}) || unused.Hint() == "" ||
		!strings.HasSuffix(unused.ClassName(), ".QuantumGraphBuilderError") {
		t.Errorf("%v", err)
	}
	// What a task of the pipeline writes restricts nothing.
	if _, err = s.build(t, yaml(memoryTask, readerTask), Options{Constraint: Constraint{Types: []string{"memory_metadata"}}}); !errors.As(err, &unused) {
		t.Errorf("%v", err)
	}
	if _, err = s.build(t, yaml(memoryTask, isrTask), Options{Constraint: Constraint{Types: []string{"dia_metadata", "isr_metadata", "x"}}}); err != nil {
		t.Error(err)
	}
}

// TestUnregisteredInput has an input of a type that nobody registered: with constraints an error, without nothing to do.
func TestUnregisteredInput(t *testing.T) {
	s := withoutDia(t, 4)
	delete(s.groups, "dia_metadata")
	if _, err := s.build(t, yaml(memoryTask), Options{}); err == nil {
		t.Error("no error")
	}
	g, err := s.build(t, yaml(memoryTask, isrTask), Options{Constraint: Constraint{Off: true}})
	if err != nil || g.Len() != 4 || count(g, NoWork) != 4 {
		t.Error(g, err)
	}
}

// TestScalarWithoutConstraint has a quantum for a visit of two exposures or several detectors: only datasets that exist are several, and
// only a quantum that has work can be wrong.
func TestScalarWithoutConstraint(t *testing.T) {
	coarse := strings.Replace(memoryTask, "target: dia.run", "target: dia.run\n      metadataDimensions: [instrument, visit]", 1)
	for _, c := range []struct {
		name, task string
		// isr are exposures of the visit with isr_metadata, dia detectors with dia_metadata; all are in the join.
		isr, dia []int64
		want     string
	}{
		{"no exposure", pipelineTask, nil, []int64{0}, "no work"},
		{"one of two exposures", pipelineTask, []int64{101}, []int64{0}, "runs"},
		{"two exposures", pipelineTask, []int64{100, 101}, []int64{0}, "input"},
		{"two exposures, but nothing else", pipelineTask, []int64{100, 101}, nil, "no work"},
		{"two outputs", coarse, nil, []int64{0}, "output"},
		{"two outputs, but no input", coarse, nil, nil, "no work"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newSource(t, run("in"))
			s.define("isr_metadata", "exposure", "detector")
			s.define("dia_metadata", "visit", "detector")
			detectors := int64(1)
			if c.task == coarse {
				s.define("dia_metadata", "visit")
				detectors = 2
			}
			for exposure := range int64(2) {
				for detector := range detectors {
					v := observation(100+exposure, 7, detector)
					s.join = append(s.join, v)
					if slices.Contains(c.isr, 100+exposure) {
						s.put("isr_metadata", "in", v)
					}
					if slices.Contains(c.dia, detector) {
						s.put("dia_metadata", "in", v)
					}
				}
			}
			g, err := s.build(t, yaml(c.task), Options{Constraint: Constraint{Off: true}})
			var several *ScalarError
			got := "runs"
			switch {
			case errors.As(err, &several) && several.Output:
				got = "output"
			case errors.As(err, &several):
				got = "input"
			case err != nil:
				t.Fatal(err)
			case g.Len() == 0:
				got = "no work"
			}
			if got != c.want {
				t.Errorf("%s: %v", got, err)
			}
		})
	}
}

// TestNoWorkAfterSkip has quanta that succeeded before without the output that the next task reads.
func TestNoWorkAfterSkip(t *testing.T) {
	s, o := again(t)
	for _, v := range s.join {
		s.put("memory_metadata", "out", v)
	}
	// The reader reads metadata, by which skipping is decided: it always finds it.
	g, err := s.build(t, yaml(memoryTask, readerTask), o)
	if err != nil || g.Len() != 12 || count(g, NoWork) != 0 || g.Skipped() != 12 {
		t.Fatal(g.Len(), err)
	}
	// Take its rows away: then nothing will ever be there to read.
	q := g.Task("aboutmemory")
	for i := range q.Inputs[0].FromSkipped {
		if i%3 == 0 {
			q.Inputs[0].FromSkipped[i] = -1
		}
	}
	b := &builder{graph: g}
	b.findNoWork()
	if count(g, NoWork) != 4 || !q.WithoutInput[0] || q.WithoutInput[1] {
		t.Error(q.States)
	}
}

// TestTakenWithoutWork lets two exposures of one visit compete for an output: one without input does not count.
func TestTakenWithoutWork(t *testing.T) {
	for _, first := range []bool{true, false} {
		s := newSource(t, run("in"))
		s.define("isr_metadata", "exposure", "detector")
		for i := range int64(2) {
			v := observation(100+i, 7, 0)
			s.join = append(s.join, v)
			if first || i > 0 {
				s.put("isr_metadata", "in", v)
			}
		}
		g, err := s.build(t, yaml(isrTask), Options{Constraint: Constraint{Off: true}})
		if err != nil {
			t.Fatal(err)
		}
		q := g.Task("isrtime")
		if q.Taken[1] != first || q.Taken[0] {
			t.Errorf("with the first %v: %v", first, q.Taken)
		}
		if q.DataID(0).Get("exposure") != dimension.IntValue(100) {
			t.Error(q.DataID(0))
		}
	}
}
