package plot

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// svgCanvas is a vg.Canvas that writes SVG. Beside what gonum's own has, its colours can follow a page, and marks have titles and
// links. Positions are transformed here, so that the file has plain coordinates of two decimals.
type svgCanvas struct {
	width, height vg.Length
	inline        bool
	body          []byte
	state         svgState
	stack         []svgState
	// ends are what the marks that are begun have to end with; linked says that one of them had a link.
	ends   []string
	linked bool
}

// svgState is what Push keeps.
type svgState struct {
	width  vg.Length
	dash   []vg.Length
	offset vg.Length
	color  color.NRGBA
	// m maps x, y to m[0]x + m[2]y + m[4], m[1]x + m[3]y + m[5].
	m [6]float64
}

func newSVGCanvas(w, h vg.Length, inline bool) *svgCanvas {
	c := &svgCanvas{width: w, height: h, inline: inline}
	c.state = svgState{width: 1, color: color.NRGBA{A: 255}, m: [6]float64{1, 0, 0, -1, 0, float64(h)}}
	return c
}

// Size of the canvas.
func (c *svgCanvas) Size() (vg.Length, vg.Length) { return c.width, c.height }

// SetLineWidth sets the width of strokes.
func (c *svgCanvas) SetLineWidth(w vg.Length) { c.state.width = w }

// SetLineDash sets the dashes of strokes.
func (c *svgCanvas) SetLineDash(pattern []vg.Length, offset vg.Length) {
	c.state.dash, c.state.offset = pattern, offset
}

// SetColor sets the color of everything.
func (c *svgCanvas) SetColor(col color.Color) {
	if col == nil {
		col = color.Black
	}
	c.state.color = color.NRGBAModel.Convert(col).(color.NRGBA)
}

func (c *svgCanvas) multiply(n [6]float64) {
	m := c.state.m
	c.state.m = [6]float64{m[0]*n[0] + m[2]*n[1], m[1]*n[0] + m[3]*n[1], m[0]*n[2] + m[2]*n[3], m[1]*n[2] + m[3]*n[3], m[0]*n[4] + m[2]*n[5] + m[4], m[1]*n[4] + m[3]*n[5] + m[5]}
}

// Rotate turns what follows.
func (c *svgCanvas) Rotate(rad float64) {
	sin, cos := math.Sincos(rad)
	c.multiply([6]float64{cos, sin, -sin, cos, 0, 0})
}

// Translate moves what follows.
func (c *svgCanvas) Translate(p vg.Point) {
	c.multiply([6]float64{1, 0, 0, 1, float64(p.X), float64(p.Y)})
}

// Scale stretches what follows.
func (c *svgCanvas) Scale(x, y float64) { c.multiply([6]float64{x, 0, 0, y, 0, 0}) }

// Push keeps the state.
func (c *svgCanvas) Push() { c.stack = append(c.stack, c.state) }

// Pop brings it back.
func (c *svgCanvas) Pop() {
	c.state = c.stack[len(c.stack)-1]
	c.stack = c.stack[:len(c.stack)-1]
}

func (c *svgCanvas) at(p vg.Point) (x, y float64) {
	m, px, py := &c.state.m, float64(p.X), float64(p.Y)
	return m[0]*px + m[2]*py + m[4], m[1]*px + m[3]*py + m[5]
}

// appendNumber appends a coordinate with two decimals.
func appendNumber(dst []byte, v float64) []byte {
	v = math.Round(v*100) / 100
	if v == 0 || math.IsNaN(v) || math.IsInf(v, 0) {
		return append(dst, '0')
	}
	return strconv.AppendFloat(dst, v, 'f', -1, 64)
}

func (c *svgCanvas) point(verb byte, p vg.Point) {
	x, y := c.at(p)
	c.body = append(c.body, verb)
	c.body = append(appendNumber(append(appendNumber(c.body, x), ' '), y), ' ')
}

