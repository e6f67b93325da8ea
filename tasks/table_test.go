package tasks

import (
	"errors"
	"testing"
)

func TestFind(t *testing.T) {
	table := Table{
		{Name: "lsst.verify.tasks.commonMetrics.MemoryMetricTask"},
		{Name: "lsst.verify.tasks.commonMetrics.TimingMetricTask"},
		{Name: "lsst.verify.tasks.commonMetrics.CpuTimingMetricTask"},
		{Name: "lsst.ap.pipe.metrics.PipelineTimingMetricTask"},
	}
	for _, name := range []string{"lsst.verify.tasks.commonMetrics.MemoryMetricTask", "MemoryMetricTask"} {
		if c, err := table.Find(name); err != nil || c != table[0] {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, near := range map[string]string{
		"MemoryMetricTsak":    table[0].Name,
		"memorymetrictask":    table[0].Name,
		"CPUTimingMetricTask": table[2].Name,
		"lsst.verify.tasks.commonMetric.MemoryMetricTask":     table[0].Name,
		"lsst.verify.commonMetrics.TimingMetricTask":          table[1].Name,
		"lsst.ap.verify.other.place.PipelineTimingMetricTask": table[3].Name,
		"my.own.copy.of.everything.PipelineTimingMetricTsk":   table[3].Name,
		"lsst.ip.isr.IsrTask":                                 "",
		"x":                                                   "",
		"":                                                    "",
		".":                                                   "",
	} {
		_, err := table.Find(name)
		var u *UnknownClassError
		if !errors.As(err, &u) {
			t.Errorf("%s: %v", name, err)
		} else if u.Near != near {
			t.Errorf("%s: near %q, want %q", name, u.Near, near)
		}
	}
}

func TestNearest(t *testing.T) {
	names := []string{"run", "graph", "status", "report"}
	for name, near := range map[string]string{"rnu": "run", "grpah": "graph", "stat": "", "repotr": "report", "r": "", "xyz": "", "graphs": "graph"} {
		if got := Nearest(names, name); got != near {
			t.Errorf("%s: %q, want %q", name, got, near)
		}
	}
	if got := Nearest(nil, "x"); got != "" {
		t.Error(got)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"ab", "ba", 1}, {"kitten", "sitting", 3}, {"abc", "abc", 0}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%s %s: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
