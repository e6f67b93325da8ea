package metric

// namedUnit is a unit with names of its own: facts of the unit system, with sizes as upstream's library holds them, bit for bit.
type namedUnit struct {
	name     string  // canonical
	aliases  string  // other names, blank-separated
	short    string  // names that take short prefixes (k, M, Ki)
	long     string  // names that take long prefixes (kilo, kibi)
	prefixes string  // "all" but those listed behind it, "only" those listed, "binary" (all and binary) but those listed; empty: none
	size     float64 // in base units
	dims     string  // base units with exponents
}

// baseUnits is every unit with names of its own. A unit whose dims are itself is a base unit.
var baseUnits = [...]namedUnit{
	{"A", "ampere amp", "A", "ampere amp", "all", 1, "A"},
	{"AB", "ABflux", "", "", "", 3.6307805477010035e-23, "kg s^-2"},
	{"AU", "au astronomical_unit", "AU au", "astronomical_unit", "all", 149597870700, "m"},
	{"Angstrom", "AA angstrom Å", "Angstrom AA angstrom Å", "Angstrom AA angstrom Å", "only m", 1.0000000000000002e-10, "m"},
	{"Ba", "Barye barye", "Ba", "Barye barye", "all", 0.1, "kg m^-1 s^-2"},
	{"Bi", "Biot abA abampere", "", "", "", 0.0031622776601683794, "kg^0.5 m^0.5 s^-1"},
	{"Bol", "L_bol", "", "", "", 3.0128e+28, "kg m^2 s^-3"},
	{"Bq", "becquerel", "Bq", "becquerel", "all", 1, "s^-1"},
	{"C", "coulomb", "C", "coulomb", "all", 1, "A s"},
	{"Ci", "curie", "Ci", "curie", "all", 37000000000, "s^-1"},
	{"D", "Debye debye", "D", "Debye debye", "all", 3.333333333333333e-30, "A m s"},
	{"DN", "dn", "", "", "", 1, "DN"},
	{"F", "Farad farad", "F", "Farad farad", "all", 1, "A^2 kg^-1 m^-2 s^4"},
	{"Fr", "Franklin statcoulomb statC esu", "", "", "", 3.1622776601683795e-05, "kg^0.5 m^1.5 s^-1"},
	{"G", "Gauss gauss", "G", "Gauss gauss", "all", 0.0001, "A^-1 kg s^-2"},
	{"Gal", "gal", "Gal", "gal", "all", 0.01, "m s^-2"},
	{"Gy", "gray", "Gy", "gray", "all", 1, "m^2 s^-2"},
	{"H", "Henry henry", "H", "Henry henry", "all", 1, "A^-2 kg m^2 s^-2"},
	{"Hz", "Hertz hertz", "Hz", "Hertz hertz", "all", 1, "s^-1"},
	{"J", "Joule joule", "J", "Joule joule", "all", 1, "kg m^2 s^-2"},
	{"Jy", "Jansky jansky", "Jy", "Jansky jansky", "all", 1e-26, "kg s^-2"},
	{"K", "Kelvin", "K", "Kelvin", "all", 1, "K"},
	{"M_e", "", "", "", "", 9.1093837139e-31, "kg"},
	{"M_p", "", "", "", "", 1.67262192595e-27, "kg"},
	{"Mx", "Maxwell maxwell", "", "", "", 1e-08, "A^-1 kg m^2 s^-2"},
	{"N", "Newton newton", "N", "Newton newton", "all", 1, "kg m s^-2"},
	{"Oe", "Oersted oersted", "Oe", "Oersted oersted", "all", 79.57747154594767, "A m^-1"},
	{"Ohm", "ohm Ω", "Ohm ohm Ω", "Ohm", "all", 1, "A^-2 kg m^2 s^-3"},
	{"P", "poise", "P", "poise", "all", 0.1, "kg m^-1 s^-1"},
	{"Pa", "Pascal pascal", "Pa", "Pascal pascal", "all", 1, "kg m^-1 s^-2"},
	{"R", "Rayleigh rayleigh", "R", "Rayleigh rayleigh", "all", 795774715.4594767, "m^-2 ph rad^-2 s^-1"},
	{"Ry", "rydberg", "Ry", "rydberg", "all", 2.1798723611029888e-18, "kg m^2 s^-2"},
	{"S", "Siemens siemens", "S", "Siemens siemens", "all", 1, "A^2 kg^-1 m^-2 s^3"},
	{"ST", "STflux", "", "", "", 0.03630780547701003, "kg m^-1 s^-3"},
	{"St", "stokes", "St", "stokes", "all", 0.0001, "m^2 s^-1"},
	{"Sun", "", "", "", "", 1, "Sun"},
	{"Sv", "sievert", "Sv", "sievert", "all", 1, "m^2 s^-2"},
	{"T", "Tesla tesla", "T", "Tesla tesla", "all", 1, "A^-1 kg s^-2"},
	{"Torr", "torr", "Torr", "torr", "only m", 133.32236842105263, "kg m^-1 s^-2"},
	{"V", "Volt volt", "V", "Volt volt", "all", 1, "A^-1 kg m^2 s^-3"},
	{"W", "Watt watt", "W", "Watt watt", "all", 1, "kg m^2 s^-3"},
	{"Wb", "Weber weber", "Wb", "Weber weber", "all", 1, "A^-1 kg m^2 s^-2"},
	{"a", "annum", "a", "annum", "all P h", 31557600, "s"},
	{"abC", "abcoulomb", "", "", "", 0.0031622776601683794, "kg^0.5 m^0.5"},
	{"adu", "", "adu", "", "all", 1, "adu"},
	{"arcmin", "arcminute", "arcmin", "arcminute", "all", 0.0002908882086657216, "rad"},
	{"arcsec", "arcsecond", "arcsec", "arcsecond", "all", 4.84813681109536e-06, "rad"},
	{"bar", "", "bar", "", "only m", 100000, "kg m^-1 s^-2"},
	{"barn", "", "barn", "barn", "all", 1e-28, "m^2"},
	{"beam", "", "beam", "", "all", 1, "beam"},
	{"bin", "", "bin", "", "all", 1, "bin"},
	{"bit", "b", "bit b", "bit", "binary", 1, "bit"},
	{"bol", "f_bol", "", "", "", 2.5180210026334e-08, "kg s^-3"},
	{"byte", "B", "byte B", "byte", "binary d", 8, "bit"},
	{"cd", "candela", "cd", "candela", "all", 1, "cd"},
	{"chan", "", "chan", "", "all", 1, "chan"},
	{"cm", "centimeter", "", "", "", 0.01, "m"},
	{"ct", "count", "ct count", "count", "all p", 1, "ct"},
	{"cycle", "cy", "", "", "", 6.283185307179586, "rad"},
	{"d", "day", "d", "day", "all c y", 86400, "s"},
	{"dB", "decibel", "", "", "", 0.1, "dex"},
	{"deg", "degree", "deg", "degree", "all", 0.017453292519943295, "rad"},
	{"deg_C", "Celsius", "", "", "", 1, "deg_C"},
	{"dex", "", "", "", "", 1, "dex"},
	{"dyn", "dyne", "dyn", "dyne", "all", 1e-05, "kg m s^-2"},
	{"eV", "electronvolt", "eV", "electronvolt", "all", 1.602176634e-19, "kg m^2 s^-2"},
	{"earthMass", "M_earth Mearth", "", "", "", 5.972167867791379e+24, "kg"},
	{"earthRad", "R_earth Rearth", "", "", "", 6378100, "m"},
	{"electron", "", "", "", "", 1, "electron"},
	{"erg", "", "erg", "", "all", 1.0000000000000001e-07, "kg m^2 s^-2"},
	{"foe", "Bethe bethe", "", "", "", 1e+44, "kg m^2 s^-2"},
	{"fortnight", "", "", "", "", 1209600, "s"},
	{"g", "gram", "g", "gram", "all k", 0.001, "kg"},
	{"h", "hour hr", "h", "hour hr", "all p", 3600, "s"},
	{"ha", "hectare", "", "", "", 10000, "m^2"},
	{"hourangle", "", "", "", "", 0.2617993877991494, "rad"},
	{"jupiterMass", "M_jup Mjup M_jupiter Mjupiter", "", "", "", 1.8981245973360505e+27, "kg"},
	{"jupiterRad", "R_jup Rjup R_jupiter Rjupiter", "", "", "", 71492000, "m"},
	{"k", "Kayser kayser", "k", "Kayser kayser", "all", 100, "m^-1"},
	{"kat", "katal", "kat", "katal", "all", 1, "mol s^-1"},
	{"kg", "kilogram", "", "", "", 1, "kg"},
	{"l", "L ℓ liter", "l L ℓ", "liter", "all", 0.0010000000000000002, "m^3"},
	{"lm", "lumen", "lm", "lumen", "all", 1, "cd rad^2"},
	{"lsec", "lightsecond", "", "", "", 299792458, "m"},
	{"lx", "lux", "lx", "lux", "all", 1, "cd m^-2 rad^2"},
	{"lyr", "lightyear", "lyr", "lightyear", "all", 9460730472580800, "m"},
	{"m", "meter", "m", "meter", "all c", 1, "m"},
	{"mag", "", "mag", "", "all", -0.4, "dex"},
	{"mas", "", "", "", "", 4.84813681109536e-09, "rad"},
	{"mgy", "maggy", "mgy", "maggy", "only n", 1, "mgy"},
	{"micron", "", "", "", "", 1e-06, "m"},
	{"min", "minute", "min", "minute", "all", 60, "s"},
	{"mol", "mole", "mol", "mole", "all", 1, "mol"},
	{"pc", "parsec", "pc", "parsec", "all", 3.085677581491367e+16, "m"},
	{"percent", "pct", "", "", "", 0.01, ""},
	{"ph", "photon", "ph photon", "photon", "all", 1, "ph"},
	{"pix", "pixel", "pix pixel", "pixel", "all", 1, "pix"},
	{"rad", "radian", "rad", "radian", "all", 1, "rad"},
	{"s", "second", "s", "second", "all", 1, "s"},
	{"sday", "", "", "", "", 86164.09053, "s"},
	{"solLum", "L_sun Lsun", "solLum", "L_sun Lsun", "all", 3.828e+26, "kg m^2 s^-3"},
	{"solMass", "M_sun Msun", "solMass", "M_sun Msun", "all", 1.988409870698051e+30, "kg"},
	{"solRad", "R_sun Rsun", "solRad", "R_sun Rsun", "all", 695700000, "m"},
	{"spat", "sp", "", "", "", 12.566370614359172, "rad^2"},
	{"sr", "steradian", "sr", "steradian", "all", 1, "rad^2"},
	{"statA", "statampere", "", "", "", 3.1622776601683795e-05, "kg^0.5 m^1.5 s^-2"},
	{"t", "tonne", "", "", "", 1000, "kg"},
	{"u", "Da Dalton", "u", "Da Dalton", "all da a", 1.66053906892e-27, "kg"},
	{"uas", "µas μas", "", "", "", 4.84813681109536e-12, "rad"},
	{"vox", "voxel", "vox voxel", "voxel", "all", 1, "vox"},
	{"wk", "week", "", "", "", 604800, "s"},
	{"yr", "year", "yr", "year", "all", 31557600, "s"},
}

