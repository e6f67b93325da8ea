package metric

import (
	"math"
	"math/big"
	"strconv"
)

// power is an exponent: a fraction in lowest terms, or, where no small fraction is near, a float. The zero value is exponent 0.
type power struct {
	num, den int64   // den is 0 for exponent 0 and for a float
	real     float64 // used when den is 0
}

// maxExponent bounds what arithmetic on fractions may reach; beyond it exponents are floats.
const maxExponent = 1 << 31

func whole(n int64) power { return power{num: n, den: 1}.reduce() }

func fraction(num, den int64) power { return power{num: num, den: den}.reduce() }

func (p power) reduce() power {
	if p.den == 0 {
		return p
	}
	if p.num == 0 {
		return power{}
	}
	if p.den < 0 {
		p.num, p.den = -p.num, -p.den
	}
	a, b := max(p.num, -p.num), p.den
	for b != 0 {
		a, b = b, a%b
	}
	return power{num: p.num / a, den: p.den / a}
}

// rational is the exponent of a float: the fraction with the smallest denominator up to 13 that it cannot be told from, else itself.
func rational(x float64) power {
	if x == 0 || x != x || math.IsInf(x, 0) {
		return power{real: x}
	}
	for den := 1.0; den <= 13; den++ {
		if n := math.Round(x * den); math.Abs(n) < maxExponent && math.Abs(x*den-n) <= 4*epsilon*math.Max(1, math.Abs(n)) {
			return fraction(int64(n), int64(den))
		}
	}
	return power{real: x}
}

// epsilon is the distance from 1 to the next float.
const epsilon = 0x1p-52

func (p power) isZero() bool { return p.den == 0 && p.real == 0 }

func (p power) float() float64 {
	if p.den == 0 {
		return p.real
	}
	return float64(p.num) / float64(p.den)
}

func (p power) neg() power { return power{-p.num, p.den, -p.real} }

func (p power) small() bool {
	return p.den != 0 && p.den < maxExponent && p.num < maxExponent && p.num > -maxExponent
}

func (p power) add(q power) power {
	switch {
	case p.isZero():
		return q
	case q.isZero():
		return p
	case p.den == 1 && q.den == 1:
		if sum := p.num + q.num; (sum > p.num) == (q.num > 0) {
			return whole(sum)
		}
	case p.small() && q.small():
		return fraction(p.num*q.den+q.num*p.den, p.den*q.den)
	}
	return rational(p.float() + q.float())
}

func (p power) mul(q power) power {
	if p.isZero() || q.isZero() {
		return power{}
	}
	if p.small() && q.small() {
		return fraction(p.num*q.num, p.den*q.den)
	}
	return rational(p.float() * q.float())
}

// less orders by value.
func (p power) less(q power) bool {
	if p.small() && q.small() {
		return p.num*q.den < q.num*p.den
	}
	return p.float() < q.float()
}

// appendTo writes the exponent as it stands behind a unit's name; exponent 1 is not written.
func (p power) appendTo(dst []byte) []byte {
	switch {
	case p.den == 1 && p.num == 1:
		return dst
	case p.den == 1:
		return strconv.AppendInt(dst, p.num, 10)
	case p.den == 0:
		return append(AppendFloatRepr(append(dst, '('), p.real), ')')
	}
	dst = strconv.AppendInt(append(dst, '('), p.num, 10)
	return append(strconv.AppendInt(append(dst, '/'), p.den, 10), ')')
}

// raise computes x to the power, correctly rounded for small fractions, which Go's math.Pow does not promise and upstream's C library all but does.
func (p power) raise(x float64) float64 {
	switch {
	case p.isZero() || x == 1:
		return 1
	case p.den == 1 && p.num == 1:
		return x
	case p.den == 1 && p.num == -1:
		return 1 / x
	case p.den == 2 && p.num == 1:
		return math.Sqrt(x)
	case p.den == 0 || p.den > 16 || p.num < -1024 || p.num > 1024 || x == 0 || math.IsInf(x, 0) || x != x || x < 0 && p.den > 1:
		return math.Pow(x, p.float())
	}
	const bits = 512
	base := new(big.Float).SetPrec(bits).SetFloat64(x)
	out := new(big.Float).SetPrec(bits).SetInt64(1)
	for range max(p.num, -p.num) {
		out.Mul(out, base)
	}
	if p.num < 0 {
		out.Quo(new(big.Float).SetPrec(bits).SetInt64(1), out)
	}
	f, _ := root(out, p.den).Float64()
	return f
}

// root is the n-th root by Newton's method, to about 200 bits.
func root(x *big.Float, n int64) *big.Float {
	if n == 1 {
		return x
	}
	const bits = 256
	x = new(big.Float).SetPrec(bits).Set(x)
	mantissa := new(big.Float)
	exp := x.MantExp(mantissa)
	m, _ := mantissa.Float64()
	shift := exp / int(n)
	start := math.Pow(m, 1/float64(n)) * math.Pow(2, float64(exp%int(n))/float64(n))
	r := new(big.Float).SetPrec(bits).SetMantExp(big.NewFloat(start), shift)
	count := new(big.Float).SetPrec(bits).SetInt64(n)
	for range 4 { // each step doubles the 50 good bits
		t := new(big.Float).SetPrec(bits).Set(x)
		for range n - 1 {
			t.Quo(t, r)
		}
		t.Sub(t, r)
		t.Quo(t, count)
		r.Add(r, t)
	}
	return r
}
