package ui

import (
	"math"
	"testing"
)

func TestSparkline(t *testing.T) {
	for _, c := range []struct {
		name   string
		values []float64
		want   string
	}{
		{"nothing", nil, ""},
		{"not finite", []float64{math.Inf(-1), math.Inf(1)}, ""},
		{"one", []float64{3}, "  █ "},
		{"even", []float64{0, 1, 2, 3}, "████"},
		{"uneven", []float64{0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 2, 3}, "█▁▂▁"},
		{"gap", []float64{0, 10}, "█  █"},
		{"infinities are left out", []float64{math.Inf(-1), 0, 10, math.Inf(1)}, "█  █"},
		{"the widest span", []float64{-math.MaxFloat64, math.MaxFloat64}, "█  █"},
	} {
		if got := Sparkline(c.values, 4); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
