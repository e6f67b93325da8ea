package metric

import (
	"math"
	"strconv"
	"strings"
)

func (p *unitParser) sign() int64 {
	if p.token.kind == unitSign && p.take().text == "-" {
		return -1
	}
	return 1
}

// int reads a whole number with an optional sign.
func (p *unitParser) int() (int64, error) {
	sign := p.sign()
	if p.token.kind != unitInt {
		return 0, p.misplaced()
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(p.token.text, "."), 10, 64)
	if err != nil {
		return 0, p.fail("%s is out of range", p.token.text)
	}
	p.take()
	return sign * n, nil
}

// power reads 2, -2, (2), (-1/2), (0.5).
func (p *unitParser) power() (power, error) {
	if p.token.kind != unitOpen {
		n, err := p.int()
		return whole(n), err
	}
	p.take()
	sign := p.sign()
	if p.token.kind == unitFloat {
		x, _ := strconv.ParseFloat(p.take().text, 64)
		return rational(float64(sign) * x), p.expect(unitClose)
	}
	n, err := p.int()
	if err != nil {
		return power{}, err
	}
	den := int64(1)
	if p.token.kind == unitOver {
		p.take()
		if den, err = p.int(); err != nil {
			return power{}, err
		}
		if den == 0 {
			return power{}, p.fail("the power divides by 0")
		}
	}
	return fraction(sign*n, den), p.expect(unitClose)
}

// scale reads the number in front: a number, a power of ten (10^3, 10**(-3), 10+3), or a number and a power of ten.
func (p *unitParser) scale() (float64, error) {
	signed := p.token.kind == unitSign
	sign := float64(p.sign())
	t := p.take()
	if t.kind == unitInt && !signed {
		switch p.token.kind {
		case unitPower, unitSign:
			return p.tenTo(t)
		case unitOpen: // only a signed power may follow at once
			rest := p.lexer
			if rest.next().kind != unitSign || rest.next().kind != unitInt {
				return 0, p.misplaced()
			}
			return p.tenTo(t)
		}
	}
	x, _ := strconv.ParseFloat(strings.TrimSuffix(t.text, "."), 64)
	x *= sign
	if p.token.kind == unitInt { // a second number has a power of its own: 1.5 10^3
		base, _ := strconv.ParseFloat(strings.TrimSuffix(p.take().text, "."), 64)
		switch p.token.kind {
		case unitPower:
			p.take()
		case unitSign:
		default:
			return 0, p.misplaced()
		}
		exp, err := p.power()
		if err != nil {
			return 0, err
		}
		if x *= exp.raise(base); math.IsInf(x, 0) {
			return 0, p.fail("its size is out of range")
		}
	}
	return x, nil
}

// tenTo reads the power of a ten.
func (p *unitParser) tenTo(base unitToken) (float64, error) {
	if p.token.kind == unitPower {
		p.take()
	}
	start := p.token
	exp, err := p.power()
	if err != nil {
		return 0, err
	}
	if n := strings.TrimLeft(strings.TrimSuffix(base.text, "."), "0"); n != "10" {
		return 0, p.fail("only powers of 10 may stand in front, not of %s", base.text)
	}
	if exp.den > 1 && strings.Contains(p.lexer.text[start.at:p.lexer.pos], "/") {
		return 0, p.fail("the power of 10 in front is no fraction")
	}
	if exp.den == 1 || exp.isZero() {
		x, _ := strconv.ParseFloat("1e"+strconv.FormatInt(exp.num, 10), 64)
		if math.IsInf(x, 0) {
			return 0, p.fail("its size is out of range")
		}
		return x, nil
	}
	return exp.raise(10), nil
}
