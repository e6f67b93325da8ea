package quantum

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"valet/registry/dimension"
	"valet/registry/query"
	"valet/tasks/pipeline"
)

const (
	memoryTask = `
  memory:
    class: lsst.verify.tasks.commonMetrics.MemoryMetricTask
    config:
      connections.package: p
      connections.metric: Memory
      connections.labelName: dia
      target: dia.run
`
	isrTask = `
  isrtime:
    class: lsst.verify.tasks.commonMetrics.TimingMetricTask
    config:
      connections.package: p
      connections.metric: IsrTime
      connections.labelName: isr
      metadataDimensions: [instrument, exposure, detector]
      target: isr.run
`
	pipelineTask = `
  whole:
    class: lsst.ap.pipe.metrics.PipelineTimingMetricTask
    config:
      connections.package: p
      connections.metric: Whole
      connections.labelStart: isr
      connections.labelEnd: dia
      targetStart: isr.run
      targetEnd: dia.run
`
	// readerTask reads the metadata that memory writes.
	readerTask = `
  aboutmemory:
    class: lsst.verify.tasks.commonMetrics.TimingMetricTask
    config:
      connections.package: p
      connections.metric: MemoryTime
      connections.labelName: memory
      target: memory.run
`
)

func yaml(tasks ...string) string { return "description: test\ntasks:" + strings.Join(tasks, "") }

// observation is a row of a join over exposure, visit and detector.
func observation(exposure, visit, detector int64) values {
	return values{"instrument": dimension.StringValue("Cam"), "detector": dimension.IntValue(detector), "exposure": dimension.IntValue(exposure),
		"visit": dimension.IntValue(visit), "day_obs": dimension.IntValue(20260000 + visit%7), "physical_filter": dimension.StringValue("filter r"),
		"band": dimension.StringValue("r"), "group": dimension.StringValue("g" + dimension.IntValue(exposure).Text())}
}

// observations is a repository with the rows given, in the order given, and metadata of isr and dia for each.
func observations(t testing.TB, rows ...values) *fakeSource {
	s := newSource(t, run("in"))
	s.define("isr_metadata", "exposure", "detector")
	s.define("dia_metadata", "visit", "detector")
	for _, v := range rows {
		s.join = append(s.join, v)
		s.put("isr_metadata", "in", v)
		s.put("dia_metadata", "in", v)
	}
	return s
}

var buildTime = time.Date(2026, 11, 23, 18, 0, 0, 0, time.UTC)

func (s *fakeSource) build(t testing.TB, text string, o Options) (*Graph, error) {
	t.Helper()
	if o.Collections == nil {
		o.Collections = &Collections{Inputs: []string{"in"}, Run: "out"}
	}
	o.Now = buildTime
	g, err := Build(t.Context(), s, s.resolve(t, text), o)
	if err == nil {
		check(t, g)
	}
	return g, err
}

// check asserts what holds of every graph: quanta sorted and no two the same, IDs of version 7 and no two the same, columns of one
// length.
func check(t fataler, g *Graph) {
	t.Helper()
	ids := map[ID]bool{}
	for _, q := range g.Tasks {
		for i := range q.Len() {
			id := q.ID(i)
			if ids[id] || id[6]>>4 != 7 || id[8]>>6 != 2 {
				t.Errorf("task %s quantum %d: ID %s", q.Task.Label, i, id)
			}
			ids[id] = true
			if i > 0 && slices.CompareFunc(q.DataID(i-1).RequiredValues(), q.DataID(i).RequiredValues(), dimension.Value.Compare) >= 0 {
				t.Errorf("task %s: %s before %s", q.Task.Label, q.DataID(i-1), q.DataID(i))
			}
			if !q.DataID(i).IsFull() {
				t.Errorf("task %s: %s is not full", q.Task.Label, q.DataID(i))
			}
		}
		for _, in := range q.Inputs {
			if len(in.Rows) != q.Len() {
				t.Errorf("task %s input %s: %d rows of %d quanta", q.Task.Label, in.Edge.Connection, len(in.Rows), q.Len())
			}
		}
		for _, out := range q.Outputs {
			if out.DataIDs.Len() != q.Len() {
				t.Errorf("task %s output %s: %d data IDs of %d quanta", q.Task.Label, out.Edge.Connection, out.DataIDs.Len(), q.Len())
			}
		}
	}
}

