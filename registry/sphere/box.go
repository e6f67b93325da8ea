package sphere

import "math"

// Box is all points between two longitudes, going east from LonBegin to LonEnd, and between two latitudes. If LonBegin exceeds LonEnd
// the box contains longitude 0. It is empty if a bound is NaN or LatBegin exceeds LatEnd.
type Box struct{ LonBegin, LonEnd, LatBegin, LatEnd float64 }

// NewBox makes a box around a centre from half its width in longitude and half its height.
func NewBox(center LonLat, halfWidth, halfHeight float64) *Box { panic("seam") }

// EmptyBox has no point, FullBox all of them.
var (
	EmptyBox = Box{math.NaN(), math.NaN(), 1, 0}
	FullBox  = Box{0, 2 * math.Pi, -math.Pi / 2, math.Pi / 2}
)