// symbols are signs that stand for a whole name.
var symbols = map[string]string{
	"°": "deg", "′": "arcmin", "″": "arcsec", "°C": "deg_C", "M⊙": "solMass", "M☉": "solMass", "L⊙": "solLum", "L☉": "solLum", "R⊙": "solRad", "R☉": "solRad",
	"M⊕": "earthMass", "R⊕": "earthRad", "M♃": "jupiterMass", "R♃": "jupiterRad", "Mₑ": "M_e", "Mₚ": "M_p", "%": "percent",
}

// unitPrefix is a factor before a unit's name.
type unitPrefix struct {
	symbol string // the canonical short form
	short  string
	long   string
	factor float64
}

var siPrefixes = [...]unitPrefix{
	{"Q", "Q", "quetta", 1e30}, {"R", "R", "ronna", 1e27}, {"Y", "Y", "yotta", 1e24}, {"Z", "Z", "zetta", 1e21}, {"E", "E", "exa", 1e18},
	{"P", "P", "peta", 1e15}, {"T", "T", "tera", 1e12}, {"G", "G", "giga", 1e9}, {"M", "M", "mega", 1e6}, {"k", "k", "kilo", 1e3},
	{"h", "h", "hecto", 1e2}, {"da", "da", "deka", 1e1}, {"da", "", "deca", 1e1}, {"d", "d", "deci", 1e-1}, {"c", "c", "centi", 1e-2},
	{"m", "m", "milli", 1e-3}, {"u", "u", "micro", 1e-6}, {"u", "µ", "", 1e-6}, {"u", "μ", "", 1e-6}, {"n", "n", "nano", 1e-9},
	{"p", "p", "pico", 1e-12}, {"f", "f", "femto", 1e-15}, {"a", "a", "atto", 1e-18}, {"z", "z", "zepto", 1e-21}, {"y", "y", "yocto", 1e-24},
	{"r", "r", "ronto", 1e-27}, {"q", "q", "quecto", 1e-30},
}

var binaryPrefixes = [...]unitPrefix{
	{"Ki", "Ki", "kibi", 1 << 10}, {"Mi", "Mi", "mebi", 1 << 20}, {"Gi", "Gi", "gibi", 1 << 30}, {"Ti", "Ti", "tebi", 1 << 40},
	{"Pi", "Pi", "pebi", 1 << 50}, {"Ei", "Ei", "exbi", 1 << 60}, {"Zi", "Zi", "zebi", 1 << 70}, {"Yi", "Yi", "yobi", 1 << 80},
}
