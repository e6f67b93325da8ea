package formatter

import (
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var errTime = errors.New("is no time")

// readTime reads a time in the forms that upstream takes: ISO 8601 with or without seconds, fraction and zone, a date, or a number
// of seconds or milliseconds since 1970.
func readTime(v json.RawMessage) (t time.Time, noZone bool, err error) {
	text := string(v)
	if text != "" && text[0] == '"' {
		if text, err = readString(v); err != nil {
			return t, false, err
		}
	}
	if text == "null" || text == "true" || text == "false" {
		return t, false, errTime
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil {
		return fromNumber(x)
	}
	if len(text) < 10 {
		return t, false, errTime
	}
	if len(text) == 10 {
		t, err = time.Parse("2006-01-02", text)
		return t, true, timeError(err)
	}
	if strings.IndexByte("Tt _", text[10]) < 0 {
		return t, false, errTime
	}
	date, clock := text[:10], text[11:]
	zone := ""
	if i := strings.IndexAny(clock, "Zz+-"); i >= 0 {
		clock, zone = clock[:i], clock[i:]
	}
	clock = strings.Replace(clock, ",", ".", 1)
	layout := "2006-01-02T15:04:05.999999999"
	if len(clock) == 5 {
		layout = "2006-01-02T15:04"
	}
	location, err := readZone(zone)
	if err != nil {
		return t, false, err
	}
	if t, err = time.ParseInLocation(layout, date+"T"+clock, location); err != nil {
		return t, false, errTime
	}
	return t.Truncate(time.Microsecond), zone == "", nil
}

func timeError(err error) error {
	if err != nil {
		return errTime
	}
	return nil
}

func readZone(zone string) (*time.Location, error) {
	if zone == "" || zone == "Z" || zone == "z" {
		return time.UTC, nil
	}
	digits := strings.Replace(zone[1:], ":", "", 1)
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || len(digits) != 4 || n/100 > 23 || n%100 > 59 || zone[0] != '+' && zone[0] != '-' {
		return nil, errTime
	}
	offset := int(n/100*3600 + n%100*60)
	if zone[0] == '-' {
		offset = -offset
	}
	if offset == 0 {
		return time.UTC, nil
	}
	return time.FixedZone("", offset), nil
}

func fromNumber(x float64) (time.Time, bool, error) {
	// Numbers too large for seconds of our era are milliseconds.
	const watershed = 2e10
	if math.Abs(x) > watershed {
		x /= 1000
	}
	if math.IsNaN(x) || math.Abs(x) > 2.5e11 {
		return time.Time{}, false, errTime
	}
	whole := math.Floor(x)
	return time.Unix(int64(whole), int64(math.Round((x-whole)*1e6))*1000).UTC(), false, nil
}
