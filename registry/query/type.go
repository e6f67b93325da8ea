package query

// Type is the type of a column or literal (queries.md 2.1).
type Type uint8

// The types. Null is the type of the literal NULL only; Sequence that of a bound list.
const (
	Null Type = iota
	Int
	String
	Float
	Bool
	Hash
	UUID
	DateTime
	IngestDate
	Timespan
	Region
	Sequence
)

var typeNames = [...]string{"null", "int", "string", "float", "bool", "hash", "uuid", "datetime", "ingest_date", "timespan", "region", "sequence"}

func (t Type) String() string { return typeNames[t] }

// Time is an instant in TAI nanoseconds since 1970-01-01T00:00:00 TAI, within dimension.MinTime and dimension.MaxTime.
type Time int64
