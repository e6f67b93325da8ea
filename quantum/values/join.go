package values

import (
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// Joined are the measurements of one metric at one data ID in several Sets.
type Joined struct {
	Metric string
	DataID dimension.DataID
	// At are the places of the measurements in the Sets, -1 for a Set that has none.
	At []int
}

// Join joins Sets, which may be of different repositories, by metric and required values of data IDs. The result is in the order of the first
// Set, then of what only later ones have. Of several measurements of one Set the first counts.
func Join(sets ...*Set) []Joined {
	var out []Joined
	places := map[string]int{}
	var key []byte
	var names map[*dimension.Group][]byte
	for n, s := range sets {
		names = map[*dimension.Group][]byte{}
		for i, m := range s.All() {
			g := m.Dataset.DataID.Group()
			prefix, ok := names[g]
			if !ok {
				for _, name := range g.RequiredNames() {
					prefix = append(append(prefix, name...), ',')
				}
				names[g] = prefix
			}
			key = append(append(append(key[:0], m.Metric...), 0), prefix...)
			key = dimension.AppendKey(key, m.Dataset.DataID.RequiredValues())
			at, ok := places[string(key)]
			if !ok {
				at = len(out)
				places[string(key)] = at
				j := Joined{Metric: m.Metric, DataID: m.Dataset.DataID, At: make([]int, len(sets))}
				for k := range j.At {
					j.At[k] = -1
				}
				out = append(out, j)
			}
			if out[at].At[n] < 0 {
				out[at].At[n] = i
			}
		}
	}
	return out
}

// Compared are the values of joined measurements in one unit.
type Compared struct {
	// Values are in Unit, which is that of the first measurement that has a value; Has tells which there are.
	Values []float64
	Has    []bool
	Unit   metric.Unit
}

// Compare gathers the values of joined measurements. The error is a *UnitError if their units do not convert.
func (j *Joined) Compare(sets ...*Set) (Compared, error) {
	c := Compared{Values: make([]float64, len(sets)), Has: make([]bool, len(sets))}
	first := true
	for k, s := range sets {
		if j.At[k] < 0 {
			continue
		}
		v, unit, ok := s.Value(j.At[k])
		if !ok {
			continue
		}
		if first {
			c.Unit, first = unit, false
		} else {
			f, err := unit.FactorTo(c.Unit)
			if err != nil {
				return c, &UnitError{Metric: j.Metric, Count: 1, Cause: err}
			}
			if f != 1 {
				v *= f
			}
		}
		c.Values[k], c.Has[k] = v, true
	}
	return c, nil
}
