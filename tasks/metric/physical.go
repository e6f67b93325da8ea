package metric

import "strings"

// physicalKinds names the kinds of quantity by their base units, as upstream's unit library does.
var physicalKinds = map[string]string{
	"":                        "dimensionless",
	"A":                       "electrical current",
	"A kg^-1 s^2":             "electrical mobility",
	"A m s":                   "electrical dipole moment",
	"A m^-1":                  "magnetic field strength",
	"A m^-2":                  "electrical current density",
	"A m^-2 s":                "electrical flux density/polarization density/surface charge density",
	"A m^-3 s":                "electrical charge density",
	"A m^2":                   "magnetic moment",
	"A s":                     "electrical charge",
	"A^-1 kg m s^-3":          "electrical field strength",
	"A^-1 kg m^2 s^-2":        "magnetic flux",
	"A^-1 kg m^2 s^-3":        "electrical potential",
	"A^-1 kg s^-2":            "magnetic flux density",
	"A^-2 kg m s^-2":          "electromagnetic field strength/permeability",
	"A^-2 kg m^2 s^-2":        "inductance",
	"A^-2 kg m^2 s^-3":        "electrical impedance/electrical reactance/electrical resistance",
	"A^-2 kg m^3 s^-3":        "electrical resistivity",
	"A^-2 kg^2 m^4 s^-4":      "magnetic helicity",
	"A^2 kg^-1 m^-2 s^2":      "magnetic reluctance",
	"A^2 kg^-1 m^-2 s^3":      "electrical conductance",
	"A^2 kg^-1 m^-2 s^4":      "electrical capacitance",
	"A^2 kg^-1 m^-3 s^3":      "electrical conductivity",
	"A^2 kg^-1 m^-3 s^4":      "permittivity",
	"A^2 kg^-1 mol^-1 s^3":    "molar conductivity",
	"K":                       "temperature",
	"K kg^-1 m^-1 s^3":        "thermal resistivity",
	"K kg^-1 m^-2 s^3":        "thermal resistance",
	"K m^-1":                  "temperature gradient",
	"K^-1 kg m s^-3":          "thermal conductivity",
	"K^-1 kg m^2 mol^-1 s^-2": "molar heat capacity",
	"K^-1 kg m^2 s^-2":        "entropy/heat capacity",
	"K^-1 kg m^2 s^-3":        "thermal conductance",
	"K^-1 m^2 s^-2":           "specific entropy/specific heat capacity",
	"bit":                     "data quantity",
	"bit s^-1":                "bandwidth",
	"cd":                      "luminous intensity",
	"cd kg^-1 m^-2 rad^2 s^3": "luminous efficacy",
	"cd m^-2":                 "luminance",
	"cd m^-2 rad^2":           "illuminance/luminous emittance",
	"cd rad^2":                "luminous flux",
	"deg_C":                   "temperature",
	"electron m^-2 s^-1":      "electron flux",
	"electron m^-3":           "electron density",
	"kg":                      "mass",
	"kg m s^-1":               "impulse/momentum",
	"kg m s^-2":               "force",
	"kg m s^-3":               "yank",
	"kg m^-1":                 "linear density",
	"kg m^-1 rad^-2 s^-3":     "surface brightness wav",
	"kg m^-1 s^-1":            "dynamic viscosity",
	"kg m^-1 s^-2":            "energy density/pressure/stress",
	"kg m^-1 s^-3":            "power density/spectral flux density wav",
	"kg m^-2":                 "surface mass density",
	"kg m^-2 s^-1":            "mass flux/momentum density",
	"kg m^-3":                 "mass density",
	"kg m^2":                  "moment of inertia",
	"kg m^2 mol^-1 s^-2":      "chemical potential",
	"kg m^2 rad^-2 s^-3":      "radiant intensity",
	"kg m^2 s^-1":             "action/angular momentum",
	"kg m^2 s^-2":             "energy/torque/work",
	"kg m^2 s^-3":             "power/radiant flux",
	"kg m^4 s^-2":             "surface tension",
	"kg rad^-2 s^-2":          "surface brightness",
	"kg rad^-2 s^-3":          "radiance",
	"kg s^-2":                 "spectral flux density",
	"kg s^-3":                 "energy flux/irradiance",
	"kg^-1 m s^2":             "compressibility",
	"kg^-1 m^2":               "mass attenuation coefficient/opacity",
	"kg^-1 m^3":               "specific volume",
	"kg^-1 mol":               "molality",
	"kg^0.5 m^0.5":            "electrical charge (EMU)",
	"kg^0.5 m^0.5 s^-1":       "electrical current (EMU)",
	"kg^0.5 m^1.5 s^-1":       "electrical charge (ESU)",
	"kg^0.5 m^1.5 s^-2":       "electrical current (ESU)",
	"m":                       "length",
	"m s":                     "absement",
	"m s^-1":                  "speed/velocity",
	"m s^-2":                  "acceleration",
	"m s^-3":                  "jerk/jolt",
	"m s^-4":                  "jounce/snap",
	"m s^-5":                  "crackle",
	"m s^-6":                  "pop/pounce",
	"m s^2":                   "absity",
	"m^-1":                    "wavenumber",
	"m^-1 rad":                "plate scale",
	"m^-2":                    "column density",
	"m^-2 ph":                 "photon flux density",
	"m^-2 ph rad^-2":          "photon surface brightness",
	"m^-2 ph rad^-2 s^-1":     "photon flux",
	"m^-2 s^-1":               "particle flux",
	"m^-3":                    "number density",
	"m^-3 mol":                "molar concentration",
	"m^-3 mol s^-1":           "reaction rate",
	"m^-3 ph rad^-2 s^-1":     "photon surface brightness wav",
	"m^-3 ph s^-1":            "photon flux density wav",
	"m^-3 s^-1":               "volumetric rate",
	"m^2":                     "area",
	"m^2 s^-1":                "diffusivity/kinematic viscosity",
	"m^2 s^-2":                "dose of ionizing radiation/specific energy",
	"m^3":                     "volume",
	"m^3 mol^-1":              "molar volume",
	"m^3 s^-1":                "volumetric flow rate",
	"mol":                     "amount of substance",
	"mol s^-1":                "catalytic activity",
	"rad":                     "angle",
	"rad s^-1":                "angular frequency/angular speed/angular velocity",
	"rad s^-2":                "angular acceleration",
	"rad^2":                   "solid angle",
	"s":                       "time",
	"s^-1":                    "frequency",
	"s^-2":                    "frequency drift",
}

// Physical is the kind of quantity the unit measures, such as "data quantity" or "time"; "unknown" where upstream has no word for it. Kinds
// with several names have them joined by slashes. A logarithmic unit has the kind of what it is the logarithm of.
func (u Unit) Physical() string {
	d := u.def()
	if d.function != "" {
		d = d.inner
	}
	var key strings.Builder
	for i, b := range d.dims {
		if i > 0 {
			key.WriteByte(' ')
		}
		key.WriteString(b.base)
		if p := b.power; p != whole(1) {
			key.WriteByte('^')
			key.Write(AppendSignificant(nil, p.float(), 6))
		}
	}
	if kind, ok := physicalKinds[strings.ReplaceAll(key.String(), ".0", "")]; ok {
		return kind
	}
	return "unknown"
}
