package plot

import (
	"image/color"
	"math"
	"strings"
	"unicode"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// The colours of everything but data.
var (
	paper = color.NRGBA{255, 255, 255, 255}
	ink   = color.NRGBA{0x1f, 0x23, 0x28, 255}
	muted = color.NRGBA{0x57, 0x60, 0x6a, 255}
	grid  = color.NRGBA{0xdd, 0xe1, 0xe6, 255}
	blank = color.NRGBA{0xc4, 0xc9, 0xd0, 255}
)

// colors are those of Okabe and Ito, which colour-blind readers can tell apart, the ones with most contrast first.
var colors = []color.NRGBA{{0x00, 0x72, 0xb2, 255}, {0xd5, 0x5e, 0x00, 255}, {0x00, 0x9e, 0x73, 255}, {0xcc, 0x79, 0xa7, 255}, {0xe6, 0x9f, 0x00, 255}, {0x56, 0xb4, 0xe9, 255}}

// dashes let lines be told apart without colours.
var dashes = [][]vg.Length{nil, {6, 3}, {2, 2}, {8, 3, 2, 3}, {4, 4}, {1, 3}}

func seriesColor(i int) color.NRGBA { return colors[i%len(colors)] }

func faded(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}

// viridis are points of the scale of that name, equally far apart: lightness grows evenly, for colour-blind readers and in grey too.
var viridis = []color.NRGBA{{0x44, 0x01, 0x54, 255}, {0x48, 0x28, 0x78, 255}, {0x3e, 0x49, 0x89, 255}, {0x31, 0x68, 0x8e, 255}, {0x26, 0x82, 0x8e, 255},
	{0x1f, 0x9e, 0x89, 255}, {0x35, 0xb7, 0x79, 255}, {0x6e, 0xce, 0x58, 255}, {0xb5, 0xde, 0x2b, 255}, {0xfd, 0xe7, 0x25, 255}}

// shade is the colour at a place of the scale, from 0 to 1.
func shade(at float64) color.NRGBA {
	if math.IsNaN(at) {
		return blank
	}
	at = math.Min(math.Max(at, 0), 1) * float64(len(viridis)-1)
	i := min(int(at), len(viridis)-2)
	a, b, part := viridis[i], viridis[i+1], at-float64(i)
	mix := func(x, y uint8) uint8 { return uint8(math.Round(float64(x) + part*(float64(y)-float64(x)))) }
	return color.NRGBA{mix(a.R, b.R), mix(a.G, b.G), mix(a.B, b.B), 255}
}

// inkOn is white or black, whichever reads better on a ground.
func inkOn(c color.NRGBA) color.NRGBA {
	if 299*int(c.R)+587*int(c.G)+114*int(c.B) < 128_000 {
		return color.NRGBA{255, 255, 255, 255}
	}
	return color.NRGBA{0, 0, 0, 255}
}

// textStyle is the style of a text of a size in points.
func textStyle(size vg.Length, c color.Color) text.Style {
	return text.Style{Color: c, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Handler: plot.DefaultTextHandler, XAlign: draw.XLeft, YAlign: draw.YBottom}
}

// clean makes a text fit to be drawn: one line, valid, without control characters.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == 0xfffe || r == 0xffff {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// fit cuts a text to a width.
func fit(sty text.Style, s string, width vg.Length) string {
	s = clean(s)
	if len(s) > 1000 {
		s = strings.ToValidUTF8(s[:1000], "")
	}
	if sty.Width(s) <= width {
		return s
	}
	runes := []rune(s)
	low, high := 0, len(runes)
	for low < high {
		mid := (low + high + 1) / 2
		if sty.Width(string(runes[:mid])+"…") <= width {
			low = mid
		} else {
			high = mid - 1
		}
	}
	return string(runes[:low]) + "…"
}

// wrap breaks a text into lines of a width.
func wrap(sty text.Style, s string, width vg.Length) (lines []string) {
	line := ""
	for _, word := range strings.Fields(clean(s)) {
		longer := strings.TrimSpace(line + " " + word)
		if line != "" && sty.Width(longer) > width {
			lines = append(lines, line)
			longer = fit(sty, word, width)
		}
		line = longer
	}
	if line != "" {
		lines = append(lines, fit(sty, line, width))
	}
	return lines
}

// newAxes are axes in the style of all figures.
func newAxes() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle = centered(textStyle(10, ink), a.Label.TextStyle)
		a.Tick.Label = centered(textStyle(9, ink), a.Tick.Label)
		a.LineStyle = draw.LineStyle{Color: muted, Width: 0.75}
		a.Tick.LineStyle = a.LineStyle
		a.Tick.Length = 4
		a.Padding = 0
		a.Label.Padding = 3
		a.Tick.Marker = plot.TickerFunc(numberTicks)
	}
	p.Legend.TextStyle = textStyle(9, ink)
	p.Legend.TextStyle.YAlign = draw.YBottom
	p.Legend.ThumbnailWidth = 24
	p.Legend.Padding = 2
	return p
}

// centered keeps the alignment and rotation that an axis has set up.
func centered(s, old text.Style) text.Style {
	s.XAlign, s.YAlign, s.Rotation = old.XAlign, old.YAlign, old.Rotation
	return s
}

// gridLines draws lines at the major ticks of the axes.
type gridLines struct{ x, y bool }

// Plot draws them.
func (g gridLines) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	sty := draw.LineStyle{Color: grid, Width: 0.6}
	if g.x {
		for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
			if !t.IsMinor() && t.Value >= p.X.Min && t.Value <= p.X.Max {
				c.StrokeLine2(sty, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
			}
		}
	}
	if g.y {
		for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
			if !t.IsMinor() && t.Value >= p.Y.Min && t.Value <= p.Y.Max {
				c.StrokeLine2(sty, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
			}
		}
	}
}

// plotterFunc is a plotter that is one function.
type plotterFunc func(c draw.Canvas, p *plot.Plot)

// Plot calls it.
func (f plotterFunc) Plot(c draw.Canvas, p *plot.Plot) { f(c, p) }

// fillRect fills a rectangle given by two corners.
func fillRect(c draw.Canvas, col color.Color, x0, y0, x1, y1 vg.Length) {
	c.SetColor(col)
	c.Fill(vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x1, Y: y1}}.Path())
}

// marked draws something that tells its title to who points at it, and leads to link if that is not empty. Pictures without titles
// and links draw it alone.
func marked(c draw.Canvas, title, link string, paint func()) {
	// A part of a canvas is a canvas around it.
	under := c.Canvas
	for {
		around, ok := under.(draw.Canvas)
		if !ok {
			break
		}
		under = around.Canvas
	}
	m, ok := under.(*svgCanvas)
	if !ok {
		paint()
		return
	}
	m.begin(title, link)
	paint()
	m.end()
}
