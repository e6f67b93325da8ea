package pipeline

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"valet/tasks"
)

// testTable has tasks with the names, fields and connections of the metric tasks, but nothing to run; and chainTask, which reads one
// type and writes one.
func testTable() tasks.Table {
	const cm = "lsst.verify.tasks.commonMetrics."
	visit := []string{"instrument", "visit", "detector"}
	metric := &tasks.ConfigClass{Name: cm + "TimeMethodMetricConfig", Objects: []string{"sys", "Datum"}, Fields: []tasks.Field{
		{Name: "saveLogOutput", Kind: tasks.BoolField, Default: true, Doc: "Whether to write a log."},
		{Name: "connections.measurement", Kind: tasks.StringField, Default: "metricvalue_{package}_{metric}"},
		{Name: "connections.metadata", Kind: tasks.StringField, Default: "{labelName}_metadata", Doc: "Name of the input."},
		{Name: "connections.package", Kind: tasks.TemplateField},
		{Name: "connections.metric", Kind: tasks.TemplateField},
		{Name: "connections.labelName", Kind: tasks.TemplateField, Default: ""},
		{Name: "metadataDimensions", Kind: tasks.StringListField, Default: []tasks.Value{"detector", "instrument", "visit"}},
		{Name: "target", Kind: tasks.StringField, Doc: "What to measure."},
		{Name: "saveMetadata", Kind: tasks.BoolField, Default: true, Unsaved: true},
	}, Check: noPeriods}
	connect := func(c *tasks.Config) (*tasks.Connections, error) {
		var dims []string
		for _, d := range c.Get("metadataDimensions").([]tasks.Value) {
			dims = append(dims, d.(string))
		}
		return &tasks.Connections{
			Dimensions: dims,
			Inputs:     []tasks.Connection{{Name: "metadata", DatasetType: fill(c, "connections.metadata"), StorageClass: "TaskMetadata", Dimensions: dims}},
			Outputs:    []tasks.Connection{{Name: "measurement", DatasetType: fill(c, "connections.measurement"), StorageClass: "MetricValue", Dimensions: visit}},
		}, nil
	}
	pipelineTiming := &tasks.ConfigClass{Name: "lsst.ap.pipe.metrics.PipelineTimingMetricConfig", Fields: []tasks.Field{
		{Name: "saveLogOutput", Kind: tasks.BoolField, Default: true},
		{Name: "connections.measurement", Kind: tasks.StringField, Default: "metricvalue_{package}_{metric}"},
		{Name: "connections.metadataStart", Kind: tasks.StringField, Default: "{labelStart}_metadata"},
		{Name: "connections.metadataEnd", Kind: tasks.StringField, Default: "{labelEnd}_metadata"},
		{Name: "connections.package", Kind: tasks.TemplateField, Default: "ap_pipe"},
		{Name: "connections.metric", Kind: tasks.TemplateField, Default: "ApPipelineTime"},
		{Name: "connections.labelStart", Kind: tasks.TemplateField, Default: ""},
		{Name: "connections.labelEnd", Kind: tasks.TemplateField, Default: ""},
		{Name: "targetStart", Kind: tasks.StringField},
		{Name: "targetEnd", Kind: tasks.StringField},
	}, Check: noPeriods}
	chain := &tasks.ConfigClass{Name: "test.ChainConfig", Fields: []tasks.Field{
		{Name: "connections.inp", Kind: tasks.StringField, Default: "a"},
		{Name: "connections.out", Kind: tasks.StringField, Default: "b"},
		{Name: "class", Kind: tasks.StringField, Default: "MetricValue"},
		{Name: "text", Kind: tasks.StringField, Optional: true},
	}}
	return tasks.Table{
		{Name: cm + "MemoryMetricTask", DefaultLabel: "memoryMetric", Config: metric, Connect: connect},
		{Name: cm + "TimingMetricTask", DefaultLabel: "timingMetric", Config: metric, Connect: connect},
		{Name: cm + "CpuTimingMetricTask", DefaultLabel: "cpuTimingMetric", Config: metric, Connect: connect},
		{Name: "lsst.ap.pipe.metrics.PipelineTimingMetricTask", DefaultLabel: "pipelineTimingMetric", Config: pipelineTiming,
			Connect: func(c *tasks.Config) (*tasks.Connections, error) {
				return &tasks.Connections{
					Dimensions: visit,
					Inputs: []tasks.Connection{
						{Name: "metadataStart", DatasetType: fill(c, "connections.metadataStart"), StorageClass: "TaskMetadata", Dimensions: []string{"instrument", "exposure", "detector"}},
						{Name: "metadataEnd", DatasetType: fill(c, "connections.metadataEnd"), StorageClass: "TaskMetadata", Dimensions: visit},
					},
					Outputs: []tasks.Connection{{Name: "measurement", DatasetType: fill(c, "connections.measurement"), StorageClass: "MetricValue", Dimensions: visit}},
				}, nil
			}},
		{Name: "test.ChainTask", DefaultLabel: "chain", Config: chain, Connect: func(c *tasks.Config) (*tasks.Connections, error) {
			return &tasks.Connections{
				Dimensions: visit,
				Inputs:     []tasks.Connection{{Name: "in", DatasetType: c.Get("connections.inp").(string), StorageClass: c.Get("class").(string), Dimensions: visit}},
				Outputs:    []tasks.Connection{{Name: "out", DatasetType: c.Get("connections.out").(string), StorageClass: "MetricValue", Dimensions: visit}},
			}, nil
		}},
	}
}

