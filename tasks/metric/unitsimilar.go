package metric

import (
	"sort"
	"strings"
)

// misnomers are names people use that are no units, and what they mean.
var misnomers = map[string][]string{
	"sec": {"s"}, "secs": {"s"}, "seconds": {"second", "s"}, "mins": {"min"}, "hrs": {"h"}, "msec": {"ms"}, "usec": {"us"}, "nsec": {"ns"},
	"kb": {"kbit", "kbyte"}, "KB": {"kbyte", "Kibyte"}, "Kb": {"kbit", "Kibit"}, "KiByte": {"Kibyte"}, "mb": {"Mbit", "Mbyte"}, "gb": {"Gbit", "Gbyte"},
	"mib": {"Mibyte"}, "kib": {"Kibyte"}, "gib": {"Gibyte"}, "fraction": {"''"}, "dimensionless": {"''"}, "none": {"''"}, "None": {"''"}, "unitless": {"''"},
	"counts": {"ct"}, "cts": {"ct"}, "px": {"pix"}, "pixels": {"pix"}, "ppm": {"1e-6"}, "magnitude": {"mag"}, "ADU": {"adu"}, "e-": {"electron"},
}

// similar lists units that may have been meant by an unknown name, the likeliest first.
func (c *catalogue) similar(name string) []string {
	if m := misnomers[name]; m != nil {
		return m
	}
	if one := strings.TrimSuffix(name, "s"); one != name && c.find(one) != nil {
		return []string{one}
	}
	type candidate struct {
		name string
		cost int
	}
	var found []candidate
	add := func(n string) {
		switch {
		case strings.EqualFold(n, name):
			found = append(found, candidate{n, 0})
		case len(name) > 2 && len(n) > 2 && oneEdit(n, name):
			found = append(found, candidate{n, 1})
		}
	}
	if len(name) > 40 {
		return nil
	}
	for n := range c.own {
		add(n)
	}
	for i := range siPrefixes {
		p := &siPrefixes[i]
		for n, b := range c.short {
			if p.short != "" && b.takes(p.symbol, false) {
				add(p.short + n)
			}
		}
		for n := range c.long {
			if p.long != "" && c.find(p.long+n) != nil {
				add(p.long + n)
			}
		}
	}
	for i := range binaryPrefixes {
		p := &binaryPrefixes[i]
		for n, b := range c.short {
			if b.takes(p.symbol, true) {
				add(p.short + n)
			}
		}
	}
	sort.Slice(found, func(i, j int) bool {
		a, b := found[i], found[j]
		if a.cost != b.cost {
			return a.cost < b.cost
		}
		return a.name < b.name
	})
	var out []string
	for _, f := range found {
		if len(out) < 3 && (len(out) == 0 || out[len(out)-1] != f.name) {
			out = append(out, f.name)
		}
	}
	return out
}

// oneEdit tells whether a becomes b by one insertion, deletion, replacement, or exchange of neighbours.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	switch len(b) - len(a) {
	case 0:
		return i < len(a) && (a[i+1:] == b[i+1:] || i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:])
	case 1:
		return a[i:] == b[i+1:]
	}
	return false
}
