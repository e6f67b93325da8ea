package datastore

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"time"

	"valet/registry/dimension"
)

// attributeCache remembers the text that an attribute of a record makes in a path, for elements that two values or fewer
// identify, as all of an instrument's are.
type attributeCache struct {
	mu   sync.RWMutex
	text map[[2]dimension.Value]string
}

// maxAttributes bounds a cache; a full one starts again.
const maxAttributes = 8192

func (c *attributeCache) get(key [2]dimension.Value) (string, bool) {
	c.mu.RLock()
	s, ok := c.text[key]
	c.mu.RUnlock()
	return s, ok
}

func (c *attributeCache) put(key [2]dimension.Value, s string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.text == nil || len(c.text) >= maxAttributes {
		c.text = map[[2]dimension.Value]string{}
	}
	c.text[key] = s
}

// appendAttribute appends a column of the record that the data ID names.
func (o *op) appendAttribute(dst []byte, id dimension.DataID, records Records) ([]byte, error) {
	var key [2]dimension.Value
	cached := len(o.required) <= len(key)
	if cached {
		values := id.Values()
		for i, position := range o.required {
			if position >= len(values) {
				return dst, fmt.Errorf("data ID lacks a value")
			}
			key[i] = values[position]
		}
		if s, ok := o.cache.get(key); ok {
			return append(dst, s...), nil
		}
	}
	if records == nil {
		return dst, fmt.Errorf("needs dimension records, and there are none")
	}
	subset, ok := id.Subset(o.element.Group())
	if !ok {
		return dst, fmt.Errorf("data ID lacks a value for %s", o.element)
	}
	record, err := records.Record(o.element, subset)
	if err != nil {
		return dst, err
	}
	if record == nil || o.column >= len(record.Values) {
		return dst, fmt.Errorf("there is no %s record", o.element)
	}
	start := len(dst)
	dst, err = o.appendAny(dst, record.Values[o.column])
	if err == nil && cached {
		o.cache.put(key, string(dst[start:]))
	}
	return dst, err
}

// appendAny appends a value as Python formats it.
func (o *op) appendAny(dst []byte, v any) ([]byte, error) {
	if o.convert != 0 {
		plain := op{slashes: o.slashes}
		text, err := plain.appendAny(nil, v)
		if err != nil {
			return dst, err
		}
		convert := o.convert
		if _, isText := v.(string); !isText {
			convert = 's'
		}
		return o.spec.appendString(dst, converted(string(text), convert))
	}
	var text string
	switch v := v.(type) {
	case string:
		return o.spec.appendString(dst, sanitise(v, o.slashes))
	case int64:
		return o.spec.appendInt(dst, v)
	case float64:
		return o.spec.appendFloat(dst, v)
	case bool:
		return o.spec.appendBool(dst, v)
	case nil:
		text = "None"
	case dimension.Timespan:
		text = timespanText(v)
	case []byte:
		text = bytesText(v)
	default:
		return dst, fmt.Errorf("a value of type %T has no text to put in a path", v)
	}
	if o.spec != nil {
		return dst, fmt.Errorf("%s cannot be shown with format %q", text, o.spec.text)
	}
	return append(dst, text...), nil
}

// converted applies a conversion to a text: s leaves it, r quotes it as Python's repr does, a also escapes what is not ASCII.
func converted(s string, conversion byte) string {
	if conversion != 'r' && conversion != 'a' {
		return s
	}
	s = dimension.Quote(s)
	if conversion == 'r' {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case r < 0x80:
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
	}
	return b.String()
}

// bytesText shows bytes as Python's repr does.
func bytesText(v []byte) string {
	quote := "'"
	if bytes.IndexByte(v, '\'') >= 0 && bytes.IndexByte(v, '"') < 0 {
		quote = `"`
	}
	var b strings.Builder
	b.WriteString("b" + quote)
	for _, c := range v {
		switch {
		case c == quote[0] || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c < ' ' || c >= 0x7f:
			fmt.Fprintf(&b, `\x%02x`, c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String() + quote
}

// timespanText shows a timespan in TAI to the second, as upstream does.
func timespanText(t dimension.Timespan) string {
	const layout = "2006-01-02T15:04:05"
	if t.IsEmpty() {
		return "(empty)"
	}
	begin, end := "(-∞", "∞"
	if t.Begin > dimension.MinTime {
		begin = "[" + time.Unix(0, t.Begin).UTC().Format(layout)
	}
	if t.End < dimension.MaxTime {
		end = time.Unix(0, t.End).UTC().Format(layout)
	}
	return begin + ", " + end + ")"
}