// path appends the attribute d.
func (c *svgCanvas) path(p vg.Path) {
	c.body = append(c.body, `<path d="`...)
	started := false
	for _, comp := range p {
		switch comp.Type {
		case vg.MoveComp:
			c.point('M', comp.Pos)
		case vg.LineComp:
			c.point('L', comp.Pos)
		case vg.CurveComp:
			verb := byte('C')
			if len(comp.Control) == 1 {
				verb = 'Q'
			}
			for _, q := range comp.Control {
				c.point(verb, q)
				verb = ' '
			}
			c.point(' ', comp.Pos)
		case vg.ArcComp:
			c.arc(comp, started)
		case vg.CloseComp:
			c.body = append(c.body, 'Z')
		}
		started = true
	}
	c.body = append(c.body, '"')
}

// arc appends an arc in pieces of at most a half circle.
func (c *svgCanvas) arc(a vg.PathComp, started bool) {
	on := func(angle float64) vg.Point {
		sin, cos := math.Sincos(angle)
		return vg.Point{X: a.Pos.X + a.Radius*vg.Length(cos), Y: a.Pos.Y + a.Radius*vg.Length(sin)}
	}
	if started {
		c.point('L', on(a.Start))
	} else {
		c.point('M', on(a.Start))
	}
	radius := float64(a.Radius) * math.Hypot(c.state.m[0], c.state.m[1])
	sweep := byte('0')
	if a.Angle < 0 {
		sweep = '1'
	}
	for i := range 2 {
		c.body = append(c.body, 'A')
		c.body = append(appendNumber(c.body, radius), ' ')
		c.body = append(append(appendNumber(c.body, radius), " 0 0 "...), sweep)
		c.point(' ', on(a.Start+a.Angle*float64(i+1)/2))
	}
}

// paint appends an attribute with the colour.
func (c *svgCanvas) paint(attribute string) {
	col := c.state.color
	text := fmt.Sprintf("#%02x%02x%02x", col.R, col.G, col.B)
	if c.inline {
		switch opaque := faded(col, 255); opaque {
		case ink:
			text = "currentColor"
		case muted:
			text = "var(--plot-muted,currentColor)"
		case grid:
			text = "var(--plot-grid,#8884)"
		case blank:
			text = "var(--plot-blank,#888)"
		}
	}
	c.body = append(c.body, ' ')
	c.body = append(append(append(append(c.body, attribute...), `="`...), text...), '"')
	if col.A < 255 {
		c.body = append(c.body, ' ')
		c.body = append(append(c.body, attribute...), `-opacity="`...)
		c.body = append(appendNumber(c.body, float64(col.A)/255), '"')
	}
}

// Stroke draws a path.
func (c *svgCanvas) Stroke(p vg.Path) {
	if c.state.width <= 0 || len(p) == 0 {
		return
	}
	c.path(p)
	c.body = append(c.body, ` fill="none"`...)
	c.paint("stroke")
	c.body = append(c.body, ` stroke-width="`...)
	c.body = append(appendNumber(c.body, float64(c.state.width)), '"')
	for i, d := range c.state.dash {
		if i == 0 {
			c.body = append(c.body, ` stroke-dasharray="`...)
		} else {
			c.body = append(c.body, ' ')
		}
		c.body = appendNumber(c.body, float64(d))
	}
	if len(c.state.dash) > 0 {
		c.body = append(c.body, '"')
	}
	c.body = append(c.body, "/>\n"...)
}

// Fill fills a path.
func (c *svgCanvas) Fill(p vg.Path) {
	if len(p) == 0 {
		return
	}
	c.path(p)
	c.paint("fill")
	c.body = append(c.body, "/>\n"...)
}

