package python

import (
	"cmp"
	"math/big"
	"strings"
)

// less is Python's a op b for the operators <, <=, > and >=.
func less(op string, a, b Value) (bool, error) {
	unordered := func() error {
		return typeError("'%s' not supported between instances of '%s' and '%s'", op, TypeName(a), TypeName(b))
	}
	if _, _, ok := number(a); ok {
		if _, _, ok := number(b); ok {
			c, ok := compareNumbers(a, b)
			return ok && ordered(op, c), nil
		}
		return false, unordered()
	}
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			return ordered(op, strings.Compare(x, y)), nil
		}
	case Bytes:
		if y, ok := b.(Bytes); ok {
			return ordered(op, strings.Compare(string(x), string(y))), nil
		}
	case []Value:
		if y, ok := b.([]Value); ok {
			return lessItems(op, x, y)
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			return lessItems(op, x, y)
		}
	case Set:
		if y, ok := b.(Set); ok {
			switch op {
			case "<":
				return len(x) < len(y) && subset(x, y), nil
			case "<=":
				return subset(x, y), nil
			case ">":
				return len(y) < len(x) && subset(y, x), nil
			}
			return subset(y, x), nil
		}
	}
	return false, unordered()
}

// lessItems orders sequences by their first items that differ, then by length.
func lessItems(op string, a, b []Value) (bool, error) {
	for i := range min(len(a), len(b)) {
		if !Equal(a[i], b[i]) {
			return less(op, a[i], b[i])
		}
	}
	return ordered(op, cmp.Compare(len(a), len(b))), nil
}

func ordered(op string, c int) bool {
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// contains is Python's item in box.
func contains(item, box Value) (bool, error) {
	switch box := box.(type) {
	case string:
		s, ok := item.(string)
		if !ok {
			return false, typeError("'in <string>' requires string as left operand, not %s", TypeName(item))
		}
		return strings.Contains(box, s), nil
	case Bytes:
		if s, ok := item.(Bytes); ok {
			return strings.Contains(string(box), string(s)), nil
		}
		if _, i, ok := number(item); !ok || i == nil {
			return false, typeError("a bytes-like object is required, not '%s'", TypeName(item))
		}
	case Set, *Mapping:
		if _, err := hashKey(item); err != nil {
			return false, err
		}
	}
	items, ok := Iterate(box)
	if !ok {
		return false, typeError("argument of type '%s' is not iterable", TypeName(box))
	}
	for _, other := range items {
		if Equal(item, other) {
			return true, nil
		}
	}
	return false, nil
}

// truth is Python's bool(v).
func truth(v Value) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case *big.Int:
		return v.Sign() != 0
	case float64:
		return v != 0
	case complex128:
		return v != 0
	}
	if items, ok := Iterate(v); ok {
		return len(items) > 0
	}
	return true
}