// grid lists detectors times visits, backwards.
func grid() []values {
	var rows []values
	for visit := int64(110); visit >= 98; visit -= 4 {
		for _, detector := range []int64{2, 10, 1} {
			rows = append(rows, observation(visit*10, visit, detector))
		}
	}
	return rows
}

// expectInput asserts that a quantum reads the dataset of a type at its data ID.
func expectInput(t testing.TB, s *fakeSource, q *Quanta, c, i int, typ, run string, at values) {
	t.Helper()
	want := s.datasets[typ][run][at.cut(s.groups[typ], nil).Key()]
	got, ok := q.Input(c, i)
	if !ok || got != want.id {
		t.Errorf("task %s %s: input %s is %s, not %s", q.Task.Label, q.DataID(i), typ, got, want.id)
		return
	}
	in := q.Inputs[c]
	row := int(in.Rows[i])
	record, ok := in.Existing.Record(row)
	if !ok || record != *want.record || in.Existing.Run(row) != run {
		t.Errorf("task %s %s: record %+v in %s", q.Task.Label, q.DataID(i), record, in.Existing.Run(row))
	}
}

func messages(g *Graph) string {
	var b strings.Builder
	for _, n := range g.Notes {
		b.WriteString(n.Message + "\n")
	}
	return b.String()
}

