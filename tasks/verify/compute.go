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

// invalid is the error for values that are no numbers or times; upstream's text is the part before the colon.
func invalid(key, problem string) error {
	return &Error{Message: "Invalid metadata: " + key + " " + problem}
}

func noWork(kind, target string) error {
	return &tasks.NoWorkError{Message: "Nothing to do: no " + kind + " information for " + target + " found."}
}

// describe says for an error what a value is that is not what it should be.
func describe(v metadata.Value) string {
	switch v.Kind {
	case metadata.Absent:
		return "is missing"
	case metadata.Number:
		return fmt.Sprintf("is the number %v", v.Number)
	case metadata.Text:
		return fmt.Sprintf("is the text %q", v.Text)
	}
	return "is no value but has children"
}

// result is what a computation gives: a quantity and extras to it.
type result struct {
	quantity metric.Quantity
	extras   []metric.Entry
}

// memory is MemoryMetricTask (pipelines.md 7.2): the peak resident set size when the method ended.
var memory = computation{
	fragments: func(target string) []string {
		return []string{target + "EndMaxResidentSetSize", owner(target) + "__version__"}
	},
	compute: func(target string, fragments []string, found []metadata.Value) (result, error) {
		end, version := found[0], found[1]
		if end.Kind == metadata.Absent {
			return result{}, noWork("memory", target)
		}
		size, err := integer(fragments[0], end)
		if err != nil {
			return result{}, err
		}
		unit := metric.Kibyte
		if version.Truth() {
			if version.Kind != metadata.Number {
				return result{}, &Error{Class: "TypeError", Message: fragments[1] + " " + describe(version) + " and cannot be compared with 1"}
			}
			if version.Number >= 1 {
				unit = metric.Byte
			}
		}
		if math.IsInf(size, 0) {
			return result{}, &Error{Class: "OverflowError", Message: "int too large to convert to float: " + fragments[0]}
		}
		return result{quantity: metric.Q(size, unit)}, nil
	},
}

// integer is Python's int(): the integer part toward zero. It is infinite for the text of an integer that is too large for a float.
func integer(key string, v metadata.Value) (float64, error) {
	switch {
	case v.Kind == metadata.Text:
		if n, ok := metadata.ParseInt(v.Text); ok {
			f, _ := n.Float64()
			return f, nil
		}
		return 0, invalid(key, describe(v))
	case v.Kind != metadata.Number || math.IsNaN(v.Number):
		return 0, invalid(key, describe(v))
	case math.IsInf(v.Number, 0):
		return 0, &Error{Class: "OverflowError", Message: "cannot convert float infinity to integer: " + key}
	}
	// Adding 0 makes a negative zero positive: integers have one zero.
	return math.Trunc(v.Number) + 0, nil
}

// timing is TimingMetricTask (pipelines.md 7.3): the wall-clock time of the method.
var timing = computation{
	fragments: func(target string) []string { return []string{target + "StartUtc", target + "EndUtc"} },
	compute: func(target string, fragments []string, found []metadata.Value) (result, error) {
		if found[0].Kind == metadata.Absent && found[1].Kind == metadata.Absent {
			return result{}, noWork("timing", target)
		}
		return between(fragments, found[0], found[1])
	},
}

// between is the time from start to end, which are the extras. keys are what was looked for.
func between(keys []string, start, end metadata.Value) (result, error) {
	var t [2]instant
	for i, v := range [2]metadata.Value{start, end} {
		if v.Kind != metadata.Text {
			return result{}, invalid(keys[i], describe(v))
		}
		var problem string
		if t[i], problem = parseTime(v.Text); problem != "" {
			return result{}, invalid(keys[i], describe(v)+", which "+problem)
		}
	}
	micros, ok := t[1].since(t[0])
	if !ok {
		return result{}, &mixedTimesError{start.Text, end.Text}
	}
	extras := []metric.Entry{extra("start", start.Text), extra("end", end.Text)}
	return result{metric.Q(inSeconds(micros), metric.Second), extras}, nil
}

func extra(name, value string) metric.Entry {
	return metric.Entry{Key: name, Datum: metric.Text(value)}
}

// cpuTiming is CpuTimingMetricTask (pipelines.md 7.4): the processor time of the method.
var cpuTiming = computation{
	fragments: func(target string) []string {
		return []string{target + "StartCpuTime", target + "EndCpuTime", target + "StartUtc", target + "EndUtc"}
	},
	compute: func(target string, fragments []string, found []metadata.Value) (result, error) {
		start, end := found[0], found[1]
		if start.Kind == metadata.Absent && end.Kind == metadata.Absent {
			return result{}, noWork("timing", target)
		}
		for i, v := range found[:2] {
			if v.Kind != metadata.Number {
				return result{}, invalid(fragments[i], describe(v))
			}
		}
		var extras []metric.Entry
		for i, name := range [2]string{"start", "end"} {
			switch v := found[2+i]; {
			case !v.Truth():
			case v.Kind != metadata.Text:
				return result{}, &Error{Class: "ValueError", Message: fragments[2+i] + " " + describe(v) + ", which needs a unit to be stored"}
			default:
				extras = append(extras, extra(name, v.Text))
			}
		}
		return result{metric.Q(end.Number-start.Number, metric.Second), extras}, nil
	},
}
