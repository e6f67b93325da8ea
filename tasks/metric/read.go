package metric

import (
	"fmt"
	"io"

	"valet/tasks/metric/internal/yaml11"
)

// The tags of MetricValue files.
const (
	measurementTag = "lsst.verify.Measurement"
	blobTag        = "lsst.verify.Blob"
	datumTag       = "lsst.verify.Datum"
)

// ReadError is a MetricValue file that cannot be read.
type ReadError struct {
	Line, Column int    // from 1; 0 when there is no place
	Class        string // upstream's exception, for example KeyError
	Problem      string
	Cause        error // nil or what is behind it, such as a *UnitError
}

// Error names the place and the problem.
func (e *ReadError) Error() string {
	if e.Line == 0 {
		return "read a measurement: " + e.Problem
	}
	return fmt.Sprintf("read a measurement: line %d, column %d: %s", e.Line, e.Column, e.Problem)
}

// Unwrap gives the cause.
func (e *ReadError) Unwrap() error { return e.Cause }

// ClassName is upstream's exception.
func (e *ReadError) ClassName() string { return e.Class }

// Hint says what to do: what the cause says, or that the file may be replaced.
func (e *ReadError) Hint() string {
	if h, ok := e.Cause.(interface{ Hint() string }); ok {
		return h.Hint()
	}
	return "the file is no measurement as upstream reads it; put it again from its source, or remove the dataset"
}

// Reader reads MetricValue files. The zero value reads as upstream does.
type Reader struct {
	// Random gives the bytes of identifiers the file lacks; nil is the system's source.
	Random io.Reader
	// NoQuantity accepts null for both value and unit as a measurement without quantity, which upstream writes but does not read.
	NoQuantity bool
	// Warn is called, if set, for what upstream reads in a way that surprises people: numbers as text, sexagesimal and octal numbers, truth
	// values, documents without the tag. The line counts from 1.
	Warn func(line int, problem string)
}

// ParseMeasurement reads a MetricValue file as upstream does: YAML 1.1, required keys, values converted to the unit; what upstream refuses is
// an error, most often a *ReadError, with the same class (metrics.md 1.3).
func ParseMeasurement(text []byte) (*Measurement, error) { return Reader{}.Parse(text) }

// Parse reads a file.
func (r Reader) Parse(text []byte) (*Measurement, error) {
	root, err := yaml11.Parse(text)
	if err != nil {
		return nil, readError(err)
	}
	var v any
	if root != nil {
		d := &decoder{Reader: r}
		c := &yaml11.Constructor{Tags: map[string]yaml11.TagFunc{
			measurementTag: d.measurement, blobTag: blobFrom, datumTag: datumFrom,
		}}
		if v, err = c.Construct(root); err != nil {
			return nil, readError(err)
		}
		if m, ok := v.(*Measurement); ok {
			return m, nil
		}
		r.warn(root.Line, "the document has no !<lsst.verify.Measurement> tag")
	}
	m, err := r.untagged(v)
	if err != nil {
		return nil, readError(err)
	}
	return m, nil
}

// readError puts what went wrong into a *ReadError.
func readError(err error) error {
	switch e := err.(type) {
	case *yaml11.Error:
		return &ReadError{e.Line, e.Column, e.Class, e.Problem, e.Cause}
	case *ReadError:
		return e
	}
	return err
}

func (r Reader) warn(line int, problem string) {
	if r.Warn != nil {
		r.Warn(line, problem)
	}
}

// problem is an error without a place.
func problem(class, format string, args ...any) error {
	return &ReadError{Class: class, Problem: fmt.Sprintf(format, args...)}
}

// decoder builds measurements; Reader's options apply.
type decoder struct{ Reader }

// keys finds the required entries of a tagged mapping. Of a repeated key the last counts.
func keys(n *yaml11.Node, m *Mapping, what string, names ...string) ([]Value, error) {
	out := make([]Value, len(names))
	for i, name := range names {
		v, ok := m.Get(name)
		if !ok {
			return nil, n.Fail("KeyError", "the %s has no key %q", what, name)
		}
		out[i] = v
	}
	return out, nil
}

// node finds the node of a key's value, for its place.
func node(n *yaml11.Node, key string) *yaml11.Node {
	at := n
	for i := 0; i+1 < len(n.Items); i += 2 {
		if n.Items[i].Value == key {
			at = n.Items[i+1]
		}
	}
	return at
}

