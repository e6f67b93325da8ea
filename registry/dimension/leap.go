package dimension

import (
	"sort"
	"time"
)

// leaps are the days from which on TAI is ahead of UTC by one second more, in Unix seconds, beginning with the 10 seconds of 1972.
// No leap second was added since 2017 and none is planned.
var leaps = [...]int64{
	63072000, 78796800, 94694400, 126230400, 157766400, 189302400, 220924800, 252460800, 283996800, 315532800, 362793600, 394329600,
	425865600, 489024000, 567993600, 631152000, 662688000, 709948800, 741484800, 773020800, 820454400, 867715200, 915148800,
	1136073600, 1230768000, 1341100800, 1435708800, 1483228800,
}

// TAI converts an instant to nanoseconds since 1970-01-01T00:00:00 TAI. Before 1972, when UTC was no whole number of seconds from
// TAI, the offset is taken as 10 s.
func TAI(t time.Time) int64 {
	unix := t.Unix()
	n := sort.Search(len(leaps), func(i int) bool { return leaps[i] > unix })
	return (unix+9+int64(max(n, 1)))*1e9 + int64(t.Nanosecond())
}

// UTC converts nanoseconds since 1970-01-01T00:00:00 TAI to an instant. The seconds inserted as leap seconds repeat the one before.
func UTC(tai int64) time.Time {
	seconds, nanos := tai/1e9, tai%1e9
	if nanos < 0 {
		seconds, nanos = seconds-1, nanos+1e9
	}
	n := sort.Search(len(leaps), func(i int) bool { return leaps[i]+9+int64(i+1) > seconds })
	return time.Unix(seconds-9-int64(max(n, 1)), nanos).UTC()
}
