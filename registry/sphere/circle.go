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

// NewCircle makes a circle of a radius: none if that is negative, the whole sphere from pi on.
func NewCircle(center Vec, radius float64) *Circle {
	c := &Circle{Center: center, Angle: radius}
	switch {
	case radius < 0:
		c.ChordLength2 = -1
	case radius >= math.Pi:
		c.ChordLength2 = 4
	default:
		s := math.Sin(radius / 2)
		c.ChordLength2 = 4 * s * s
	}
	return c
}

// IsEmpty reports whether no point lies in c.
func (c *Circle) IsEmpty() bool { return !(c.ChordLength2 >= 0) }

// IsFull reports whether every point lies in c.
func (c *Circle) IsFull() bool { return c.ChordLength2 >= 4 }
