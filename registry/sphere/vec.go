package sphere

import (
	"fmt"
	"math"
)

// Vec is a vector in space, of length 1 if it stands for a point of the sphere. +X is longitude 0 and latitude 0, +Z the north pole.
type Vec struct{ X, Y, Z float64 }

// Add, Sub and Scale are the usual operations.
func (a Vec) Add(b Vec) Vec { return Vec{a.X + b.X, a.Y + b.Y, a.Z + b.Z} }
func (a Vec) Sub(b Vec) Vec { return Vec{a.X - b.X, a.Y - b.Y, a.Z - b.Z} }

// Scale multiplies by a number.
func (a Vec) Scale(f float64) Vec { return Vec{a.X * f, a.Y * f, a.Z * f} }

// Dot is the scalar product.
func (a Vec) Dot(b Vec) float64 { return a.X*b.X + a.Y*b.Y + a.Z*b.Z }

// Cross is the vector product.
func (a Vec) Cross(b Vec) Vec {
	return Vec{a.Y*b.Z - a.Z*b.Y, a.Z*b.X - a.X*b.Z, a.X*b.Y - a.Y*b.X}
}

// Norm is the length.
func (a Vec) Norm() float64 { return math.Sqrt(a.Dot(a)) }

// Unit is the vector of length 1 in the same direction. The zero vector stays what it is. The largest component is scaled to 1 first,
// as upstream does: trixels must come out the same in every bit, or neighbours in two programs would not share their edges.
func (a Vec) Unit() Vec {
	x, y, z := math.Abs(a.X), math.Abs(a.Y), math.Abs(a.Z)
	most := max(x, y, z)
	if most == 0 {
		return a
	}
	a = Vec{a.X / most, a.Y / most, a.Z / most}
	var others float64
	switch most {
	case x:
		others = float64(a.Y*a.Y) + float64(a.Z*a.Z)
	case y:
		others = float64(a.X*a.X) + float64(a.Z*a.Z)
	default:
		others = float64(a.X*a.X) + float64(a.Y*a.Y)
	}
	n := math.Sqrt(1 + others)
	return Vec{a.X / n, a.Y / n, a.Z / n}
}

// LonLat is the point by its angles.
func (a Vec) LonLat() LonLat {
	return LonLat{math.Atan2(a.Y, a.X), math.Atan2(a.Z, math.Hypot(a.X, a.Y))}
}

// Separation is the angle between two points. It is accurate for small angles too.
func Separation(a, b Vec) float64 { return math.Atan2(a.Cross(b).Norm(), a.Dot(b)) }

// LonLat is a point by its longitude and latitude in radians.
type LonLat struct{ Lon, Lat float64 }

// LatitudeError says that a latitude does not lie between the poles.
type LatitudeError struct{ Degrees float64 }

func (e *LatitudeError) Error() string {
	return fmt.Sprintf("the latitude %g lies beyond a pole", e.Degrees)
}

// Hint says what latitudes there are.
func (e *LatitudeError) Hint() string { return "latitudes are degrees from -90 to 90" }

// Degrees makes a point from degrees. A longitude may be any number and comes between 0 and 360. The error is a *LatitudeError.
func Degrees(lon, lat float64) (LonLat, error) {
	if math.Abs(lat) > 90 {
		return LonLat{}, &LatitudeError{lat}
	}
	return LonLat{wrap(Radians(lon)), Radians(lat)}, nil
}

// Radians converts from degrees.
func Radians(degrees float64) float64 { return degrees * (math.Pi / 180) }

// Vec is the point as a vector, in every bit as upstream computes it.
func (p LonLat) Vec() Vec {
	sinLon, cosLon := exactSincos(p.Lon)
	sinLat, cosLat := exactSincos(p.Lat)
	return Vec{cosLon * cosLat, sinLon * cosLat, sinLat}
}

// vec is Vec in floating point, for where the last bit does not count.
func (p LonLat) vec() Vec {
	sinLon, cosLon := math.Sincos(p.Lon)
	sinLat, cosLat := math.Sincos(p.Lat)
	return Vec{cosLon * cosLat, sinLon * cosLat, sinLat}
}
