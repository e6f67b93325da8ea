package web

import (
	"fmt"
	"math"
	"time"
)

// rateChart is the number of quanta that ended over time as stacked bars, in percent of width and height.
type rateChart struct {
	Bars        []rateBar
	Top         int
	Per         string
	First, Last time.Time
}

type rateBar struct {
	X, Width float64
	Parts    []ratePart
	Title    string
}

type ratePart struct {
	Class     string
	Y, Height float64
}

// maxBars is how many bars can be told apart.
const maxBars = 200

// newRateChart makes the chart of minutes in order; nil if there are none. Minutes are joined until there are few enough bars.
func newRateChart(minutes []minute) *rateChart {
	if len(minutes) == 0 {
		return nil
	}
	first, last := minutes[0].Start, minutes[len(minutes)-1].Start
	all := int(last.Sub(first)/time.Minute) + 1
	per := (all + maxBars - 1) / maxBars
	n := (all + per - 1) / per
	sums := make([]minute, n)
	for _, m := range minutes {
		at := &sums[min(max(int(m.Start.Sub(first)/time.Minute)/per, 0), n-1)]
		at.Succeeded += m.Succeeded
		at.NoWork += m.NoWork
		at.Failed += m.Failed
	}
	c := &rateChart{First: first, Last: last.Add(time.Minute), Per: "a minute"}
	if per > 1 {
		c.Per = fmt.Sprintf("%d minutes", per)
	}
	for _, m := range sums {
		c.Top = max(c.Top, m.Succeeded+m.NoWork+m.Failed)
	}
	for i, m := range sums {
		bar := rateBar{X: round(100 * float64(i) / float64(n)), Width: round(100 / float64(n) * 0.92),
			Title: fmt.Sprintf("%s: %d succeeded, %d no work, %d failed", instant(first.Add(time.Duration(i*per)*time.Minute)), m.Succeeded, m.NoWork, m.Failed)}
		y := 100.0
		for _, p := range []struct {
			class string
			n     int
		}{{"ok", m.Succeeded}, {"none", m.NoWork}, {"fail", m.Failed}} {
			if p.n > 0 {
				height := 100 * float64(p.n) / float64(c.Top)
				y -= height
				bar.Parts = append(bar.Parts, ratePart{p.class, round(y), round(height)})
			}
		}
		if len(bar.Parts) > 0 {
			c.Bars = append(c.Bars, bar)
		}
	}
	return c
}

func round(v float64) float64 { return math.Round(v*100) / 100 }
