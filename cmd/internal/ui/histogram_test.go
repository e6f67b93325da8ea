package ui

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestHistogram(t *testing.T) {
	var b strings.Builder
	if err := Histogram(&b, []float64{10.1, 10.2, 10.9, 12.5, 13.99, math.NaN()}, "s", 5, 4); err != nil {
		t.Fatal(err)
	}
	want := `10 .. 11 s  ████ 3
11 .. 12 s   0
12 .. 13 s  █▎ 1
13 .. 14 s  █▎ 1
not finite: 1
`
	if b.String() != want {
		t.Errorf("got\n%s\nwant\n%s", b.String(), want)
	}
}

// Whatever the values, the rows are few and hold each of them once.
func TestHistogramTotal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOf(rapid.Float64()).Draw(t, "values")
		bins := rapid.IntRange(2, 20).Draw(t, "bins")
		var b strings.Builder
		if err := Histogram(&b, values, "", bins, 20); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
		if len(lines) > bins+1 {
			t.Fatalf("%d lines for %d bins", len(lines), bins)
		}
		if len(values) == 0 {
			return
		}
		total := 0
		for _, line := range lines {
			count := 0
			for _, c := range line[strings.LastIndexByte(line, ' ')+1:] {
				count = 10*count + int(c-'0')
			}
			total += count
		}
		if total != len(values) {
			t.Fatalf("%d values drawn of %d:\n%s", total, len(values), b.String())
		}
	})
}
