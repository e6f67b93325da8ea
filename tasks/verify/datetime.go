package verify

import (
	"math/big"
	"time"
	"unicode/utf8"
)

// This file reads times as Python 3.12's datetime.fromisoformat does, oddities included: what it accepts decides whether a quantum
// has a measurement (metrics.md 7.4, rows 43-53).
//
//	text   = date [ any one character  time ]
//	date   = YYYY-MM-DD | YYYYMMDD | YYYY-Www[-D] | YYYYWww[D]
//	time   = clock [ "Z" | ("+"|"-") clock ]
//	clock  = HH [ [:]MM [ [:]SS ] ] [ ("."|",") digits ]      colons everywhere or nowhere
//
// The oddities: before an offset the clock may be followed by any one ASCII character; after six digits of a fraction and further
// digits, by anything. A fraction may be empty there and may follow hours or minutes, but always counts seconds. After SS the point
// may be a colon or, without colons, missing. A NUL at the end is ignored, and so is all that follows one after Z. Minutes and
// seconds of an offset have no upper limit.

// instant is a point in time: naive, or with an offset from UTC. All parts are microseconds.
type instant struct {
	// wall counts from 1970 by the clock on the wall.
	wall   int64
	offset int64
	aware  bool
}

const (
	second = int64(1_000_000)
	minute = 60 * second
	hour   = 60 * minute
	day    = 24 * hour
)

// parseTime reads an ISO 8601 time. problem says what is wrong with it, and is empty if nothing is.
func parseTime(s string) (t instant, problem string) {
	const malformed = "is not an ISO 8601 date and time"
	end := dateLength(s)
	if end < 0 || end > len(s) {
		return t, malformed
	}
	days, problem := parseDate(s[:end])
	if problem != "" {
		return t, problem
	}
	t.wall = days * day
	if end == len(s) {
		return t, ""
	}
	_, separator := utf8.DecodeRuneInString(s[end:])
	clock := s[end+separator:]
	zone := zoneStart(clock)
	wall, rest, ok := parseClock(clock, zone)
	switch {
	case !ok, rest && zone == len(clock):
		return t, malformed
	case wall.hours > 23:
		return t, "has an hour after 23"
	case wall.minutes > 59:
		return t, "has a minute after 59"
	case wall.seconds > 59:
		return t, "has a second after 59"
	}
	t.wall += wall.micros()
	if zone == len(clock) {
		return t, ""
	}
	t.aware = true
	if clock[zone] == 'Z' {
		if zone+1 < len(clock) && clock[zone+1] != 0 {
			return t, malformed
		}
		return t, ""
	}
	offset, rest, ok := parseClock(clock[zone+1:], len(clock)-zone-1)
	if !ok || rest {
		return t, malformed
	}
	if t.offset = offset.micros(); t.offset >= day {
		return t, "has an offset of a day or more"
	}
	// An offset of whole seconds zero is UTC: its fraction is dropped.
	if t.offset < second {
		t.offset = 0
	}
	if clock[zone] == '-' {
		t.offset = -t.offset
	}
	return t, ""
}

// dateLength finds where the date ends, which a calendar week makes ambiguous: 2026W3160200 is week 31, separator 6, 02:00.
// It is negative for a text that begins with no date.
func dateLength(s string) int {
	switch {
	case len(s) < 7:
		return -1
	case len(s) == 7:
		return 7
	case s[4] == '-' && s[5] == 'W':
		if len(s) == 8 || s[8] != '-' {
			return 8
		}
		if len(s) == 9 {
			return -1
		}
		if len(s) > 10 && isDigit(s[10]) {
			return 8
		}
		return 10
	case s[4] == '-':
		return 10
	case s[4] == 'W':
		end := 7
		for end < len(s) && isDigit(s[end]) {
			end++
		}
		switch {
		case end < 9:
			return end
		case end%2 == 0:
			return 7
		}
		return 8
	}
	return 8
}

// parseDate gives the days since 1970.
func parseDate(s string) (days int64, problem string) {
	const malformed = "does not begin with a date"
	year, ok := digits(s, 0, 4)
	if !ok || len(s) < 7 {
		return 0, malformed
	}
	i, dash := 4, s[4] == '-'
	if dash {
		i++
	}
	if s[i] == 'W' {
		return parseWeek(s, i+1, year, dash)
	}
	month, ok := digits(s, i, 2)
	i += 2
	if dash && (i >= len(s) || s[i] != '-') || !ok {
		return 0, malformed
	}
	if dash {
		i++
	}
	dom, ok := digits(s, i, 2)
	switch {
	case !ok || i+2 != len(s):
		return 0, malformed
	case year == 0:
		return 0, "is in the year 0"
	case month < 1 || month > 12:
		return 0, "has no such month"
	}
	date := time.Date(year, time.Month(month), dom, 0, 0, 0, 0, time.UTC)
	if date.Day() != dom {
		return 0, "has no such day"
	}
	return date.Unix() / 86400, ""
}

