// Package plot draws measurements: histograms, focal planes, series, heat maps and comparisons of runs, as SVG, PNG or PDF.
//
// Data in, picture out: it reads no file, no repository and no clock, and the same data give the same picture. A Figure is made of
// plain numbers and texts; Write draws it into a file of its own, Inline into a page, where colours follow the page and marks carry
// titles and links.
//
// Rules of all figures: the unit is on the axis; colours can be told apart by colour-blind readers; the range of an axis or of colours
// is that of the bulk of the values, and what lies beyond is counted and named in a note below; so is everything that is no number.
// Beyond a few thousand marks, values are gathered into bins, so that a figure of a million is as small as one of a thousand.
//
// Weak spots: texts are measured with Liberation Sans, so letters that it lacks are boxes in PNG and PDF; positions of sensors in the
// corner rafts of LSSTCam are schematic.
package plot

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgpdf"
)

// Format is a kind of picture file.
type Format string

// The formats.
const (
	SVG Format = "svg"
	PNG Format = "png"
	PDF Format = "pdf"
)

// FormatError says that a file name ends in nothing that can be drawn.
type FormatError struct{ Path string }

func (e *FormatError) Error() string { return fmt.Sprintf("%q is the name of no picture", e.Path) }

// Hint names the formats.
func (e *FormatError) Hint() string { return "the name ends in .svg, .png or .pdf" }

// ParseFormat is the format that the name of a file asks for. The error is a *FormatError.
func ParseFormat(path string) (Format, error) {
	switch f := Format(strings.ToLower(strings.TrimPrefix(filepath.Ext(path), "."))); f {
	case SVG, PNG, PDF:
		return f, nil
	}
	return "", &FormatError{path}
}

// resolution of PNG files in dots per inch: a figure is some 1400 dots wide.
const resolution = 144

// Figure is a picture that is ready to be drawn.
type Figure struct {
	// Title is the line above the picture, Summary a sentence for readers who do not see it.
	Title, Summary string
	// Notes are the lines below: what was left out, counted.
	Notes []string

	width, height vg.Length
	// panel draws what stands between title and notes.
	panel func(c draw.Canvas)
}

// Write draws the figure as a file of its own, on a white ground.
func (f *Figure) Write(w io.Writer, format Format) error {
	switch format {
	case SVG:
		return f.writeSVG(w, false)
	case PNG:
		c := vgimg.NewWith(vgimg.UseWH(f.width, f.height), vgimg.UseDPI(resolution))
		f.draw(draw.New(c), true)
		_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(w)
		return err
	case PDF:
		c := vgpdf.New(f.width, f.height)
		c.EmbedFonts(true)
		f.draw(draw.New(c), true)
		_, err := c.WriteTo(w)
		return err
	}
	return &FormatError{"." + string(format)}
}

// Inline is the figure as an element of an HTML page. It has no ground and no title; ink follows the colour of the text around it, and
// the custom properties --plot-muted and --plot-grid give the others.
func (f *Figure) Inline() string {
	var b bytes.Buffer
	if err := f.writeSVG(&b, true); err != nil {
		return "" // a buffer refuses nothing
	}
	return b.String()
}

func (f *Figure) writeSVG(w io.Writer, inline bool) error {
	c := newSVGCanvas(f.width, f.height, inline)
	f.draw(draw.NewCanvas(c, f.width, f.height), !inline)
	return c.write(w, f.Title, f.Summary)
}

// draw lays out title, panel and notes.
func (f *Figure) draw(c draw.Canvas, page bool) {
	const margin = vg.Length(8)
	if page {
		c.SetColor(paper)
		c.Fill(c.Rectangle.Path())
	}
	top, bottom := margin, margin
	width := c.Max.X - c.Min.X - 2*margin
	if page && f.Title != "" {
		sty := textStyle(13, ink)
		c.FillText(sty, vg.Point{X: c.Min.X + margin, Y: c.Max.Y - margin - 12}, fit(sty, f.Title, width))
		top += 20
	}
	small := textStyle(8, muted)
	var lines []string
	if page {
		for _, n := range f.Notes {
			lines = append(lines, wrap(small, n, width)...)
		}
		if len(lines) > maxNoteLines {
			lines = append(lines[:maxNoteLines-1], "…")
		}
	}
	for i, line := range lines {
		c.FillText(small, vg.Point{X: c.Min.X + margin, Y: c.Min.Y + bottom + vg.Length(len(lines)-1-i)*11}, line)
	}
	bottom += vg.Length(len(lines)) * 11
	f.panel(draw.Crop(c, margin, -margin, bottom, -top))
}

// maxNoteLines keeps notes from taking the place of the picture.
const maxNoteLines = 5

// Quantity is what the values of a figure are.
type Quantity struct {
	// Name is the metric, Unit its unit or empty.
	Name, Unit string
}

// label is the text of an axis whose numbers are to be multiplied by a power of ten. what is the statistic, such as median, or empty. If
// there is not enough room, the name is cut, not the unit.
func (q Quantity) label(what string, exponent int, sty text.Style, room vg.Length) string {
	unit := clean(q.unit(exponent))
	name := q.Name
	if what != "" {
		name = what + " of " + name
	}
	sty.Rotation = 0
	return strings.TrimSpace(fit(sty, name, room-sty.Width(unit)) + unit)
}

// unit is what stands behind the name: the unit in brackets.
func (q Quantity) unit(exponent int) string {
	unit := q.Unit
	if exponent != 0 {
		unit = strings.TrimSpace(fmt.Sprintf("1e%d %s", exponent, unit))
	}
	if unit == "" {
		return ""
	}
	return " (" + unit + ")"
}

// value is a number with its unit.
func (q Quantity) value(v float64) string {
	return clean(strings.TrimSpace(short(v) + " " + q.Unit))
}

// emptyFigure is a figure without values.
func emptyFigure(title string, notes []string) *Figure {
	return &Figure{Title: title, Summary: "There is no value to draw.", Notes: notes, width: figureWidth, height: figureHeight / 2, panel: func(c draw.Canvas) {
		sty := textStyle(11, muted)
		sty.XAlign, sty.YAlign = draw.XCenter, draw.YCenter
		c.FillText(sty, c.Center(), "no value to draw")
	}}
}

// The size of a figure if it has no reason for another.
const (
	figureWidth  = vg.Length(640)
	figureHeight = vg.Length(400)
)
