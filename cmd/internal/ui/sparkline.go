package ui

import "math"

// sparks are the heights of a sparkline.
var sparks = [...]rune{'▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'}

// Sparkline draws the distribution of sorted values in one line of width characters: each is a bin of equal size from the least to the
// greatest finite value, as high as it is full; a bin of nothing is a blank. It is empty without finite values.
func Sparkline(sorted []float64, width int) string {
	for len(sorted) > 0 && (math.IsInf(sorted[0], 0) || sorted[0] != sorted[0]) {
		sorted = sorted[1:]
	}
	for len(sorted) > 0 && math.IsInf(sorted[len(sorted)-1], 0) {
		sorted = sorted[:len(sorted)-1]
	}
	if len(sorted) == 0 || width < 1 {
		return ""
	}
	low, high := sorted[0], sorted[len(sorted)-1]
	// Halves, because the whole span may be more than a float holds.
	span := high/2 - low/2
	counts := make([]int, width)
	most := 0
	for _, v := range sorted {
		bin := width / 2
		if span > 0 {
			bin = min(int((v/2-low/2)/span*float64(width)), width-1)
		}
		counts[bin]++
		most = max(most, counts[bin])
	}
	out := make([]rune, width)
	for i, c := range counts {
		out[i] = ' '
		if c > 0 {
			out[i] = sparks[(c*len(sparks)-1)/most]
		}
	}
	return string(out)
}
