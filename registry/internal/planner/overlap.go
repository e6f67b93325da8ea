package planner

import (
	"fmt"
	"slices"
	"strconv"

	"valet/registry/dimension"
	"valet/registry/internal/dialect"
	"valet/registry/query"
	"valet/registry/sphere"
)

// literal is the overlap of an element's region with a given one.
type literal struct {
	element *dimension.Element
	region  *query.Literal
}

// test is an exact test still in terms of elements: the regions of two, or of one and a literal.
type test struct {
	a, b   *dimension.Element
	region sphere.Region
}

// maxRanges is how many ranges of pixels a statement holds; of more, neighbours are joined, which only gives the exact test more to
// do.
const maxRanges = 10000

// addOverlaps joins the tables of overlaps with pixels that stand for joins of regions. What they let through is tested exactly
// when rows are read, except for pixels themselves.
func (b *builder) addOverlaps() error {
	for i, o := range b.overlaps {
		if err := b.addOverlap("o"+strconv.Itoa(i), o.a, o.b); err != nil {
			return err
		}
	}
	for i, l := range b.literals {
		if l.element.IsSkypix() {
			continue
		}
		if err := b.addLiteral("l"+strconv.Itoa(i), l); err != nil {
			return err
		}
	}
	return nil
}

// pixels is the pixelization whose overlaps are stored.
func (b *builder) pixels() *dimension.Element {
	return b.dimensions.Universe.Dimension(b.dimensions.Universe.CommonSkypix)
}

// inPixels restricts the rows of an overlap table to the stored pixelization.
func (b *builder) inPixels(alias string) *dialect.Text {
	p := b.pixels()
	return new(dialect.Text).Write(alias, ".skypix_system = ").Arg(p.System.Name).Write(" AND ", alias, ".skypix_level = ").Arg(int64(p.Level))
}

func overlapTable(e *dimension.Element) string { return e.Name + "_skypix_overlap" }

// viaPixels joins an element with the pixel dimension of the query, once.
func (b *builder) viaPixels(e *dimension.Element) {
	if slices.Contains(b.pixelled, e) {
		return
	}
	b.pixelled = append(b.pixelled, e)
	alias := "p" + strconv.Itoa(len(b.pixelled))
	src := b.add(alias, dialect.SQL(b.quote(overlapTable(e))))
	src.driver = b.given(e) > 0
	src.on(b.inPixels(alias))
	for _, d := range e.Required {
		b.provide(src, d, alias+"."+b.quote(d.Name))
	}
	b.provide(src, b.pixels(), alias+".skypix_index")
}

// joinOverlaps ends a subquery over overlap rows, with what the condition says of its columns, and joins it as the table that is read
// first.
func (b *builder) joinOverlaps(alias string, t *dialect.Text, columns map[string]string, keys []*dimension.Element) error {
	pushed, err := b.pushed(columns)
	if err != nil {
		return err
	}
	for _, p := range pushed {
		t.Write(" AND ").Add(p)
	}
	src := b.add(alias, t.Write(")"))
	src.driver = true
	for _, d := range keys {
		b.provide(src, d, alias+"."+b.quote(d.Name))
	}
	return nil
}

func (b *builder) addOverlap(alias string, x, y *dimension.Element) error {
	if x.IsSkypix() {
		x, y = y, x
	}
	q := b.quote
	if y.IsSkypix() {
		if x.IsSkypix() || y != b.pixels() {
			return &UnsupportedError{fmt.Sprintf("the overlap of %s with %s, for which no rows are stored,", x, y)}
		}
		b.viaPixels(x)
		return nil
	}
	if b.dimensions.Has(b.pixels().Name) {
		// The pixels are in the query: both elements overlap them.
		b.viaPixels(x)
		b.viaPixels(y)
		b.test(test{a: x, b: y})
		return nil
	}
	columns := map[string]string{}
	t := dialect.SQL("(SELECT DISTINCT ")
	on := dialect.SQL()
	var keys []*dimension.Element
	for k, e := range []*dimension.Element{x, y} {
		side := [...]string{"x", "y"}[k]
		for _, d := range e.Required {
			column := side + "." + q(d.Name)
			if first, known := columns[d.Name]; known {
				on.Write(" AND ", column, " = ", first)
				continue
			}
			columns[d.Name] = column
			if len(keys) > 0 {
				t.Write(", ")
			}
			t.Write(column)
			keys = append(keys, d)
		}
	}
	// The element of which more keys are given is the one to start from; the database does not know which has fewer rows.
	outer, inner, how := x, y, " JOIN "
	names := [2]string{"x", "y"}
	if n, m := b.given(x), b.given(y); n != m {
		how = " CROSS JOIN "
		if n < m {
			outer, inner, names = y, x, [2]string{"y", "x"}
		}
	}
	t.Write(" FROM ", q(overlapTable(outer)), " ", names[0], how, q(overlapTable(inner)), " ", names[1])
	t.Write(" WHERE y.skypix_index = x.skypix_index AND ").Add(b.inPixels("y")).Add(on).Write(" AND ").Add(b.inPixels("x"))
	if err := b.joinOverlaps(alias, t, columns, keys); err != nil {
		return err
	}
	b.test(test{a: x, b: y})
	return nil
}