func TestBuildOneTask(t *testing.T) {
	s := observations(t, grid()...)
	g, err := s.build(t, yaml(memoryTask), Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := g.Task("memory")
	if g.Len() != 12 || q.Len() != 12 || g.Task("other") != nil || g.Skipped() != 0 || g.Inputs["dia_metadata"].Len() != 12 {
		t.Fatalf("%d quanta", g.Len())
	}
	var order []string
	for i := range q.Len() {
		id := q.DataID(i)
		order = append(order, id.Get("detector").Text()+"/"+id.Get("visit").Text())
		visit := id.Get("visit").Int()
		expectInput(t, s, q, 0, i, "dia_metadata", "in", observation(visit*10, visit, id.Get("detector").Int()))
		if id.Get("day_obs").Int() != 20260000+visit%7 || id.Get("band").Text() != "r" {
			t.Errorf("implied values of %s", id)
		}
	}
	if got := strings.Join(order, " "); got != "1/98 1/102 1/106 1/110 2/98 2/102 2/106 2/110 10/98 10/102 10/106 10/110" {
		t.Error(got)
	}
	if q.Outputs[0].DataIDs != q.DataIDs {
		t.Error("the output has data IDs of its own")
	}
	want := "Processing pipeline subgraph 1 of 1 with 1 task(s).\nIterating over data ID query results.\nGenerated 12 quanta for task memory.\n"
	if got := messages(g); got != want {
		t.Error(got)
	}
}

func TestBuildFindsFirst(t *testing.T) {
	v := observation(10, 1, 0)
	s := observations(t, v)
	s.collections["newer"] = run("newer")
	s.put("dia_metadata", "newer", v)
	for _, in := range [][]string{{"newer", "in"}, {"in", "newer"}} {
		g, err := s.build(t, yaml(memoryTask), Options{Collections: &Collections{Inputs: in, Run: "out"}})
		if err != nil || g.Len() != 1 {
			t.Fatal(g, err)
		}
		expectInput(t, s, g.Tasks[0], 0, 0, "dia_metadata", in[0], v)
		if g.Inputs["dia_metadata"].Len() != 1 || !strings.Contains(messages(g), "Generated 1 quantum for task memory.") {
			t.Error(messages(g))
		}
	}
}

func TestBuildExposureTaskWritesOnVisit(t *testing.T) {
	s := observations(t, grid()...)
	g, err := s.build(t, yaml(isrTask), Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := g.Task("isrtime")
	out := q.Outputs[0].DataIDs
	if q.Len() != 12 || out == q.DataIDs || out.Group() != s.universe.MustGroup("visit", "detector") {
		t.Fatalf("%d quanta, output on %s", q.Len(), out.Group())
	}
	for i := range q.Len() {
		id := q.DataID(i)
		written, _ := out.At(i, nil)
		if id.Get("exposure").Int() != written.Get("visit").Int()*10 || id.Get("detector") != written.Get("detector") || !id.Get("visit").IsZero() {
			t.Errorf("%s writes at %s", id, written)
		}
		expectInput(t, s, q, 0, i, "isr_metadata", "in", observation(id.Get("exposure").Int(), 0, id.Get("detector").Int()))
	}
}

func TestBuildPipelineTiming(t *testing.T) {
	rows := grid()
	s := observations(t, rows...)
	// One visit has no isr metadata, so no quantum, neither of this task nor of any linked to it.
	lost := observation(980, 98, 1)
	delete(s.datasets["isr_metadata"]["in"], lost.cut(s.groups["isr_metadata"], nil).Key())
	g, err := s.build(t, yaml(pipelineTask, memoryTask), Options{})
	if err != nil {
		t.Fatal(err)
	}
	q := g.Task("whole")
	if q.Len() != 11 || g.Task("memory").Len() != 12 || !strings.Contains(messages(g), "subgraph 2 of 2") {
		t.Fatal(messages(g))
	}
	for i := range q.Len() {
		id := q.DataID(i)
		v := observation(id.Get("visit").Int()*10, id.Get("visit").Int(), id.Get("detector").Int())
		for c := range q.Inputs {
			expectInput(t, s, q, c, i, q.Inputs[c].Edge.Type.Name, "in", v)
		}
	}
	if len(q.Inputs) != 2 {
		t.Errorf("%d inputs", len(q.Inputs))
	}
	if g.Inputs["dia_metadata"] != q.Inputs[0].Existing && g.Inputs["dia_metadata"] != q.Inputs[1].Existing || g.Inputs["dia_metadata"].Len() != 12 {
		t.Error("two tasks that read the same datasets do not share their table")
	}
}

// producers asserts that consumers point at the producer's quanta of the same data ID.
func producers(t testing.TB, g *Graph) {
	t.Helper()
	q, p := g.Task("aboutmemory"), g.Task("memory")
	in := q.Inputs[0]
	if in.Producer != p {
		t.Fatal("not the output of the producer")
	}
	for i, row := range in.Rows {
		if row < 0 || p.DataID(int(row)).Compare(q.DataID(i)) != 0 {
			t.Errorf("%s reads row %d", q.DataID(i), row)
		}
		if _, ok := q.Input(0, i); ok {
			t.Error("an input that does not exist yet")
		}
	}
}

func TestBuildConsumerFollowsProducer(t *testing.T) {
	s := observations(t, grid()...)
	g, err := s.build(t, yaml(readerTask, memoryTask), Options{})
	if err != nil || g.Len() != 24 {
		t.Fatal(g, err)
	}
	if g.Tasks[0].Task.Label != "memory" {
		t.Error("the consumer comes first")
	}
	producers(t, g)
}

func TestBuildScalarError(t *testing.T) {
	coarse := strings.Replace(memoryTask, "target:", "metadataDimensions: [instrument, visit]\n      target:", 1)
	empty := strings.Replace(memoryTask, "target:", "metadataDimensions: []\n      target:", 1)
	for _, c := range []struct {
		name, task, typ string
		dimensions      []string
		output, refused bool
		rows            []values
	}{
		{"two detectors of a visit", coarse, "metricvalue_p_Memory", []string{"visit"}, true, true, []values{observation(10, 1, 0), observation(10, 1, 1)}},
		{"one detector of each visit", coarse, "", []string{"visit"}, true, false, []values{observation(10, 1, 0), observation(20, 2, 1)}},
		{"no dimensions, two visits", empty, "metricvalue_p_Memory", nil, true, true, []values{observation(10, 1, 0), observation(20, 2, 0)}},
		{"no dimensions, one visit", empty, "", nil, true, false, []values{observation(10, 1, 0)}},
		{"two visits of an exposure", isrTask, "metricvalue_p_IsrTime", []string{"visit", "detector"}, true, true, []values{observation(10, 1, 0), observation(10, 2, 0)}},
		{"two exposures of a visit", pipelineTask, "isr_metadata", []string{"visit", "detector"}, false, true, []values{observation(10, 1, 0), observation(11, 1, 0)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := observations(t)
			s.define("dia_metadata", c.dimensions...)
			for _, v := range c.rows {
				s.join = append(s.join, v)
				s.put("isr_metadata", "in", v)
				s.put("dia_metadata", "in", v)
			}
			g, err := s.build(t, yaml(c.task), Options{})
			var scalar *ScalarError
			switch {
			case !c.refused && (err != nil || g.Len() != len(c.rows)):
				t.Fatal(g, err)
			case !c.refused:
			case !errors.As(err, &scalar):
				t.Fatal(g, err)
			case scalar.Output != c.output, scalar.DatasetType != c.typ, scalar.ClassName() != "lsst.pipe.base.connections.ScalarError", scalar.Hint() == "":
				t.Errorf("%+v", *scalar)
			}
		})
	}
}

func TestBuildOfDataID(t *testing.T) {
	s := observations(t, grid()...)
	s.where = func(v values) bool { return v["visit"].Int() > 100 }
	where, err := query.Parse("visit > 100")
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.build(t, yaml(memoryTask), Options{Where: where, DataID: map[string]any{"detector": int64(10)}})
	if err != nil || g.Len() != 3 {
		t.Fatal(g, err)
	}
}

func TestBuildNothing(t *testing.T) {
	where, err := query.Parse("visit = 1")
	if err != nil {
		t.Fatal(err)
	}
	none := func(values) bool { return false }
	for _, c := range []struct {
		name string
		with func(s *fakeSource, o *Options)
		want []string
	}{
		{"no data IDs", func(s *fakeSource, o *Options) { s.join = nil }, []string{"the repository has 0 data IDs of"}},
		{"no data ID of the instrument", func(s *fakeSource, o *Options) { o.DataID = map[string]any{"instrument": "Other"} }, []string{"the repository has 0 data IDs of"}},
		{"no datasets", func(s *fakeSource, o *Options) { o.Collections = &Collections{Inputs: []string{"void", "hole"}} },
			[]string{"tasks whole: the repository has 12 data IDs of", `0 data IDs left where a dataset "`, "exists in void, hole"}},
		{"one type is missing", func(s *fakeSource, o *Options) { s.define("dia_metadata", "visit", "detector") },
			[]string{"the repository has 12 data IDs", `12 data IDs left where a dataset "isr_metadata"`, `0 data IDs left where a dataset "dia_metadata"`}},
		{"expression", func(s *fakeSource, o *Options) { o.Where, s.where = where, none },
			[]string{"the repository has 12 data IDs", `12 data IDs left where a dataset "dia_metadata" exists in in`, "none left where the -d expression holds"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, o := observations(t, grid()...), Options{}
			c.with(s, &o)
			g, err := s.build(t, yaml(pipelineTask), o)
			if err != nil || g.Len() != 0 || len(g.Tasks) != 0 || !slices.Equal(g.Dropped, []string{"whole"}) {
				t.Fatal(g, err)
			}
			got := messages(g)
			for _, want := range append(c.want, "Initial data ID query returned no rows, so QuantumGraph will be empty.", "Dropping task whole because no quanta remain.") {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing in\n%s", want, got)
				}
			}
		})
	}
	t.Run("one of two parts", func(t *testing.T) {
		s := observations(t, grid()...)
		s.define("isr_metadata", "exposure", "detector")
		g, err := s.build(t, yaml(isrTask, memoryTask), Options{})
		if err != nil || g.Len() != 12 || !slices.Equal(g.Dropped, []string{"isrtime"}) {
			t.Fatal(g, err)
		}
	})
	t.Run("no tasks", func(t *testing.T) {
		g, err := Build(t.Context(), newSource(t), &pipeline.Resolved{}, Options{Collections: &Collections{}, Now: buildTime})
		if err != nil || g.Len() != 0 {
			t.Fatal(g, err)
		}
	})
}

func TestBuildStopsAtErrors(t *testing.T) {
	disk := errors.New("disk")
	t.Run("in the rows", func(t *testing.T) {
		s := observations(t, grid()...)
		s.fail = disk
		if g, err := s.build(t, yaml(memoryTask), Options{}); !errors.Is(err, disk) || g != nil {
			t.Fatal(g, err)
		}
	})
	t.Run("unregistered input", func(t *testing.T) {
		s := observations(t, grid()...)
		delete(s.groups, "dia_metadata")
		if g, err := s.build(t, yaml(memoryTask), Options{}); err == nil || g != nil || !strings.Contains(err.Error(), "registered") {
			t.Fatal(g, err)
		}
	})
}

func TestBuildReportsProgress(t *testing.T) {
	var rows []values
	for i := range int64(20000) {
		rows = append(rows, observation(i, i, 0))
	}
	var told []int
	s := observations(t, rows...)
	g, err := Build(context.Background(), s, s.resolve(t, yaml(memoryTask)), Options{Collections: &Collections{Inputs: []string{"in"}}, Now: buildTime,
		Progress: func(n int) { told = append(told, n) }})
	if err != nil || g.Len() != 20000 || !slices.Equal(told, []int{8192, 16384}) {
		t.Fatal(told, err)
	}
}