// failAt gives an error its place.
func failAt(n *yaml11.Node, err error) error {
	if err == nil {
		return nil
	}
	class := "ValueError"
	if c, ok := err.(interface{ ClassName() string }); ok {
		class = c.ClassName()
	}
	if e, ok := err.(*ReadError); ok {
		out := n.Fail(class, "%s", e.Problem)
		out.Cause = e.Cause
		return out
	}
	out := n.Fail(class, "%s", err.Error())
	out.Cause = err
	return out
}

func (d *decoder) measurement(c *yaml11.Constructor, n *yaml11.Node) (any, error) {
	mapping, err := c.Mapping(n)
	if err != nil {
		return nil, err
	}
	v, err := keys(n, mapping, "measurement", "metric", "identifier", "value", "unit", "notes", "blobs")
	if err != nil {
		return nil, err
	}
	m := &Measurement{Identifier: v[1]}
	if !d.NoQuantity || v[2] != nil || v[3] != nil {
		unit, err := unitFrom(v[3])
		if err != nil {
			return nil, failAt(node(n, "unit"), err)
		}
		at := node(n, "value")
		d.lint(at, v[2])
		if err := m.setQuantity(v[2], unit); err != nil {
			return nil, failAt(at, err)
		}
	}
	if m.Metric, err = metricFrom(v[0]); err != nil {
		return nil, failAt(node(n, "metric"), err)
	}
	if err := m.setBlobs(v[5]); err != nil {
		return nil, failAt(node(n, "blobs"), err)
	}
	if err := d.addExtras(m); err != nil {
		return nil, err
	}
	if err := m.setNotes(v[4]); err != nil {
		return nil, failAt(node(n, "notes"), err)
	}
	return m, nil
}

// addExtras adds an empty extras blob if no blob is called like the metric.
func (r Reader) addExtras(m *Measurement) error {
	if m.Blob(m.Metric) != nil {
		return nil
	}
	id, err := NewIdentifier(r.Random)
	if err != nil {
		return err
	}
	m.Blobs = append(m.Blobs, &Blob{Identifier: id, Name: m.Metric})
	return nil
}

// metricFrom reads a metric's name. Null is upstream's odd name of nothing.
func metricFrom(v Value) (string, error) {
	switch v := v.(type) {
	case nil:
		return "None.None.None", nil
	case string:
		_, err := ParseName(v)
		return v, err
	case Bytes:
		return "", problem("TypeError", "the name of the metric is binary data")
	}
	return "", problem("AttributeError", "the name of the metric is no text")
}

func (m *Measurement) setNotes(v Value) error {
	if v == nil {
		return nil
	}
	notes, ok := v.(*Mapping)
	if !ok {
		return problem("AttributeError", "the notes are no mapping")
	}
	index := make(map[string]int, notes.Len())
	for i, k := range notes.Keys {
		key, ok := k.(string)
		if !ok {
			return problem("AttributeError", "the key %v of a note is no text", k)
		}
		key = m.noteKey(key)
		if at, ok := index[key]; ok {
			m.Notes[at].Value = notes.Values[i]
			continue
		}
		index[key] = len(m.Notes)
		m.Notes = append(m.Notes, Note{key, notes.Values[i]})
	}
	return nil
}

// setBlobs takes a list of blobs. Of two with one name the later replaces the earlier.
func (m *Measurement) setBlobs(v Value) error {
	switch v := v.(type) {
	case nil:
		return nil
	case *Sequence:
		index := make(map[string]int, len(v.Items))
		for _, x := range v.Items {
			b, ok := x.(*Blob)
			if !ok {
				return problem("TypeError", "an element of the blobs is no blob")
			}
			if at, ok := index[b.Name]; ok {
				m.Blobs[at] = b
				continue
			}
			index[b.Name] = len(m.Blobs)
			m.Blobs = append(m.Blobs, b)
		}
		return nil
	case *Mapping: // upstream goes through its keys
		if v.Len() == 0 {
			return nil
		}
	case *Set:
		if len(v.Items) == 0 {
			return nil
		}
	case string:
		if v == "" {
			return nil
		}
	}
	return problem("TypeError", "the blobs are no list of blobs")
}
