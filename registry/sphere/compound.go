package sphere

import "math"

// Ellipse is all points whose angles from two foci add up to no more than twice Alpha. The stored form is kept as it is; the
// relations use the circle around it, as upstream's do.
type Ellipse struct {
	// Values are the stored numbers: the rotation matrix row by row, and derived quantities.
	Values [14]float64
}

// Union is all points in any of the operands.
type Union struct{ Operands []Region }

// Intersection is all points in all of the operands.
type Intersection struct{ Operands []Region }

// Opaque is a region of an unknown type: nothing is known of it but its stored form.
type Opaque struct{ Bytes []byte }

func (*Circle) region()        {}
func (*Box) region()           {}
func (*ConvexPolygon) region() {}
func (*Ellipse) region()       {}
func (*Union) region()         {}
func (*Intersection) region()  {}
func (*Opaque) region()        {}

// bound is the circle around e that decides its relations.
func (e *Ellipse) bound() *Circle {
	const slack = 3e-8
	alpha := e.Values[9] + math.Pi/2
	c := NewCircle(Vec{e.Values[6], e.Values[7], e.Values[8]}, alpha+slack)
	if alpha < 0 {
		c.ChordLength2 = -1
	}
	return c
}
