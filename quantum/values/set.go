package values

import (
	"iter"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/tasks/metric"
)

// Set is the answer to a Query. It does not change and is safe for concurrent use.
type Set struct {
	// Faults are the measurements that could not be read; the rest of the Set is complete without them.
	Faults []Fault
	// Why says, if the Set is empty, why that is; there may be nothing to say.
	Why []string

	types      []*dataset.Type
	candidates []candidate
	// codes are the data IDs of the candidates, one after the other, as places in dictionary.
	codes      []uint32
	dictionary []dimension.Value
	runs       []string
	kinds      []kind
	notes      []string
	rows       []row
	// columns are fields of dimensions that conditions and orders need, by candidate.columns.
	columns [][]any
}

// candidate is a dataset that may hold what is asked for.
type candidate struct {
	id    dataset.ID
	stamp int64
	code  int // of the first value of its data ID
	run   uint32
	// columns is the place of its fields in Set.columns, -1 if there are none.
	columns int32
	typ     uint16
	// recorded says that its file is known.
	recorded bool
}

// kind is a metric in a unit.
type kind struct {
	metric, unitText string
	unit             metric.Unit
	// factor converts stored values to unit; 0 means that they do not convert to what the query wants.
	factor float64
	notes  string
	// matches says that the metric is asked for by name.
	matches bool
	err     error // of a unit that cannot be read
}

// row is a measurement, or nothing if the kind is negative.
type row struct {
	value     float64
	candidate int32
	kind      int32
	note      int32 // in Set.notes; -1 for the kind's
	has       bool
}

// Len is the number of measurements.
func (s *Set) Len() int { return len(s.rows) }

// At returns measurement i.
func (s *Set) At(i int) Measured { return s.at(i, nil) }

// All are the measurements in order.
func (s *Set) All() iter.Seq2[int, Measured] {
	return func(yield func(int, Measured) bool) {
		var room []dimension.Value
		for i := range s.rows {
			n := len(s.types[s.candidates[s.rows[i].candidate].typ].Dimensions.Dimensions())
			if len(room) < n {
				room = make([]dimension.Value, 256*(n+1))
			}
			if !yield(i, s.at(i, room[:n:n])) {
				return
			}
			room = room[n:]
		}
	}
}

// at decodes a row; values has room for its data ID or is nil.
func (s *Set) at(i int, values []dimension.Value) Measured {
	r := &s.rows[i]
	c := &s.candidates[r.candidate]
	k := &s.kinds[r.kind]
	m := Measured{Metric: k.metric, Notes: s.noteOf(r), Dataset: s.ref(c, values)}
	if r.has {
		m.Value, m.HasValue, m.Unit = r.value, true, k.unit
	}
	return m
}

func (s *Set) noteOf(r *row) string {
	if r.note < 0 {
		return s.kinds[r.kind].notes
	}
	return s.notes[r.note]
}

func (s *Set) ref(c *candidate, values []dimension.Value) dataset.Ref {
	t := s.types[c.typ]
	n := len(t.Dimensions.Dimensions())
	if values == nil {
		values = make([]dimension.Value, n)
	}
	for i := range values {
		values[i] = s.dictionary[s.codes[c.code+i]]
	}
	return dataset.Ref{ID: c.id, Type: t, DataID: dimension.NewDataID(t.Dimensions, values), Run: s.runs[c.run]}
}

// Metric is that of measurement i.
func (s *Set) Metric(i int) string { return s.kinds[s.rows[i].kind].metric }

// Value is that of measurement i, and its unit; ok is false if it has none.
func (s *Set) Value(i int) (v float64, unit metric.Unit, ok bool) {
	r := &s.rows[i]
	if !r.has {
		return 0, metric.Unit{}, false
	}
	return r.value, s.kinds[r.kind].unit, true
}

// Run is that of measurement i.
func (s *Set) Run(i int) string { return s.runs[s.candidates[s.rows[i].candidate].run] }

// Dimension is the value of a dimension of measurement i, none if its data ID has no such dimension.
func (s *Set) Dimension(i int, name string) dimension.Value {
	c := &s.candidates[s.rows[i].candidate]
	if p := s.types[c.typ].Dimensions.Position(name); p >= 0 {
		return s.dictionary[s.codes[c.code+p]]
	}
	return dimension.Value{}
}

// Types are the dataset types that were searched.
func (s *Set) Types() []*dataset.Type { return s.types }

// Group is that of all dimensions that a measurement may have.
func (s *Set) Group(u *dimension.Universe) *dimension.Group {
	g := u.MustGroup()
	seen := make([]bool, len(s.types))
	for i := range s.rows {
		if t := s.candidates[s.rows[i].candidate].typ; !seen[t] {
			seen[t] = true
			g = g.Union(s.types[t].Dimensions)
		}
	}
	return g
}
