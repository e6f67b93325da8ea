package plot

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Along is the horizontal axis of a series.
type Along struct {
	Label string
	// Names are those of the positions 0, 1, 2.. if X are such positions, as of visits.
	Names []string
	// Time says that X are seconds since 1970.
	Time bool
}

// Line is a sequence of values, such as those of a run. X and Y are equally long and in any order.
type Line struct {
	Name string
	X, Y []float64
	// Missing counts measurements without a value.
	Missing int
}

const (
	// mostPoints are drawn one by one; of more, the middle and the spread at each place are drawn.
	mostPoints = 3000
	// mostPlaces are as many places along the axis as can be told apart.
	mostPlaces = 240
)

// Series draws values along visits, time or another number: each as a point, and the median at each place as a line. Of many values the
// band from the 5th to the 95th percentile stands for the points.
func Series(title string, q Quantity, along Along, lines ...Line) *Figure {
	s := &series{q: q, along: along}
	sets := make([]Values, len(lines))
	all := make([][]float64, len(lines))
	for i, l := range lines {
		sets[i] = Values{l.Name, l.Y, l.Missing}
		all[i] = l.Y
	}
	notes := missingNotes(sets)
	values, _, _, _ := sorted(all...)
	if len(values) == 0 {
		return emptyFigure(title, notes)
	}
	low, high, exponent := bulk(values)
	s.exponent = exponent
	notes = append(notes, beyondNotes(q, values, low, high, s.exponent, "axis")...)
	s.low, s.high = widened(low, high)
	s.points = len(values)
	s.left, s.right = math.Inf(1), math.Inf(-1)
	for _, l := range lines {
		for _, x := range l.X {
			if finite(x) {
				s.left, s.right = math.Min(s.left, x), math.Max(s.right, x)
			}
		}
	}
	if s.left > s.right {
		return emptyFigure(title, append(notes, "No value has a place along the axis."))
	}
	for _, l := range lines {
		s.lines = append(s.lines, s.gather(l))
	}
	if s.points > mostPoints {
		notes = append(notes, fmt.Sprintf("%d values: the lines are medians, the bands reach from the 5th to the 95th percentile.", s.points))
	}
	summary := fmt.Sprintf("%d values, median %s, from %s to %s.", len(values), q.value(quantile(values, 0.5)), short(values[0]), q.value(values[len(values)-1]))
	return &Figure{Title: title, Summary: summary, Notes: notes, width: figureWidth, height: figureHeight, panel: s.draw}
}

type series struct {
	q                      Quantity
	along                  Along
	exponent, points       int
	low, high, left, right float64
	lines                  []gathered
}

// gathered is a line by places: the median and percentiles at each, and the points if they are few.
type gathered struct {
	name               string
	x, middle, p5, p95 []float64
	points             []dataPoint
}

// dataPoint is a point in the units of the data.
type dataPoint struct{ x, y float64 }

// gather sorts the values of a line into places: the different x if there are few, else equal parts of the axis.
func (s *series) gather(l Line) gathered {
	g := gathered{name: l.Name}
	y := scaled(l.Y, s.exponent)
	points := make([]dataPoint, 0, len(l.X))
	for i, x := range l.X {
		if finite(x) && finite(y[i]) {
			points = append(points, dataPoint{x, y[i]})
		}
	}
	part := (s.right - s.left) / mostPlaces
	place := func(x float64) int { return min(int((x-s.left)/part), mostPlaces-1) }
	// By place, then by value, so that the percentiles are at hand.
	xs := make([]float64, len(points))
	for i, p := range points {
		xs[i] = p.x
	}
	slices.Sort(xs)
	if len(slices.Compact(xs)) <= mostPlaces || !(part > 0) {
		places := slices.Compact(xs)
		place = func(x float64) int { i, _ := slices.BinarySearch(places, x); return i }
	}
	if s.points <= mostPoints {
		g.points = slices.Clone(points)
	}
	at := map[int][]dataPoint{}
	for _, p := range points {
		i := place(p.x)
		at[i] = append(at[i], p)
	}
	for _, i := range sortedKeys(at) {
		group := at[i]
		ys := make([]float64, len(group))
		sum := 0.0
		for k, p := range group {
			ys[k] = p.y
			sum += p.x / float64(len(group))
		}
		slices.Sort(ys)
		g.x = append(g.x, sum)
		g.middle = append(g.middle, quantile(ys, 0.5))
		g.p5, g.p95 = append(g.p5, quantile(ys, 0.05)), append(g.p95, quantile(ys, 0.95))
	}
	return g
}

