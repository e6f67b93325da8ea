package verify

import (
	"context"

	"valet/tasks"
	"valet/tasks/metadata"
	"valet/tasks/metric"
)

// pipelineTask is PipelineTimingMetricTask (pipelines.md 7.5): the time from the start of one task to the end of another.
type pipelineTask struct {
	name       metric.Name
	start, end string
	fragments  []string
}

func newPipelineTask(c *tasks.Config) (tasks.Task, error) {
	t := &pipelineTask{name: metricName(c), start: text(c, "targetStart"), end: text(c, "targetEnd")}
	t.fragments = []string{t.start + "StartUtc", t.end + "EndUtc"}
	return t, nil
}

// Run measures the two inputs. Both targets are looked up in both of them, so that an ambiguity counts wherever it is.
func (t *pipelineTask) Run(_ context.Context, in tasks.Inputs) (tasks.Outputs, error) {
	var found [2][]metadata.Value
	for i, connection := range []string{"metadataStart", "metadataEnd"} {
		var err error
		if found[i], err = find(nil, in, connection, t.fragments); err != nil {
			return nil, err
		}
	}
	start, end := found[0][0], found[1][1]
	switch {
	case start.Kind == metadata.Absent:
		return nil, noWork("timing", t.start)
	case end.Kind == metadata.Absent:
		return nil, noWork("timing", t.end)
	}
	r, err := between(t.fragments, start, end)
	if err != nil {
		return nil, err
	}
	return measured(t.name, r)
}
