package metric

import (
	"math"
	"math/big"
)

// Limits of arrays: what upstream's array library allows in dimensions, and a bound on what aliases can blow up.
const (
	maxDimensions = 64
	maxElements   = 1 << 22
)

// arrayFrom makes an array of nested lists of numbers. A null among numbers is NaN. Lists of unequal shape are refused.
func arrayFrom(items []Value) (*Array, error) {
	b := &arrayBuilder{}
	if err := b.add(items, 0); err != nil {
		return nil, err
	}
	if len(b.data) > 0 && b.nulls == len(b.data) {
		return nil, problem("TypeError", "the value is no number")
	}
	return &Array{Shape: b.shape, Data: b.data, Boolean: len(b.data) > 0 && b.truths == len(b.data)}, nil
}

type arrayBuilder struct {
	shape         []int
	deepest       int // the depth of numbers; 0 while none is met
	data          []float64
	nulls, truths int
	lists         int
}

func (b *arrayBuilder) add(items []Value, depth int) error {
	if depth >= maxDimensions {
		return problem("ValueError", "the array has more than %d dimensions", maxDimensions)
	}
	if b.lists++; b.lists > maxElements {
		return problem("MemoryError", "the array has more than %d lists", maxElements)
	}
	switch {
	case depth == len(b.shape) && b.deepest == 0:
		b.shape = append(b.shape, len(items))
	case depth >= len(b.shape) || b.shape[depth] != len(items):
		return problem("ValueError", "the lists of the array are of unequal length")
	}
	if len(items) == 0 && b.deepest == 0 {
		b.deepest = depth + 1
	}
	for _, x := range items {
		switch x := x.(type) {
		case *Sequence:
			if b.deepest == depth+1 {
				return problem("ValueError", "numbers and lists are mixed in the array")
			}
			if err := b.add(x.Items, depth+1); err != nil {
				return err
			}
			continue
		case *Tuple:
			if err := b.add(x.Items, depth+1); err != nil {
				return err
			}
			continue
		case nil:
			b.nulls++
			b.data = append(b.data, math.NaN())
		case bool:
			b.truths++
			b.data = append(b.data, map[bool]float64{true: 1}[x])
		case int64, *big.Int, float64:
			f, err := floatFrom(x)
			if err != nil {
				return err
			}
			b.data = append(b.data, f)
		default:
			return problem("TypeError", "an element of the array is no number")
		}
		if len(b.data) > maxElements {
			return problem("MemoryError", "the array has more than %d elements", maxElements)
		}
		if b.deepest == 0 {
			b.deepest = depth + 1
		}
		if b.deepest != depth+1 {
			return problem("ValueError", "numbers and lists are mixed in the array")
		}
	}
	return nil
}
