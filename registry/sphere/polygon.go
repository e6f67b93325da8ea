package sphere

// ConvexPolygon is the points to the left of, or on, all its edges, which are great-circle arcs between successive vertices.
// Vertices are unit vectors, counter-clockwise seen from outside, at least three, no three successive ones on one great circle.
type ConvexPolygon struct{ Vertices []Vec }

// ConvexHull is the smallest convex polygon around points.
func ConvexHull(points []Vec) (*ConvexPolygon, error) { panic("seam") }
