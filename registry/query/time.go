package query

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"valet/registry/dimension"
)

// The shapes of a time literal's value (queries.md 1.4).
var (
	decimalShape = regexp.MustCompile(`^-?([0-9]+\.[0-9]*|\.[0-9]+)$`)
	dateShape    = regexp.MustCompile(`^(\+?)([0-9]+)-([0-9]{1,2})-([0-9]{1,2})(?:([ T])([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2}(?:\.[0-9]*)?))?)?$`)
	daysShape    = regexp.MustCompile(`^([0-9]{4}):([0-9]{1,3})(?::([0-9]{1,2}):([0-9]{1,2})(?::([0-9]{1,2}(?:\.[0-9]*)?))?)?$`)
)

// ParseTime reads the text of a time literal, which is [format/]value[/scale] (queries.md 1.4), and clips it to what can be stored.
func ParseTime(text string) (Time, error) {
	// The only zone that is understood is the one that changes nothing.
	parts := strings.Split(strings.ReplaceAll(text, "+00:00", ""), "/")
	var format, value, scale string
	switch {
	case len(parts) == 1:
		value = parts[0]
	case len(parts) == 3:
		format, value, scale = parts[0], parts[1], parts[2]
	case len(parts) == 2 && isScale(parts[1]):
		value, scale = parts[0], parts[1]
	case len(parts) == 2:
		format, value = parts[0], parts[1]
	default:
		return 0, fmt.Errorf("the time %q has more than three parts", text)
	}
	format, scale = strings.ToLower(format), strings.ToLower(scale)
	if len(parts) > 1 && scale == "" && (len(parts) == 3 || format == "") || len(parts) == 3 && format == "" {
		return 0, fmt.Errorf("the time %q has an empty part", text)
	}
	if scale != "" && !isScale(scale) {
		return 0, fmt.Errorf("%q is no time scale; known are utc, tai, tt and tcg", scale)
	}
	switch scale {
	case "ut1", "tdb", "tcb", "local":
		return 0, fmt.Errorf("the time scale %q is not supported; use utc, tai, tt or tcg", scale)
	}
	tai, err := readTime(format, value, scale)
	if err != nil {
		return 0, err
	}
	return clip(tai), nil
}

func isScale(s string) bool {
	switch strings.ToLower(s) {
	case "utc", "tai", "tt", "tcg", "tcb", "tdb", "ut1", "local":
		return true
	}
	return false
}

// readTime returns TAI seconds since 1970.
func readTime(format, value, scale string) (*big.Rat, error) {
	if decimalShape.MatchString(value) {
		v, err := strconv.ParseFloat(value, 64)
		if err != nil || math.IsInf(v, 0) {
			return nil, fmt.Errorf("the time %q is out of range", value)
		}
		return decimalTime(format, v, scale)
	}
	if m := dateShape.FindStringSubmatch(value); m != nil {
		return dateTime(format, scale, value, m)
	}
	if m := daysShape.FindStringSubmatch(value); m != nil {
		if format != "" && format != "yday" {
			return nil, fmt.Errorf("the time %q does not have the format %s", value, format)
		}
		year, _ := strconv.Atoi(m[1])
		day, _ := strconv.Atoi(m[2])
		seconds, err := clock(m[3], m[4], m[5])
		if err != nil || day < 1 || day > 366 {
			return nil, fmt.Errorf("%q is no date", value)
		}
		return instant(civilDay(year, 1, 1)+int64(day)-1, seconds, orElse(scale, "utc")), nil
	}
	return nil, fmt.Errorf("%q is no time", value)
}

func orElse(s, standard string) string {
	if s == "" {
		return standard
	}
	return s
}

// dateTime reads a calendar date; m are the matches of dateShape.
func dateTime(format, scale, value string, m []string) (*big.Rat, error) {
	fits := format == "fits" || format == "" && m[1] == "+"
	switch {
	case fits && m[5] != " " && (m[5] == "" || m[8] != "") && (len(m[2]) == 5 && m[1] == "+" || len(m[2]) == 4 && m[1] == ""):
	case format == "" && m[1] == "" && len(m[2]) == 4:
	case format == "iso" && m[1] == "" && len(m[2]) == 4 && m[5] != "T":
	case format == "isot" && m[1] == "" && len(m[2]) == 4 && m[5] != " ":
	case format == "":
		return nil, fmt.Errorf("%q is no time: years have four digits, or a plus sign and five", value)
	default:
		return nil, fmt.Errorf("the time %q does not have the format %s", value, format)
	}
	year, _ := strconv.Atoi(m[2])
	month, _ := strconv.Atoi(m[3])
	day, _ := strconv.Atoi(m[4])
	seconds, err := clock(m[6], m[7], m[8])
	if err != nil || month < 1 || month > 12 || day < 1 || day > daysIn(year, month) {
		return nil, fmt.Errorf("%q is no date", value)
	}
	return instant(civilDay(year, month, day), seconds, orElse(scale, "utc")), nil
}

