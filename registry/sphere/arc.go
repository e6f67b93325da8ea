package sphere

import "math"

// chord2 is the squared straight distance of two points.
func chord2(a, b Vec) float64 {
	d := a.Sub(b)
	return d.Dot(d)
}

// normal is a vector perpendicular to both points, accurate also if they are close together.
func normal(a, b Vec) Vec { return a.Sub(b).Cross(a.Add(b)) }

// arcChord2 is the squared straight distance of p from the nearest point of the great-circle arc from a to b.
func arcChord2(p, a, b Vec) float64 {
	n := normal(a, b)
	// The foot of p lies on the arc if p is left of the plane through n and a, and right of that through n and b.
	if n.Cross(a).Dot(p) > 0 && n.Cross(b).Dot(p) < 0 {
		return circleChord2(p, n)
	}
	return min(chord2(p, a), chord2(p, b))
}

// circleChord2 is the squared straight distance of p from the great circle perpendicular to n.
func circleChord2(p, n Vec) float64 {
	n = n.Unit()
	height, along := p.Dot(n), p.Cross(n).Norm()
	return height*height + (1-along)*(1-along)
}

// meridianChord2 is the squared straight distance of p from the nearest point of a meridian between two latitudes.
func meridianChord2(p Vec, lon, latBegin, latEnd float64) float64 {
	return arcChord2(p, LonLat{lon, latBegin}.vec(), LonLat{lon, latEnd}.vec())
}

// wrap brings an angle between 0 and 2 pi; both ends stay as they are.
func wrap(a float64) float64 {
	if a >= 0 && a <= 2*math.Pi {
		return a
	}
	if math.IsInf(a, 0) {
		return math.NaN()
	}
	if a = math.Mod(a, 2*math.Pi); a < 0 {
		a += 2 * math.Pi
	}
	return a
}
