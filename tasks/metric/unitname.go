package metric

import (
	"strconv"
	"strings"
)

// catalogue finds units by name. It is built once from baseUnits and then only read.
type catalogue struct {
	own   map[string]*definition // units by their own names and symbols
	short map[string]*namedUnit  // names that take short prefixes
	long  map[string]*namedUnit  // names that take long prefixes
	sizes map[string]*sizedUnit  // by canonical own name
}

var units = newCatalogue()

func newCatalogue() *catalogue {
	c := &catalogue{map[string]*definition{}, map[string]*namedUnit{}, map[string]*namedUnit{}, map[string]*sizedUnit{}}
	for i := range baseUnits {
		b := &baseUnits[i]
		su := &sizedUnit{name: b.name, size: b.size, dims: parseDims(b.dims)}
		c.sizes[b.name] = su
		d := compose(1, []factor{{su, whole(1)}})
		c.own[b.name] = d
		for _, a := range strings.Fields(b.aliases) {
			c.own[a] = d
		}
		for _, s := range strings.Fields(b.short) {
			c.short[s] = b
		}
		for _, s := range strings.Fields(b.long) {
			c.long[s] = b
		}
	}
	for s, name := range symbols {
		c.own[s] = c.own[name]
	}
	return c
}

// parseDims reads "kg m^2 s^-2".
func parseDims(s string) []dimension {
	var dims []dimension
	for _, f := range strings.Fields(s) {
		base, exp, found := strings.Cut(f, "^")
		p := whole(1)
		if found {
			x, err := strconv.ParseFloat(exp, 64)
			if err != nil {
				panic(err) // baseUnits is wrong
			}
			p = rational(x)
		}
		dims = addDimension(dims, dimension{base, p})
	}
	return dims
}

// find gives the unit of a name with or without prefix, or nil.
func (c *catalogue) find(name string) *definition {
	if d := c.own[name]; d != nil {
		return d
	}
	for i := range siPrefixes {
		if d := c.prefixed(name, &siPrefixes[i], false); d != nil {
			return d
		}
	}
	for i := range binaryPrefixes {
		if d := c.prefixed(name, &binaryPrefixes[i], true); d != nil {
			return d
		}
	}
	return nil
}

func (c *catalogue) prefixed(name string, p *unitPrefix, binary bool) *definition {
	b, fits := (*namedUnit)(nil), false
	if p.short != "" && strings.HasPrefix(name, p.short) {
		b = c.short[name[len(p.short):]]
		fits = b != nil && b.takes(p.symbol, binary)
	}
	if !fits && p.long != "" && strings.HasPrefix(name, p.long) {
		b = c.long[name[len(p.long):]]
		fits = b != nil && (b.takes(p.symbol, binary) || !binary && !strings.HasPrefix(b.prefixes, "only"))
	}
	if !fits {
		return nil
	}
	canonical := p.symbol + b.name
	if !b.takes(p.symbol, binary) { // the short form is another unit's name
		canonical = p.long + strings.Fields(b.long)[0]
		if p.symbol == "da" {
			canonical = "deka" + strings.Fields(b.long)[0]
		}
	}
	base := c.sizes[b.name]
	su := &sizedUnit{name: canonical, size: unity(p.factor * base.size), dims: base.dims}
	return compose(1, []factor{{su, whole(1)}})
}

// takes tells whether the unit has a short form with the prefix.
func (b *namedUnit) takes(symbol string, binary bool) bool {
	kind, list, _ := strings.Cut(b.prefixes, " ")
	if kind == "" || binary && kind != "binary" {
		return false
	}
	if binary {
		return true
	}
	listed := false
	for _, s := range strings.Fields(list) {
		listed = listed || s == symbol
	}
	return listed == (kind == "only")
}
