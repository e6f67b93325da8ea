// Package sphere is geometry on the unit sphere: points, regions and their relations, the binary form in which regions are stored
// (repository.md 5.4), and HTM pixels (repository.md 5.3). It is pure mathematics: no files, no SQL.
//
// Angles are radians unless a name says degrees. Regions are closed sets. Relations may be undecided (Unknown): what is No or Yes is
// certain, and decided where upstream decides, with its tolerances, so that a query drops the rows that upstream drops (queries.md
// 6.1). A polygon against a box is judged by the polygon's bounding box, an ellipse by a circle around it: those two are coarse on
// purpose.
//
// Weak spot: the longitudes of a polygon's bounding box depend on the last bit of its vertices' longitudes when the polygon reaches
// longitude 0 and has two vertices on one meridian; there an answer may be Unknown where upstream says No, or the reverse.
//
// golang/geo is not used: it breaks ties of collinear points by a symbolic perturbation, and its loops have another idea of an edge,
// so that polygons which share an edge or a corner would not relate as they do in a repository's own tables.
package sphere

import "math"

// Answer is the result of a test that need not be decided.
type Answer uint8

// The answers.
const (
	No Answer = iota
	Unknown
	Yes
)

func (a Answer) String() string { return [...]string{"no", "unknown", "yes"}[a] }

// Region is a set of points of the sphere: a *Circle, *Box, *ConvexPolygon, *Ellipse, *Union, *Intersection or *Opaque.
type Region interface {
	// AppendBinary appends the stored form.
	AppendBinary(dst []byte) []byte
	region()
}

func answer(yes bool) Answer {
	if yes {
		return Yes
	}
	return No
}

// Overlaps reports whether two regions have a point in common. It is symmetric. Of an *Opaque nothing is known.
func Overlaps(a, b Region) Answer {
	if rank(a) < rank(b) {
		a, b = b, a
	}
	switch a := a.(type) {
	case *Union:
		return a.overlaps(b)
	case *Intersection:
		return a.overlaps(b)
	case *Ellipse:
		return a.overlaps(b)
	case *ConvexPolygon:
		switch b := b.(type) {
		case *ConvexPolygon:
			return answer(a.overlapsPolygon(b))
		case *Box:
			return a.overlapsBox(b)
		case *Circle:
			return answer(a.overlapsCircle(b))
		}
	case *Box:
		switch b := b.(type) {
		case *Box:
			return answer(a.overlapsBox(b))
		case *Circle:
			return answer(a.overlapsCircle(b))
		}
	case *Circle:
		if b, ok := b.(*Circle); ok {
			return answer(a.overlapsCircle(b))
		}
	}
	return Unknown
}

// rank orders the kinds so that each has to know only those of lower rank.
func rank(r Region) int {
	switch r.(type) {
	case *Circle:
		return 0
	case *Box:
		return 1
	case *ConvexPolygon:
		return 2
	case *Ellipse:
		return 3
	case *Union:
		return 4
	case *Intersection:
		return 5
	}
	return 6
}

func (u *Union) overlaps(r Region) Answer {
	best := No
	for _, x := range u.Operands {
		if best = max(best, Overlaps(x, r)); best == Yes {
			break
		}
	}
	return best
}

// overlaps cannot be decided if all operands overlap r: they may do so in different points.
func (n *Intersection) overlaps(r Region) Answer {
	if len(n.Operands) == 0 {
		if o, ok := r.(*Intersection); ok && len(o.Operands) > 0 {
			return o.overlaps(n)
		}
		return Yes
	}
	for _, x := range n.Operands {
		if Overlaps(x, r) == No {
			return No
		}
	}
	u, ok := r.(*Union)
	if !ok {
		return Unknown
	}
	for _, x := range u.Operands {
		if n.overlaps(x) != No {
			return Unknown
		}
	}
	return No
}

func (e *Ellipse) overlaps(r Region) Answer {
	around := e.bound()
	if o, ok := r.(*Ellipse); ok {
		r = o.bound()
	} else if within(around, r) {
		return Yes
	}
	if Overlaps(around, r) == No {
		return No
	}
	return Unknown
}

// within reports whether a circle, not empty, surely lies in a region.
func within(c *Circle, r Region) bool {
	switch r := r.(type) {
	case *Circle:
		return !c.IsEmpty() && (r.IsFull() || Separation(c.Center, r.Center)+c.Angle+angleSlack <= r.Angle)
	case *Box, *ConvexPolygon:
		// Inside if it stays away from all that is outside.
		return !c.IsEmpty() && Overlaps(c, r) == Yes && farFromRim(c, r)
	}
	return false
}

func farFromRim(c *Circle, r Region) bool {
	switch r := r.(type) {
	case *ConvexPolygon:
		return r.Contains(c.Center) && r.edges(func(a, b Vec) bool { return !c.reaches(arcChord2(c.Center, a, b)) })
	case *Box:
		at := c.Center.LonLat()
		if !r.Contains(c.Center) || at.Lat+c.Angle > r.LatEnd || at.Lat-c.Angle < r.LatBegin {
			return false
		}
		if r.LonBegin == 0 && r.LonEnd >= 2*math.Pi {
			return true
		}
		return !c.reaches(meridianChord2(c.Center, r.LonBegin, r.LatBegin, r.LatEnd)) && !c.reaches(meridianChord2(c.Center, r.LonEnd, r.LatBegin, r.LatEnd))
	}
	return false
}

// overlapsBox is decided by the polygon's bounding box.
func (p *ConvexPolygon) overlapsBox(b *Box) Answer {
	around := p.BoundingBox()
	switch {
	case !b.overlapsBox(around):
		return No
	case b.contains(around):
		return Yes
	}
	return Unknown
}
