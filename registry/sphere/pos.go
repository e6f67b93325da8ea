package sphere

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// POSError says why a text is no region in the IVOA POS form.
type POSError struct{ Text, Reason string }

func (e *POSError) Error() string { return fmt.Sprintf("the region %q %s", e.Text, e.Reason) }

// Hint shows the forms.
func (e *POSError) Hint() string {
	return "write CIRCLE lon lat radius, RANGE lon1 lon2 lat1 lat2, or POLYGON lon1 lat1 lon2 lat2 lon3 lat3 ..., all in degrees"
}

// ParsePOS reads a region in the IVOA POS form: CIRCLE lon lat radius, RANGE lon1 lon2 lat1 lat2 (bounds may be -inf and inf), or
// POLYGON lon1 lat1 lon2 lat2 lon3 lat3 …, in degrees; words are in upper case. Errors are a *POSError, *LatitudeError or
// ErrNoPolygon.
func ParsePOS(text string) (Region, error) {
	bad := func(format string, args ...any) (Region, error) {
		return nil, &POSError{text, fmt.Sprintf(format, args...)}
	}
	words := strings.Fields(text)
	if len(words) == 0 {
		return bad("is empty")
	}
	shape := words[0]
	if shape != "CIRCLE" && shape != "RANGE" && shape != "POLYGON" {
		return bad("has the unknown shape %s", shape)
	}
	v := make([]float64, len(words)-1)
	for i, w := range words[1:] {
		var err error
		// Infinities out of range are as good as those written.
		if v[i], err = strconv.ParseFloat(w, 64); err != nil && !math.IsInf(v[i], 0) || strings.ContainsAny(w, "xX_") {
			return bad("has %q where a number should be", w)
		}
	}
	switch shape {
	case "CIRCLE":
		if len(v) != 3 {
			return bad("has %d numbers instead of 3", len(v))
		}
		p, err := Degrees(v[0], v[1])
		if err != nil {
			return nil, err
		}
		return NewCircle(p.Vec(), Radians(v[2])), nil
	case "RANGE":
		if len(v) != 4 {
			return bad("has %d numbers instead of 4", len(v))
		}
		return parseRange(v)
	}
	if len(v) < 6 || len(v)%2 != 0 {
		return bad("has %d numbers instead of 6, 8 or any larger even number", len(v))
	}
	points := make([]Vec, 0, len(v)/2)
	for ; len(v) > 0; v = v[2:] {
		p, err := Degrees(v[0], v[1])
		if err != nil {
			return nil, err
		}
		points = append(points, p.Vec())
	}
	return ConvexHull(points)
}

// parseRange makes a box of two longitudes and two latitudes.
func parseRange(v []float64) (Region, error) {
	finite := func(x, least, most float64) float64 {
		switch {
		case math.IsInf(x, -1):
			return least
		case math.IsInf(x, 1):
			return most
		}
		return x
	}
	begin, err := Degrees(finite(v[0], 0, 360), finite(v[2], -90, 90))
	if err != nil {
		return nil, err
	}
	end, err := Degrees(finite(v[1], 0, 360), finite(v[3], -90, 90))
	if err != nil {
		return nil, err
	}
	b := &Box{wrap(begin.Lon), wrap(end.Lon), begin.Lat, end.Lat}
	return b.normalized(), nil
}
