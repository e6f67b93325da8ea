package plot

import (
	"image"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// colorScale gives values their colours: the range is that of their bulk, what lies beyond has the colours of the ends.
// low and high are divided by ten to the exponent.
type colorScale struct {
	q         Quantity
	what      string
	exponent  int
	low, high float64
}

// newColorScale makes the scale of sorted values. what is the statistic that they are.
func newColorScale(q Quantity, what string, s []float64) *colorScale {
	low, high, exponent := bulk(s)
	low, high = widened(low, high)
	return &colorScale{q: q, what: what, exponent: exponent, low: low, high: high}
}

func (s *colorScale) shade(v float64) color.NRGBA { return shade((v - s.low) / (s.high - s.low)) }

// colorBarWidth is the room that draw needs.
const colorBarWidth = vg.Length(78)

// draw draws the scale as a bar with ticks, and the quantity beside it.
func (s *colorScale) draw(c draw.Canvas) {
	const bar = vg.Length(14)
	img := image.NewNRGBA(image.Rect(0, 0, 1, 256))
	for i := range 256 {
		img.SetNRGBA(0, i, shade(1-float64(i)/255))
	}
	c.DrawImage(vg.Rectangle{Min: c.Min, Max: vg.Point{X: c.Min.X + bar, Y: c.Max.Y}}, img)
	line := draw.LineStyle{Color: muted, Width: 0.75}
	c.SetLineStyle(line)
	c.Stroke(vg.Rectangle{Min: c.Min, Max: vg.Point{X: c.Min.X + bar, Y: c.Max.Y}}.Path())
	sty := textStyle(9, ink)
	sty.YAlign = draw.YCenter
	for _, t := range numberTicks(s.low, s.high) {
		y := c.Min.Y + vg.Length((t.Value-s.low)/(s.high-s.low))*(c.Max.Y-c.Min.Y)
		c.StrokeLine2(line, c.Min.X+bar, y, c.Min.X+bar+3, y)
		c.FillText(sty, vg.Point{X: c.Min.X + bar + 5, Y: y}, t.Label)
	}
	label := textStyle(10, ink)
	label.Rotation, label.XAlign, label.YAlign = math.Pi/2, draw.XCenter, draw.YTop
	c.FillText(label, vg.Point{X: c.Max.X - 14, Y: c.Center().Y}, s.q.label(s.what, s.exponent, label, c.Max.Y-c.Min.Y))
}
