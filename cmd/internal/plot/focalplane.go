package plot

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Detector is a detector with what was measured on it.
type Detector struct {
	Name string
	// Value is the statistic over its measurements, not a number if it has none. Count is their number.
	Value float64
	Count int
	// Link leads to its measurements, or is empty. Only pages have links.
	Link string
}

// FocalPlane draws a map of detectors coloured by value: where they stand in the camera if their names tell (R22_S11), else in a grid in
// the order given. what is the statistic that values are, such as median.
func FocalPlane(title string, q Quantity, what string, detectors []Detector) *Figure {
	values := make([]float64, len(detectors))
	names := make([]string, len(detectors))
	missing := 0
	for i, d := range detectors {
		values[i], names[i] = d.Value, d.Name
		if d.Count == 0 && math.IsNaN(d.Value) {
			missing++
		}
	}
	s, nans, above, below := sorted(values)
	notes := oddNotes(missing, nans-missing, above, below)
	if len(s) == 0 {
		return emptyFigure(title, notes)
	}
	m := &focalPlane{detectors: detectors, scale: newColorScale(q, what, s)}
	m.values = scaled(values, m.scale.exponent)
	m.places, m.byName = layout(names)
	notes = append(notes, m.outliers(q)...)
	if !m.byName {
		notes = append(notes, "The names of the detectors tell no places: they stand in a grid.")
	}
	summary := fmt.Sprintf("%d detectors, %s of each from %s to %s.", len(s), what, short(s[0]), q.value(s[len(s)-1]))
	return &Figure{Title: title, Summary: clean(summary), Notes: notes, width: figureWidth, height: m.height(), panel: m.draw}
}

// height is what the camera needs at the width of the figure.
func (m *focalPlane) height() vg.Length {
	left, right, bottom, top := m.bounds()
	unit := min((figureWidth-colorBarWidth-24)/vg.Length(right-left), maxSensor)
	return max(240, min(560, 56+unit*vg.Length(top-bottom)))
}

// maxSensor is the size of a sensor of a camera with few of them.
const maxSensor = vg.Length(110)

// bounds are the edges of the camera.
func (m *focalPlane) bounds() (left, right, bottom, top float64) {
	left, right, bottom, top = math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, p := range m.places {
		left, right = math.Min(left, p.x-p.w/2), math.Max(right, p.x+p.w/2)
		bottom, top = math.Min(bottom, p.y-p.h/2), math.Max(top, p.y+p.h/2)
	}
	return left, right, bottom, top
}

type focalPlane struct {
	detectors []Detector
	values    []float64
	places    []place
	byName    bool
	scale     *colorScale
}

// outliers name the detectors whose colours are those of the ends.
func (m *focalPlane) outliers(q Quantity) []string {
	var out []int
	for i, v := range m.values {
		if finite(v) && (v < m.scale.low || v > m.scale.high) {
			out = append(out, i)
		}
	}
	if len(out) == 0 {
		return nil
	}
	middle := m.scale.low/2 + m.scale.high/2
	slices.SortStableFunc(out, func(a, b int) int {
		return -compareFloats(math.Abs(m.values[a]-middle), math.Abs(m.values[b]-middle))
	})
	var words []string
	for _, i := range out[:min(len(out), 8)] {
		words = append(words, m.detectors[i].Name+" "+q.value(m.detectors[i].Value))
	}
	text := strings.Join(words, ", ")
	if more := len(out) - len(words); more > 0 {
		text += " and " + strconv.Itoa(more) + " more"
	}
	return []string{"Beyond the colors, ringed: " + text + "."}
}

func compareFloats(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func (m *focalPlane) draw(c draw.Canvas) {
	m.scale.draw(draw.Crop(c, c.Max.X-c.Min.X-colorBarWidth, 0, 6, -6))
	c = draw.Crop(c, 0, -colorBarWidth-8, 4, -4)
	left, right, bottom, top := m.bounds()
	width, height := c.Max.X-c.Min.X, c.Max.Y-c.Min.Y
	unit := min(width/vg.Length(right-left), height/vg.Length(top-bottom), maxSensor)
	origin := vg.Point{X: c.Min.X + (width-unit*vg.Length(right-left))/2, Y: c.Min.Y + (height-unit*vg.Length(top-bottom))/2}
	for i, p := range m.places {
		x0, y0 := origin.X+unit*vg.Length(p.x-p.w/2-left), origin.Y+unit*vg.Length(p.y-p.h/2-bottom)
		m.sensor(c, i, vg.Rectangle{Min: vg.Point{X: x0, Y: y0}, Max: vg.Point{X: x0 + unit*vg.Length(p.w), Y: y0 + unit*vg.Length(p.h)}})
	}
}

// sensor draws a detector with its name and value, as far as there is room.
func (m *focalPlane) sensor(c draw.Canvas, i int, r vg.Rectangle) {
	d := &m.detectors[i]
	v := m.values[i]
	title := d.Name + ": "
	if finite(v) {
		title += m.scale.q.value(d.Value)
	} else if math.IsNaN(v) {
		title += "no value"
	} else {
		title += "infinite"
	}
	if d.Count > 1 {
		title += fmt.Sprintf(" (%s of %d)", m.scale.what, d.Count)
	}
	marked(c, title, d.Link, func() {
		ground := m.scale.shade(v)
		fillRect(c, ground, r.Min.X, r.Min.Y, r.Max.X, r.Max.Y)
		if v < m.scale.low || v > m.scale.high {
			c.SetLineStyle(draw.LineStyle{Color: colors[1], Width: 2})
			in := vg.Rectangle{Min: vg.Point{X: r.Min.X + 1, Y: r.Min.Y + 1}, Max: vg.Point{X: r.Max.X - 1, Y: r.Max.Y - 1}}
			c.Stroke(in.Path())
		}
		m.caption(c, d.Name, v, inkOn(ground), r)
	})
}

// caption writes name and value if they can be read at the size of the sensor.
func (m *focalPlane) caption(c draw.Canvas, name string, v float64, on interface{ RGBA() (r, g, b, a uint32) }, r vg.Rectangle) {
	width, height := r.Max.X-r.Min.X-2, r.Max.Y-r.Min.Y
	if len(m.detectors) > 1000 {
		return
	}
	lines := []string{name}
	if finite(v) {
		lines = append(lines, short(v))
	}
	size := vg.Length(10)
	for _, l := range lines {
		sty := textStyle(10, on)
		if w := sty.Width(clean(l)); w > width {
			size = min(size, 10*width/w)
		}
	}
	size = min(size, height/vg.Length(len(lines))/1.25)
	if size < 3.5 {
		return
	}
	for k, l := range lines {
		sty := textStyle(size, on)
		sty.XAlign, sty.YAlign = draw.XCenter, draw.YCenter
		y := (r.Min.Y+r.Max.Y)/2 + size*1.15*(vg.Length(len(lines)-1)/2-vg.Length(k))
		c.FillText(sty, vg.Point{X: (r.Min.X + r.Max.X) / 2, Y: y}, clean(l))
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
