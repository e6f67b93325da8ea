package quantum

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestPhases tells each part of the work, in order, with what it gave, and that the parts make up the whole.
func TestPhases(t *testing.T) {
	s, o := again(t)
	for _, v := range s.join[:5] {
		s.put("memory_metadata", "out", v)
	}
	s.put("metricvalue_p_Memory", "out", s.join[7])
	o.Clobber = true
	var got []string
	var sum time.Duration
	o.Phase = func(p Phase) {
		if p.Took < 0 {
			t.Errorf("%s took %v", p.Name, p.Took)
		}
		sum += p.Took
		got = append(got, fmt.Sprintf("%s %d", p.Name, p.Rows))
	}
	start := time.Now()
	g, err := s.build(t, yaml(memoryTask, readerTask), o)
	if took := time.Since(start); err != nil || sum > took {
		t.Fatalf("%v, phases of %v in %v", err, sum, took)
	}
	want := []string{"input query: dia_metadata 12", "joining 12", "sorting 24", "looking for finished quanta: memory_metadata 5", "looking for finished quanta: aboutmemory_metadata 0"}
	if len(got) < len(want) || !slices.Equal(got[:len(want)], want) {
		t.Errorf("%q", got)
	}
	rest := strings.Join(got, "|")
	for _, w := range []string{"looking for outputs in the way: metricvalue_p_Memory 1", "looking for outputs of finished quanta: memory_metadata 5", fmt.Sprintf("deciding %d", g.Len())} {
		if !strings.Contains(rest, w) {
			t.Errorf("no %q in %q", w, got)
		}
	}
	got, s.join = nil, nil
	if _, err := s.build(t, yaml(memoryTask), o); err != nil || !slices.Equal(got, []string{"input query: dia_metadata 0", "joining 0", "explaining why there is nothing 0", "deciding 0"}) {
		t.Errorf("%v %q", err, got)
	}
}

// TestExplainedHoldsAll has the quanta of tasks that are dropped because nothing of them is to run.
func TestExplainedHoldsAll(t *testing.T) {
	s, o := again(t)
	for _, v := range s.join {
		s.put("memory_metadata", "out", v)
	}
	g, err := s.build(t, yaml(memoryTask, isrTask), o)
	if err != nil || len(g.Tasks) != 1 {
		t.Fatal(g, err)
	}
	all := g.Explained()
	if len(all) != 2 || all[1].Task.Label != "memory" || all[1].Count(Skipped) != 12 {
		t.Error(all)
	}
}
