package formatter

import (
	"encoding/json"
	"fmt"
	"time"
)

// Log is the content of a ButlerLogRecords file (pipelines.md 5.4): records, and what a task run adds to them.
type Log struct {
	Records []Record
	// Extra holds the keys behind records in their order: exception, metadata, previous_process_quanta, logs and
	// previous_attempts if a task run wrote the file. Attempt reads these five.
	Extra []ExtraField
}

// ExtraField is one key of a log with its value as compact JSON.
type ExtraField struct {
	Key   string
	Value json.RawMessage
}

// Record is one log message.
type Record struct {
	// Name is the logger's name.
	Name string
	// Time has microseconds. NoZone says that the file gave none; Time is then as if it were UTC.
	Time   time.Time
	NoZone bool

	Message            string
	Level              int
	LevelName          string
	Filename, Pathname string
	Line               int
	// FuncName and ExcInfo, the text of an exception, are left out of the file if nil.
	FuncName    *string
	Process     int
	ProcessName string
	ExcInfo     *string
	// MDC are the context values, in order: LABEL and RUN for tasks.
	MDC []ContextValue
}

// ContextValue is a named value of the logging context.
type ContextValue struct{ Name, Value string }

// Attempt is what a task run adds to its records, and what a later attempt keeps of an earlier one.
type Attempt struct {
	Exception *Exception
	// Metadata is the task metadata up to a failure as JSON, nil for none.
	Metadata json.RawMessage
	// PreviousProcessQuanta are the IDs of quanta run earlier in the same process.
	PreviousProcessQuanta []string
	// Logs are the records of an earlier attempt; the current attempt has its own in Log.Records.
	Logs             []Record
	PreviousAttempts []Attempt
}

// Exception is what made a quantum fail.
type Exception struct {
	// TypeName is the full class name.
	TypeName string
	Message  string
	// Metadata of the exception as JSON; nil means {}.
	Metadata json.RawMessage
}

// LogError says where a log file cannot be read.
type LogError struct {
	// Line counts from 1 in files of one record per line, otherwise 0. Record counts from 1, 0 if no record is at fault.
	Line, Record int
	// Field is the key at fault, or empty.
	Field, Reason string
}

func (e *LogError) Error() string {
	where := "log file"
	if e.Line > 0 {
		where += fmt.Sprintf(": line %d", e.Line)
	}
	if e.Record > 0 && e.Line == 0 {
		where += fmt.Sprintf(": record %d", e.Record)
	}
	if e.Field != "" {
		where += ": " + e.Field
	}
	return where + ": " + e.Reason
}

// ClassName is upstream's name of the error.
func (e *LogError) ClassName() string { return "ValueError" }

// Attempt reads the keys that a task run adds. Absent ones are empty. The error is a *LogError.
func (l *Log) Attempt() (*Attempt, error) {
	fields := make(map[string]json.RawMessage, len(l.Extra))
	for _, f := range l.Extra {
		fields[f.Key] = f.Value
	}
	return readAttempt(fields)
}

// EarlierAttempts are what the log of the next attempt of the same quantum holds as previous attempts: those that l knows of, oldest
// first, then l itself with its records as logs (pipelines.md 5.4).
func (l *Log) EarlierAttempts() ([]Attempt, error) {
	a, err := l.Attempt()
	if err != nil {
		return nil, err
	}
	earlier := a.PreviousAttempts
	a.PreviousAttempts = nil
	a.Logs = append(a.Logs, l.Records...)
	return append(earlier, *a), nil
}
