package metric

import (
	"math/big"

	"valet/tasks/metric/internal/yaml11"
)

func blobFrom(c *yaml11.Constructor, n *yaml11.Node) (any, error) {
	mapping, err := c.Mapping(n)
	if err != nil {
		return nil, err
	}
	v, err := keys(n, mapping, "blob", "identifier", "name", "data")
	if err != nil {
		return nil, err
	}
	b := &Blob{Identifier: v[0]}
	if b.Data, err = entriesFrom(v[2]); err != nil {
		return nil, failAt(node(n, "data"), err)
	}
	name, ok := v[1].(string)
	if !ok {
		return nil, node(n, "name").Fail("TypeError", "the name of a blob is no text")
	}
	b.Name = name
	return b, nil
}

// entriesFrom reads the datums of a blob.
func entriesFrom(v Value) ([]Entry, error) {
	if v == nil {
		return nil, nil
	}
	m, ok := v.(*Mapping)
	if !ok {
		return nil, problem("TypeError", "the data of a blob are no mapping")
	}
	var out []Entry
	for i, k := range m.Keys {
		key, ok := k.(string)
		if !ok {
			return nil, problem("TypeError", "the key %v of a datum is no text", k)
		}
		if key == "self" || key == "name" {
			return nil, problem("TypeError", "no datum may be called %q", key)
		}
		d, ok := m.Values[i].(*Datum)
		if !ok {
			return nil, problem("TypeError", "what stands under %q is no datum", key)
		}
		out = append(out, Entry{key, d})
	}
	return out, nil
}

// put adds entries; a key that is there keeps its place.
func (b *Blob) put(entries []Entry) {
next:
	for _, e := range entries {
		for i := range b.Data {
			if b.Data[i].Key == e.Key {
				b.Data[i].Datum = e.Datum
				continue next
			}
		}
		b.Data = append(b.Data, e)
	}
}

func datumFrom(c *yaml11.Constructor, n *yaml11.Node) (any, error) {
	mapping, err := c.Mapping(n)
	if err != nil {
		return nil, err
	}
	v, err := keys(n, mapping, "datum", "value", "unit", "label", "description")
	if err != nil {
		return nil, err
	}
	d := &Datum{}
	switch x := v[0].(type) {
	case nil, bool, int64, *big.Int, string: // without unit, whatever is written
		d.Value = x
	default:
		if v[1] == nil {
			return nil, node(n, "unit").Fail("ValueError", "a number needs a unit: '' if it has no dimension")
		}
		if d.Unit, err = unitFrom(v[1]); err != nil {
			return nil, failAt(node(n, "unit"), err)
		}
		var m Measurement
		if err := m.setQuantity(x, d.Unit); err != nil {
			return nil, failAt(node(n, "value"), err)
		}
		if m.Array != nil {
			d.Value, d.Unit = m.Array, Unit{}
		} else {
			d.Value = m.Quantity.Value
		}
	}
	if d.Label, err = textFrom(n, "label", v[2]); err != nil {
		return nil, err
	}
	if d.Description, err = textFrom(n, "description", v[3]); err != nil {
		return nil, err
	}
	return d, nil
}

func textFrom(n *yaml11.Node, key string, v Value) (*string, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case string:
		return &v, nil
	}
	return nil, node(n, key).Fail("AssertionError", "the %s of a datum is no text", key)
}
