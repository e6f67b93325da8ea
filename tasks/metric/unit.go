package metric

import (
	"fmt"
	"strconv"
)

// Unit is a unit of measurement, for example Kibyte or byte / s. The zero value is dimensionless. A Unit is immutable and may be copied
// and used by several goroutines. Compare units with Equal, not with ==: one unit has many values.
//
// Its size is kept as upstream's unit library computes it, so that conversions give the same float64 (metrics.md 2.3).
type Unit struct{ d *definition }

// definition is a scale and a product of named units.
type definition struct {
	text     string // canonical
	scale    float64
	factors  []factor // by falling power, then name
	size     float64  // in base units: scale and all factors
	dims     []dimension
	function string // mag, dex or dB of inner; then size and dims mean nothing
	inner    *definition
}

// factor is a named unit to a power.
type factor struct {
	unit  *sizedUnit
	power power
}

// sizedUnit is a named unit with its prefix.
type sizedUnit struct {
	name string // canonical; percent prints as %
	size float64
	dims []dimension
}

// dimension is a base unit to a power. Lists of them are sorted by base.
type dimension struct {
	base  string
	power power
}

var dimensionless = &definition{scale: 1, size: 1}

func (u Unit) def() *definition {
	if u.d == nil {
		return dimensionless
	}
	return u.d
}

// String is the canonical form: prefix symbol and canonical name, whatever was typed (metrics.md 2.2). It is "" for dimensionless.
// Scales are written with six digits, as upstream does, so that 1234567 byte does not come back from its text exactly.
func (u Unit) String() string { return u.def().text }

// MarshalText gives the canonical form.
func (u Unit) MarshalText() ([]byte, error) { return []byte(u.String()), nil }

// UnmarshalText reads a unit as ParseUnit does.
func (u *Unit) UnmarshalText(text []byte) error {
	v, err := ParseUnit(string(text))
	if err == nil {
		*u = v
	}
	return err
}

// Logarithmic tells whether the unit is the logarithm of a physical unit, such as mag(AB). No quantity may have one (metrics.md 2.1).
func (u Unit) Logarithmic() bool { return u.def().function != "" }

// Dimensionless tells whether the unit has no dimensions; % and pure scales have none either.
func (u Unit) Dimensionless() bool { return u.def().function == "" && len(u.def().dims) == 0 }

// Compatible tells whether values convert from one unit to the other.
func (u Unit) Compatible(v Unit) bool {
	a, b := u.def(), v.def()
	if a.function != "" || b.function != "" {
		return a.text == b.text
	}
	if len(a.dims) != len(b.dims) {
		return false
	}
	for i := range a.dims {
		if a.dims[i] != b.dims[i] {
			return false
		}
	}
	return true
}

// Equal tells whether the units are the same size of the same dimensions: kB equals 1000 byte.
func (u Unit) Equal(v Unit) bool {
	return u.Compatible(v) && (u.def().text == v.def().text || u.def().size/v.def().size == 1)
}

// ConversionError is an attempt to convert between units of different dimensions.
type ConversionError struct{ From, To Unit }

// Error names both units and their kinds.
func (e *ConversionError) Error() string {
	return fmt.Sprintf("%s and %s are not convertible", e.From.describe(), e.To.describe())
}

// ClassName is upstream's exception.
func (e *ConversionError) ClassName() string { return "UnitConversionError" }

// Hint names what may be done.
func (e *ConversionError) Hint() string {
	return fmt.Sprintf("give a unit of the same kind as %q", e.From.String())
}

func (u Unit) describe() string {
	if kind := u.Physical(); kind != "unknown" {
		return fmt.Sprintf("%q (%s)", u.String(), kind)
	}
	return strconv.Quote(u.String())
}

// FactorTo gives the factor by which values in u are multiplied to be values in v.
func (u Unit) FactorTo(v Unit) (float64, error) {
	if u.d == v.d {
		return 1, nil
	}
	if !u.Compatible(v) {
		return 0, &ConversionError{u, v}
	}
	if u.Logarithmic() {
		return 1, nil
	}
	return u.def().size / v.def().size, nil
}

// ScaleUnit is the dimensionless unit of the given size, as a number in place of a unit's name means (metrics.md 1.3). Size 0 is an error.
func ScaleUnit(size float64) (Unit, error) {
	if size == 0 {
		return Unit{}, &ScaleError{}
	}
	if unity(size) == 1 {
		return Unit{}, nil
	}
	return Unit{compose(size, nil)}, nil
}

// ScaleError is a unit of size zero.
type ScaleError struct{}

// Error says so.
func (e *ScaleError) Error() string { return "a unit of size 0 is no unit" }

// ClassName is upstream's exception.
func (e *ScaleError) ClassName() string { return "UnitScaleError" }

// The units of the metric tasks.
var (
	Byte   = mustUnit("byte")
	Kibyte = mustUnit("Kibyte")
	Mibyte = mustUnit("Mibyte")
	Second = mustUnit("s")
)

// mustUnit is for names in this package only.
func mustUnit(name string) Unit {
	u, err := ParseUnit(name)
	if err != nil {
		panic(err)
	}
	return u
}
