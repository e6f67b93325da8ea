package datastore

import (
	"fmt"
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

// appendAny appends a record's value as Python formats it.
func (o *op) appendAny(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "None"...), o.null()
	case string:
		return o.spec.appendString(dst, sanitise(v, o.slashes))
	case int64:
		return o.spec.appendInt(dst, v)
	case float64:
		return o.spec.appendFloat(dst, v)
	case bool:
		return o.spec.appendBool(dst, v)
	case dimension.Timespan:
		if o.spec != nil {
			return dst, fmt.Errorf("a timespan has no format %q", o.spec.text)
		}
		return appendTimespan(dst, v), nil
	}
	return dst, fmt.Errorf("a value of type %T has no text to put in a path", v)
}

// appendTimespan shows a timespan in TAI to the second, as upstream does.
func appendTimespan(dst []byte, t dimension.Timespan) []byte {
	const layout = "2006-01-02T15:04:05"
	if t.IsEmpty() {
		return append(dst, "(empty)"...)
	}
	if t.Begin <= dimension.MinTime {
		dst = append(dst, "(-∞, "...)
	} else {
		dst = append(dst, '[')
		dst = time.Unix(0, t.Begin).UTC().AppendFormat(dst, layout)
		dst = append(dst, ", "...)
	}
	if t.End >= dimension.MaxTime {
		return append(dst, "∞)"...)
	}
	dst = time.Unix(0, t.End).UTC().AppendFormat(dst, layout)
	return append(dst, ')')
}
