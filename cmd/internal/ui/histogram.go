package ui

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Histogram draws the distribution of values as rows of bars: at most bins rows with bounds that are round numbers, bars up to width
// characters. Values that are not finite are counted apart.
func Histogram(w io.Writer, values []float64, unit string, bins, width int) error {
	finite := make([]float64, 0, len(values))
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			finite = append(finite, v)
		}
	}
	var b strings.Builder
	if len(finite) > 0 {
		drawBars(&b, finite, unit, max(bins, 1), max(width, 1))
	}
	if odd := len(values) - len(finite); odd > 0 {
		fmt.Fprintf(&b, "not finite: %d\n", odd)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func drawBars(b *strings.Builder, values []float64, unit string, bins, width int) {
	low, high := slices.Min(values), slices.Max(values)
	step := roundStep(low, high, bins)
	first := math.Floor(low / step)
	n := int(math.Floor(high/step)-first) + 1
	counts := make([]int, n)
	for _, v := range values {
		counts[min(max(int(math.Floor(v/step)-first), 0), n-1)]++
	}
	most := slices.Max(counts)
	labels := make([]string, n+1)
	longest := 0
	for i := range labels {
		labels[i] = bound((first+float64(i))*step, step)
		longest = max(longest, len(labels[i]))
	}
	if unit != "" {
		unit = " " + unit
	}
	for i, c := range counts {
		fmt.Fprintf(b, "%*s .. %*s%s  %s %d\n", longest, labels[i], longest, labels[i+1], unit, bar(c, most, width), c)
	}
}

// bound is the text of a bound that is a multiple of step, with no more digits than step needs.
func bound(v, step float64) string {
	if largest := math.Max(math.Abs(v), step); largest >= 1e12 || step < 1e-6 {
		return strconv.FormatFloat(v, 'g', 6, 64)
	}
	decimals := max(0, 1-int(math.Floor(math.Log10(step))))
	text := strconv.FormatFloat(v, 'f', decimals, 64)
	if decimals > 0 {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// roundStep is the smallest of 1, 2, 2.5 or 5 times a power of ten that covers low to high in at most bins steps.
func roundStep(low, high float64, bins int) float64 {
	span := high/2 - low/2 // half, because the whole may be more than a float holds
	if span == 0 {
		return math.Max(math.Abs(low)/10, math.SmallestNonzeroFloat64*1e10)
	}
	power := math.Pow(10, math.Floor(math.Log10(span/float64(bins)))-1)
	for ; ; power *= 10 {
		for _, m := range []float64{1, 2, 2.5, 5} {
			step := m * power
			if step > 0 && math.Floor(high/step)-math.Floor(low/step) < float64(bins) {
				return step
			}
		}
	}
}

// bar is a bar of c/most of width, in eighths of a character; anything but zero shows.
func bar(c, most, width int) string {
	eighths := c * width * 8 / most
	if c > 0 {
		eighths = max(eighths, 1)
	}
	s := strings.Repeat("█", eighths/8)
	if rest := eighths % 8; rest > 0 {
		s += string([]rune(" ▏▎▍▌▋▊▉")[rest])
	}
	return s
}
