package report

import (
	"fmt"
	"time"
)

// Minute counts the quanta that ended in a minute.
type Minute struct {
	Start                     time.Time
	Succeeded, NoWork, Failed int
}

// The chart, in its own units.
const (
	chartWidth, chartHeight = 960.0, 180.0
	maxBars                 = 240
)

// chart is the rate over time as stacked bars.
type chart struct {
	Width, Height float64
	Bars          []bar
	// Top is the largest rate of a bar, in quanta a minute; Per says how long a bar is.
	Top         int
	Per         string
	First, Last time.Time
}

type bar struct {
	X, Width float64
	Parts    []segment
	Title    string
}

type segment struct {
	Class     string
	Y, Height float64
}

// newChart makes the chart of minutes in order; nil if there are none. Minutes are joined until there are few enough bars.
func newChart(minutes []Minute) *chart {
	if len(minutes) == 0 {
		return nil
	}
	first, last := minutes[0].Start, minutes[len(minutes)-1].Start
	span := int(last.Sub(first)/time.Minute) + 1
	per := (span + maxBars - 1) / maxBars
	n := (span + per - 1) / per
	sums := make([]Minute, n)
	for _, m := range minutes {
		s := &sums[min(n-1, max(0, int(m.Start.Sub(first)/time.Minute)/per))]
		s.Succeeded += m.Succeeded
		s.NoWork += m.NoWork
		s.Failed += m.Failed
	}
	c := &chart{Width: chartWidth, Height: chartHeight, First: first, Last: last.Add(time.Minute), Per: "a minute"}
	if per > 1 {
		c.Per = fmt.Sprintf("%d minutes", per)
	}
	top := 0
	for _, s := range sums {
		top = max(top, s.Succeeded+s.NoWork+s.Failed)
	}
	if top == 0 {
		return nil
	}
	c.Top = (top + per - 1) / per
	step := chartWidth / float64(n)
	for i, s := range sums {
		if s.Succeeded+s.NoWork+s.Failed == 0 {
			continue
		}
		// A gap is left between bars as long as there is room; a lone bar need not fill the page.
		b := bar{X: float64(i) * step, Width: min(60, max(0.5, step*0.9)), Title: fmt.Sprintf("%s: %d succeeded, %d no work, %d failed",
			first.Add(time.Duration(i*per)*time.Minute).UTC().Format("2006-01-02 15:04"), s.Succeeded, s.NoWork, s.Failed)}
		y := chartHeight
		for _, p := range []struct {
			class string
			n     int
		}{{"ok", s.Succeeded}, {"none", s.NoWork}, {"fail", s.Failed}} {
			if p.n > 0 {
				h := chartHeight * float64(p.n) / float64(top)
				y -= h
				b.Parts = append(b.Parts, segment{p.class, y, h})
			}
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}
