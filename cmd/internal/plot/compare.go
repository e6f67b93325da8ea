package plot

import (
	"fmt"
	"image"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Comparison is what several runs measured on the same data IDs.
type Comparison struct {
	// Names are those of the runs; Values are by run, then by data ID, not a number where a run has none. The first run is what the
	// others are compared with.
	Names  []string
	Values [][]float64
	// Missing counts, for each run, measurements without a value.
	Missing []int
}

// Compare draws how the values of runs are distributed and, beside it, the values of each run over those of the first on the same data
// ID, with the line on which both are the same.
func Compare(title string, q Quantity, d *Comparison) *Figure {
	sets := make([]Values, len(d.Names))
	for i, name := range d.Names {
		sets[i].Name = name
		if d.Missing != nil {
			sets[i].Missing = d.Missing[i]
		}
		// A data ID that the run did not measure is no odd value of it.
		for _, v := range d.Values[i] {
			if v == v {
				sets[i].Values = append(sets[i].Values, v)
			}
		}
	}
	dist := newDistributions(q, sets)
	if dist == nil {
		return emptyFigure(title, missingNotes(sets))
	}
	f := &Figure{Title: title, Summary: dist.summary(), Notes: dist.notes, width: figureWidth, height: figureHeight, panel: dist.draw}
	pairs := newPairs(q, d)
	if pairs == nil {
		if len(d.Names) > 1 {
			f.Notes = append(f.Notes, "The runs have no data ID in common.")
		}
		return f
	}
	f.Notes = append(f.Notes, pairs.notes...)
	f.width, f.height = 900, 420
	f.panel = func(c draw.Canvas) {
		side := (c.Max.Y - c.Min.Y) * 1.02
		dist.draw(draw.Crop(c, 0, -side-14, 0, 0))
		pairs.draw(draw.Crop(c, c.Max.X-c.Min.X-side, 0, 0, 0))
	}
	return f
}

// pairs are the values of runs over those of the first.
type pairs struct {
	q         Quantity
	names     []string
	exponent  int
	low, high float64
	// points are by run, for all but the first.
	points [][]dataPoint
	count  int
	notes  []string
}

func newPairs(q Quantity, d *Comparison) *pairs {
	p := &pairs{q: q, names: d.Names, points: make([][]dataPoint, len(d.Names))}
	var both []float64
	for i := 1; i < len(d.Names); i++ {
		for k, b := range d.Values[i] {
			if a := d.Values[0][k]; finite(a) && finite(b) {
				p.points[i] = append(p.points[i], dataPoint{a, b})
				both = append(both, a, b)
			}
		}
		p.count += len(p.points[i])
	}
	if p.count == 0 {
		return nil
	}
	s, _, _, _ := sorted(both)
	low, high, exponent := bulk(s)
	p.exponent = exponent
	p.low, p.high = widened(low, high)
	for i, list := range p.points {
		if len(list) == 0 {
			continue
		}
		ratios := make([]float64, 0, len(list))
		more, less := 0, 0
		for k, pt := range list {
			if pt.x != 0 {
				ratios = append(ratios, pt.y/pt.x)
			}
			switch {
			case pt.y > pt.x:
				more++
			case pt.y < pt.x:
				less++
			}
			list[k] = dataPoint{divided(pt.x, exponent), divided(pt.y, exponent)}
		}
		note := fmt.Sprintf("%s against %s: %d data IDs in common, %d more, %d less", d.Names[i], d.Names[0], len(list), more, less)
		if r, _, _, _ := sorted(ratios); len(r) > 0 {
			note += fmt.Sprintf(", median ratio %s (5%% to 95%%: %s to %s)", short(quantile(r, 0.5)), short(quantile(r, 0.05)), short(quantile(r, 0.95)))
		}
		p.notes = append(p.notes, note+".")
	}
	return p
}

func (s *pairs) draw(c draw.Canvas) {
	p := newAxes()
	room := (c.Max.X - c.Min.X) * 0.75
	other := "other runs"
	if len(s.names) == 2 {
		other = s.names[1]
	}
	p.X.Label.Text = Quantity{s.names[0], s.q.Unit}.label("", s.exponent, p.X.Label.TextStyle, room)
	p.Y.Label.Text = Quantity{other, s.q.Unit}.label("", s.exponent, p.Y.Label.TextStyle, room)
	pad := (s.high - s.low) * 0.04
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = s.low-pad, s.high+pad, s.low-pad, s.high+pad
	p.X.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick { return roundTicks(low, high, 5) })
	p.Y.Tick.Marker = p.X.Tick.Marker
	p.Add(gridLines{true, true})
	if s.count > mostPoints {
		p.Add(plotterFunc(s.density))
	}
	p.Add(plotterFunc(func(c draw.Canvas, p *plot.Plot) {
		x, y := p.Transforms(&c)
		c.StrokeLine2(draw.LineStyle{Color: muted, Width: 1, Dashes: []vg.Length{4, 3}}, x(p.X.Min), y(p.Y.Min), x(p.X.Max), y(p.Y.Max))
	}))
	if s.count <= mostPoints {
		p.Add(plotterFunc(s.dots))
	}
	p.Draw(c)
}

func (s *pairs) dots(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	radius := vg.Length(2.2)
	if s.count > 300 {
		radius = 1.5
	}
	for i, list := range s.points {
		col := faded(seriesColor(i), 150)
		for _, pt := range list {
			if pt.x >= s.low && pt.x <= s.high && pt.y >= s.low && pt.y <= s.high {
				c.SetColor(col)
				c.Fill(circle(vg.Point{X: x(pt.x), Y: y(pt.y)}, radius))
			}
		}
	}
}

// density draws how many points are where, darker for more, in the colour of each run.
func (s *pairs) density(c draw.Canvas, p *plot.Plot) {
	const side = 120
	const zoom = 8
	img := image.NewNRGBA(image.Rect(0, 0, side*zoom, side*zoom))
	for i, list := range s.points {
		counts := make([]int, side*side)
		most := 0
		for _, pt := range list {
			u, v := (pt.x-p.X.Min)/(p.X.Max-p.X.Min), (pt.y-p.Y.Min)/(p.Y.Max-p.Y.Min)
			if u < 0 || u >= 1 || v < 0 || v >= 1 {
				continue
			}
			k := (side-1-int(v*side))*side + int(u*side)
			counts[k]++
			most = max(most, counts[k])
		}
		col := seriesColor(i)
		for k, n := range counts {
			if n == 0 {
				continue
			}
			col.A = uint8(50 + 205*math.Log1p(float64(n))/math.Log1p(float64(most)))
			for dy := range zoom {
				for dx := range zoom {
					x, y := k%side*zoom+dx, k/side*zoom+dy
					if img.NRGBAAt(x, y).A < col.A {
						img.SetNRGBA(x, y, col)
					}
				}
			}
		}
	}
	c.DrawImage(vg.Rectangle{Min: c.Min, Max: c.Max}, img)
}
