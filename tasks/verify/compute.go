package verify

import (
	"fmt"
	"math"

	"valet/tasks"
	"valet/tasks/metadata"
	"valet/tasks/metric"
)

// Error is an error of a metric task.
type Error struct {
	// Class is the upstream class; empty is MetricComputationError.
	Class   string
	Message string
	// Err is the error below, or nil; its text is not in Message.
	Err error
}

func (e *Error) Error() string {
	if e.Message == "" && e.Err != nil {
		return e.Err.Error()
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Err }

// ClassName is the upstream error class.
func (e *Error) ClassName() string {
	if e.Class == "" {
		return "lsst.verify.tasks.metricTask.MetricComputationError"
	}
	return e.Class
}

func invalid(format string, args ...any) error {
	return &Error{Message: "Invalid metadata: " + fmt.Sprintf(format, args...)}
}

func noWork(format string, args ...any) error {
	return &tasks.NoWorkError{Message: fmt.Sprintf(format, args...)}
}

// memory is MemoryMetricTask (pipelines.md 7.2): the peak resident set size when the method ended.
var memory = computation{
	fragments: func(target string) []string {
		return []string{target + "EndMaxResidentSetSize", owner(target) + "__version__"}
	},
	compute: func(target string, found []metadata.Value) (metric.Quantity, []metric.Entry, error) {
		end, version := found[0], found[1]
		if end.Kind == metadata.Absent {
			return metric.Quantity{}, nil, noWork("Nothing to do: no memory information for %s found.", target)
		}
		size, err := integer(end)
		if err != nil {
			return metric.Quantity{}, nil, err
		}
		unit := metric.Kibyte
		if version.Truth() {
			if version.Kind != metadata.Number {
				return metric.Quantity{}, nil, &Error{Class: "TypeError", Message: fmt.Sprintf("version %q cannot be compared with a number", version.Text)}
			}
			if version.Number >= 1 {
				unit = metric.Byte
			}
		}
		return metric.Q(size, unit), nil, nil
	},
}

// integer is Python's int(): the integer part toward zero.
func integer(v metadata.Value) (float64, error) {
	switch {
	case v.Kind == metadata.Text:
		if n, ok := metadata.ParseInt(v.Text); ok {
			f, _ := n.Float64()
			return f, nil
		}
		return 0, invalid("%q is no memory size", v.Text)
	case v.Kind != metadata.Number || math.IsNaN(v.Number):
		return 0, invalid("the memory size is no number")
	case math.IsInf(v.Number, 0):
		return 0, &Error{Class: "OverflowError", Message: "cannot convert float infinity to integer"}
	}
	// Adding 0 makes a negative zero positive: integers have one zero.
	return math.Trunc(v.Number) + 0, nil
}

// timing is TimingMetricTask (pipelines.md 7.3): the wall-clock time of the method.
var timing = computation{
	fragments: func(target string) []string { return []string{target + "StartUtc", target + "EndUtc"} },
	compute: func(target string, found []metadata.Value) (metric.Quantity, []metric.Entry, error) {
		if found[0].Kind == metadata.Absent && found[1].Kind == metadata.Absent {
			return metric.Quantity{}, nil, noWork("Nothing to do: no timing information for %s found.", target)
		}
		return between(found[0], found[1])
	},
}

// between is the time from start to end, which are the extras.
func between(start, end metadata.Value) (metric.Quantity, []metric.Entry, error) {
	var t [2]instant
	for i, v := range []metadata.Value{start, end} {
		if v.Kind != metadata.Text {
			return metric.Quantity{}, nil, invalid("a time stamp is missing or is no text")
		}
		var problem string
		if t[i], problem = parseTime(v.Text); problem != "" {
			return metric.Quantity{}, nil, invalid("%q %s", v.Text, problem)
		}
	}
	micros, ok := t[1].since(t[0])
	if !ok {
		return metric.Quantity{}, nil, &mixedTimesError{start.Text, end.Text}
	}
	return metric.Q(inSeconds(micros), metric.Second), []metric.Entry{extra("start", start.Text), extra("end", end.Text)}, nil
}

func extra(name, value string) metric.Entry {
	return metric.Entry{Key: name, Datum: metric.Text(value)}
}

// cpuTiming is CpuTimingMetricTask (pipelines.md 7.4): the processor time of the method.
var cpuTiming = computation{
	fragments: func(target string) []string {
		return []string{target + "StartCpuTime", target + "EndCpuTime", target + "StartUtc", target + "EndUtc"}
	},
	compute: func(target string, found []metadata.Value) (metric.Quantity, []metric.Entry, error) {
		start, end := found[0], found[1]
		if start.Kind == metadata.Absent && end.Kind == metadata.Absent {
			return metric.Quantity{}, nil, noWork("Nothing to do: no timing information for %s found.", target)
		}
		if start.Kind != metadata.Number || end.Kind != metadata.Number {
			return metric.Quantity{}, nil, invalid("a processor time is missing or is no number")
		}
		var extras []metric.Entry
		for i, name := range []string{"start", "end"} {
			v := found[2+i]
			switch {
			case !v.Truth():
			case v.Kind != metadata.Text:
				return metric.Quantity{}, nil, &Error{Class: "ValueError", Message: "time stamp " + name + " is a number, which needs a unit"}
			default:
				extras = append(extras, extra(name, v.Text))
			}
		}
		return metric.Q(end.Number-start.Number, metric.Second), extras, nil
	},
}
