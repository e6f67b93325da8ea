package sphere

import (
	"math"
	"math/big"
)

// trigBits is the working precision of exactSincos; halfPi is good for more than that.
const trigBits = 192

var halfPi, _, _ = big.ParseFloat("1.57079632679489661923132169163975144209858469968755291048747229615390820314310449931401741267105853399107404326", 10, 2*trigBits, big.ToNearestEven)

// exactSincos returns sine and cosine rounded to the nearest float64. math.Sincos may be off by a last bit, and then a polygon that
// a user writes along the border of a stored one would not touch it. It takes some ten microseconds. x must be finite.
func exactSincos(x float64) (sin, cos float64) {
	if a := math.Abs(x); !(a <= 1e6 && a >= 1e-8) {
		return math.Sincos(x)
	}
	// x = n * pi/2 + r with |r| <= pi/4
	n := math.Round(x / (math.Pi / 2))
	r := new(big.Float).SetPrec(trigBits).SetFloat64(n)
	r.Sub(new(big.Float).SetPrec(2*trigBits).SetFloat64(x), r.Mul(r, halfPi).SetPrec(2*trigBits))
	r.SetPrec(trigBits)
	square := new(big.Float).Mul(r, r)
	// The series of both at once: the term of degree k is the one of degree k - 2 times -r*r / (k*(k-1)).
	series := func(term *big.Float, k int64) float64 {
		sum := new(big.Float).Set(term)
		for term.Sign() != 0 && term.MantExp(nil) > -trigBits {
			term.Mul(term, square)
			term.Quo(term, new(big.Float).SetInt64((k+1)*(k+2)))
			term.Neg(term)
			sum.Add(sum, term)
			k += 2
		}
		f, _ := sum.Float64()
		return f
	}
	s := series(new(big.Float).Set(r), 1)
	c := series(new(big.Float).SetPrec(trigBits).SetInt64(1), 0)
	switch int64(n) & 3 {
	case 1:
		return c, -s
	case 2:
		return -s, -c
	case 3:
		return -c, s
	}
	return s, c
}
