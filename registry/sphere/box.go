package sphere

import "math"

// Box is all points between two longitudes, going east from LonBegin to LonEnd, and between two latitudes. If LonBegin exceeds LonEnd
// the box contains longitude 0. It is empty if a bound is no number or LatBegin exceeds LatEnd.
type Box struct{ LonBegin, LonEnd, LatBegin, LatEnd float64 }

// NewBox makes a box around a centre from half its width in longitude and half its height.
func NewBox(center LonLat, halfWidth, halfHeight float64) *Box {
	if !(halfWidth >= 0) {
		return EmptyBox()
	}
	b := &Box{wrap(center.Lon - halfWidth), wrap(center.Lon + halfWidth),
		max(center.Lat-halfHeight, -math.Pi/2), min(center.Lat+halfHeight, math.Pi/2)}
	if halfWidth >= math.Pi {
		b.LonBegin, b.LonEnd = 0, 2*math.Pi
	}
	return b.normalized()
}

// EmptyBox has no point.
func EmptyBox() *Box { return &Box{math.NaN(), math.NaN(), 1, 0} }

// FullBox is the whole sphere.
func FullBox() *Box { return &Box{0, 2 * math.Pi, -math.Pi / 2, math.Pi / 2} }

// normalized gives a box without latitudes no longitudes either, as upstream stores it.
func (b *Box) normalized() *Box {
	if !(b.LatBegin <= b.LatEnd) {
		b.LonBegin, b.LonEnd = math.NaN(), math.NaN()
	}
	return b
}

// IsEmpty reports whether no point lies in b.
func (b *Box) IsEmpty() bool {
	return math.IsNaN(b.LonBegin) || math.IsNaN(b.LonEnd) || !(b.LatBegin <= b.LatEnd)
}

func (b *Box) containsLon(lon float64) bool {
	if b.LonBegin <= b.LonEnd {
		return b.LonBegin <= lon && lon <= b.LonEnd
	}
	return lon >= b.LonBegin || lon <= b.LonEnd
}

// Contains reports whether a point lies in b.
func (b *Box) Contains(p Vec) bool {
	at := p.LonLat()
	return !b.IsEmpty() && b.LatBegin <= at.Lat && at.Lat <= b.LatEnd && b.containsLon(wrap(at.Lon))
}

func (b *Box) overlapsBox(o *Box) bool {
	return !b.IsEmpty() && !o.IsEmpty() && b.LatBegin <= o.LatEnd && o.LatBegin <= b.LatEnd &&
		(b.containsLon(o.LonBegin) || o.containsLon(b.LonBegin))
}

// contains reports whether o, which is not empty, lies in b.
func (b *Box) contains(o *Box) bool {
	if b.IsEmpty() || b.LatBegin > o.LatBegin || o.LatEnd > b.LatEnd {
		return false
	}
	if b.LonBegin == 0 && b.LonEnd == 2*math.Pi {
		return true
	}
	if o.LonBegin == 0 && o.LonEnd == 2*math.Pi {
		return false
	}
	if !b.containsLon(o.LonBegin) || !b.containsLon(o.LonEnd) {
		return false
	}
	// Both ends lie inside; o may still go round the other way.
	east := func(lon float64) float64 { return wrap(lon - b.LonBegin) }
	return east(o.LonBegin) <= east(o.LonEnd)
}

// join widens b so that it holds o. Where upstream makes the longitudes all round, so does this: if b holds longitude 0 and o, which
// does not, lies within.
func (b *Box) join(o *Box) {
	if o.IsEmpty() {
		return
	}
	if b.IsEmpty() {
		*b = *o
		return
	}
	b.LatBegin, b.LatEnd = min(b.LatBegin, o.LatBegin), max(b.LatEnd, o.LatEnd)
	wraps, oWraps := b.LonBegin > b.LonEnd, o.LonBegin > o.LonEnd
	begins, ends := b.containsLon(o.LonBegin), b.containsLon(o.LonEnd)
	begun, ended := o.containsLon(b.LonBegin), o.containsLon(b.LonEnd)
	all := func() { b.LonBegin, b.LonEnd = 0, 2*math.Pi }
	switch {
	case begins && ends && wraps == oWraps:
	case begins && ends && wraps && o.LonBegin == 0 && o.LonEnd == 2*math.Pi:
		all()
	case begins && ends && !wraps && b.LonBegin == 0 && b.LonEnd == 2*math.Pi:
	case begins && ends:
		all()
	case begun && ended:
		b.LonBegin, b.LonEnd = o.LonBegin, o.LonEnd
	case begins:
		b.LonEnd = o.LonEnd
	case ends:
		b.LonBegin = o.LonBegin
	default:
		// Disjoint: close the smaller gap.
		if wrap(o.LonBegin-b.LonEnd) < wrap(b.LonBegin-o.LonEnd) {
			b.LonEnd = o.LonEnd
		} else {
			b.LonBegin = o.LonBegin
		}
	}
}
