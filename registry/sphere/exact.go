package sphere

import "math/big"

// orientation is the sign of (a x b) . c: +1 if c lies to the left of the way from a to b, -1 if to the right, 0 if all three lie on
// one great circle. It is exact for the vectors as given, so that neighbours which share an edge touch and do not gape.
func orientation(a, b, c Vec) int {
	d := a.Cross(b).Dot(c)
	// The products and sums of components up to 1 are off by less than this.
	const uncertain = 1e-14
	switch {
	case d > uncertain:
		return 1
	case d < -uncertain:
		return -1
	case a == b || b == c || a == c, !a.isFinite() || !b.isFinite() || !c.isFinite():
		return 0
	}
	return exactOrientation(a, b, c)
}

// exactOrientation computes in 1024 bits, which holds the sum exactly unless a component is tinier than any computed from angles.
func exactOrientation(a, b, c Vec) int {
	const bits = 1024
	product := func(x, y, z float64) *big.Float {
		p := new(big.Float).SetPrec(bits).SetFloat64(x)
		p.Mul(p, new(big.Float).SetFloat64(y))
		return p.Mul(p, new(big.Float).SetFloat64(z))
	}
	sum := new(big.Float).SetPrec(bits)
	sum.Add(sum, product(a.X, b.Y, c.Z))
	sum.Sub(sum, product(a.X, b.Z, c.Y))
	sum.Add(sum, product(a.Y, b.Z, c.X))
	sum.Sub(sum, product(a.Y, b.X, c.Z))
	sum.Add(sum, product(a.Z, b.X, c.Y))
	sum.Sub(sum, product(a.Z, b.Y, c.X))
	return sum.Sign()
}

// isFinite reports whether all components are numbers.
func (a Vec) isFinite() bool { return a.X-a.X == 0 && a.Y-a.Y == 0 && a.Z-a.Z == 0 }
