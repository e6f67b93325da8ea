package metric

import "sort"

// unity makes a scale that differs from 1 only by rounding exactly 1, as upstream does.
func unity(x float64) float64 {
	if x >= 1-2*epsilon && x <= 1+4*epsilon {
		return 1
	}
	return x
}

// compose builds the definition of a scale and a product. It sorts factors and joins those of one unit.
func compose(scale float64, factors []factor) *definition {
	joined := factors[:0:0]
next:
	for _, f := range factors {
		for i := range joined {
			if joined[i].unit.name == f.unit.name {
				joined[i].power = joined[i].power.add(f.power)
				continue next
			}
		}
		joined = append(joined, f)
	}
	kept := joined[:0]
	for _, f := range joined {
		if !f.power.isZero() {
			kept = append(kept, f)
		}
	}
	sort.SliceStable(kept, func(i, j int) bool {
		if kept[i].power != kept[j].power {
			return kept[j].power.less(kept[i].power)
		}
		return kept[i].unit.name < kept[j].unit.name
	})
	d := &definition{scale: unity(scale), factors: kept}
	d.size = d.scale
	for _, f := range kept {
		d.size *= f.power.raise(f.unit.size)
		for _, b := range f.unit.dims {
			d.dims = addDimension(d.dims, dimension{b.base, b.power.mul(f.power)})
		}
	}
	d.size = unity(d.size)
	d.text = string(d.appendText(nil))
	return d
}

func addDimension(dims []dimension, add dimension) []dimension {
	i := sort.Search(len(dims), func(i int) bool { return dims[i].base >= add.base })
	if i < len(dims) && dims[i].base == add.base {
		if dims[i].power = dims[i].power.add(add.power); dims[i].power.isZero() {
			return append(dims[:i], dims[i+1:]...)
		}
		return dims
	}
	dims = append(dims, dimension{})
	copy(dims[i+1:], dims[i:])
	dims[i] = add
	return dims
}

// appendText writes scale, the factors above the line, and those below behind a slash.
func (d *definition) appendText(dst []byte) []byte {
	from := len(dst)
	if d.scale != 1 {
		dst = appendGeneral(dst, d.scale, 6)
	}
	below := 0
	for _, f := range d.factors {
		if f.power.float() < 0 {
			below++
			continue
		}
		if len(dst) > from {
			dst = append(dst, ' ')
		}
		dst = f.appendTo(dst, f.power)
	}
	if below == 0 {
		return dst
	}
	if len(dst) == from {
		dst = append(dst, '1')
	}
	dst = append(dst, " / "...)
	if below > 1 {
		dst = append(dst, '(')
	}
	for i, f := range d.factors[len(d.factors)-below:] {
		if i > 0 {
			dst = append(dst, ' ')
		}
		dst = f.appendTo(dst, f.power.neg())
	}
	if below > 1 {
		dst = append(dst, ')')
	}
	return dst
}

func (f factor) appendTo(dst []byte, p power) []byte {
	if f.unit.name == "percent" {
		dst = append(dst, '%')
	} else {
		dst = append(dst, f.unit.name...)
	}
	return p.appendTo(dst)
}
