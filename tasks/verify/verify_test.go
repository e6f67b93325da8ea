package verify

import (
	"context"
	"errors"
	"strings"
	"testing"

	"valet/tasks"
	"valet/tasks/metadata"
	"valet/tasks/metric"
)

// newTask makes a task of a class with the given fields beside package p and metric m.
func newTask(t testing.TB, class string, fields map[string]tasks.Value) tasks.Task {
	t.Helper()
	c, err := Table().Find(class)
	if err != nil {
		t.Fatal(err)
	}
	config := tasks.NewConfig(c.Config)
	for field, v := range map[string]tasks.Value{"connections.package": "p", "connections.metric": "m"} {
		if err := config.Set(field, v); err != nil {
			t.Fatal(err)
		}
	}
	for field, v := range fields {
		if err := config.Set(field, v); err != nil {
			t.Fatal(err)
		}
	}
	if err := config.Validate(); err != nil {
		t.Fatal(err)
	}
	task, err := c.New(config)
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// TestTraps holds cases that the golden ones leave out. What upstream does was found by experiment with its parts.
func TestTraps(t *testing.T) {
	big := strings.Repeat("9", 400)
	for _, c := range []struct{ name, class, text, want string }{
		{"memory is the last of texts", "MemoryMetricTask", `{"metadata":{"t":{"arrays":{"runEndMaxResidentSetSize":["x","1_0"]}}}}`, "10.0 Kibyte"},
		{"memory is a text with a fraction", "MemoryMetricTask", `{"metadata":{"t":{"arrays":{"runEndMaxResidentSetSize":["x","1.5"]}}}}`, "MetricComputationError: Invalid metadata"},
		{"memory is a text too large for a float", "MemoryMetricTask", `{"metadata":{"t":{"arrays":{"runEndMaxResidentSetSize":["x","` + big + `"]}}}}`, "OverflowError: int too large"},
		{"and the version is a text", "MemoryMetricTask", `{"metadata":{"t":{"arrays":{"runEndMaxResidentSetSize":["x","` + big + `"]},"scalars":{"__version__":"v"}}}}`, "TypeError: t.__version__"},
		{"memory is a child", "MemoryMetricTask", `{"metadata":{"t":{"arrays":{"runEndMaxResidentSetSize":[]},"metadata":{"runEndMaxResidentSetSize":{}}}}}`, "MetricComputationError: Invalid metadata"},
		{"version is an empty child", "MemoryMetricTask", `{"metadata":{"t":{"scalars":{"runEndMaxResidentSetSize":5},"arrays":{"__version__":[]},"metadata":{"__version__":{}}}}}`, "5.0 Kibyte"},
		{"version is a child with children", "MemoryMetricTask", `{"metadata":{"t":{"scalars":{"runEndMaxResidentSetSize":5},"arrays":{"__version__":[]},"metadata":{"__version__":{"metadata":{"x":{}}}}}}}`, "TypeError: t.__version__"},
		{"memory is minus zero", "MemoryMetricTask", `{"metadata":{"t":{"scalars":{"runEndMaxResidentSetSize":-0.5,"__version__":1}}}}`, "0.0 byte"},
		{"processor time is a child", "CpuTimingMetricTask", `{"metadata":{"t":{"scalars":{"runStartCpuTime":1},"arrays":{"runEndCpuTime":[]},"metadata":{"runEndCpuTime":{}}}}}`, "MetricComputationError: Invalid metadata: t.runEndCpuTime"},
		{"time has a child", "CpuTimingMetricTask", `{"metadata":{"t":{"scalars":{"runStartCpuTime":1,"runEndCpuTime":2},"arrays":{"runStartUtc":[]},"metadata":{"runStartUtc":{"metadata":{"x":{}}}}}}}`, "ValueError: t.runStartUtc"},
		{"bad processor time hides bad time", "CpuTimingMetricTask", `{"metadata":{"t":{"scalars":{"runStartCpuTime":"x","runEndCpuTime":2,"runStartUtc":5}}}}`, "MetricComputationError: Invalid metadata"},
		{"span beyond 2^53 microseconds is rounded once", "TimingMetricTask", `{"metadata":{"t":{"scalars":{"runStartUtc":"0001-01-01","runEndUtc":"9198-07-04T23:27:05.062563"}}}}`, "290245246025.06256 s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			task := newTask(t, c.class, map[string]tasks.Value{"target": "t.run"})
			out, err := task.Run(context.Background(), tasks.Inputs{"metadata": metadata.NewDocument([]byte(c.text))})
			got := ""
			if err != nil {
				got = className(err) + ": " + err.Error()
			} else {
				got = out["measurement"].(*metric.Measurement).Quantity.String()
			}
			if !strings.HasPrefix(got, c.want) {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// TestPropertySet wants the same of older storage as of the equivalent JSON.
func TestPropertySet(t *testing.T) {
	m, err := metadata.ParsePropertySet([]byte(`!<lsst.daf.base.PropertySet>
- - isr
  - PropertySet
  - !<lsst.daf.base.PropertySet>
    - [runStartUtc, String, '2021-09-08T23:44:38.930']
    - [runEndUtc, String, '2021-09-08T23:44:40.180']
    - [runEndMaxResidentSetSize, LongLong, 184320]
`))
	if err != nil {
		t.Fatal(err)
	}
	for class, want := range map[string]string{"MemoryMetricTask": "184320.0 Kibyte", "TimingMetricTask": "1.25 s"} {
		out, err := newTask(t, class, map[string]tasks.Value{"target": "isr.run"}).Run(context.Background(), tasks.Inputs{"metadata": m})
		if err != nil {
			t.Fatal(err)
		}
		if got := out["measurement"].(*metric.Measurement).Quantity.String(); got != want {
			t.Errorf("%s gives %s, want %s", class, got, want)
		}
	}
}

func TestRunWrongInput(t *testing.T) {
	task := newTask(t, "MemoryMetricTask", map[string]tasks.Value{"target": "t.run"})
	for name, in := range map[string]any{"missing": nil, "text": "x"} {
		var wrong *InputError
		if _, err := task.Run(context.Background(), tasks.Inputs{"metadata": in}); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := task.Run(context.Background(), tasks.Inputs{"metadata": metadata.NewDocument([]byte("{"))})
	var parse *metadata.ParseError
	if !errors.As(err, &parse) || !strings.HasPrefix(err.Error(), "input metadata: task metadata: line 1 column 2") {
		t.Errorf("%v", err)
	}
}

// TestTemplates fills names of dataset types as Python's str.format does.
func TestTemplates(t *testing.T) {
	for _, c := range []struct{ template, want string }{
		{"metricvalue_{package}_{metric}", "metricvalue_p_m"},
		{"{metric}{metric}", "mm"},
		{"{{{package}}}", "{p}"},
		{"{{package}}", "{package}"},
		{"{package!s}_{package!r}", "p_'p'"},
		{"é{labelName}", "é"},
		{"", ""},
		{"{nothing}", "KeyError"},
		{"{ package}", "KeyError"},
		{"{labelStart}", "KeyError"},
		{"{}", "IndexError"},
		{"{0}", "IndexError"},
		{"{package", "ValueError"},
		{"package}", "ValueError"},
		{"{package!x}", "ValueError"},
	} {
		class := Table()[0]
		config := tasks.NewConfig(class.Config)
		for field, v := range map[string]string{"connections.package": "p", "connections.metric": "m", "connections.measurement": c.template} {
			if err := config.Set(field, v); err != nil {
				t.Fatal(err)
			}
		}
		got, err := class.Connect(config)
		switch {
		case err != nil && className(err) != c.want:
			t.Errorf("%q: %v", c.template, err)
		case err == nil && got.Outputs[0].DatasetType != c.want:
			t.Errorf("%q gives %q, want %q", c.template, got.Outputs[0].DatasetType, c.want)
		}
	}
}

// TestSaved keeps valet's own field out of the saved config.
func TestSaved(t *testing.T) {
	for _, class := range Table() {
		config := tasks.NewConfig(class.Config)
		if err := config.Set(SaveMetadata, false); err != nil {
			t.Fatal(err)
		}
		text := string(config.AppendSaved(nil))
		if strings.Contains(text, SaveMetadata) || !strings.Contains(text, "import lsst.pipe.base.config\n# ") {
			t.Errorf("%s is saved as\n%s", class.Name, text)
		}
		again, err := tasks.ParseSaved(class.Config, []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if diff := config.Differences(again); len(diff) > 0 {
			t.Errorf("%s differs from its saved form: %q", class.Name, diff)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"2026-08-01T02:00:00.123456+00:00", "2026W316T02", "2026-W31-02:00Z", "20260801T020000,5-0530", "9999-W52-7", "2026-08-01é02", "00010101\xfc"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, problem := parseTime(s)
		if problem != "" {
			return
		}
		// Every time has a plain form that reads the same.
		plain := formatTime(got)
		if again, problem := parseTime(plain); problem != "" || again != got {
			t.Errorf("%q is %+v, but %q is %+v, %s", s, got, plain, again, problem)
		}
	})
}

func BenchmarkMemory(b *testing.B) {
	task := newTask(b, "MemoryMetricTask", map[string]tasks.Value{"target": "diaPipe:diaForcedSource.run"})
	text := realMetadata(b)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		in := tasks.Inputs{"metadata": metadata.NewDocument(text)}
		if _, err := task.Run(context.Background(), in); err != nil {
			b.Fatal(err)
		}
		n++
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "quanta/s")
}

func BenchmarkTiming(b *testing.B) {
	task := newTask(b, "TimingMetricTask", map[string]tasks.Value{"target": "diaPipe:diaForcedSource.run"})
	text := realMetadata(b)
	b.ReportAllocs()
	for b.Loop() {
		in := tasks.Inputs{"metadata": metadata.NewDocument(text)}
		if _, err := task.Run(context.Background(), in); err != nil {
			b.Fatal(err)
		}
	}
}
