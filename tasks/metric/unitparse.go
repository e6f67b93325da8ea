package metric

import (
	"fmt"
	"math"
	"strings"
)

// Limits on the text of a unit: far above any real one, low enough that no text costs noticeable time.
const (
	maxUnitText  = 4096
	maxUnitDepth = 64
)

// ParseUnit reads a unit in the generic format of FITS and astropy: names in short or long form with prefixes, products by blank, '*' or '.',
// division by '/' (all that follows is divided by: m/s kg is m / (kg s)), powers (s-1, s^2, s**(1/2)), a scale in front, sqrt() and
// parentheses around products (metrics.md 2.1). Logarithmic units such as mag(AB) are read too. The error is a *UnitError.
func ParseUnit(text string) (Unit, error) {
	if d := units.own[text]; d != nil {
		return Unit{d}, nil
	}
	if strings.TrimSpace(text) == "" {
		return Unit{}, nil
	}
	if len(text) > maxUnitText {
		return Unit{}, &UnitError{Text: text[:60] + "...", Problem: fmt.Sprintf("it is longer than %d bytes", maxUnitText)}
	}
	p := &unitParser{lexer: unitLexer{text: spellOut(text)}, text: text}
	p.token = p.lexer.next()
	d, err := p.unit(0)
	if err == nil {
		err = p.expect(unitEnd)
	}
	if err != nil {
		return Unit{}, err
	}
	if d.function == "" && d.scale == 1 && len(d.factors) == 0 {
		return Unit{}, nil
	}
	return Unit{d}, nil
}

type unitParser struct {
	lexer unitLexer
	token unitToken
	text  string
}

func (p *unitParser) fail(format string, args ...any) error {
	return &UnitError{Text: p.text, Problem: fmt.Sprintf(format, args...)}
}

// misplaced is the error of a token where it may not be.
func (p *unitParser) misplaced() error {
	if p.token.kind == unitEnd {
		return p.fail("it ends too early")
	}
	return p.fail("unexpected %q at byte %d", p.token.text, p.token.at+1)
}

func (p *unitParser) take() unitToken {
	t := p.token
	p.token = p.lexer.next()
	return t
}

func (p *unitParser) expect(kind unitTokenKind) error {
	if p.token.kind != kind {
		return p.misplaced()
	}
	p.take()
	return nil
}

// unit reads a whole unit, up to the end or a closing parenthesis:
//
//	unit     = [scale] division | scale ['*'] '/' one | scale | '/' one
//	division = product {'/' product}
//	product  = one {['*'] one}
//	one      = name [power] | function '(' unit ')' | '(' product ')'
func (p *unitParser) unit(depth int) (*definition, error) {
	if depth > maxUnitDepth {
		return nil, p.fail("it is nested deeper than %d", maxUnitDepth)
	}
	if p.token.kind == unitOver {
		return p.inverse(1, depth)
	}
	if p.token.kind != unitInt && p.token.kind != unitFloat && p.token.kind != unitSign {
		return p.division(1, depth)
	}
	scale, err := p.scale()
	if err != nil {
		return nil, err
	}
	if scale == 0 {
		return nil, p.fail("its size is 0")
	}
	switch p.token.kind {
	case unitEnd, unitClose:
		return compose(scale, nil), nil
	case unitTimes:
		p.take()
	}
	if p.token.kind == unitOver {
		return p.inverse(scale, depth)
	}
	return p.division(scale, depth)
}

func (p *unitParser) inverse(scale float64, depth int) (*definition, error) {
	p.take()
	d, err := p.one(depth)
	if err != nil {
		return nil, err
	}
	return p.combine(compose(scale, nil), d, -1)
}

