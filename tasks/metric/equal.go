package metric

import (
	"math"
	"math/big"
)

// Equal is upstream's equality of measurements: the same metric, the same notes, and quantities that differ, after conversion, by a relative
// 1e-5 at most. NaN equals nothing. Blobs, extras and identifiers do not count (metrics.md 2.3).
func (m *Measurement) Equal(o *Measurement) bool {
	if m.Metric != o.Metric || len(m.Notes) != len(o.Notes) {
		return false
	}
	var c comparison
	for _, n := range m.Notes {
		v, ok := o.Note(n.Key)
		if !ok || !c.equal(n.Value, v) {
			return false
		}
	}
	switch {
	case m.Quantity != nil && o.Quantity != nil:
		f, err := o.Quantity.Unit.FactorTo(m.Quantity.Unit)
		return err == nil && near(m.Quantity.Value, o.Quantity.Value*f)
	case m.Array != nil && o.Array != nil:
		return m.Array.near(o.Array)
	}
	return m.Quantity == nil && o.Quantity == nil && m.Array == nil && o.Array == nil
}

func (a *Array) near(b *Array) bool {
	f, err := b.Unit.FactorTo(a.Unit)
	if err != nil || len(a.Data) != len(b.Data) || len(a.Shape) != len(b.Shape) {
		return false
	}
	for i := range a.Shape {
		if a.Shape[i] != b.Shape[i] {
			return false
		}
	}
	for i := range a.Data {
		if !near(a.Data[i], b.Data[i]*f) {
			return false
		}
	}
	return true
}

// comparison compares plain data as Python does: 1, 1.0 and true are equal, and a mapping has no order. It remembers the pairs found equal, so
// that shared values cost no more than written ones.
type comparison struct{ done map[[2]any]struct{} }

func (c *comparison) equal(a, b Value) bool {
	if x, ok := numeric(a); ok {
		y, ok := numeric(b)
		return ok && x.Cmp(y) == 0
	}
	switch x := a.(type) {
	case *Timestamp:
		y, ok := b.(*Timestamp)
		return ok && x.Text == y.Text
	case nil, string, Bytes, float64:
		switch b.(type) {
		case nil, string, Bytes, float64:
			return a == b
		}
		return false
	}
	pair := [2]any{a, b}
	if _, ok := c.done[pair]; ok || a == b {
		return true
	}
	if !c.collections(a, b) {
		return false
	}
	if c.done == nil {
		c.done = map[[2]any]struct{}{}
	}
	c.done[pair] = struct{}{}
	return true
}

func (c *comparison) collections(a, b Value) bool {
	switch a := a.(type) {
	case *Sequence:
		b, ok := b.(*Sequence)
		return ok && c.items(a.Items, b.Items)
	case *Tuple:
		b, ok := b.(*Tuple)
		return ok && c.items(a.Items, b.Items)
	case *Set:
		b, ok := b.(*Set)
		return ok && c.mappings(asMapping(a), asMapping(b))
	case *Mapping:
		b, ok := b.(*Mapping)
		return ok && c.mappings(a, b)
	}
	return false
}

func numeric(v Value) (*big.Float, bool) {
	const bits = 16384 // enough for any integer that can be read
	x := new(big.Float).SetPrec(bits)
	switch v := v.(type) {
	case bool:
		if v {
			return x.SetInt64(1), true
		}
		return x, true
	case int64:
		return x.SetInt64(v), true
	case *big.Int:
		return x.SetInt(v), true
	case float64:
		if v != v || math.IsInf(v, 0) {
			return nil, false
		}
		return x.SetFloat64(v), true
	}
	return nil, false
}

func (c *comparison) items(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !c.equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func asMapping(s *Set) *Mapping {
	m := &Mapping{}
	for _, k := range s.Items {
		m.Set(k, nil)
	}
	return m
}

func (c *comparison) mappings(a, b *Mapping) bool {
	if a.Len() != b.Len() {
		return false
	}
	for i, k := range a.Keys {
		v, ok := b.Get(k)
		if !ok || !c.equal(a.Values[i], v) {
			return false
		}
	}
	return true
}
