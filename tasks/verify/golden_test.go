package verify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"valet/registry/dimension"
	"valet/tasks"
	"valet/tasks/metadata"
	"valet/tasks/metric"
)

// goldenCase is one execution of a task by the Python stack (metrics.md 7).
type goldenCase struct {
	ID                                   string
	Task                                 string
	Config                               json.RawMessage
	Metadata, MetadataStart, MetadataEnd string
	Outcome, Stage, Error                string
	Ambiguous                            []string
	Measurement                          *struct {
		Metric string
		Value  any
		Unit   string
		YAML   string
	}
	Connections *struct {
		TaskDimensions  []string `json:"task_dimensions"`
		Inputs, Outputs map[string][2]any
		Graph           struct {
			Error          string
			TaskDimensions []string `json:"task_dimensions"`
			Outputs        map[string][]string
		}
	}
}

func goldenCases(t testing.TB) []goldenCase {
	t.Helper()
	data, err := os.ReadFile("../../testdata/tasks/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var cases []goldenCase
	for line := range bytes.Lines(data) {
		var c goldenCase
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, c)
	}
	return cases
}

// setAll sets the fields of a JSON object in its order, connections as a group.
func setAll(c *tasks.Config, group string, text json.RawMessage) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
		field := group + name.(string)
		if field == "connections" {
			err = setAll(c, "connections.", value)
		} else {
			var v any
			if err = json.Unmarshal(value, &v); err == nil {
				err = c.Set(field, configValue(v, value))
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func configValue(v any, text []byte) tasks.Value {
	switch v := v.(type) {
	case []any:
		list := make([]tasks.Value, len(v))
		for i := range v {
			list[i] = configValue(v[i], nil)
		}
		return list
	case float64:
		if n, err := strconv.ParseInt(string(text), 10, 64); err == nil {
			return n
		}
	}
	return v
}

func className(err error) string {
	var c interface{ ClassName() string }
	if !errors.As(err, &c) {
		return ""
	}
	return c.ClassName()[strings.LastIndexByte(c.ClassName(), '.')+1:]
}

// configured makes the config of a case, validated.
func (c *goldenCase) configured(class *tasks.Class) (*tasks.Config, *tasks.Connections, error) {
	config := tasks.NewConfig(class.Config)
	if err := setAll(config, "", c.Config); err != nil {
		return nil, nil, err
	}
	if err := config.Validate(); err != nil {
		return nil, nil, err
	}
	connections, err := class.Connect(config)
	return config, connections, err
}

func (c *goldenCase) inputs(wrap func(string) any) tasks.Inputs {
	if c.Task == "PipelineTimingMetricTask" {
		return tasks.Inputs{"metadataStart": wrap(c.MetadataStart), "metadataEnd": wrap(c.MetadataEnd)}
	}
	return tasks.Inputs{"metadata": wrap(c.Metadata)}
}

// TestGolden runs every case on the text of its metadata, and on the tree of it.
func TestGolden(t *testing.T) {
	table := Table()
	counts := map[string]int{}
	for _, c := range goldenCases(t) {
		counts[c.Outcome]++
		t.Run(c.ID, func(t *testing.T) {
			class, err := table.Find(c.Task)
			if err != nil {
				t.Fatal(err)
			}
			config, connections, err := c.configured(class)
			if c.Outcome == "config_error" {
				c.checkError(t, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			c.checkConnections(t, connections)
			task, err := class.New(config)
			if err != nil {
				t.Fatal(err)
			}
			out, err := task.Run(context.Background(), c.inputs(func(s string) any { return metadata.NewDocument([]byte(s)) }))
			c.check(t, out, err)
			if c.Stage == "read" {
				return
			}
			out, err = task.Run(context.Background(), c.inputs(func(s string) any {
				m, err := metadata.Parse([]byte(s))
				if err != nil {
					t.Fatal(err)
				}
				return m
			}))
			c.check(t, out, err)
		})
	}
	for _, outcome := range []string{"measurement", "no_work", "error", "config_error"} {
		if counts[outcome] == 0 {
			t.Errorf("no case of outcome %s", outcome)
		}
	}
}

func (c *goldenCase) checkError(t *testing.T, err error) {
	t.Helper()
	want, message, _ := strings.Cut(c.Error, ": ")
	if err == nil || className(err) != want {
		t.Errorf("error %v of class %q, want %s", err, className(err), c.Error)
		return
	}
	// Beyond the class, texts must be like upstream's where valet has nothing better to say.
	if c.Outcome == "config_error" && !strings.HasPrefix(err.Error(), message) {
		t.Errorf("message %q, want %q", err, message)
	}
}

func (c *goldenCase) check(t *testing.T, out tasks.Outputs, err error) {
	t.Helper()
	var none *tasks.NoWorkError
	var read *metadata.ParseError
	switch c.Outcome {
	case "no_work":
		if want := strings.TrimPrefix(c.Error, "NoWorkFound: "); !errors.As(err, &none) || err.Error() != want {
			t.Errorf("error %v, want no work: %s", err, want)
		}
		return
	case "error":
		c.checkError(t, err)
		if errors.As(err, &read) != (c.Stage == "read") {
			t.Errorf("%v is of another stage than %s", err, c.Stage)
		}
		var ambiguous *metadata.AmbiguousError
		if errors.As(err, &ambiguous) != (c.Ambiguous != nil) || ambiguous != nil && !slices.Equal(ambiguous.Names, c.Ambiguous) {
			t.Errorf("%v, want the ambiguous names %q", err, c.Ambiguous)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	m, ok := out["measurement"].(*metric.Measurement)
	if !ok || len(out) != 1 {
		t.Fatalf("outputs %v", out)
	}
	want, ok := c.Measurement.Value.(float64)
	if !ok {
		want, _ = strconv.ParseFloat(c.Measurement.Value.(string), 64)
	}
	q := m.Quantity
	if m.Metric != c.Measurement.Metric || q.Unit.String() != c.Measurement.Unit || !sameBits(q.Value, want) {
		t.Errorf("%s = %v, want %s = %v %s", m.Metric, q, c.Measurement.Metric, want, c.Measurement.Unit)
	}
	m.Identifier, m.Blobs[0].Identifier = strings.Repeat("a", 32), strings.Repeat("b", 32)
	if text, err := m.AppendYAML(nil); err != nil || string(text) != c.Measurement.YAML {
		t.Errorf("%v, YAML\n%swant\n%s", err, text, c.Measurement.YAML)
	}
}

func sameBits(a, b float64) bool {
	return math.IsNaN(a) && math.IsNaN(b) || math.Float64bits(a) == math.Float64bits(b)
}

func (c *goldenCase) checkConnections(t *testing.T, got *tasks.Connections) {
	t.Helper()
	want := c.Connections
	if want == nil {
		return
	}
	sorted := func(s []string) []string { return slices.Compact(slices.Sorted(slices.Values(s))) }
	if !slices.Equal(sorted(got.Dimensions), want.TaskDimensions) {
		t.Errorf("task dimensions %q, want %q", got.Dimensions, want.TaskDimensions)
	}
	for _, side := range []struct {
		got  []tasks.Connection
		want map[string][2]any
	}{{got.Inputs, want.Inputs}, {got.Outputs, want.Outputs}} {
		if len(side.got) != len(side.want) {
			t.Errorf("%d connections, want %d", len(side.got), len(side.want))
		}
		for _, connection := range side.got {
			w := side.want[connection.Name]
			var dims []string
			list, _ := w[1].([]any)
			for _, d := range list {
				dims = append(dims, d.(string))
			}
			if connection.DatasetType != w[0] || !slices.Equal(sorted(connection.Dimensions), dims) {
				t.Errorf("connection %s is %s %q, want %v", connection.Name, connection.DatasetType, connection.Dimensions, w)
			}
		}
	}
	c.checkGraph(t, got)
}

// checkGraph expands the dimensions in the universe of the golden repository.
func (c *goldenCase) checkGraph(t *testing.T, got *tasks.Connections) {
	t.Helper()
	u := universe(t)
	want := c.Connections.Graph
	task, err := u.Group(got.Dimensions...)
	if (err != nil) != (want.Error != "") {
		t.Errorf("dimensions %q: %v, want %q", got.Dimensions, err, want.Error)
	}
	if err != nil {
		return
	}
	if names := slices.Sorted(slices.Values(task.Names())); !slices.Equal(names, want.TaskDimensions) {
		t.Errorf("expanded task dimensions %q, want %q", names, want.TaskDimensions)
	}
	for _, o := range got.Outputs {
		group, err := u.Group(o.Dimensions...)
		if err != nil {
			t.Fatal(err)
		}
		if names := slices.Sorted(slices.Values(group.Names())); !slices.Equal(names, want.Outputs[o.DatasetType]) {
			t.Errorf("expanded dimensions of %s %q, want %q", o.DatasetType, names, want.Outputs[o.DatasetType])
		}
	}
}

func universe(t testing.TB) *dimension.Universe {
	t.Helper()
	text, err := os.ReadFile("../../registry/dimension/testdata/universe8.json")
	if err != nil {
		t.Fatal(err)
	}
	u, err := dimension.ParseUniverse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
