package verify

import (
	"fmt"
	"math"
	"slices"
)

// Quantiles are the fractions for which a Summary has columns.
var Quantiles = [...]float64{0, 0.01, 0.05, 0.32, 0.5, 0.68, 0.95, 0.99, 1}

// Summary is the usage of all quanta of one task: a row of upstream's ResourceUsageSummary (pipelines.md 7.7).
type Summary struct {
	Task   string
	Quanta int
	// RunHours is the processor time of all quanta together, in hours.
	RunHours float64
	// Memory (in GB of 2^30 bytes), RunTime and WallTime (in seconds) are the values at Quantiles.
	Memory, RunTime, WallTime [len(Quantiles)]float64
}

// Summarize makes the summary of each task, sorted by its name.
func Summarize(byTask map[string][]Usage) []Summary {
	rows := make([]Summary, 0, len(byTask))
	for task, usage := range byTask {
		s := Summary{Task: task, Quanta: len(usage)}
		var column []float64
		of := func(value func(u *Usage) float64) [len(Quantiles)]float64 {
			column = column[:0]
			for i := range usage {
				column = append(column, value(&usage[i]))
			}
			slices.Sort(column)
			var at [len(Quantiles)]float64
			for i, q := range Quantiles {
				at[i] = Quantile(column, q)
			}
			return at
		}
		s.Memory = of(func(u *Usage) float64 { return u.Memory / (1 << 30) })
		s.RunTime = of(func(u *Usage) float64 { return u.RunTime })
		s.WallTime = of(func(u *Usage) float64 { return u.WallTime })
		for i := range usage {
			s.RunHours += usage[i].RunTime
		}
		s.RunHours /= 3600
		rows = append(rows, s)
	}
	slices.SortFunc(rows, func(a, b Summary) int {
		if a.Task < b.Task {
			return -1
		}
		return 1
	})
	return rows
}

// SummaryColumns are the names of the columns of numbers in order.
func SummaryColumns() []string {
	names := []string{"quanta", "integrated_runtime_hrs"}
	for _, kind := range []string{"mem_GB", "runtime_s", "walltime_s"} {
		for _, q := range Quantiles {
			names = append(names, kind+"_"+QuantileLabel(q))
		}
	}
	return names
}

// Values are the numbers of SummaryColumns.
func (s *Summary) Values() []float64 {
	values := []float64{float64(s.Quanta), s.RunHours}
	for _, at := range [][len(Quantiles)]float64{s.Memory, s.RunTime, s.WallTime} {
		values = append(values, at[:]...)
	}
	return values
}

// QuantileLabel names a fraction in whole percents, cut and not rounded, as upstream does: p032 for 0.32, but p028 for 0.29.
func QuantileLabel(q float64) string { return fmt.Sprintf("p%03d", int(q*100)) }

// Quantile is the value at a fraction from 0 to 1 of sorted values, linear between two of them. It is NaN if there are none, or if
// one of them is NaN, which sort first.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 || math.IsNaN(sorted[0]) {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i >= len(sorted)-1 {
		return sorted[len(sorted)-1]
	}
	a, b := sorted[i], sorted[i+1]
	t := at - float64(i)
	if a == b {
		return a // also for infinities
	}
	if t < 0.5 {
		return a + (b-a)*t
	}
	return b - (b-a)*(1-t)
}
