package plot

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Values are measurements of one kind, such as those of a run.
type Values struct {
	// Name is what tells them from others.
	Name string
	// Values may hold what is no number, which is counted.
	Values []float64
	// Missing counts measurements without a value.
	Missing int
}

// Histogram draws how values are distributed: bars for one set, an outline for each of several, which then are shares of their sets.
// Medians are marked.
func Histogram(title string, q Quantity, sets ...Values) *Figure {
	d := newDistributions(q, sets)
	if d == nil {
		return emptyFigure(title, missingNotes(sets))
	}
	return &Figure{Title: title, Summary: d.summary(), Notes: d.notes, width: figureWidth, height: figureHeight, panel: d.draw}
}

// distributions are binned values of several sets.
type distributions struct {
	q        Quantity
	sets     []Values
	exponent int
	// edges are in units of ten to the exponent.
	edges   []float64
	counts  [][]int
	totals  []int
	medians []float64
	notes   []string
}

// newDistributions bins the sets; it is nil if there is no finite value.
func newDistributions(q Quantity, sets []Values) *distributions {
	d := &distributions{q: q, sets: sets}
	all := make([][]float64, len(sets))
	for i, s := range sets {
		all[i] = s.Values
	}
	values, _, _, _ := sorted(all...)
	d.notes = missingNotes(sets)
	if len(values) == 0 {
		return nil
	}
	low, high, exponent := bulk(values)
	d.exponent = exponent
	d.edges = binEdges(scaled(values, exponent), low, high)
	d.notes = append(d.notes, beyondNotes(q, values, d.edges[0], d.edges[len(d.edges)-1], d.exponent, "axis")...)
	for _, s := range sets {
		own, _, _, _ := sorted(s.Values)
		d.counts = append(d.counts, binCounts(scaled(own, d.exponent), d.edges))
		d.totals = append(d.totals, len(own))
		median := math.NaN()
		if len(own) > 0 {
			median = quantile(own, 0.5)
		}
		d.medians = append(d.medians, median)
	}
	return d
}

// missingNotes count what is no number in all sets.
func missingNotes(sets []Values) []string {
	missing, nans, above, below := 0, 0, 0, 0
	for _, s := range sets {
		missing += s.Missing
		for _, v := range s.Values {
			switch {
			case v != v:
				nans++
			case math.IsInf(v, 1):
				above++
			case math.IsInf(v, -1):
				below++
			}
		}
	}
	return oddNotes(missing, nans, above, below)
}

// beyondNotes count the sorted values outside a range, which is divided by ten to the exponent.
func beyondNotes(q Quantity, values []float64, low, high float64, exponent int, of string) []string {
	under, over := 0, 0
	s := scaled(values, exponent)
	if s[0] < low {
		under = last(s, math.Nextafter(low, math.Inf(-1))) + 1
	}
	if s[len(s)-1] > high {
		over = len(s) - first(s, math.Nextafter(high, math.Inf(1)))
	}
	if under+over == 0 {
		return nil
	}
	text := fmt.Sprintf("Beyond the %s: ", of)
	if under > 0 {
		text += fmt.Sprintf("%d below %s (down to %s)", under, short(raised(low, exponent)), q.value(values[0]))
		if over > 0 {
			text += ", "
		}
	}
	if over > 0 {
		text += fmt.Sprintf("%d above %s (up to %s)", over, short(raised(high, exponent)), q.value(values[len(values)-1]))
	}
	return []string{text + "."}
}

func (d *distributions) summary() string {
	text := ""
	for i, s := range d.sets {
		name := ""
		if len(d.sets) > 1 {
			name = s.Name + ": "
		}
		if d.totals[i] == 0 {
			text += name + "no values. "
			continue
		}
		text += fmt.Sprintf("%s%d values, median %s. ", name, d.totals[i], d.q.value(d.medians[i]))
	}
	return clean(text)
}

// height is that of a bin of a set: its count or, where sets are compared, its share in percent.
func (d *distributions) height(set, bin int) float64 {
	if len(d.sets) == 1 {
		return float64(d.counts[set][bin])
	}
	return 100 * float64(d.counts[set][bin]) / math.Max(float64(d.totals[set]), 1)
}

