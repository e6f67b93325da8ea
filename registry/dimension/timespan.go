package dimension

// Timespan is a half-open interval [Begin, End) of TAI nanoseconds since 1970-01-01T00:00:00 TAI (repository.md 5.5). MinTime as
// Begin and MaxTime as End mean unbounded.
type Timespan struct{ Begin, End int64 }

// The bounds of time as stored; MaxTime is 2100-01-01T00:00:00 TAI.
const (
	MinTime int64 = 0
	MaxTime int64 = 4102444800000000000
)

// AllTime covers everything, EmptyTimespan nothing.
var (
	AllTime       = Timespan{MinTime, MaxTime}
	EmptyTimespan = Timespan{MaxTime, MinTime}
)

// NewTimespan clips the bounds to what can be stored and makes every interval without an instant the one empty timespan.
func NewTimespan(begin, end int64) Timespan {
	begin, end = max(begin, MinTime), min(end, MaxTime)
	if begin >= end {
		return EmptyTimespan
	}
	return Timespan{begin, end}
}

// IsEmpty reports whether no instant lies in t.
func (t Timespan) IsEmpty() bool { return t.Begin >= t.End }

// Overlaps reports whether t and o share an instant.
func (t Timespan) Overlaps(o Timespan) bool { return t.End > o.Begin && o.End > t.Begin }

// Contains reports whether the instant lies in t.
func (t Timespan) Contains(instant int64) bool { return t.Begin <= instant && instant < t.End }
