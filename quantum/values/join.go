package values

import (
	"encoding/binary"

	"valet/registry/dimension"
	"valet/tasks/metric"
)

// Joined are the measurements of one metric at one data ID in several Sets: their places, -1 for a Set that has none. Its methods take the Sets
// that were joined, in the same order.
type Joined []int32

// slabRows is how many rows share one allocation.
const slabRows = 4096

// Join joins Sets, which may be of different repositories, by metric and required values of data IDs. The result is in the order of the first
// Set, then of what only later ones have. Of several measurements of one Set the first counts.
func Join(sets ...*Set) []Joined {
	var out []Joined
	places := map[string]int32{}
	// Numbers of metrics and of groups, which are known by their names: those of two repositories are not the same.
	names := map[string]uint32{}
	number := func(name string) uint32 {
		n, ok := names[name]
		if !ok {
			n = uint32(len(names))
			names[name] = n
		}
		return n
	}
	var slab []int32
	var key []byte
	var required []dimension.Value
	for n, s := range sets {
		metrics, groups := make([]uint32, len(s.kinds)), make([]uint32, len(s.types))
		for i := range s.kinds {
			metrics[i] = number("m" + s.kinds[i].metric)
		}
		for i, t := range s.types {
			name := "g"
			for _, d := range t.Dimensions.RequiredNames() {
				name += d + ","
			}
			groups[i] = number(name)
		}
		for i := range s.rows {
			r := &s.rows[i]
			c := &s.candidates[r.candidate]
			required = required[:0]
			for k := range s.types[c.typ].Dimensions.Required {
				required = append(required, s.dictionary[s.codes[c.code+k]])
			}
			key = binary.LittleEndian.AppendUint32(key[:0], metrics[r.kind])
			key = binary.LittleEndian.AppendUint32(key, groups[c.typ])
			key = dimension.AppendKey(key, required)
			at, ok := places[string(key)]
			if !ok {
				at = int32(len(out))
				places[string(key)] = at
				if len(slab) < len(sets) {
					slab = make([]int32, slabRows*len(sets))
				}
				j := Joined(slab[:len(sets):len(sets)])
				slab = slab[len(sets):]
				for k := range j {
					j[k] = -1
				}
				out = append(out, j)
			}
			if out[at][n] < 0 {
				out[at][n] = int32(i)
			}
		}
	}
	return out
}

// first is the first Set that has the measurement, and its place there.
func (j Joined) first(sets []*Set) (*Set, int) {
	for k, at := range j {
		if at >= 0 {
			return sets[k], int(at)
		}
	}
	panic("a joined row of no Set")
}

// Metric is package.metric.
func (j Joined) Metric(sets ...*Set) string {
	s, i := j.first(sets)
	return s.Metric(i)
}

// DataID is the full data ID in the first Set that has the measurement.
func (j Joined) DataID(sets ...*Set) dimension.DataID {
	s, i := j.first(sets)
	return s.At(i).Dataset.DataID
}

// Missing is the number of Sets without the measurement.
func (j Joined) Missing() (n int) {
	for _, at := range j {
		if at < 0 {
			n++
		}
	}
	return n
}

// Compared are the values of joined measurements in one unit.
type Compared struct {
	// Values are in Unit, which is that of the first measurement that has a value; Has tells which there are.
	Values []float64
	Has    []bool
	Unit   metric.Unit
}

// Comparer gathers the values of many joined rows with few allocations.
type Comparer struct {
	sets   []*Set
	values []float64
	has    []bool
}

// NewComparer makes a comparer of the Sets that were joined.
func NewComparer(sets ...*Set) *Comparer { return &Comparer{sets: sets} }

// Compare gathers the values of a row. The error is a *UnitError if their units do not convert.
func (x *Comparer) Compare(j Joined) (Compared, error) {
	n := len(x.sets)
	if len(x.values) < n {
		x.values, x.has = make([]float64, slabRows*n), make([]bool, slabRows*n)
	}
	c := Compared{Values: x.values[:n:n], Has: x.has[:n:n]}
	x.values, x.has = x.values[n:], x.has[n:]
	first := true
	for k, s := range x.sets {
		if j[k] < 0 {
			continue
		}
		v, unit, ok := s.Value(int(j[k]))
		if !ok {
			continue
		}
		if first {
			c.Unit, first = unit, false
		} else {
			f, err := unit.FactorTo(c.Unit)
			if err != nil {
				return c, &UnitError{Metric: j.Metric(x.sets...), Count: 1, Cause: err}
			}
			if f != 1 {
				v *= f
			}
		}
		c.Values[k], c.Has[k] = v, true
	}
	return c, nil
}
