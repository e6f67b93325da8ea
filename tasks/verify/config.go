package verify

import (
	"fmt"
	"strings"

	"valet/tasks"
)

// visitDetector are the dimensions of every measurement.
var visitDetector = []string{"instrument", "visit", "detector"}

// SaveMetadata is the one field that is valet's own: false leaves out the <label>_metadata dataset. It is never saved.
const SaveMetadata = "saveMetadata"

func saveFields() []tasks.Field {
	return []tasks.Field{
		{Name: SaveMetadata, Kind: tasks.BoolField, Default: true, Unsaved: true, Doc: "Whether to store the metadata of each quantum."},
		{Name: "saveLogOutput", Kind: tasks.BoolField, Default: true, Doc: "Whether to store the log of each quantum."},
	}
}

func connection(name, template string) tasks.Field {
	return tasks.Field{Name: "connections." + name, Kind: tasks.StringField, Default: template, Doc: "Dataset type of the connection " + name + "."}
}

func template(name string, value tasks.Value) tasks.Field {
	return tasks.Field{Name: "connections." + name, Kind: tasks.TemplateField, Default: value, Doc: "What stands for {" + name + "} in the dataset types above."}
}

// timeMethodConfig is the one config class of the three tasks over one metadata object (pipelines.md 2.1).
func timeMethodConfig() *tasks.ConfigClass {
	return &tasks.ConfigClass{
		Name:    commonMetrics + ".TimeMethodMetricConfig",
		Aliases: []string{commonMetrics + ".MemoryMetricConfig", commonMetrics + ".TimingMetricConfig", commonMetrics + ".CpuTimingMetricConfig"},
		Imports: []string{"lsst.pipe.base.config"},
		Fields: append(saveFields(),
			connection("measurement", "metricvalue_{package}_{metric}"),
			connection("metadata", "{labelName}_metadata"),
			template("package", nil),
			template("metric", nil),
			template("labelName", ""),
			tasks.Field{Name: "metadataDimensions", Kind: tasks.StringListField, Default: []tasks.Value{"detector", "instrument", "visit"},
				Doc: "Dimensions of the metadata and of the quanta; the measurement keeps instrument, visit, detector."},
			tasks.Field{Name: "target", Kind: tasks.StringField, Doc: "The method to measure, after the name of its task: top:sub.run."},
		),
		Objects: []string{"datetime", "resource", "sys", "u", "pexConfig", "NoWorkFound", "Measurement", "Datum", "MetricComputationError",
			"MetadataMetricTask", "MetadataMetricConfig", "TimeMethodMetricConfig", "TimingMetricConfig", "TimingMetricTask",
			"CpuTimingMetricConfig", "CpuTimingMetricTask", "MemoryMetricConfig", "MemoryMetricTask"},
		Check: checkName,
	}
}

func pipelineTimingConfig() *tasks.ConfigClass {
	return &tasks.ConfigClass{
		Name:    "lsst.ap.pipe.metrics.PipelineTimingMetricConfig",
		Imports: []string{"lsst.pipe.base.config"},
		Fields: append(saveFields(),
			connection("measurement", "metricvalue_{package}_{metric}"),
			connection("metadataStart", "{labelStart}_metadata"),
			connection("metadataEnd", "{labelEnd}_metadata"),
			template("package", "ap_pipe"),
			template("metric", "ApPipelineTime"),
			template("labelStart", ""),
			template("labelEnd", ""),
			tasks.Field{Name: "targetStart", Kind: tasks.StringField, Doc: "The method whose start begins the time measured, after the name of its task."},
			tasks.Field{Name: "targetEnd", Kind: tasks.StringField, Doc: "The method whose end ends the time measured, after the name of its task."},
		),
		Objects: []string{"datetime", "pexConfig", "NoWorkFound", "Measurement", "Datum", "MetricComputationError",
			"MetricTask", "MetricConfig", "MetricConnections", "PipelineTimingMetricConfig", "PipelineTimingMetricConnections", "PipelineTimingMetricTask"},
		Check: checkName,
	}
}

// NameError says that the package or the name of a metric has a period.
type NameError struct{ Field, Value string }

func (e *NameError) Error() string {
	if e.Field == "connections.package" {
		return fmt.Sprintf("package name %s must not contain periods", e.Value)
	}
	return fmt.Sprintf("metric name %s must not contain periods; use connections.package instead", e.Value)
}

// ClassName is the upstream error class.
func (e *NameError) ClassName() string { return "ValueError" }

// Hint says what is meant.
func (e *NameError) Hint() string {
	return "give package and metric apart: the metric's full name is package.metric"
}

func checkName(c *tasks.Config) error {
	for _, field := range []string{"connections.package", "connections.metric"} {
		if value := text(c, field); strings.Contains(value, ".") {
			return &NameError{field, value}
		}
	}
	return nil
}

func connectMetadata(c *tasks.Config) (*tasks.Connections, error) {
	keys := []string{"package", "metric", "labelName"}
	in, err := expand(c, "metadata", keys...)
	if err != nil {
		return nil, err
	}
	out, err := expand(c, "measurement", keys...)
	if err != nil {
		return nil, err
	}
	var dims []string
	list, _ := c.Get("metadataDimensions").([]tasks.Value)
	for _, v := range list {
		if s, ok := v.(string); ok {
			dims = append(dims, s)
		}
	}
	return &tasks.Connections{Dimensions: dims,
		Inputs:  []tasks.Connection{{Name: "metadata", DatasetType: in, StorageClass: "TaskMetadata", Dimensions: dims}},
		Outputs: []tasks.Connection{measurement(out)}}, nil
}

func measurement(name string) tasks.Connection {
	return tasks.Connection{Name: "measurement", DatasetType: name, StorageClass: "MetricValue", Dimensions: visitDetector}
}

func connectPipeline(c *tasks.Config) (*tasks.Connections, error) {
	keys := []string{"package", "metric", "labelStart", "labelEnd"}
	var names [3]string
	for i, connection := range []string{"metadataStart", "metadataEnd", "measurement"} {
		var err error
		if names[i], err = expand(c, connection, keys...); err != nil {
			return nil, err
		}
	}
	return &tasks.Connections{Dimensions: visitDetector,
		Inputs: []tasks.Connection{
			{Name: "metadataStart", DatasetType: names[0], StorageClass: "TaskMetadata", Dimensions: []string{"instrument", "exposure", "detector"}},
			{Name: "metadataEnd", DatasetType: names[1], StorageClass: "TaskMetadata", Dimensions: visitDetector}},
		Outputs: []tasks.Connection{measurement(names[2])}}, nil
}