func (d *distributions) draw(c draw.Canvas) {
	p := newAxes()
	p.X.Label.Text = d.q.label("", d.exponent, p.X.Label.TextStyle, (c.Max.X-c.Min.X)*0.9)
	if d.edges[0] != math.Trunc(d.edges[0]) && d.edges[1] == d.edges[0]+1 {
		p.X.Tick.Marker = plot.TickerFunc(countTicks) // the bins of whole numbers
	}
	p.X.Min, p.X.Max = d.edges[0], d.edges[len(d.edges)-1]
	most := 0.0
	for i := range d.counts {
		for b := range d.counts[i] {
			most = math.Max(most, d.height(i, b))
		}
	}
	p.Y.Min, p.Y.Max = 0, math.Max(most, 1e-9)*1.08
	p.Y.Label.Text = "measurements"
	p.Y.Tick.Marker = plot.TickerFunc(countTicks)
	if len(d.sets) > 1 {
		p.Y.Label.Text = "share of measurements (%)"
		p.Y.Tick.Marker = plot.TickerFunc(numberTicks)
	}
	p.Add(gridLines{y: true})
	for i := range d.sets {
		if len(d.sets) == 1 {
			p.Add(plotterFunc(d.bars))
		} else {
			p.Add(plotterFunc(func(c draw.Canvas, p *plot.Plot) { d.outline(c, p, i) }))
		}
		if !math.IsNaN(d.medians[i]) {
			p.Add(plotterFunc(func(c draw.Canvas, p *plot.Plot) { d.median(c, p, i) }))
		}
	}
	if len(d.sets) > 1 {
		p.Legend.Top = true
		for i, s := range d.sets {
			p.Legend.Add(fit(p.Legend.TextStyle, fmt.Sprintf("%s (%d)", s.Name, d.totals[i]), (c.Max.X-c.Min.X)/2), thumbnail{seriesColor(i), dashes[i%len(dashes)]})
		}
		// Room for the legend, so that it covers nothing.
		p.Y.Max *= 1 + 0.06*float64(len(d.sets))
	}
	p.Draw(c)
}

func (d *distributions) bars(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	gap := vg.Length(0.5)
	if len(d.edges) > 60 {
		gap = 0
	}
	for b, n := range d.counts[0] {
		if n == 0 {
			continue
		}
		title := fmt.Sprintf("%s to %s: %d", short(raised(d.edges[b], d.exponent)), d.q.value(raised(d.edges[b+1], d.exponent)), n)
		marked(c, title, "", func() {
			// One among many is still to be seen.
			top := max(y(float64(n)), y(0)+0.8)
			fillRect(c, seriesColor(0), x(d.edges[b])+gap, y(0), x(d.edges[b+1])-gap, top)
		})
	}
}

func (d *distributions) outline(c draw.Canvas, p *plot.Plot, i int) {
	x, y := p.Transforms(&c)
	points := []vg.Point{{X: x(d.edges[0]), Y: y(0)}}
	for b := range d.counts[i] {
		h := y(d.height(i, b))
		points = append(points, vg.Point{X: x(d.edges[b]), Y: h}, vg.Point{X: x(d.edges[b+1]), Y: h})
	}
	points = append(points, vg.Point{X: x(d.edges[len(d.edges)-1]), Y: y(0)})
	marked(c, d.sets[i].Name+": "+strconv.Itoa(d.totals[i]), "", func() {
		c.FillPolygon(faded(seriesColor(i), 36), points)
		c.StrokeLines(draw.LineStyle{Color: seriesColor(i), Width: 1.6, Dashes: dashes[i%len(dashes)]}, points)
	})
}

func (d *distributions) median(c draw.Canvas, p *plot.Plot, i int) {
	middle := divided(d.medians[i], d.exponent)
	if middle < p.X.Min || middle > p.X.Max {
		return
	}
	x, _ := p.Transforms(&c)
	at := x(middle)
	value := "median " + d.q.value(d.medians[i])
	if len(d.sets) > 1 {
		marked(c, d.sets[i].Name+": "+value, "", func() {
			c.StrokeLine2(draw.LineStyle{Color: seriesColor(i), Width: 1, Dashes: []vg.Length{2, 3}}, at, c.Min.Y, at, c.Max.Y)
		})
		return
	}
	c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1, Dashes: []vg.Length{4, 3}}, at, c.Min.Y, at, c.Max.Y)
	sty := textStyle(9, ink)
	sty.YAlign = draw.YTop
	if width := sty.Width(value); at+4+width > c.Max.X {
		at -= width + 8
	}
	c.FillText(sty, vg.Point{X: at + 4, Y: c.Max.Y - 1}, value)
}

// thumbnail is a line in a legend.
type thumbnail struct {
	color  interface{ RGBA() (r, g, b, a uint32) }
	dashes []vg.Length
}

// Thumbnail draws it.
func (t thumbnail) Thumbnail(c *draw.Canvas) {
	y := c.Center().Y
	c.StrokeLine2(draw.LineStyle{Color: t.color, Width: 2, Dashes: t.dashes}, c.Min.X, y, c.Max.X, y)
}
