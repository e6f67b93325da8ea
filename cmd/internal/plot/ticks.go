package plot

import (
	"math"
	"strconv"
	"time"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
)

// numberTicks are ticks at round numbers, with no more decimals than their distance needs.
func numberTicks(low, high float64) []plot.Tick { return roundTicks(low, high, 7) }

func roundTicks(low, high float64, n int) (ticks []plot.Tick) {
	step := roundStep(low, high, n)
	decimals := 0
	for decimals < 12 && math.Abs(step*math.Pow10(decimals)-math.Round(step*math.Pow10(decimals))) > 1e-6*step*math.Pow10(decimals) {
		decimals++
	}
	for i := math.Ceil(low/step - 1e-9); i*step <= high+step*1e-9 && len(ticks) < 100; i++ {
		text := strconv.FormatFloat(i*step, 'f', decimals, 64)
		if i == 0 {
			text = "0"
		}
		ticks = append(ticks, plot.Tick{Value: i * step, Label: text})
	}
	return ticks
}

// countTicks are ticks at whole numbers.
func countTicks(low, high float64) []plot.Tick {
	if high-low < 6 {
		var ticks []plot.Tick
		for v := math.Ceil(low); v <= high; v++ {
			ticks = append(ticks, plot.Tick{Value: v, Label: strconv.FormatFloat(v, 'f', 0, 64)})
		}
		return ticks
	}
	return roundTicks(low, high, 6)
}

// namedTicks are ticks at the positions 0, 1, 2.. of names, as many as fit into a length without touching each other.
func namedTicks(names []string, room vg.Length, vertical bool) plot.Ticker {
	sty := textStyle(9, ink)
	need := vg.Length(11)
	if !vertical {
		for _, n := range names {
			need = max(need, sty.Width(n)+8)
			if len(names) > 2000 {
				break // of so many, all are about as long
			}
		}
	}
	every := int(math.Ceil(float64(len(names)) * float64(need) / float64(max(room, 1))))
	if every > 2 { // round distances are easier to count
		every = int(roundStep(0, float64(every), 1))
	}
	return plot.TickerFunc(func(low, high float64) (ticks []plot.Tick) {
		for i := 0; i < len(names); i += max(every, 1) {
			ticks = append(ticks, plot.Tick{Value: float64(i), Label: names[i]})
		}
		return ticks
	})
}

// timeSteps are the distances that ticks of a time axis may have, and how such ticks are written.
var timeSteps = []struct {
	step   time.Duration
	layout string
}{
	{time.Millisecond, "15:04:05.000"}, {10 * time.Millisecond, "15:04:05.000"}, {100 * time.Millisecond, "15:04:05.0"}, {time.Second, "15:04:05"}, {5 * time.Second, "15:04:05"},
	{15 * time.Second, "15:04:05"}, {time.Minute, "15:04"}, {5 * time.Minute, "15:04"}, {15 * time.Minute, "15:04"}, {time.Hour, "15:04"}, {3 * time.Hour, "15:04"},
	{6 * time.Hour, "15:04"}, {12 * time.Hour, "Jan 2 15:04"}, {24 * time.Hour, "Jan 2"}, {2 * 24 * time.Hour, "Jan 2"}, {7 * 24 * time.Hour, "Jan 2"}, {14 * 24 * time.Hour, "Jan 2"},
	{30 * 24 * time.Hour, "2006-01-02"}, {91 * 24 * time.Hour, "2006-01-02"}, {365 * 24 * time.Hour, "2006-01-02"}, {3652 * 24 * time.Hour, "2006"}, {36524 * 24 * time.Hour, "2006"},
}

// timeTicks are ticks of an axis of seconds since 1970. The first tells the date too.
func timeTicks(low, high float64) (ticks []plot.Tick) {
	const most = 7
	chosen := timeSteps[len(timeSteps)-1]
	for _, s := range timeSteps {
		if (high-low)/s.step.Seconds() <= most {
			chosen = s
			break
		}
	}
	step := chosen.step.Seconds()
	for i := math.Ceil(low / step); i*step <= high && len(ticks) < 2*most; i++ {
		at := time.Unix(0, int64(i*step*1e9)).UTC()
		text := at.Format(chosen.layout)
		if chosen.step < 24*time.Hour && (len(ticks) == 0 || at.Truncate(24*time.Hour).Equal(at)) {
			text = at.Format("2006-01-02") + "\n" + at.Format("15:04:05")
			if chosen.layout == "15:04" {
				text = at.Format("2006-01-02") + "\n" + at.Format("15:04")
			}
		}
		ticks = append(ticks, plot.Tick{Value: i * step, Label: text})
	}
	return ticks
}
