package metric

import (
	"io"
	"strings"

	"valet/tasks/metric/internal/yaml11"
)

// Measurement is the value of a metric with notes and blobs: the content of a MetricValue dataset.
type Measurement struct {
	Metric     string    // package.metric, or the metric alone; as read, so not always a valid Name
	Identifier any       // 32 hexadecimal digits; in odd files another plain value
	Quantity   *Quantity // nil: no quantity, or an array
	Boolean    bool      // the quantity was written as true or false; its value is 1 or 0
	Array      *Array    // a quantity of several numbers: readable, but not writable (metrics.md 1.1)
	Notes      []Note    // in order; no key twice
	Blobs      []*Blob   // in order; no name twice
}

// Note is a remark on a measurement. The key begins with the metric's name and a period. The value is plain YAML data; see Value.
type Note struct {
	Key   string
	Value Value
}

// Value is plain YAML data: nil, bool, int64, *big.Int, float64, string, Bytes, *Timestamp, *Sequence, *Mapping, *Set or *Tuple. What a file
// shares by an alias is the same pointer.
type Value = any

// The kinds of YAML data that Go has no type of its own for.
type (
	Bytes     = yaml11.Bytes
	Timestamp = yaml11.Timestamp
	Sequence  = yaml11.Sequence
	Mapping   = yaml11.Mapping
	Set       = yaml11.Set
	Tuple     = yaml11.Tuple
)

// Blob is a named collection of datums.
type Blob struct {
	Identifier any // as Measurement.Identifier
	Name       string
	Data       []Entry // in order; no key twice
}

// Entry is a datum under its key.
type Entry struct {
	Key   string
	Datum *Datum
}

// Datum is a value with label and description. A Datum that stands in two places is written once and then by alias.
type Datum struct {
	Value       Value // float64 or *Array (with a unit), or string, bool, int64, *big.Int, nil (without)
	Unit        Unit  // of a float64
	Label       *string
	Description *string
}

// Text makes a datum of a string, such as the timestamps of the timing tasks.
func Text(s string) *Datum { return &Datum{Value: s} }

// Array is a quantity of several numbers in row order.
type Array struct {
	Shape   []int
	Data    []float64
	Unit    Unit
	Boolean bool // the elements were all written as true or false
}

// New makes a measurement as a task does: with fresh identifiers, and with its extras blob, empty or not. Keys of notes get the metric's name
// in front unless they have it. A nil source of random bytes is the system's.
func New(name Name, q Quantity, notes []Note, extras []Entry, source io.Reader) (*Measurement, error) {
	metric := name.String()
	id, err := NewIdentifier(source)
	if err != nil {
		return nil, err
	}
	blobID, err := NewIdentifier(source)
	if err != nil {
		return nil, err
	}
	m := &Measurement{Metric: metric, Identifier: id, Quantity: &q, Blobs: []*Blob{{Identifier: blobID, Name: metric, Data: extras}}}
	if len(notes) > 0 {
		m.Notes = make([]Note, 0, len(notes))
	}
	for _, n := range notes {
		m.SetNote(n.Key, n.Value)
	}
	return m, nil
}

// Name is the metric's name in its parts.
func (m *Measurement) Name() (Name, error) { return ParseName(m.Metric) }

func (m *Measurement) noteKey(key string) string {
	if n := len(m.Metric); strings.HasPrefix(key, m.Metric) && len(key) > n && key[n] == '.' {
		return key
	}
	return m.Metric + "." + key
}

// SetNote puts a note; the metric's name is put in front of the key unless it is there. A key that is there keeps its place.
func (m *Measurement) SetNote(key string, value Value) {
	key = m.noteKey(key)
	for i := range m.Notes {
		if m.Notes[i].Key == key {
			m.Notes[i].Value = value
			return
		}
	}
	m.Notes = append(m.Notes, Note{key, value})
}

// Note finds a note by its key, with or without the metric's name.
func (m *Measurement) Note(key string) (Value, bool) {
	key = m.noteKey(key)
	for _, n := range m.Notes {
		if n.Key == key {
			return n.Value, true
		}
	}
	return nil, false
}

// Blob finds a blob by name, or nil.
func (m *Measurement) Blob(name string) *Blob {
	for _, b := range m.Blobs {
		if b.Name == name {
			return b
		}
	}
	return nil
}

// Extras are the datums of the blob that is called like the metric.
func (m *Measurement) Extras() []Entry {
	if b := m.Blob(m.Metric); b != nil {
		return b.Data
	}
	return nil
}

// Get finds a datum by key, or nil.
func (b *Blob) Get(key string) *Datum {
	for _, e := range b.Data {
		if e.Key == key {
			return e.Datum
		}
	}
	return nil
}
