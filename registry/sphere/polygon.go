package sphere

import (
	"errors"
	"math"
)

// ConvexPolygon is the points to the left of, or on, all its edges, which are great-circle arcs between successive vertices.
// Vertices are unit vectors, counter-clockwise seen from outside, at least three, no three successive ones on one great circle.
type ConvexPolygon struct{ Vertices []Vec }

// edges calls f for each edge until it returns false.
func (p *ConvexPolygon) edges(f func(a, b Vec) bool) bool {
	a := p.Vertices[len(p.Vertices)-1]
	for _, b := range p.Vertices {
		if !f(a, b) {
			return false
		}
		a = b
	}
	return true
}

// Contains reports whether a point lies in p.
func (p *ConvexPolygon) Contains(v Vec) bool {
	return p.edges(func(a, b Vec) bool { return orientation(a, b, v) >= 0 })
}

// distance2 is the squared straight distance of a point from p.
func (p *ConvexPolygon) distance2(v Vec) float64 {
	if p.Contains(v) {
		return 0
	}
	least := math.Inf(1)
	p.edges(func(a, b Vec) bool {
		least = min(least, arcChord2(v, a, b))
		return true
	})
	return least
}

func (p *ConvexPolygon) overlapsCircle(c *Circle) bool {
	return !c.IsEmpty() && c.reaches(p.distance2(c.Center))
}

func (p *ConvexPolygon) overlapsPolygon(q *ConvexPolygon) bool {
	// Two convex polygons that share a point have a vertex in each other or edges that cross; a vertex on an edge is in the polygon.
	for _, v := range q.Vertices {
		if p.Contains(v) {
			return true
		}
	}
	for _, v := range p.Vertices {
		if q.Contains(v) {
			return true
		}
	}
	return !p.edges(func(a, b Vec) bool {
		return q.edges(func(c, d Vec) bool { return !arcsCross(a, b, c, d) })
	})
}

// arcsCross reports whether two arcs cross in a point that is no end of either.
func arcsCross(a, b, c, d Vec) bool {
	s := orientation(a, b, c)
	return s != 0 && orientation(a, b, d) == -s && orientation(c, d, a) == -s && orientation(c, d, b) == s
}

// boxSlack is by how much, in radians, upstream widens the bounding box of a polygon.
const boxSlack = 5e-10

// BoundingBox is a box that holds p. It is as wide as upstream's, as relations of polygons with boxes are decided by it.
func (p *ConvexPolygon) BoundingBox() *Box {
	b := EmptyBox()
	west, east := false, false
	for i, v := range p.Vertices {
		next := p.Vertices[(i+1)%len(p.Vertices)]
		b.join(NewBox(v.LonLat(), boxSlack, boxSlack))
		switch o := orientation(Vec{0, 0, 1}, v, next); {
		case o > 0:
			east = true
		case o < 0:
			west = true
		}
		// The northernmost and southernmost point of the great circle may lie on the edge.
		n := normal(v, next)
		top := Vec{-n.X * n.Z, -n.Y * n.Z, n.X*n.X + n.Y*n.Y}
		if top == (Vec{}) {
			continue
		}
		s, e := n.Cross(v).Dot(top), n.Cross(next).Dot(top)
		switch {
		case s > 0 && e < 0:
			b.LatEnd = max(b.LatEnd, min(top.LonLat().Lat+boxSlack, math.Pi/2))
		case s < 0 && e > 0:
			b.LatBegin = min(b.LatBegin, max(top.Scale(-1).LonLat().Lat-boxSlack, -math.Pi/2))
		}
	}
	// Edges that all go east, or all west, go round a pole.
	if !west {
		b.LonBegin, b.LonEnd, b.LatEnd = 0, 2*math.Pi, math.Pi/2
	} else if !east {
		b.LonBegin, b.LonEnd, b.LatBegin = 0, 2*math.Pi, -math.Pi/2
	}
	return b
}

// ErrNoPolygon says that points do not span a convex polygon: fewer than three, on one great circle, or all around the sphere.
var ErrNoPolygon = errors.New("the points do not span a convex polygon")

// ConvexHull is the smallest convex polygon around points. The error is ErrNoPolygon.
func ConvexHull(points []Vec) (*ConvexPolygon, error) {
	for _, p := range points {
		if !p.isFinite() {
			return nil, ErrNoPolygon
		}
	}
	hull := triangle(points)
	if hull == nil {
		return nil, ErrNoPolygon
	}
	for _, p := range points {
		var ok bool
		if hull, ok = extend(hull, p); !ok {
			return nil, ErrNoPolygon
		}
	}
	// A polygon that all points are inside of and whose every corner turns left is convex if it does not go round twice, which it
	// cannot do with every vertex inside.
	h := &ConvexPolygon{hull}
	for _, p := range hull {
		if !h.Contains(p) {
			return nil, ErrNoPolygon
		}
	}
	return h, nil
}

// triangle finds three points not on one great circle and orders them counter-clockwise.
func triangle(points []Vec) []Vec {
	for i := 1; i < len(points); i++ {
		for _, c := range points[i+1:] {
			switch a, b := points[0], points[i]; orientation(a, b, c) {
			case 1:
				return []Vec{a, b, c}
			case -1:
				return []Vec{a, c, b}
			}
		}
	}
	return nil
}

// extend adds a point to a hull. It reports false if the result is no convex polygon.
func extend(hull []Vec, p Vec) ([]Vec, bool) {
	n := len(hull)
	sides := make([]int, n)
	outside := 0
	for i, v := range hull {
		if sides[i] = orientation(v, hull[(i+1)%n], p); sides[i] < 0 {
			outside++
		}
	}
	switch outside {
	case 0:
		return hull, true
	case n:
		return nil, false
	}
	// The edges that p is outside of, with those it is in line with at either end, give way to two edges through p.
	first := 0
	for !(sides[first] < 0 && sides[(first+n-1)%n] >= 0) {
		first++
	}
	last := first
	for sides[(last+1)%n] < 0 {
		last = (last + 1) % n
		outside--
	}
	if outside != 1 {
		return nil, false
	}
	if before := (first + n - 1) % n; sides[before] == 0 {
		first = before
	}
	if after := (last + 1) % n; sides[after] == 0 {
		last = after
	}
	out := []Vec{p}
	for i := (last + 1) % n; ; i = (i + 1) % n {
		out = append(out, hull[i])
		if i == first {
			break
		}
	}
	return out, len(out) >= 3
}
