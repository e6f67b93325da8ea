package plot

import (
	"fmt"
	"image"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Cells are values by column and row, such as visit and detector.
type Cells struct {
	// ColumnLabel and RowLabel are what columns and rows are, Columns and Rows their names in order. The first row is at the top.
	ColumnLabel, RowLabel string
	Columns, Rows         []string
	// X, Y are the positions of Values in Columns and Rows. Of several values at one place, the median is drawn.
	X, Y    []int32
	Values  []float64
	Missing int
}

// The most columns and rows that are drawn; of more, neighbours are gathered.
const (
	mostColumns = 320
	mostRows    = 220
)

// HeatMap draws values as colours by column and row.
func HeatMap(title string, q Quantity, d *Cells) *Figure {
	notes := missingNotes([]Values{{"", d.Values, d.Missing}})
	h := &heatMap{cells: d}
	h.wide, h.high = (len(d.Columns)+mostColumns-1)/mostColumns, (len(d.Rows)+mostRows-1)/mostRows
	if len(d.Columns) == 0 || len(d.Rows) == 0 {
		return emptyFigure(title, notes)
	}
	values := h.gather()
	s, _, _, _ := sorted(values)
	if len(s) == 0 {
		return emptyFigure(title, notes)
	}
	h.own = values
	what := ""
	if h.gathered {
		what = "median"
	}
	h.scale = newColorScale(q, what, s)
	h.values = scaled(values, h.scale.exponent)
	notes = append(notes, beyondNotes(q, s, h.scale.low, h.scale.high, h.scale.exponent, "colors")...)
	notes = append(notes, h.worst(q)...)
	if h.wide > 1 || h.high > 1 {
		notes = append(notes, fmt.Sprintf("Each cell is the median of %d × %d neighbours.", h.wide, h.high))
	}
	summary := fmt.Sprintf("%d values of %d × %d, from %s to %s.", len(d.Values), len(d.Columns), len(d.Rows), short(s[0]), q.value(s[len(s)-1]))
	height := figureHeight
	if len(d.Rows) > 40 {
		height = 520
	}
	return &Figure{Title: title, Summary: clean(summary), Notes: notes, width: figureWidth, height: height, panel: h.draw}
}

type heatMap struct {
	cells *Cells
	// wide and high are how many columns and rows one cell stands for; gathered says that some cell has several values.
	wide, high    int
	gathered      bool
	columns, rows int
	// own are the values row by row, not a number where there is none; values are those divided by ten to the exponent of the scale.
	own, values []float64
	scale       *colorScale
}

// gather makes the values of the cells that are drawn.
func (h *heatMap) gather() []float64 {
	d := h.cells
	h.columns, h.rows = (len(d.Columns)+h.wide-1)/h.wide, (len(d.Rows)+h.high-1)/h.high
	starts := make([]int32, h.columns*h.rows+1)
	cell := func(i int) int { return int(d.Y[i])/h.high*h.columns + int(d.X[i])/h.wide }
	for i, v := range d.Values {
		if v == v {
			starts[cell(i)+1]++
		}
	}
	for i := 1; i < len(starts); i++ {
		starts[i] += starts[i-1]
	}
	packed := make([]float64, starts[len(starts)-1])
	next := slices.Clone(starts)
	for i, v := range d.Values {
		if v == v {
			packed[next[cell(i)]] = v
			next[cell(i)]++
		}
	}
	out := make([]float64, h.columns*h.rows)
	for i := range out {
		group := packed[starts[i]:starts[i+1]]
		switch len(group) {
		case 0:
			out[i] = math.NaN()
		case 1:
			out[i] = group[0]
		default:
			h.gathered = true
			slices.Sort(group)
			out[i] = quantile(group, 0.5)
		}
	}
	return out
}

// worst names the cell farthest beyond the colours.
func (h *heatMap) worst(q Quantity) []string {
	at, far := -1, 0.0
	for i, v := range h.values {
		if d := math.Max(v-h.scale.high, h.scale.low-v); finite(d) && d > far {
			at, far = i, d
		}
	}
	if at < 0 {
		return nil
	}
	d := h.cells
	return []string{fmt.Sprintf("Farthest: %s %s, %s %s: %s.", d.ColumnLabel, d.Columns[at%h.columns*h.wide], d.RowLabel, d.Rows[at/h.columns*h.high],
		q.value(h.own[at]))}
}

func (h *heatMap) draw(c draw.Canvas) {
	h.scale.draw(draw.Crop(c, c.Max.X-c.Min.X-colorBarWidth, 0, 34, -6))
	c = draw.Crop(c, 0, -colorBarWidth-8, 0, 0)
	p := newAxes()
	p.X.Label.Text, p.Y.Label.Text = clean(h.cells.ColumnLabel), clean(h.cells.RowLabel)
	p.X.Min, p.X.Max = -0.5, float64(h.columns*h.wide)-0.5
	p.Y.Min, p.Y.Max = -0.5, float64(h.rows*h.high)-0.5
	p.X.Tick.Marker = namedTicks(h.cells.Columns, c.Max.X-c.Min.X-80, false)
	rows := namedTicks(h.cells.Rows, c.Max.Y-c.Min.Y-50, true)
	// Rows count downwards, axes upwards.
	p.Y.Tick.Marker = plot.TickerFunc(func(low, high float64) []plot.Tick {
		ticks := rows.Ticks(low, high)
		for i := range ticks {
			ticks[i].Value = low + high - ticks[i].Value
		}
		return ticks
	})
	p.Add(plotterFunc(h.image))
	p.Draw(c)
}

// image draws the cells as pixels, big enough not to be blurred by those who stretch images.
func (h *heatMap) image(c draw.Canvas, _ *plot.Plot) {
	zoom := max(1, 1280/h.columns, 900/h.rows)
	zoom = min(zoom, 64)
	img := image.NewNRGBA(image.Rect(0, 0, h.columns*zoom, h.rows*zoom))
	for r := range h.rows {
		line := img.Pix[r*zoom*img.Stride : (r*zoom+1)*img.Stride]
		for k := range h.columns {
			v := h.values[r*h.columns+k]
			if math.IsNaN(v) {
				continue // the ground shows
			}
			col := h.scale.shade(v)
			for z := range zoom {
				copy(line[4*(k*zoom+z):], []byte{col.R, col.G, col.B, col.A})
			}
		}
		for z := 1; z < zoom; z++ {
			copy(img.Pix[(r*zoom+z)*img.Stride:], line)
		}
	}
	c.DrawImage(vg.Rectangle{Min: c.Min, Max: c.Max}, img)
}