// combine multiplies a by b to the power 1 or -1.
func (p *unitParser) combine(a, b *definition, sign int64) (*definition, error) {
	for _, d := range []**definition{&a, &b} {
		if (*d).function == "" {
			continue
		}
		if (*d).inner.text != "" {
			return nil, p.fail("a logarithmic unit stands alone")
		}
		*d = units.own[(*d).function] // mag(1) is mag
	}
	if sign > 0 && a == dimensionless {
		return b, nil
	}
	scale := a.scale * b.scale
	factors := append([]factor{}, a.factors...)
	if sign < 0 {
		scale = a.scale * whole(-1).raise(b.scale)
	}
	for _, f := range b.factors {
		if sign < 0 {
			f.power = f.power.neg()
		}
		factors = append(factors, f)
	}
	return compose(scale, factors), nil
}

func (p *unitParser) division(scale float64, depth int) (*definition, error) {
	d, err := p.product(depth)
	if err != nil {
		return nil, err
	}
	for p.token.kind == unitOver {
		p.take()
		below, err := p.product(depth)
		if err != nil {
			return nil, err
		}
		if d, err = p.combine(d, below, -1); err != nil {
			return nil, err
		}
	}
	if scale == 1 && (d.function != "" || d.scale == 1) {
		return d, nil
	}
	if d.function != "" {
		return nil, p.fail("a logarithmic unit has no scale in front")
	}
	return compose(scale*d.scale, d.factors), nil
}

func (p *unitParser) product(depth int) (*definition, error) {
	d, err := p.one(depth)
	for err == nil {
		switch p.token.kind {
		case unitTimes:
			p.take()
		case unitName, unitFunc, unitOpen:
		default:
			return d, nil
		}
		var next *definition
		if next, err = p.one(depth); err == nil {
			d, err = p.combine(d, next, 1)
		}
	}
	return nil, err
}

func (p *unitParser) one(depth int) (*definition, error) {
	if depth > maxUnitDepth {
		return nil, p.fail("it is nested deeper than %d", maxUnitDepth)
	}
	switch p.token.kind {
	case unitOpen:
		p.take()
		d, err := p.product(depth + 1)
		if err != nil {
			return nil, err
		}
		return d, p.expect(unitClose)
	case unitFunc:
		name := p.take().text
		p.take() // the parenthesis
		inner, err := p.unit(depth + 1)
		if err != nil {
			return nil, err
		}
		if err := p.expect(unitClose); err != nil {
			return nil, err
		}
		return p.function(name, inner)
	case unitName:
		name := p.take().text
		d := units.find(name)
		if d == nil {
			return nil, &UnitError{p.text, fmt.Sprintf("no unit is called %q", name), name}
		}
		return p.raised(d)
	}
	return nil, p.misplaced()
}

func (p *unitParser) function(name string, inner *definition) (*definition, error) {
	switch name {
	case "sqrt":
		if inner.function != "" || inner.scale < 0 {
			return nil, p.fail("this has no square root")
		}
		half := fraction(1, 2)
		out := append([]factor{}, inner.factors...)
		for i := range out {
			out[i].power = out[i].power.mul(half)
		}
		return compose(math.Sqrt(inner.scale), out), nil
	case "mag", "dB", "dex":
		if inner.function != "" || len(inner.factors) == 1 && inner.scale == 1 && inner.factors[0].power == whole(1) && units.logarithmic(inner.factors[0].unit) {
			return nil, p.fail("%q is not a physical unit", inner.text)
		}
		argument := inner.text
		if argument == "" {
			argument = "1"
		}
		return &definition{text: name + "(" + argument + ")", scale: 1, size: 1, function: name, inner: inner}, nil
	}
	return nil, p.fail("no function is called %q", name)
}

// logarithmic tells whether a named unit is mag, dB or dex, perhaps with a prefix.
func (c *catalogue) logarithmic(u *sizedUnit) bool {
	return len(u.dims) == 1 && u.dims[0].base == "dex"
}

// raised reads the power behind a name. An opening parenthesis there always begins a power.
func (p *unitParser) raised(d *definition) (*definition, error) {
	var exp power
	var err error
	switch p.token.kind {
	case unitPower:
		p.take()
		exp, err = p.power()
	case unitInt, unitSign, unitOpen:
		exp, err = p.power()
	default:
		return d, nil
	}
	if err != nil {
		return nil, err
	}
	return compose(1, []factor{{d.factors[0].unit, exp}}), nil
}