// parseWeek reads the week, and the day of the week if there is one, from i on.
func parseWeek(s string, i, year int, dash bool) (days int64, problem string) {
	const malformed = "does not begin with a date"
	week, ok := digits(s, i, 2)
	if !ok {
		return 0, malformed
	}
	i += 2
	weekday := 1
	if i < len(s) {
		if dash {
			if s[i] != '-' {
				return 0, malformed
			}
			i++
		}
		if weekday, ok = digits(s, i, 1); !ok || i+1 != len(s) {
			return 0, malformed
		}
	}
	// 28 December is always in the last week.
	_, last := time.Date(year, 12, 28, 0, 0, 0, 0, time.UTC).ISOWeek()
	if year == 0 || week < 1 || week > last || weekday < 1 || weekday > 7 {
		return 0, "has no such week or day"
	}
	fourth := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC) // always in week 1
	monday := fourth.AddDate(0, 0, -(int(fourth.Weekday())+6)%7)
	date := monday.AddDate(0, 0, 7*(week-1)+weekday-1)
	if date.Year() > 9999 {
		return 0, "is in the year 10000"
	}
	return date.Unix() / 86400, ""
}

// clock is a time of day or an offset.
type clock struct{ hours, minutes, seconds, fraction int64 }

func (c clock) micros() int64 {
	return c.hours*hour + c.minutes*minute + c.seconds*second + c.fraction
}

// zoneStart is where the offset begins, or the length of the text.
func zoneStart(s string) int {
	for i := range len(s) {
		if s[i] == '+' || s[i] == '-' || s[i] == 'Z' {
			return i
		}
	}
	return len(s)
}

// parseClock reads s up to end. rest says that something follows what it understands, which is well before an offset only.
func parseClock(s string, end int) (c clock, rest, ok bool) {
	colons := false
	i := 0
	for part, field := range []*int64{&c.hours, &c.minutes, &c.seconds} {
		n, ok := digits(s[:end], i, 2)
		if !ok {
			return c, false, false
		}
		*field = int64(n)
		i += 2
		if i >= end {
			return c, false, true
		}
		next := s[i]
		if part == 0 {
			colons = next == ':'
		}
		if i+1 >= end {
			return c, next != 0, true
		}
		switch {
		case colons && next == ':':
			i++
		case next == '.' || next == ',':
			return c.parseFraction(s, i+1, end)
		case colons:
			return c, false, false
		}
	}
	return c.parseFraction(s, i, end)
}

// parseFraction reads microseconds and goes over further digits.
func (c clock) parseFraction(s string, i, end int) (_ clock, rest, ok bool) {
	size := min(end-i, 6)
	n, ok := digits(s, i, size)
	if !ok {
		return c, false, false
	}
	for range 6 - size {
		n *= 10
	}
	c.fraction = int64(n)
	for i += size; i < end && isDigit(s[i]); i++ {
	}
	return c, i < end && s[i] != 0, true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// digits reads exactly n digits from i on.
func digits(s string, i, n int) (value int, ok bool) {
	if i+n > len(s) {
		return 0, false
	}
	for _, c := range []byte(s[i : i+n]) {
		if !isDigit(c) {
			return 0, false
		}
		value = value*10 + int(c-'0')
	}
	return value, true
}

// mixedTimesError says that one time has an offset and the other has none.
type mixedTimesError struct{ start, end string }

func (e *mixedTimesError) Error() string {
	return "can't subtract offset-naive and offset-aware datetimes: " + e.start + " and " + e.end
}

// ClassName is the upstream error class.
func (e *mixedTimesError) ClassName() string { return "TypeError" }

// since is the time from u to t in microseconds. It is not ok if just one of the two has an offset.
func (t instant) since(u instant) (micros int64, ok bool) {
	return (t.wall - t.offset) - (u.wall - u.offset), t.aware == u.aware
}

// inSeconds gives the float64 nearest to a number of microseconds. Dividing does, as long as the dividend is exact.
func inSeconds(micros int64) float64 {
	if -1<<53 <= micros && micros <= 1<<53 {
		return float64(micros) / float64(second)
	}
	f, _ := new(big.Rat).SetFrac64(micros, second).Float64()
	return f
}
