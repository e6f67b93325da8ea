package cli

import (
	"maps"
	"math"
	"math/big"
	"slices"
	"strconv"
	"unicode/utf16"

	"valet/tasks/metric"
)

// job is the content of a Job file (metrics.md 3.2).
type job struct {
	definitions  []*metric.Definition
	measurements []*metric.Measurement
	meta         map[string]any
}

// add adds a measurement.
func (j *job) add(m *metric.Measurement) { j.measurements = append(j.measurements, m) }

// append appends the file: keys sorted, two spaces of indent, ASCII, NaN and infinities as null.
func (j *job) append(dst []byte) []byte {
	measurements, blobs, metrics := []any{}, []any{}, []any{}
	written := map[string]bool{}
	for _, m := range j.measurements {
		refs := []any{}
		for _, b := range m.Blobs {
			if b.Name == m.Metric && len(b.Data) == 0 {
				continue // there are no extras
			}
			id := plainJSON(b.Identifier)
			refs = append(refs, id)
			if key := string(appendPython(nil, id, 0)); !written[key] {
				written[key] = true
				blobs = append(blobs, blobJSON(b))
			}
		}
		x := map[string]any{"metric": m.Metric, "identifier": plainJSON(m.Identifier), "value": nil, "unit": nil, "blob_refs": refs}
		if m.Quantity != nil {
			x["value"], x["unit"] = m.Quantity.Value, m.Quantity.Unit.String()
		}
		measurements = append(measurements, x)
		for _, n := range m.Notes {
			j.meta[n.Key] = plainJSON(n.Value)
		}
	}
	for _, d := range j.definitions {
		metrics = append(metrics, definitionJSON(d))
	}
	return appendPython(dst, map[string]any{"measurements": measurements, "blobs": blobs, "metrics": metrics, "specs": []any{}, "meta": j.meta}, 0)
}

func blobJSON(b *metric.Blob) any {
	data := map[string]any{}
	for _, e := range b.Data {
		d := map[string]any{"value": plainJSON(e.Datum.Value), "unit": e.Datum.Unit.String(), "label": nil, "description": nil}
		if a, ok := e.Datum.Value.(*metric.Array); ok {
			d["value"], d["unit"] = arrayJSON(a.Shape, a.Data), a.Unit.String()
		}
		if e.Datum.Label != nil {
			d["label"] = *e.Datum.Label
		}
		if e.Datum.Description != nil {
			d["description"] = *e.Datum.Description
		}
		data[e.Key] = d
	}
	return map[string]any{"identifier": plainJSON(b.Identifier), "name": b.Name, "data": data}
}

// arrayJSON nests the numbers of an array by its shape.
func arrayJSON(shape []int, data []float64) any {
	out := []any{}
	if len(shape) <= 1 {
		for _, v := range data {
			out = append(out, v)
		}
		return out
	}
	size := 1
	for _, n := range shape[1:] {
		size *= n
	}
	for i := range shape[0] {
		out = append(out, arrayJSON(shape[1:], data[i*size:(i+1)*size]))
	}
	return out
}

func definitionJSON(d *metric.Definition) any {
	text := func(s string) any {
		if s == "" {
			return nil
		}
		return s
	}
	tags := []any{}
	for _, t := range d.Tags {
		tags = append(tags, t)
	}
	return map[string]any{"name": d.Name.String(), "description": d.Description, "unit": d.Unit.String(), "tags": tags,
		"reference": map[string]any{"doc": text(d.Reference.Doc), "page": text(d.Reference.Page), "url": text(d.Reference.URL)}}
}

// plainJSON turns plain YAML data into what appendPython writes. What JSON has no form for becomes text.
func plainJSON(v metric.Value) any { return (&plainer{left: 1 << 16}).of(v) }

// plainer bounds what shared parts of a value grow to when they are written out: beyond left values there is only "...".
type plainer struct{ left int }

func (p *plainer) of(v metric.Value) any {
	if p.left--; p.left < 0 {
		return "..."
	}
	switch v := v.(type) {
	case nil, bool, int64, *big.Int, float64, string:
		return v
	case *metric.Timestamp:
		return v.Text
	case metric.Bytes:
		return string(v)
	case *metric.Sequence:
		return p.list(v.Items)
	case *metric.Tuple:
		return p.list(v.Items)
	case *metric.Set:
		return p.list(v.Items)
	case *metric.Mapping:
		out := map[string]any{}
		for i, k := range v.Keys {
			name, ok := k.(string)
			if !ok {
				name = string(appendPython(nil, p.of(k), 0))
			}
			out[name] = p.of(v.Values[i])
		}
		return out
	}
	return nil
}

func (p *plainer) list(items []metric.Value) any {
	out := make([]any, len(items))
	for i, x := range items {
		out[i] = p.of(x)
	}
	return out
}

// appendPython appends JSON as Python's json module writes it with indent=2 and sort_keys.
func appendPython(dst []byte, v any, depth int) []byte {
	line := func(depth int) {
		dst = append(dst, '\n')
		for range 2 * depth {
			dst = append(dst, ' ')
		}
	}
	switch v := v.(type) {
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case *big.Int:
		return v.Append(dst, 10)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return append(dst, "null"...)
		}
		return metric.AppendFloatRepr(dst, v)
	case string:
		return appendASCII(dst, v)
	case []any:
		if len(v) == 0 {
			return append(dst, "[]"...)
		}
		dst = append(dst, '[')
		for i, x := range v {
			dst = comma(dst, i)
			line(depth + 1)
			dst = appendPython(dst, x, depth+1)
		}
		line(depth)
		return append(dst, ']')
	case map[string]any:
		if len(v) == 0 {
			return append(dst, "{}"...)
		}
		dst = append(dst, '{')
		for i, k := range slices.Sorted(maps.Keys(v)) {
			dst = comma(dst, i)
			line(depth + 1)
			dst = appendPython(append(appendASCII(dst, k), ": "...), v[k], depth+1)
		}
		line(depth)
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// appendASCII appends a JSON string with everything outside ASCII escaped.
func appendASCII(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	unit := func(c uint16) {
		dst = append(dst, '\\', 'u', hex[c>>12], hex[c>>8&15], hex[c>>4&15], hex[c&15])
	}
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, '\\', 'n')
		case r == '\r':
			dst = append(dst, '\\', 'r')
		case r == '\t':
			dst = append(dst, '\\', 't')
		case r == '\b':
			dst = append(dst, '\\', 'b')
		case r == '\f':
			dst = append(dst, '\\', 'f')
		case r >= ' ' && r < 0x7f || r == 0x7f:
			dst = append(dst, byte(r))
		case r > 0xffff:
			a, b := utf16.EncodeRune(r)
			unit(uint16(a))
			unit(uint16(b))
		default:
			unit(uint16(r))
		}
	}
	return append(dst, '"')
}
