package sphere

// maxRanges bounds the envelope of a region that is long in terms of a fine level's pixels.
const maxRanges = 1 << 20

// HTMEnvelope returns, in ascending disjoint ranges, the HTM pixels of a level that may overlap the region: never one less, and the
// same that upstream finds (repository.md 5.3). An *Opaque has no envelope. The error is a *PixelError.
func HTMEnvelope(r Region, level int) ([]Range, error) {
	if err := checkHTMLevel(level); err != nil {
		return nil, err
	}
	if !isKnown(r) {
		return nil, &PixelError{"the pixels of a region of unknown type cannot be told"}
	}
	ranges, ok := envelope(r, level)
	if !ok {
		return nil, &PixelError{"the region's border has too many pixels at this level"}
	}
	return ranges, nil
}

// envelope reports false if there are too many ranges. Upstream joins and intersects the envelopes of the operands of a compound,
// which is not always the same as looking at all of them at once.
func envelope(r Region, level int) ([]Range, bool) {
	var out []Range
	switch r := r.(type) {
	case *Union:
		for _, x := range r.Operands {
			ranges, ok := envelope(x, level)
			if !ok {
				return nil, false
			}
			out = join(out, ranges)
		}
		return out, len(out) <= maxRanges
	case *Intersection:
		out = []Range{{8 << (2 * level), 16 << (2 * level)}}
		for _, x := range r.Operands {
			ranges, ok := envelope(x, level)
			if !ok {
				return nil, false
			}
			out = intersect(out, ranges)
		}
		return out, true
	}
	f := finder{region: r}
	if c, ok := r.(*Circle); ok && !c.IsEmpty() {
		f.outside = c.complement()
	}
	for i, t := range roots {
		if !f.visit(t, uint64(8+i), level) {
			return nil, false
		}
	}
	return f.ranges, true
}

// join is the union of two ascending lists.
func join(a, b []Range) []Range {
	var out []Range
	for len(a) > 0 || len(b) > 0 {
		if len(a) == 0 || len(b) > 0 && b[0].Begin < a[0].Begin {
			a, b = b, a
		}
		if n := len(out); n > 0 && a[0].Begin <= out[n-1].End {
			out[n-1].End = max(out[n-1].End, a[0].End)
		} else {
			out = append(out, a[0])
		}
		a = a[1:]
	}
	return out
}

// intersect is what two ascending lists share.
func intersect(a, b []Range) []Range {
	var out []Range
	for len(a) > 0 && len(b) > 0 {
		if begin, end := max(a[0].Begin, b[0].Begin), min(a[0].End, b[0].End); begin < end {
			out = append(out, Range{begin, end})
		}
		if a[0].End < b[0].End {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

func isKnown(r Region) bool {
	var operands []Region
	switch r := r.(type) {
	case nil, *Opaque:
		return false
	case *Union:
		operands = r.Operands
	case *Intersection:
		operands = r.Operands
	}
	for _, x := range operands {
		if !isKnown(x) {
			return false
		}
	}
	return true
}

// finder descends the mesh and collects the trixels that may overlap a region.
type finder struct {
	region Region
	// outside is the complement of a region that is a circle.
	outside *Circle
	ranges  []Range
}

// visit looks at a trixel that has levels more to divide. It reports false if there are too many ranges.
func (f *finder) visit(t Trixel, index uint64, levels int) bool {
	p := ConvexPolygon{t[:]}
	if Overlaps(&p, f.region) == No {
		return true
	}
	if levels > 0 && !f.covers(&p) {
		for i, c := range t.children() {
			if !f.visit(c, index<<2|uint64(i), levels-1) {
				return false
			}
		}
		return true
	}
	begin, end := index<<(2*levels), (index+1)<<(2*levels)
	if n := len(f.ranges); n > 0 && f.ranges[n-1].End == begin {
		f.ranges[n-1].End = end
		return true
	}
	f.ranges = append(f.ranges, Range{begin, end})
	return len(f.ranges) <= maxRanges
}

// covers reports whether the region surely holds all of a trixel, which then need not be divided.
func (f *finder) covers(t *ConvexPolygon) bool {
	switch r := f.region.(type) {
	case *Circle:
		return r.IsFull() || !t.overlapsCircle(f.outside)
	case *ConvexPolygon:
		for _, v := range t.Vertices {
			if !r.Contains(v) {
				return false
			}
		}
		return true
	case *Box:
		return r.contains(t.BoundingBox())
	}
	return false
}
