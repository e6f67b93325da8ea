package plot

import (
	"math"
	"regexp"
	"strconv"
)

// place is where a detector stands, in units of the distance of neighbours in a raft: its centre and its size.
type place struct{ x, y, w, h float64 }

// sensorName is a detector name of Rubin's cameras: the raft by row and column, then the sensor in it by row and column, or a guider or
// half of a wavefront sensor of a corner raft.
var sensorName = regexp.MustCompile(`^R(\d)(\d)_S(?:(\d)(\d)|([GW])(\d))$`)

const (
	raftPitch  = 3.15
	sensorSize = 0.94
)

// layout places detectors: by the rafts in their names if all have such names, else in a grid in the order given, row by row from the
// top left. byName tells which.
func layout(names []string) (places []place, byName bool) {
	places = make([]place, len(names))
	taken := map[place]bool{}
	for i, name := range names {
		p, ok := raftPlace(name)
		if !ok || taken[p] {
			return gridLayout(len(names)), false
		}
		taken[p] = true
		places[i] = p
	}
	return places, len(names) > 0
}

// raftPlace is the place of a sensor of a raft. Rows count upwards, columns to the right.
func raftPlace(name string) (place, bool) {
	m := sensorName.FindStringSubmatch(name)
	if m == nil {
		return place{}, false
	}
	digit := func(i int) float64 {
		n, _ := strconv.Atoi(m[i])
		return float64(n)
	}
	x, y := digit(2)*raftPitch, digit(1)*raftPitch
	if m[5] == "" {
		if digit(3) > 2 || digit(4) > 2 {
			return place{}, false
		}
		return place{x + digit(4) - 1, y + digit(3) - 1, sensorSize, sensorSize}, true
	}
	return cornerPlace(x, y, m[1]+m[2], m[5][0], int(digit(6)))
}

// cornerPlace is the place of a sensor of a corner raft. The wavefront sensor stands nearest to the middle, its halves above each other;
// the guiders beside it, outwards. Each corner is the one before turned by a right angle.
func cornerPlace(x, y float64, raft string, kind byte, n int) (place, bool) {
	turns := map[string]int{"00": 0, "04": 1, "44": 2, "40": 3}
	turn, ok := turns[raft]
	if !ok || n > 1 {
		return place{}, false
	}
	p := place{w: sensorSize, h: sensorSize}
	switch {
	case kind == 'W':
		p.x, p.y, p.h = 0.8, 0.8+0.25-0.5*float64(n), sensorSize/2
	case n == 0:
		p.x, p.y = -0.2, 0.8
	default:
		p.x, p.y = 0.8, -0.2
	}
	for range turn {
		p.x, p.y, p.w, p.h = -p.y, p.x, p.h, p.w
	}
	p.x, p.y = p.x+x, p.y+y
	return p, true
}

// gridLayout places n detectors in a grid that is about as wide as high.
func gridLayout(n int) []place {
	columns := int(math.Ceil(math.Sqrt(float64(n))))
	places := make([]place, n)
	for i := range places {
		places[i] = place{float64(i % columns), -float64(i / columns), sensorSize, sensorSize}
	}
	return places
}
