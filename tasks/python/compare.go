package python

import (
	"cmp"
	"math"
	"math/big"
)

// Equal is Python's ==. Objects are equal if they have one name.
func Equal(a, b Value) bool {
	if c, ok := compareNumbers(a, b); ok {
		return c == 0
	}
	if list, ok := a.(fieldList); ok {
		return equalFieldList(list, b)
	}
	if list, ok := b.(fieldList); ok {
		return equalFieldList(list, a)
	}
	switch a := a.(type) {
	case nil:
		return b == nil
	case string:
		b, ok := b.(string)
		return ok && a == b
	case Bytes:
		b, ok := b.(Bytes)
		return ok && a == b
	case complex128:
		return equalComplex(a, b)
	case []Value:
		b, ok := b.([]Value)
		return ok && equalItems(a, b)
	case Tuple:
		b, ok := b.(Tuple)
		return ok && equalItems(a, b)
	case Set:
		b, ok := b.(Set)
		return ok && len(a) == len(b) && subset(a, b)
	case *Mapping:
		b, ok := b.(*Mapping)
		return ok && equalMappings(a, b)
	case Ellipsis:
		_, ok := b.(Ellipsis)
		return ok
	case Object:
		b, ok := b.(Object)
		return ok && a.Name == b.Name
	}
	if b, ok := b.(complex128); ok {
		return equalComplex(b, a)
	}
	return false
}

func equalItems(a, b []Value) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func equalFieldList(a fieldList, b Value) bool {
	items, ok := Iterate(b)
	return ok && equalItems(a, items)
}

func equalComplex(a complex128, b Value) bool {
	if b, ok := b.(complex128); ok {
		return a == b
	}
	c, ok := compareNumbers(real(a), b)
	return imag(a) == 0 && ok && c == 0
}

func equalMappings(a, b *Mapping) bool {
	if len(a.Pairs) != len(b.Pairs) {
		return false
	}
	values := make(map[string]Value, len(b.Pairs))
	for _, p := range b.Pairs {
		key, _ := hashKey(p.Key)
		values[key] = p.Value
	}
	for _, p := range a.Pairs {
		key, _ := hashKey(p.Key)
		v, ok := values[key]
		if !ok || !Equal(p.Value, v) {
			return false
		}
	}
	return true
}

func subset(a, b Set) bool {
	keys := make(map[string]bool, len(b))
	for _, item := range b {
		key, _ := hashKey(item)
		keys[key] = true
	}
	for _, item := range a {
		if key, _ := hashKey(item); !keys[key] {
			return false
		}
	}
	return true
}

// compareNumbers compares bools, ints and floats exactly. ok is false for anything else and for NaN, which is not even equal to
// itself.
func compareNumbers(a, b Value) (c int, ok bool) {
	x, xi, ok := number(a)
	if !ok {
		return 0, false
	}
	y, yi, ok := number(b)
	switch {
	case !ok || math.IsNaN(x) || math.IsNaN(y):
		return 0, false
	case xi == nil && yi == nil:
		return cmp.Compare(x, y), true
	case xi != nil && yi != nil:
		return xi.Cmp(yi), true
	case xi != nil:
		return new(big.Float).SetInt(xi).Cmp(big.NewFloat(y)), true
	}
	return big.NewFloat(x).Cmp(new(big.Float).SetInt(yi)), true
}

// number splits a number: ints come as big, floats as float.
func number(v Value) (f float64, i *big.Int, ok bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 0, big.NewInt(1), true
		}
		return 0, new(big.Int), true
	case int64:
		return 0, big.NewInt(v), true
	case *big.Int:
		return 0, v, true
	case float64:
		return v, nil, true
	}
	return 0, nil, false
}
