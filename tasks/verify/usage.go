package verify

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"valet/tasks/metadata"
)

// Usage is what one quantum of any task used, as its own <label>_metadata tells: a row of upstream's <label>_resource_usage tables
// (pipelines.md 7.7), with host and start added.
type Usage struct {
	// Memory is the peak resident set size at the end, in bytes.
	Memory float64
	// PrepTime, InitTime and RunTime are seconds of processor time: for finding the inputs, for making the task, and for the rest.
	// A quantum that was given up before its task was made has none of the last two.
	PrepTime, InitTime, RunTime float64
	// WallTime is the seconds that passed from the start to the end of the quantum.
	WallTime float64
	// Node is the host, or empty. Start is when the quantum began, in UTC, or zero if there is no time in the metadata.
	Node  string
	Start time.Time
	// Unrecorded says that the metadata have nothing about their quantum, so that all of the above is zero.
	Unrecorded bool
	// KiB says that the memory was recorded by an old version and was taken as KiB, as on Linux.
	KiB bool
}

// UsageColumns are the names of the columns of numbers, as upstream's tables have them, in order. Upstream leaves the first time
// out unless told otherwise.
var UsageColumns = [...]string{"memory", "prep_time", "init_time", "run_time", "wall_time"}

// Values are the numbers of UsageColumns.
func (u *Usage) Values() [len(UsageColumns)]float64 {
	return [...]float64{u.Memory, u.PrepTime, u.InitTime, u.RunTime, u.WallTime}
}

// UsageOf reads the usage of a quantum from the metadata that it left. The error names the key that is missing or wrong.
func UsageOf(m *metadata.Metadata) (Usage, error) {
	r := usageReader{m: m.Child("quantum")}
	if r.m == nil {
		return Usage{Unrecorded: true}, nil
	}
	var u Usage
	u.Memory = r.number("endMaxResidentSetSize")
	if version, _ := r.m.Get("__version__"); !(version.Number >= 1) {
		u.KiB = true
		u.Memory *= 1024
	}
	end := r.number("endCpuTime")
	init := r.numberOr("initCpuTime", end)
	start := r.numberOr("startCpuTime", end)
	u.PrepTime = init - r.numberOr("prepCpuTime", init)
	u.InitTime = start - init
	u.RunTime = end - start

	began, finished := r.time("prepUtc"), r.time("endUtc")
	micros, ok := finished.since(began)
	if !ok && r.err == nil {
		r.err = &Error{Class: "TypeError", Message: "one of quantum.prepUtc and quantum.endUtc has an offset from UTC and the other has none"}
	}
	if r.err != nil {
		return Usage{}, r.err
	}
	u.WallTime = inSeconds(micros)
	u.Start = time.UnixMicro(began.wall - began.offset).UTC()
	switch node, _ := r.m.Get("nodeName"); node.Kind {
	case metadata.Text:
		u.Node = node.Text
	case metadata.Number: // a host name of digits
		u.Node = strings.TrimSuffix(string(metadata.AppendNumber(nil, node.Number)), ".0")
	}
	return u, nil
}

// usageReader reads values of the quantum and keeps the first error.
type usageReader struct {
	m   *metadata.Metadata
	err error
}

func (r *usageReader) fail(key, problem string, cause error) {
	if r.err == nil {
		r.err = &Error{Class: "TypeError", Message: "quantum." + key + " " + problem}
		if cause != nil {
			r.err = fmt.Errorf("resource usage: quantum.%s: %w", key, cause)
		}
	}
}

func (r *usageReader) number(key string) float64 {
	v, err := r.m.Get(key)
	switch {
	case err != nil:
		r.fail(key, "", err)
	case v.Kind != metadata.Number:
		r.fail(key, describe(v)+", not a number", nil)
	}
	return v.Number
}

// numberOr is number with a value for a key that is missing.
func (r *usageReader) numberOr(key string, missing float64) float64 {
	var absent *metadata.NotFoundError
	if _, err := r.m.Get(key); errors.As(err, &absent) {
		return missing
	}
	return r.number(key)
}

// time reads a time. As upstream does, it cuts off an offset to the east, so that all times count as UTC.
func (r *usageReader) time(key string) instant {
	v, err := r.m.Get(key)
	switch {
	case err != nil:
		r.fail(key, "", err)
	case v.Kind != metadata.Text:
		r.fail(key, describe(v)+", not a time", nil)
	default:
		local, _, _ := strings.Cut(v.Text, "+")
		t, problem := parseTime(local)
		if problem != "" && r.err == nil {
			r.err = &Error{Class: "ValueError", Message: "quantum." + key + " " + describe(v) + ", which " + problem}
		}
		return t
	}
	return instant{}
}
