package sphere

import "math"

// Circle is all points within an angle of a centre. ChordLength2 is the square of the straight distance from the centre to the rim,
// negative if the circle is empty and at least 4 if it is the whole sphere; Angle is the radius. Both are kept, as the stored form
// has both.
type Circle struct {
	Center       Vec
	ChordLength2 float64
	Angle        float64
}

// The slack that upstream gives circles: on squared distances, and on the angle between two circles. Points on a rim count as
// inside however their coordinates were rounded.
const (
	chord2Slack = 2.5e-15
	angleSlack  = 6e-8
)

// NewCircle makes a circle of a radius: none if that is negative or no number, the whole sphere from pi on.
func NewCircle(center Vec, radius float64) *Circle {
	c := &Circle{Center: center, Angle: radius}
	switch {
	case radius >= math.Pi:
		c.ChordLength2 = 4
	case radius >= 0:
		s := math.Sin(radius / 2)
		c.ChordLength2 = 4 * s * s
	default:
		c.ChordLength2 = -1
	}
	return c
}

// IsEmpty reports whether no point lies in c.
func (c *Circle) IsEmpty() bool { return !(c.ChordLength2 >= 0) }

// IsFull reports whether every point lies in c.
func (c *Circle) IsFull() bool { return c.ChordLength2 >= 4 }

// Contains reports whether a point lies in c.
func (c *Circle) Contains(p Vec) bool {
	return c.IsFull() || chord2(c.Center, p) <= c.ChordLength2+chord2Slack
}

// reaches reports whether c comes as near to its centre as the squared distance of something else.
func (c *Circle) reaches(distance2 float64) bool {
	return c.IsFull() || distance2 <= c.ChordLength2+chord2Slack
}

// complement is the circle of all points outside c and on its rim.
func (c *Circle) complement() *Circle {
	return &Circle{Center: c.Center.Scale(-1), ChordLength2: 4 - c.ChordLength2, Angle: math.Pi - c.Angle}
}

func (c *Circle) overlapsCircle(d *Circle) bool {
	switch {
	case c.IsEmpty() || d.IsEmpty():
		return false
	case c.IsFull() || d.IsFull():
		return true
	}
	return Separation(c.Center, d.Center) <= c.Angle+d.Angle+angleSlack
}

// distance2 is the squared straight distance of p from the box, which is not empty.
func (b *Box) distance2(p Vec) float64 {
	at := p.LonLat()
	if b.containsLon(wrap(at.Lon)) {
		if b.LatBegin <= at.Lat && at.Lat <= b.LatEnd {
			return 0
		}
		nearest := b.LatBegin
		if at.Lat > b.LatEnd {
			nearest = b.LatEnd
		}
		s := math.Sin((at.Lat - nearest) / 2)
		return 4 * s * s
	}
	return min(meridianChord2(p, b.LonBegin, b.LatBegin, b.LatEnd), meridianChord2(p, b.LonEnd, b.LatBegin, b.LatEnd))
}

func (b *Box) overlapsCircle(c *Circle) bool {
	return !c.IsEmpty() && !b.IsEmpty() && c.reaches(b.distance2(c.Center))
}
