package metric

import (
	"fmt"

	"valet/tasks/metric/internal/yaml11"
)

// WriteError is a measurement that cannot be written.
type WriteError struct {
	Metric  string
	Class   string // upstream's exception
	Problem string
}

// Error names the metric.
func (e *WriteError) Error() string {
	return fmt.Sprintf("write the measurement of %s: %s", e.Metric, e.Problem)
}

// ClassName is upstream's exception.
func (e *WriteError) ClassName() string { return e.Class }

// AppendYAML appends the file that upstream's writer makes of m, byte for byte (metrics.md 1.1, 1.2). On an error dst comes back as it was.
// What upstream cannot write is a *WriteError: an array, and an integer of more than 4300 digits among the notes.
//
// A measurement without quantity is written with null for value and unit; upstream writes it too but does not read it.
func (m *Measurement) AppendYAML(dst []byte) ([]byte, error) {
	if m.Array != nil {
		return dst, &WriteError{m.Metric, "TypeError", "an array cannot be stored: a measurement is one number"}
	}
	w := yaml11.NewWriter(dst)
	m.share(w)
	w.Word("!<lsst.verify.Measurement>")
	w.Key(0, "metric")
	w.String(m.Metric, 2)
	w.Key(0, "identifier")
	err := w.Value(m.Identifier, 0, true)
	w.Key(0, "value")
	if m.Quantity == nil {
		w.Word("null")
		w.Key(0, "unit")
		w.Word("null")
	} else {
		w.Float(m.Quantity.Value)
		w.Key(0, "unit")
		w.String(m.Quantity.Unit.String(), 2)
	}
	w.Key(0, "notes")
	if len(m.Notes) == 0 {
		w.Word("{}")
	}
	for i := 0; i < len(m.Notes) && err == nil; i++ {
		err = w.Entry(m.Notes[i].Key, m.Notes[i].Value, 2)
	}
	w.Key(0, "blobs")
	if len(m.Blobs) == 0 {
		w.Word("[]")
	}
	for i := 0; i < len(m.Blobs) && err == nil; i++ {
		err = writeBlob(w, m.Blobs[i])
	}
	if err != nil {
		problem := err.(*yaml11.Error)
		return dst, &WriteError{m.Metric, problem.Class, problem.Problem}
	}
	return w.End(), nil
}

// share finds what is in the measurement more than once.
func (m *Measurement) share(w *yaml11.Writer) {
	var seen yaml11.Shared
	w.Share(&seen, m.Identifier)
	for i := range m.Notes {
		w.Share(&seen, m.Notes[i].Value)
	}
	for _, b := range m.Blobs {
		w.Share(&seen, b.Identifier)
		for i := range b.Data {
			w.Object(&seen, b.Data[i].Datum)
		}
	}
}

func writeBlob(w *yaml11.Writer, b *Blob) error {
	w.Indent(0)
	w.Dash()
	w.Word("!<lsst.verify.Blob>")
	w.Key(2, "identifier")
	if err := w.Value(b.Identifier, 2, true); err != nil {
		return err
	}
	w.Key(2, "name")
	w.String(b.Name, 4)
	w.Key(2, "data")
	if len(b.Data) == 0 {
		w.Word("{}")
	}
	for i := range b.Data {
		if err := w.EntryKey(b.Data[i].Key, 4); err != nil {
			return err
		}
		if err := writeDatum(w, b.Data[i].Datum); err != nil {
			return err
		}
	}
	return nil
}

func writeDatum(w *yaml11.Writer, d *Datum) error {
	if w.Anchor(d) {
		return nil
	}
	w.Word("!<lsst.verify.Datum>")
	w.Key(6, "value")
	unit := ""
	switch v := d.Value.(type) {
	case float64:
		w.Float(v)
		unit = d.Unit.String()
	case *Array:
		if err := w.Value(v.nested(), 6, true); err != nil {
			return err
		}
		unit = v.Unit.String()
	default:
		if err := w.Value(v, 6, true); err != nil {
			return err
		}
	}
	w.Key(6, "unit")
	w.String(unit, 8)
	writeText(w, "label", d.Label)
	writeText(w, "description", d.Description)
	return nil
}

func writeText(w *yaml11.Writer, key string, text *string) {
	w.Key(6, key)
	if text == nil {
		w.Word("null")
		return
	}
	w.String(*text, 8)
}

// nested gives the array as lists in lists.
func (a *Array) nested() Value {
	data := a.Data
	var build func(shape []int) Value
	build = func(shape []int) Value {
		if len(shape) == 0 {
			x := data[0]
			data = data[1:]
			if a.Boolean {
				return x != 0
			}
			return x
		}
		s := &Sequence{Items: make([]Value, shape[0])}
		for i := range s.Items {
			s.Items[i] = build(shape[1:])
		}
		return s
	}
	return build(a.Shape)
}

// AppendYAMLString appends a string as upstream's YAML writer does where it is the value of a mapping whose keys stand at column keyColumn and
// dst ends in the line of its key, at column (metrics.md 1.2): plain, single-quoted or double-quoted, folded behind column 80. No blank is put in front.
func AppendYAMLString(dst []byte, s string, column, keyColumn int) []byte {
	return yaml11.AppendString(dst, s, column, keyColumn+2)
}
