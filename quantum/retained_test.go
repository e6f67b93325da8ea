package quantum

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestRetained has twelve quanta of memory, and of those of its reader all but the first five, that succeeded before.
func TestRetained(t *testing.T) {
	for _, c := range []struct {
		name    string
		kept    map[string]bool
		skipped int
		note    string
	}{
		{"not asked for", nil, 19, ""},
		{"kept", map[string]bool{"memory_metadata": true}, 19, ""},
		{"nothing kept", map[string]bool{}, 14, "Forcing 5 quanta to rerun (output not retained)."},
		{"something else kept", map[string]bool{"metricvalue_p_Memory": true}, 14, "Forcing 5 quanta to rerun (output not retained)."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, o := again(t)
			o.Clobber = true
			for i, v := range s.join {
				s.put("memory_metadata", "out", v)
				s.put("memory_log", "out", v)
				if i >= 5 {
					s.put("aboutmemory_metadata", "out", v)
				}
			}
			o.Retained = c.kept
			g, err := s.build(t, yaml(memoryTask, readerTask), o)
			if err != nil {
				t.Fatal(err)
			}
			if g.Skipped() != c.skipped || g.Len() != 24-c.skipped || count(g, NoWork) != 0 {
				t.Errorf("%d skipped, %d planned", g.Skipped(), g.Len())
			}
			if got := messages(g); strings.Contains(got, "Forcing") != (c.note != "") || !strings.Contains(got, c.note) {
				t.Error(got)
			}
			if q := g.Task("memory"); q != nil {
				for i, state := range q.States {
					if len(q.InTheWay[i]) == 2 != (state == Planned) {
						t.Errorf("%s is %s and has %d datasets in the way", q.DataID(i), state, len(q.InTheWay[i]))
					}
				}
			}
		})
	}
	s, o := again(t)
	s.join = s.join[:1]
	s.put("memory_metadata", "out", s.join[0])
	o.Retained = map[string]bool{}
	if g, err := s.build(t, yaml(memoryTask, readerTask), o); err == nil || !errors.As(err, new(*OutputExistsError)) {
		t.Errorf("in the way: %v %v", g, err)
	}
	o.Clobber = true
	if g, err := s.build(t, yaml(memoryTask, readerTask), o); err != nil || !strings.Contains(messages(g), "Forcing 1 quantum to rerun") {
		t.Errorf("%v", err)
	}
	s, o = again(t)
	o.Retained, o.Collections.SkipIn = map[string]bool{}, nil
	var refused *CollectionError
	if _, err := s.build(t, yaml(memoryTask), o); !errors.As(err, &refused) || refused.ClassName() != "ValueError" {
		t.Errorf("%v", err)
	}
}

// TestRetainedTransitively forces quanta over a task in between that had succeeded too.
func TestRetainedTransitively(t *testing.T) {
	third := strings.NewReplacer("aboutmemory:", "third:", "labelName: memory", "labelName: aboutmemory", "MemoryTime", "Third", "memory.run", "aboutmemory.run").Replace(readerTask)
	for kept, want := range map[string][]int{"": {12, 12, 12}, "aboutmemory_metadata": {0, 0, 12}, "memory_metadata": {0, 12, 12}} {
		s, o := again(t)
		for _, v := range s.join {
			s.put("memory_metadata", "out", v)
			s.put("aboutmemory_metadata", "out", v)
		}
		o.Retained, o.Clobber = map[string]bool{kept: true}, true
		g, err := s.build(t, yaml(memoryTask, readerTask, third), o)
		if err != nil {
			t.Fatal(err)
		}
		var got []int
		for _, label := range []string{"memory", "aboutmemory", "third"} {
			n := 0
			if q := g.Task(label); q != nil {
				n = q.Count(Planned)
			}
			got = append(got, n)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q kept: %v instead of %v", kept, got, want)
		}
	}
}
