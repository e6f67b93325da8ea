package executor_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"valet/quantum"
	"valet/quantum/executor"
)

// chained is a pipeline in which a task measures what another task of it leaves.
const chained = `description: chained
tasks:
  first:
    class: lsst.verify.tasks.commonMetrics.MemoryMetricTask
    config: {connections.package: p, connections.metric: First, connections.labelName: diaPipe, target: diaPipe:diaForcedSource.run}
  beside:
    class: lsst.verify.tasks.commonMetrics.TimingMetricTask
    config: {connections.package: p, connections.metric: Beside, connections.labelName: diaPipe, target: diaPipe.run}
  second:
    class: lsst.verify.tasks.commonMetrics.CpuTimingMetricTask
    config: {connections.package: p, connections.metric: Second, connections.labelName: first, target: first.run}
`

func chainedPipeline(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "chained.yaml")
	if err := os.WriteFile(path, []byte(chained), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestPlan finishes quanta in any order and number, with any outcome: each is handed out at most once, none before what it reads is
// finished, none whose input failed, and none is forgotten.
func TestPlan(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	path := chainedPipeline(t)
	rapid.Check(t, func(r *rapid.T) {
		g, err := build(t, b, request{pipeline: path})
		if err != nil {
			r.Fatal(err)
		}
		p := executor.NewPlan(g)
		seen := map[executor.Item]bool{}
		var running []executor.Item
		finished, blocked := 0, 0
		for p.Left() > 0 {
			ready, stuck := p.Next(nil, rapid.IntRange(1, 9).Draw(r, "max"))
			blocked += len(stuck)
			for _, it := range ready {
				if seen[it] {
					r.Fatalf("%s %d twice", it.Task.Task.Label, it.Row)
				}
				seen[it] = true
				for _, in := range it.Task.Inputs {
					if in.Producer != nil {
						if s := in.Producer.States[in.Rows[it.Row]]; s != quantum.Succeeded && s != quantum.NoWork {
							r.Fatalf("%s %d starts while its input is %s", it.Task.Task.Label, it.Row, s)
						}
					}
				}
			}
			running = append(running, ready...)
			if len(running) == 0 {
				if p.Left() > 0 && len(stuck) == 0 {
					r.Fatalf("stuck with %d left", p.Left())
				}
				continue
			}
			i := rapid.IntRange(0, len(running)-1).Draw(r, "which")
			p.Finish(running[i], rapid.SampledFrom([]quantum.State{quantum.Succeeded, quantum.NoWork, quantum.Failed}).Draw(r, "state"))
			running = append(running[:i], running[i+1:]...)
			finished++
		}
		if finished+blocked != 57 || p.Running() != 0 {
			r.Errorf("%d finished, %d blocked, %d running", finished, blocked, p.Running())
		}
	})
}

// TestChainedTasks runs a task on the metadata of another one of the same run; what failed blocks, what had no work does not.
func TestChainedTasks(t *testing.T) {
	t.Parallel()
	b := open(t, copyRepository(t))
	g, err := build(t, b, request{pipeline: chainedPipeline(t)})
	if err != nil {
		t.Fatal(err)
	}
	r := execute(t, b, g)
	// Of the 19 first quanta one fails; the metadata of the others have no times of first.run, so that there is no work.
	if r.Planned != 57 || r.Failed != 1 || r.Blocked != 1 || r.Unfinished() != 0 {
		t.Errorf("%+v", r)
	}
	if n := g.Task("second").Count(quantum.NoWork); n != 18 {
		t.Errorf("%d of the second task have no work, want 18", n)
	}
	noStrayFiles(t, b, g.Collections.Run)
}

// TestPlanTakesFewTasksTogether hands out the tasks over small inputs five at a time for each data ID, those over large ones all at once.
func TestPlanTakesFewTasksTogether(t *testing.T) {
	t.Parallel()
	const tasks = 12
	text := "description: many\ntasks:\n"
	for i := range tasks {
		text += fmt.Sprintf("  m%02d:\n    class: lsst.verify.tasks.commonMetrics.MemoryMetricTask\n    config: {connections.labelName: diaPipe, connections.package: p, connections.metric: M%d, target: 'diaPipe:diaForcedSource.run'}\n", i, i)
	}
	path := filepath.Join(t.TempDir(), "many.yaml")
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		size int
		want map[int]int // quanta of one data ID in a row: how often
	}{
		{5000, map[int]int{5: 38, 2: 19}},
		{100000, map[int]int{tasks: 19}},
	} {
		b := open(t, copyRepository(t))
		change(t, b, fmt.Sprintf("update file_datastore_records set file_size = %d", c.size))
		g, err := build(t, b, request{pipeline: path})
		if err != nil {
			t.Fatal(err)
		}
		items, _ := executor.NewPlan(g).Next(nil, g.Len())
		got := map[int]int{}
		run := 0
		for i, it := range items {
			if run++; i+1 == len(items) || items[i+1].Task.DataID(items[i+1].Row).String() != it.Task.DataID(it.Row).String() {
				got[run]++
				run = 0
			}
		}
		if diff := cmp.Diff(c.want, got); diff != "" || len(items) != 19*tasks {
			t.Errorf("inputs of %d bytes, %d quanta: %s", c.size, len(items), diff)
		}
	}
}