func noPeriods(c *tasks.Config) error {
	for _, f := range []string{"connections.package", "connections.metric"} {
		if s, _ := c.Get(f).(string); strings.Contains(s, ".") {
			return &tasks.FieldError{Config: c.Class().Name, Field: f, Class: "ValueError", Message: f + " must not have periods"}
		}
	}
	return nil
}

// fill puts the templates into a name.
func fill(c *tasks.Config, field string) string {
	name := c.Get(field).(string)
	for _, f := range c.Class().Fields {
		if short, ok := strings.CutPrefix(f.Name, "connections."); ok && f.Kind == tasks.TemplateField {
			text, _ := c.Get(f.Name).(string)
			name = strings.ReplaceAll(name, "{"+short+"}", text)
		}
	}
	return name
}

// files is a file system of texts. $M, $T and $C in them stand for task classes.
type files map[string]string

func (f files) read(path string) ([]byte, error) {
	if strings.HasSuffix(path, "/") {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrInvalid}
	}
	text, ok := f[path]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return []byte(expand(text)), nil
}

func expand(text string) string {
	return strings.NewReplacer("$M", "lsst.verify.tasks.commonMetrics.MemoryMetricTask", "$T", "lsst.verify.tasks.commonMetrics.TimingMetricTask",
		"$C", "test.ChainTask").Replace(text)
}

func (f files) loader(warnings *[]string) *Loader {
	env := map[string]string{"HERE": "here", "HOME": "/home/me"}
	return &Loader{Read: f.read, Table: testTable(), Getenv: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Warn: func(m string) {
			if warnings != nil {
				*warnings = append(*warnings, m)
			}
		}}
}

// summary shows all of a pipeline in one line.
func summary(p *Pipeline) string {
	var b strings.Builder
	for _, t := range p.Tasks() {
		fmt.Fprintf(&b, "%s=%s(", t.Label, t.Class[strings.LastIndexByte(t.Class, '.')+1:])
		for i, e := range t.Entries {
			if i > 0 {
				b.WriteByte('|')
			}
			for _, f := range e.Files {
				b.WriteString("<" + f.Path + ">")
			}
			if e.Python != "" {
				b.WriteString("!")
			}
			for j, pair := range e.Pairs {
				if j > 0 {
					b.WriteByte(',')
				}
				fmt.Fprintf(&b, "%s:%v", strings.TrimPrefix(pair.Field, "connections."), pair.Value)
			}
		}
		b.WriteString(") ")
	}
	for _, s := range p.Subsets() {
		fmt.Fprintf(&b, "%s[%s] ", s.Name, strings.Join(slices.Sorted(slices.Values(s.Labels)), " "))
	}
	for _, s := range p.Steps() {
		fmt.Fprintf(&b, "step %s%v ", s.Label, s.Dimensions)
	}
	for _, c := range p.Contracts {
		fmt.Fprintf(&b, "{%s} ", c.Expression)
	}
	for _, v := range p.Parameters() {
		fmt.Fprintf(&b, "$%s=%v ", v.Name, v.Value)
	}
	if p.Instrument != "" {
		b.WriteString("@" + p.Instrument)
	}
	return strings.TrimSpace(b.String())
}

// wantError checks that an error has a class, a text and, if hint is not empty, a hint.
func wantError(t *testing.T, err error, class, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want %s: %s", class, text)
	}
	full := err.Error()
	if h, ok := err.(interface{ Hint() string }); ok {
		full += "\nhint: " + h.Hint()
	}
	c, ok := err.(interface{ ClassName() string })
	if !ok || c.ClassName() != class && !strings.HasSuffix(c.ClassName(), "."+class) {
		t.Errorf("error %v (%T) has not the class %s", err, err, class)
	}
	if !strings.Contains(full, text) {
		t.Errorf("error\n%s\nhas not %q", full, text)
	}
}