// FillString writes a text.
func (c *svgCanvas) FillString(f font.Face, p vg.Point, text string) {
	if f.Font.Size == 0 || text == "" {
		return
	}
	x, y := c.at(p)
	c.body = appendNumber(append(c.body, `<text x="`...), x)
	c.body = append(appendNumber(append(c.body, `" y="`...), y), '"')
	if turn := math.Atan2(c.state.m[1], c.state.m[0]) * 180 / math.Pi; math.Abs(turn) > 0.01 {
		c.body = appendNumber(append(c.body, ` transform="rotate(`...), turn)
		c.body = appendNumber(append(c.body, ' '), x)
		c.body = append(appendNumber(append(c.body, ' '), y), `)"`...)
	}
	c.body = append(appendNumber(append(c.body, ` font-size="`...), float64(f.Font.Size)), '"')
	// Whatever font the reader has, the text takes the room that it was given.
	c.body = append(appendNumber(append(c.body, ` textLength="`...), float64(f.Width(text))), `" lengthAdjust="spacingAndGlyphs"`...)
	c.paint("fill")
	c.body = append(appendXML(append(c.body, '>'), text), "</text>\n"...)
}

// DrawImage puts an image, whose pixels stay squares.
func (c *svgCanvas) DrawImage(r vg.Rectangle, img image.Image) {
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, img); err != nil {
		return // an image without pixels
	}
	x0, y0 := c.at(vg.Point{X: r.Min.X, Y: r.Max.Y})
	x1, y1 := c.at(vg.Point{X: r.Max.X, Y: r.Min.Y})
	c.body = fmt.Appendf(c.body, `<image x="%.2f" y="%.2f" width="%.2f" height="%.2f" preserveAspectRatio="none" image-rendering="pixelated" href="data:image/png;base64,%s"/>`+"\n",
		x0, y0, x1-x0, y1-y0, base64.StdEncoding.EncodeToString(b.Bytes()))
}

// begin starts a mark with a title and, in a page, a link.
func (c *svgCanvas) begin(title, link string) {
	end := "</g>\n"
	if link != "" && c.inline {
		c.body = append(appendXML(append(c.body, `<a href="`...), link), `">`...)
		end = "</a>\n"
		c.linked = true
	} else {
		c.body = append(c.body, "<g>"...)
	}
	c.body = append(appendXML(append(c.body, "<title>"...), title), "</title>"...)
	c.ends = append(c.ends, end)
}

// end ends the mark that was begun last.
func (c *svgCanvas) end() {
	c.body = append(c.body, c.ends[len(c.ends)-1]...)
	c.ends = c.ends[:len(c.ends)-1]
}

// appendXML appends a text with what XML reserves escaped.
func appendXML(dst []byte, s string) []byte {
	for _, r := range clean(s) {
		switch r {
		case '<':
			dst = append(dst, "&lt;"...)
		case '>':
			dst = append(dst, "&gt;"...)
		case '&':
			dst = append(dst, "&amp;"...)
		case '"':
			dst = append(dst, "&#34;"...)
		case '\'':
			dst = append(dst, "&#39;"...)
		default:
			dst = append(dst, string(r)...)
		}
	}
	return dst
}

// write writes the whole picture.
func (c *svgCanvas) write(w io.Writer, title, summary string) error {
	var out []byte
	if !c.inline {
		out = append(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"...)
	}
	// An image has no parts for readers who do not see it; one with links has.
	role := "img"
	if c.linked {
		role = "group"
	}
	out = fmt.Appendf(out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" font-family="'Liberation Sans',Arial,Helvetica,sans-serif" role="%s"`,
		float64(c.width), float64(c.height), float64(c.width), float64(c.height), role)
	out = append(appendXML(append(out, ` aria-label="`...), title+". "+summary), "\">\n"...)
	if !c.inline {
		out = append(appendXML(append(out, "<title>"...), title), "</title>\n"...)
		out = append(appendXML(append(out, "<desc>"...), summary), "</desc>\n"...)
	}
	out = append(append(out, c.body...), "</svg>\n"...)
	_, err := w.Write(out)
	return err
}
