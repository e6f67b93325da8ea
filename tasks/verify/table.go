// Package verify owns the metric tasks of lsst.verify and ap_pipe, and what a quantum used (resource usage): what they compute from task
// metadata, bit for bit as upstream does (pipelines.md 7, metrics.md 7). It does no I/O.
//
// A task looks up a few fragments of names in its inputs (table.go), computes a quantity of what it finds (compute.go,
// pipelinetiming.go), and leaves a measurement. Times are read by a parser of Python's rules (datetime.go). A Usage is read from the
// metadata of any task, and a Summary is made of many.
//
// Weak spot: memory in metadata of version 0 is taken as KiB, as on Linux; on macOS and Solaris upstream takes other units.
package verify

import (
	"context"
	"fmt"
	"strings"

	"valet/tasks"
	"valet/tasks/metadata"
	"valet/tasks/metric"
)

const commonMetrics = "lsst.verify.tasks.commonMetrics"

// Table are the metric tasks by upstream's class paths.
func Table() tasks.Table {
	common := timeMethodConfig()
	class := func(name, label string, compute computation) *tasks.Class {
		return &tasks.Class{Name: commonMetrics + "." + name, DefaultLabel: label, Config: common, Connect: connectMetadata,
			New: func(c *tasks.Config) (tasks.Task, error) { return newMetadataTask(c, compute) }}
	}
	return tasks.Table{
		class("MemoryMetricTask", "memoryMetric", memory),
		class("TimingMetricTask", "timingMetric", timing),
		class("CpuTimingMetricTask", "cpuTimingMetric", cpuTiming),
		{Name: "lsst.ap.pipe.metrics.PipelineTimingMetricTask", DefaultLabel: "pipelineTimingMetric", Config: pipelineTimingConfig(),
			Connect: connectPipeline, New: newPipelineTask},
	}
}

// Finder is what the tasks need of task metadata: for each fragment, the value of the one name that contains it. Both
// *metadata.Document and *metadata.Metadata are finders.
type Finder interface {
	Find(dst []metadata.Value, fragments []string) ([]metadata.Value, error)
}

// InputError says that an input is no task metadata.
type InputError struct {
	Connection string
	Got        any
}

func (e *InputError) Error() string {
	return fmt.Sprintf("input %q is %T, not task metadata", e.Connection, e.Got)
}

// ClassName is the upstream error class.
func (e *InputError) ClassName() string { return "TypeError" }

// find looks the fragments up in an input. That a fragment is in several names is an error of the task.
func find(dst []metadata.Value, in tasks.Inputs, connection string, fragments []string) ([]metadata.Value, error) {
	f, ok := in[connection].(Finder)
	if !ok {
		return nil, &InputError{connection, in[connection]}
	}
	found, err := f.Find(dst, fragments)
	switch e := err.(type) {
	case nil:
		return found, nil
	case *metadata.AmbiguousError:
		return nil, &Error{Err: e}
	}
	return nil, fmt.Errorf("input %s: %w", connection, err)
}

// computation makes a measurement of the values found for a target.
type computation struct {
	// fragments of a target that are looked up, in order.
	fragments func(target string) []string
	// compute takes the values of the fragments.
	compute func(target string, fragments []string, found []metadata.Value) (result, error)
}

// metadataTask measures one metadata object.
type metadataTask struct {
	name      metric.Name
	target    string
	fragments []string
	compute   func(target string, fragments []string, found []metadata.Value) (result, error)
}

func newMetadataTask(c *tasks.Config, how computation) (tasks.Task, error) {
	target, _ := c.Get("target").(string)
	return &metadataTask{name: metricName(c), target: target, fragments: how.fragments(target), compute: how.compute}, nil
}

// Run measures the input metadata.
func (t *metadataTask) Run(_ context.Context, in tasks.Inputs) (tasks.Outputs, error) {
	var room [4]metadata.Value
	found, err := find(room[:0], in, "metadata", t.fragments)
	if err != nil {
		return nil, err
	}
	r, err := t.compute(t.target, t.fragments, found)
	if err != nil {
		return nil, err
	}
	return measured(t.name, r)
}

// measured are the outputs of a task that measured something.
func measured(name metric.Name, r result) (tasks.Outputs, error) {
	m, err := metric.New(name, r.quantity, []metric.Note{{Key: "estimator", Value: "utils.timer.timeMethod"}}, r.extras, nil)
	if err != nil {
		return nil, err
	}
	return tasks.Outputs{"measurement": m}, nil
}

func metricName(c *tasks.Config) metric.Name {
	return metric.Name{Package: text(c, "connections.package"), Metric: text(c, "connections.metric")}
}

func text(c *tasks.Config, field string) string {
	s, _ := c.Get(field).(string)
	return s
}

// owner is a target up to and including its last period: the name of the task that the target's method belongs to.
func owner(target string) string { return target[:strings.LastIndexByte(target, '.')+1] }