// addPixelLiterals restricts pixels of the query to given regions. There is no exact test of them.
func (b *builder) addPixelLiterals() error {
	for _, l := range b.literals {
		if !l.element.IsSkypix() {
			continue
		}
		ranges, err := b.envelope(l.element, l.element, l.region.Value.(sphere.Region))
		if err != nil {
			return err
		}
		b.where = append(b.where, inRanges(b.keys[l.element.Name], ranges))
	}
	return nil
}

// envelope is the pixels of p that a region may overlap, in at most maxRanges ranges.
func (b *builder) envelope(e, p *dimension.Element, region sphere.Region) ([]sphere.Range, error) {
	if p.System.Class != "lsst.sphgeom.HtmPixelization" {
		return nil, &UnsupportedError{fmt.Sprintf("the overlap of a region with pixels of %s", p)}
	}
	ranges, err := sphere.HTMEnvelope(region, p.Level)
	if err != nil {
		return nil, &query.Error{Kind: query.Unimplemented, Reason: fmt.Sprintf("the overlap of %s with the given region: %s", e, err)}
	}
	if len(ranges) > maxRanges && e.IsSkypix() {
		return nil, &UnsupportedError{fmt.Sprintf("the overlap of %s with a region of %d ranges of pixels", e, len(ranges))}
	}
	for len(ranges) > maxRanges {
		ranges = halve(ranges)
	}
	return ranges, nil
}

// given counts the keys of an element, governors apart, that the condition gives.
func (b *builder) given(e *dimension.Element) int {
	n := 0
	for _, d := range e.Required {
		if b.isGiven(d) && !d.Governor {
			n++
		}
	}
	return n
}

func (b *builder) addLiteral(alias string, l literal) error {
	e := l.element
	region := l.region.Value.(sphere.Region)
	ranges, err := b.envelope(e, b.pixels(), region)
	if err != nil {
		return err
	}
	if b.dimensions.Has(b.pixels().Name) {
		b.viaPixels(e)
		b.where = append(b.where, inRanges(b.keys[b.pixels().Name], ranges))
		b.test(test{a: e, region: region})
		return nil
	}
	q := b.quote
	columns := map[string]string{}
	t := dialect.SQL("(SELECT DISTINCT ")
	for k, d := range e.Required {
		if k > 0 {
			t.Write(", ")
		}
		columns[d.Name] = "x." + q(d.Name)
		t.Write("x.", q(d.Name))
	}
	t.Write(" FROM ")
	condition := dialect.SQL()
	how := ""
	if len(ranges) > fewRanges {
		// A table of ranges lets the database look up each in the index of pixels, or go through the pixels of given elements.
		t.Write("(VALUES ")
		for i, r := range ranges {
			if i > 0 {
				t.Write(", ")
			}
			t.Write("(").Arg(int64(r.Begin), int64(r.End)).Write(")")
		}
		how = " CROSS JOIN "
		if b.given(e) > 0 {
			how = " JOIN "
		}
		t.Write(") r", how)
		condition.Write("x.skypix_index >= r.column1 AND x.skypix_index < r.column2")
	} else {
		condition.Add(inRanges("x.skypix_index", ranges))
	}
	t.Write(q(overlapTable(e)), " x WHERE ").Add(b.inPixels("x")).Write(" AND ").Add(condition)
	if err := b.joinOverlaps(alias, t, columns, e.Required); err != nil {
		return err
	}
	b.test(test{a: e, region: region})
	return nil
}

// test notes an exact test, which needs the regions.
func (b *builder) test(t test) {
	b.tests = append(b.tests, t)
	b.needRegion(t.a)
	if t.b != nil {
		b.needRegion(t.b)
	}
}

// isLoose reports whether a test looks at an element that a row of the result does not determine, so that several tested rows can
// stand for one.
func (b *builder) isLoose(t test) bool {
	outside := func(e *dimension.Element) bool {
		return e != nil && slices.ContainsFunc(e.Required, func(d *dimension.Element) bool { return !b.query.Dimensions.Has(d.Name) })
	}
	return outside(t.a) || outside(t.b)
}

// fewRanges is how many ranges are written as alternatives.
const fewRanges = 8

// inRanges is the condition that an integer lies in one of ascending ranges. Many make a tree of comparisons, so that the cost of a
// row grows with the logarithm of their number.
func inRanges(x string, ranges []sphere.Range) *dialect.Text {
	if len(ranges) == 0 {
		return dialect.SQL("1 = 0")
	}
	if len(ranges) > fewRanges {
		half := len(ranges) / 2
		return dialect.SQL("CASE WHEN ", x, " < ").Arg(int64(ranges[half].Begin)).Write(" THEN ").Add(inRanges(x, ranges[:half])).
			Write(" ELSE ").Add(inRanges(x, ranges[half:])).Write(" END")
	}
	t := dialect.SQL("(")
	for i, r := range ranges {
		if i > 0 {
			t.Write(" OR ")
		}
		t.Write(x, " >= ").Arg(int64(r.Begin)).Write(" AND ", x, " < ").Arg(int64(r.End))
	}
	return t.Write(")")
}

// halve joins each range with its neighbour.
func halve(ranges []sphere.Range) []sphere.Range {
	var out []sphere.Range
	for i := 0; i < len(ranges); i += 2 {
		out = append(out, sphere.Range{Begin: ranges[i].Begin, End: ranges[min(i+1, len(ranges)-1)].End})
	}
	return out
}
