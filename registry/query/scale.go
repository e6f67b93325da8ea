package query

import "math/big"

// civilDay is the number of days from 1970-01-01 to a date of the proleptic Gregorian calendar.
func civilDay(year, month, day int) int64 {
	// Years that start in March put the leap day at the end; eras of 400 years repeat.
	y, m := int64(year), int64(month)
	if m <= 2 {
		y--
	}
	era := y / 400
	if y < 0 {
		era = (y - 399) / 400
	}
	ofEra := y - era*400
	ofYear := (153*((m+9)%12)+2)/5 + int64(day) - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}

func daysIn(year, month int) int {
	if month == 12 {
		return 31
	}
	return int(civilDay(year, month+1, 1) - civilDay(year, month, 1))
}

// leapSeconds are the days, counted from 1970-01-01, from whose midnight on UTC is behind TAI by that many seconds (IERS
// Bulletin C).
var leapSeconds = [...]struct{ day, offset int64 }{
	{730, 10}, {912, 11}, {1096, 12}, {1461, 13}, {1826, 14}, {2191, 15}, {2557, 16}, {2922, 17}, {3287, 18}, {3652, 19},
	{4199, 20}, {4564, 21}, {4929, 22}, {5660, 23}, {6574, 24}, {7305, 25}, {7670, 26}, {8217, 27}, {8582, 28}, {8947, 29},
	{9496, 30}, {10043, 31}, {10592, 32}, {13149, 33}, {14245, 34}, {15522, 35}, {16617, 36}, {17167, 37},
}

// taiMinusUTC is the difference in seconds at midnight of a day. From 1968-02-01 to 1972 it grew day by day; before, where it
// no longer matters because times before 1970 are clipped, the same line is used.
func taiMinusUTC(day int64) *big.Rat {
	for i := len(leapSeconds) - 1; i >= 0; i-- {
		if day >= leapSeconds[i].day {
			return big.NewRat(leapSeconds[i].offset, 1)
		}
	}
	// 4.2131700 s at MJD 39126
	drift := new(big.Rat).Mul(big.NewRat(day+epochMJD-39126, 1), utcDrift)
	return drift.Add(drift, big.NewRat(42131700, 1e7))
}

// utcDayLength is the number of seconds, as UTC clocks ran then, in a day.
func utcDayLength(day int64) *big.Rat {
	n := new(big.Rat).Sub(taiMinusUTC(day+1), taiMinusUTC(day))
	if isDrifting(day) {
		n.Sub(n, utcDrift)
	}
	return n.Add(n, big.NewRat(86400, 1))
}

// utcDrift is by how many seconds UTC lost on TAI in each day from 1968 to 1971.
var utcDrift = big.NewRat(2592, 1e6)

func isDrifting(day int64) bool { return day < leapSeconds[0].day }

// instant is the TAI seconds since 1970 of a day and the seconds since its midnight in a scale.
func instant(day int64, seconds *big.Rat, scale string) *big.Rat {
	t := new(big.Rat).Add(big.NewRat(day*86400, 1), seconds)
	switch scale {
	case "utc":
		t.Add(t, taiMinusUTC(day))
		if isDrifting(day) {
			ofDay := new(big.Rat).Quo(seconds, big.NewRat(86400, 1))
			t.Add(t, ofDay.Mul(ofDay, utcDrift))
		}
	case "tt":
		t.Sub(t, big.NewRat(32184, 1000))
	case "tcg":
		// TT = TCG - L_G (TCG - 1977-01-01T00:00:32.184), IAU resolution B1.9 of 2000; L_G = 6.969290134e-10.
		rate := new(big.Rat).Sub(t, big.NewRat(220924800000+32184, 1000))
		rate.Mul(rate, new(big.Rat).SetFrac64(3484645067, 5e18))
		t.Sub(t, rate)
		t.Sub(t, big.NewRat(32184, 1000))
	}
	return t
}
