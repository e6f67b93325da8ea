package quantum

// ints is a list of integers that takes little room for what columns of data IDs and datasets hold. It lies in blocks: a block of equal
// values takes nothing but that value, one whose values are near its first one four bytes a value, any other one eight. Growing never copies
// what full blocks hold.
type ints struct {
	n      int
	blocks []intBlock
}

// blockRows is the number of rows in a block.
const blockRows = 1 << 14

// intBlock holds values as differences from base, or as they are, or equals base throughout if both are nil.
type intBlock struct {
	base int64
	near []int32
	wide []int64
}

func (c *ints) len() int { return c.n }

func (c *ints) at(i int) int64 {
	b, k := &c.blocks[i/blockRows], i%blockRows
	switch {
	case b.near != nil:
		return b.base + int64(b.near[k])
	case b.wide != nil:
		return b.wide[k]
	}
	return b.base
}

func (c *ints) add(v int64) {
	k := c.n % blockRows
	c.n++
	if k == 0 {
		c.blocks = append(c.blocks, intBlock{base: v})
		return
	}
	b := &c.blocks[len(c.blocks)-1]
	// The difference may overflow: then it does not lead back.
	d := int32(v - b.base)
	isNear := b.base+int64(d) == v
	switch {
	case b.wide != nil:
		b.wide = append(grow(b.wide), v)
	case !isNear:
		b.wide = make([]int64, k, max(2*k, 16))
		for i := range b.wide {
			b.wide[i] = b.base
			if b.near != nil {
				b.wide[i] += int64(b.near[i])
			}
		}
		b.wide, b.near = append(b.wide, v), nil
	case b.near != nil:
		b.near = append(grow(b.near), d)
	case d != 0:
		b.near = append(make([]int32, k, max(2*k, 16)), d)
	}
}

// grow gives a list that has become long room for the whole block at once, so that none is left over.
func grow[T any](s []T) []T {
	if len(s) == cap(s) && len(s) >= blockRows/8 {
		return append(make([]T, 0, blockRows), s...)
	}
	return s
}

// permuted is the list in another order: its value i is the value perm[i] of c.
func (c *ints) permuted(perm []int32) ints {
	var out ints
	for _, from := range perm {
		out.add(c.at(int(from)))
	}
	return out
}
