package metric

import (
	"unsafe"

	"valet/tasks/metric/internal/yaml11"
)

// WriteError says why a measurement cannot be written.
type WriteError struct{ Metric, Reason string }

func (e *WriteError) Error() string { return "write measurement " + e.Metric + ": " + e.Reason }

// ClassName is upstream's exception.
func (e *WriteError) ClassName() string { return "TypeError" }

// AppendYAML appends the file that upstream's writer makes of m, byte for byte (metrics.md 1.1, 1.2). An array-valued measurement
// cannot be written.
func (m *Measurement) AppendYAML(dst []byte) ([]byte, error) {
	if m.Array != nil {
		return dst, &WriteError{m.Metric, "only 0-dimensional arrays can be converted to Python scalars"}
	}
	w := yaml11.NewWriter(dst)
	notes := &yaml11.Mapping{}
	for _, n := range m.Notes {
		notes.Set(n.Key, n.Value)
	}
	m.share(w, notes)
	w.Word("!<lsst.verify.Measurement>")
	for _, entry := range []struct {
		key   string
		value any
	}{{"metric", m.Metric}, {"identifier", m.Identifier}, {"value", m.value()}, {"unit", m.unit()}, {"notes", notes}} {
		if err := w.Entry(entry.key, entry.value, 0); err != nil {
			return dst, err
		}
	}
	w.Key(0, "blobs")
	if len(m.Blobs) == 0 {
		w.Word("[]")
	}
	for _, b := range m.Blobs {
		w.Indent(0)
		w.Dash()
		if err := b.write(w); err != nil {
			return dst, err
		}
	}
	return w.End(), nil
}

func (m *Measurement) value() any {
	if m.Quantity == nil {
		return nil
	}
	return m.Quantity.Value
}

func (m *Measurement) unit() any {
	if m.Quantity == nil {
		return nil
	}
	return m.Quantity.Unit.String()
}

// share finds what stands in the measurement more than once and is written with an anchor.
func (m *Measurement) share(w *yaml11.Writer, notes *yaml11.Mapping) {
	var seen yaml11.Shared
	w.Share(&seen, notes)
	for _, b := range m.Blobs {
		for _, d := range b.Data {
			w.Object(&seen, d.Datum, unsafe.Pointer(d.Datum))
		}
	}
}

func (b *Blob) write(w *yaml11.Writer) error {
	w.Word("!<lsst.verify.Blob>")
	if err := w.Entry("identifier", b.Identifier, 2); err != nil {
		return err
	}
	if err := w.Entry("name", b.Name, 2); err != nil {
		return err
	}
	w.Key(2, "data")
	if len(b.Data) == 0 {
		w.Word("{}")
	}
	for _, d := range b.Data {
		if err := w.EntryKey(d.Name, 4); err != nil {
			return err
		}
		if w.Anchor(d.Datum) {
			continue
		}
		if err := d.Datum.write(w); err != nil {
			return err
		}
	}
	return nil
}

func (d *Datum) write(w *yaml11.Writer) error {
	w.Word("!<lsst.verify.Datum>")
	text := func(s *string) any {
		if s == nil {
			return nil
		}
		return *s
	}
	for _, entry := range []struct {
		key   string
		value any
	}{{"value", sequences(d.Value)}, {"unit", d.Unit.String()}, {"label", text(d.Label)}, {"description", text(d.Description)}} {
		if err := w.Entry(entry.key, entry.value, 6); err != nil {
			return err
		}
	}
	return nil
}

// sequences turns nested arrays into what the writer takes.
func sequences(v any) any {
	list, ok := v.([]any)
	if !ok {
		return v
	}
	s := &yaml11.Sequence{}
	for _, x := range list {
		s.Items = append(s.Items, sequences(x))
	}
	return s
}
