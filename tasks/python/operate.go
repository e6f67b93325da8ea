package python

import (
	"math"
	"math/big"
	"strconv"
)

// maxItems and maxBytes bound what adding up may give: statements that double a value could fill the memory.
const (
	maxItems = 1 << 14
	maxBytes = 1 << 24
)

// hashKey is a text that is equal for equal values, for use in a Go map. Lists, sets and dicts have none, as in Python.
func hashKey(v Value) (string, error) {
	key, err := appendHashKey(nil, v)
	return string(key), err
}

func appendHashKey(dst []byte, v Value) ([]byte, error) {
	if c, ok := v.(complex128); ok {
		if imag(c) != 0 {
			return appendComplex(append(dst, 'c'), c), nil
		}
		v = real(c)
	}
	if f, i, ok := number(v); ok {
		if i == nil {
			if f != math.Trunc(f) || math.IsInf(f, 0) {
				return AppendFloat(append(dst, 'f'), f), nil
			}
			i, _ = big.NewFloat(f).Int(nil)
		}
		return i.Append(append(dst, 'i'), 16), nil
	}
	switch v := v.(type) {
	case Tuple:
		dst = append(dst, '(')
		for _, item := range v {
			key, err := hashKey(item)
			if err != nil {
				return nil, err
			}
			dst = append(strconv.AppendInt(dst, int64(len(key)), 10), ':')
			dst = append(dst, key...)
		}
		return append(dst, ')'), nil
	case string:
		return append(append(dst, 's'), v...), nil
	case Bytes:
		return append(append(dst, 'b'), v...), nil
	case Object:
		return append(append(dst, 'o'), v.Name...), nil
	case nil, Ellipsis:
		return AppendRepr(append(dst, 'n'), v), nil
	}
	return nil, typeError("unhashable type: '%s'", TypeName(v))
}

// negate is Python's -v.
func negate(v Value) (Value, error) {
	switch v := v.(type) {
	case float64:
		return -v, nil
	case complex128:
		return -v, nil
	case int64:
		if v != math.MinInt64 {
			return -v, nil
		}
	}
	if _, i, ok := number(v); ok {
		return shrink(new(big.Int).Neg(i)), nil
	}
	return nil, typeError("bad operand type for unary -: '%s'", TypeName(v))
}

// timesMinusOne is Python's v * -1, by which pipetask negates: sequences become empty.
func timesMinusOne(v Value) (Value, error) {
	switch v := v.(type) {
	case string:
		return "", nil
	case Bytes:
		return Bytes(""), nil
	case []Value:
		return []Value{}, nil
	case Tuple:
		return Tuple{}, nil
	case complex128:
		return v * complex(-1, 0), nil
	}
	return negate(v)
}

// plus is Python's +v.
func plus(v Value) (Value, error) {
	if b, ok := v.(bool); ok {
		v = int64(0)
		if b {
			v = int64(1)
		}
	}
	if _, _, ok := number(v); ok {
		return v, nil
	}
	if c, ok := v.(complex128); ok {
		return c, nil
	}
	return nil, typeError("bad operand type for unary +: '%s'", TypeName(v))
}

// add is Python's a + b for texts and sequences. ok is false for numbers, which the subset does not add.
func add(a, b Value) (v Value, ok bool, err error) {
	size, limit := 0, maxItems
	switch x := a.(type) {
	case string:
		if y, ok := b.(string); ok {
			size, limit, v = len(x)+len(y), maxBytes, nil
			if size <= limit {
				v = x + y
			}
		}
	case Bytes:
		if y, ok := b.(Bytes); ok {
			size, limit = len(x)+len(y), maxBytes
			if size <= limit {
				v = x + y
			}
		}
	case []Value:
		if y, ok := b.([]Value); ok {
			size = len(x) + len(y)
			v = append(x[:len(x):len(x)], y...)
		}
	case Tuple:
		if y, ok := b.(Tuple); ok {
			size = len(x) + len(y)
			v = append(x[:len(x):len(x)], y...)
		}
	}
	if size > limit {
		return nil, true, &OperationError{"MemoryError", "the sum is too large"}
	}
	if v != nil {
		return v, true, nil
	}
	_, _, left := number(a)
	_, _, right := number(b)
	if left && right {
		return nil, false, nil
	}
	return nil, true, typeError("unsupported operand type(s) for +: '%s' and '%s'", TypeName(a), TypeName(b))
}

// shrink is the smallest kind that holds an int.
func shrink(i *big.Int) Value {
	if i.IsInt64() {
		return i.Int64()
	}
	return i
}