func sortedKeys(m map[int][]dataPoint) []int {
	keys := make([]int, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func (s *series) draw(c draw.Canvas) {
	p := newAxes()
	p.Y.Label.Text = s.q.label("", s.exponent, p.Y.Label.TextStyle, (c.Max.Y-c.Min.Y)*0.85)
	p.X.Label.Text = clean(s.along.Label)
	pad := (s.high - s.low) * 0.06
	p.Y.Min, p.Y.Max = s.low-pad, s.high+pad
	left, right := widened(s.left, s.right)
	if len(s.along.Names) > 0 {
		left, right = s.left-0.5, s.right+0.5
	} else {
		left, right = left-(right-left)*0.02, right+(right-left)*0.02
	}
	p.X.Min, p.X.Max = left, right
	switch {
	case s.along.Time:
		p.X.Tick.Marker = plot.TickerFunc(timeTicks)
	case len(s.along.Names) > 0:
		p.X.Tick.Marker = namedTicks(s.along.Names, c.Max.X-c.Min.X-70, false)
	}
	p.Add(gridLines{x: s.along.Time, y: true})
	for i := range s.lines {
		p.Add(plotterFunc(func(c draw.Canvas, p *plot.Plot) { s.line(c, p, i) }))
	}
	if len(s.lines) > 1 {
		p.Legend.Top = true
		p.Y.Max += (s.high - s.low) * 0.07 * float64(len(s.lines))
		for i, l := range s.lines {
			p.Legend.Add(fit(p.Legend.TextStyle, l.name, (c.Max.X-c.Min.X)/2), thumbnail{seriesColor(i), dashes[i%len(dashes)]})
		}
	}
	p.Draw(c)
}

// line draws one line: its band or points, then its medians.
func (s *series) line(c draw.Canvas, p *plot.Plot, i int) {
	l := &s.lines[i]
	x, y := p.Transforms(&c)
	within := func(v float64) vg.Length { return y(math.Min(math.Max(v, p.Y.Min), p.Y.Max)) }
	if l.points == nil {
		var band []vg.Point
		for k := range l.x {
			band = append(band, vg.Point{X: x(l.x[k]), Y: within(l.p95[k])})
		}
		for k := len(l.x) - 1; k >= 0; k-- {
			band = append(band, vg.Point{X: x(l.x[k]), Y: within(l.p5[k])})
		}
		c.FillPolygon(faded(seriesColor(i), 50), band)
	}
	radius, alpha := vg.Length(2), uint8(200)
	if s.points > 300 {
		radius, alpha = 1.4, 110
	}
	for _, pt := range l.points {
		if pt.y < s.low || pt.y > s.high {
			continue // counted in the note
		}
		c.SetColor(faded(seriesColor(i), alpha))
		c.Fill(circle(vg.Point{X: x(pt.x), Y: y(pt.y)}, radius))
	}
	var path []vg.Point
	for k := range l.x {
		path = append(path, vg.Point{X: x(l.x[k]), Y: within(l.middle[k])})
	}
	marked(c, l.name, "", func() {
		c.StrokeLines(draw.LineStyle{Color: seriesColor(i), Width: 1.4, Dashes: dashes[i%len(dashes)]}, path)
	})
}

// circle is the path of a circle.
func circle(at vg.Point, radius vg.Length) (p vg.Path) {
	p.Move(vg.Point{X: at.X + radius, Y: at.Y})
	p.Arc(at, radius, 0, 2*math.Pi)
	p.Close()
	return p
}
