package cli

import (
	"fmt"
	"io"
	"strconv"

	"valet/cmd/internal/ui"
	"valet/tasks/metric"
)

// writeTable prints the measurement as a table, or why there is none.
func (r *measureResult) writeTable(w io.Writer) error {
	if r.measurement == nil {
		if r.outcome == noWork {
			_, err := fmt.Fprintf(w, "no work: %v\n", r.reason)
			return err
		}
		return nil
	}
	m := r.measurement
	table := ui.NewTable("", ui.Column{Name: "metric", Left: true}, ui.Column{Name: "value"}, ui.Column{Name: "unit", Left: true})
	value, unit := "", ""
	if m.Quantity != nil {
		value, unit = string(metric.AppendFloatRepr(nil, m.Quantity.Value)), m.Quantity.Unit.String()
	}
	table.Add(m.Metric, value, unit)
	_, err := table.WriteTo(w)
	return err
}

// writeJSON prints one object: outcome, measurement and error, null where there is none.
func (r *measureResult) writeJSON(w io.Writer) error {
	dst := append(ui.AppendJSONText([]byte(`{"outcome":`), r.outcome), `,"measurement":`...)
	if r.measurement == nil {
		dst = append(dst, "null"...)
	} else {
		dst = appendMeasurement(dst, r.measurement)
	}
	dst = append(dst, `,"error":`...)
	switch {
	case r.err != nil:
		dst = ui.AppendJSONText(dst, errorText(r.err))
	case r.reason != nil:
		dst = ui.AppendJSONText(dst, errorText(r.reason))
	default:
		dst = append(dst, "null"...)
	}
	_, err := w.Write(append(dst, "}\n"...))
	return err
}

// writeYAML prints the file that a repository would hold; nothing if there is no measurement.
func (r *measureResult) writeYAML(w io.Writer) error {
	if r.measurement == nil {
		return nil
	}
	text, err := r.measurement.AppendYAML(nil)
	if err != nil {
		return err
	}
	_, err = w.Write(text)
	return err
}

// appendMeasurement appends a measurement as the JSON of measure has it.
func appendMeasurement(dst []byte, m *metric.Measurement) []byte {
	dst = append(ui.AppendJSONText(append(dst, `{"metric":`...), m.Metric), `,"value":`...)
	if m.Quantity == nil {
		dst = append(dst, `null,"unit":null`...)
	} else {
		dst = append(ui.AppendJSONFloat(dst, m.Quantity.Value), `,"unit":`...)
		dst = ui.AppendJSONText(dst, m.Quantity.Unit.String())
	}
	dst = append(dst, `,"notes":{`...)
	for i, n := range m.Notes {
		dst = append(ui.AppendJSONText(comma(dst, i), n.Key), ':')
		dst = appendPlain(dst, n.Value)
	}
	dst = append(dst, `},"extras":{`...)
	for i, e := range m.Extras() {
		dst = append(ui.AppendJSONText(comma(dst, i), e.Key), `:{"value":`...)
		dst = appendPlain(dst, e.Datum.Value)
		dst = ui.AppendJSONText(append(dst, `,"unit":`...), e.Datum.Unit.String())
		dst = appendOptional(append(dst, `,"label":`...), e.Datum.Label)
		dst = append(appendOptional(append(dst, `,"description":`...), e.Datum.Description), '}')
	}
	return append(dst, "}}"...)
}

// appendPlain appends what notes and extras of metric tasks hold: texts, numbers, booleans and nothing. Anything else, which no task
// makes, is shown as text.
func appendPlain(dst []byte, v metric.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case string:
		return ui.AppendJSONText(dst, v)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return ui.AppendJSONFloat(dst, v)
	}
	return ui.AppendJSONText(dst, fmt.Sprint(v))
}

func appendOptional(dst []byte, s *string) []byte {
	if s == nil {
		return append(dst, "null"...)
	}
	return ui.AppendJSONText(dst, *s)
}

func comma(dst []byte, i int) []byte {
	if i > 0 {
		return append(dst, ',')
	}
	return dst
}
