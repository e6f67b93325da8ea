// Package sphere is geometry on the unit sphere: points, regions and their relations, the binary form in which regions are stored
// (repository.md 5.4), and HTM and HEALPix pixels (repository.md 5.3). It is pure mathematics: no files, no SQL.
//
// Angles are radians unless a name says degrees. Regions are closed sets. Relations may be undecided (Unknown): what is No or Yes is
// certain, and decided where upstream decides.
package sphere

// Answer is the result of a test that need not be decided.
type Answer uint8

// The answers.
const (
	No Answer = iota
	Unknown
	Yes
)

// Region is a set of points of the sphere: a *Circle, *Box, *ConvexPolygon, *Ellipse, *Union, *Intersection or *Opaque.
type Region interface {
	// AppendBinary appends the stored form.
	AppendBinary(dst []byte) []byte
	region()
}

// Overlaps reports whether the two regions have a point in common. It is symmetric.
func Overlaps(a, b Region) Answer { panic("seam") }

// Decode reads the stored form. A type that is not known gives an *Opaque with the same bytes.
func Decode(b []byte) (Region, error) { panic("seam") }

// Range is the pixel indices Begin up to but not including End.
type Range struct{ Begin, End uint64 }

// HTMEnvelope returns, in ascending disjoint ranges, the HTM pixels of a level that may overlap the region: never one less, few
// more.
func HTMEnvelope(r Region, level int) ([]Range, error) { panic("seam") }

// ParsePOS reads a region in the IVOA POS form: CIRCLE lon lat radius, RANGE lon1 lon2 lat1 lat2, or POLYGON lon lat lon lat …, in
// degrees.
func ParsePOS(text string) (Region, error) { panic("seam") }