// clock returns the seconds since midnight; empty texts are zero. As upstream does, it takes any two digits of seconds.
func clock(h, m, s string) (*big.Rat, error) {
	hours, _ := strconv.Atoi(h)
	minutes, _ := strconv.Atoi(m)
	seconds := new(big.Rat)
	if s = strings.TrimSuffix(s, "."); s != "" {
		// 18 places are far below a nanosecond; more would only cost time.
		if i := strings.IndexByte(s, '.'); i >= 0 && len(s) > i+19 {
			s = s[:i+19]
		}
		if _, ok := seconds.SetString(s); !ok {
			return nil, fmt.Errorf("%q is no number", s)
		}
	}
	if hours > 23 || minutes > 59 || seconds.Cmp(big.NewRat(100, 1)) >= 0 {
		return nil, fmt.Errorf("there is no such time of day")
	}
	return seconds.Add(seconds, big.NewRat(int64(hours*3600+minutes*60), 1)), nil
}

// The Modified Julian Day of 1970-01-01, and Julian Day minus Modified Julian Day.
const (
	epochMJD  = 40587
	offsetMJD = 2400000.5
)

// epochFormats count seconds from an instant, given in TAI seconds since 1970; unix counts them in days of UTC.
var epochFormats = map[string]*big.Rat{
	"unix_tai": new(big.Rat),
	"gps":      big.NewRat(315964819, 1),
	"cxcsec":   big.NewRat(883612800000-32184, 1000),
}

// decimalTime reads a decimal number.
func decimalTime(format string, v float64, scale string) (*big.Rat, error) {
	exact := func() *big.Rat { return new(big.Rat).SetFloat64(v) }
	if epoch := epochFormats[format]; epoch != nil {
		return new(big.Rat).Add(exact(), epoch), nil
	}
	scale = orElse(scale, "tai")
	switch format {
	case "", "mjd":
		return fromMJD(exact(), scale), nil
	case "jd":
		return fromMJD(new(big.Rat).Sub(exact(), new(big.Rat).SetFloat64(offsetMJD)), scale), nil
	case "jyear":
		// In floating point on purpose, as the nanoseconds of upstream's answer come from it.
		return fromMJD(new(big.Rat).SetFloat64(51544.5+float64((v-2000)*365.25)), scale), nil
	case "byear":
		return fromMJD(new(big.Rat).SetFloat64(15019.81352+float64((v-1900)*365.242198781)), scale), nil
	case "decimalyear":
		year := math.Floor(v)
		if year < 1900 || year > 2200 {
			return big.NewRat(int64(math.Copysign(1e15, year-2000)), 1), nil
		}
		// Linear in TAI, so that a leap second spreads over the year.
		first := instant(civilDay(int(year), 1, 1), new(big.Rat), scale)
		length := instant(civilDay(int(year)+1, 1, 1), new(big.Rat), scale)
		length.Sub(length, first)
		return first.Add(first, length.Mul(length, new(big.Rat).SetFloat64(v-year))), nil
	case "unix", "galexsec":
		days := new(big.Rat).Quo(exact(), big.NewRat(86400, 1))
		if format == "galexsec" {
			days.Add(days, big.NewRat(civilDay(1980, 1, 6), 1))
		}
		return fromMJD(days.Add(days, big.NewRat(epochMJD, 1)), "utc"), nil
	case "plot_date":
		return fromMJD(new(big.Rat).Add(exact(), big.NewRat(civilDay(0, 12, 31)+epochMJD, 1)), "utc"), nil
	case "iso", "isot", "fits", "yday":
		return nil, fmt.Errorf("a decimal number does not have the format %s", format)
	}
	return nil, fmt.Errorf("the time format %q is unknown; known are mjd, jd, jyear, byear, decimalyear, unix, unix_tai, gps, cxcsec, iso, isot, fits and yday", format)
}

// fromMJD turns a day number in a scale into TAI seconds. In UTC a day with a leap second is longer, so its fractions are, too.
func fromMJD(mjd *big.Rat, scale string) *big.Rat {
	day := new(big.Int).Div(mjd.Num(), mjd.Denom())
	if !day.IsInt64() || day.Int64() < -1e8 || day.Int64() > 1e8 {
		return big.NewRat(int64(mjd.Sign())*1e15, 1)
	}
	n := day.Int64() - epochMJD
	fraction := new(big.Rat).Sub(mjd, new(big.Rat).SetInt(day))
	seconds := fraction.Mul(fraction, big.NewRat(86400, 1))
	if scale == "utc" {
		seconds.Mul(seconds, utcDayLength(n))
		seconds.Quo(seconds, big.NewRat(86400, 1))
	}
	return instant(n, seconds, scale)
}

// clip rounds to nanoseconds and clips to what can be stored.
func clip(tai *big.Rat) Time {
	ns := new(big.Rat).Mul(tai, big.NewRat(2e9, 1))
	ns.Add(ns, big.NewRat(1, 1))
	n := new(big.Int).Div(ns.Num(), ns.Denom())
	n.Rsh(n, 1)
	switch {
	case n.Sign() < 0:
		return Time(dimension.MinTime)
	case !n.IsInt64() || n.Int64() > dimension.MaxTime:
		return Time(dimension.MaxTime)
	}
	return Time(n.Int64())
}
