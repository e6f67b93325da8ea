package formatter

import (
	"strconv"
	"time"
)

// The frame of a log file. Upstream recognises a file by its first characters.
const (
	logStart   = `{"extended":true,"version":2`
	logRecords = `,"records":[`
)

// AppendLogStart appends what comes before the first record of a log file. Records follow with AppendRecord and commas between them,
// then AppendLogEnd.
func AppendLogStart(dst []byte) []byte {
	dst = append(dst, logStart...)
	return append(dst, logRecords...)
}

// AppendLogEnd appends what comes behind the last record of a task run's log, the closing brace included.
func AppendLogEnd(dst []byte, a *Attempt) []byte {
	dst = append(dst, "],"...)
	dst = appendAttemptFields(dst, a)
	return append(dst, '}')
}

// AppendLog appends a whole file. Without records their key is left out, as upstream does.
func AppendLog(dst []byte, l *Log) []byte {
	dst = append(dst, logStart...)
	if len(l.Records) > 0 {
		dst = append(dst, logRecords...)
		dst = appendRecords(dst, l.Records)
		dst = append(dst, ']')
	}
	for _, f := range l.Extra {
		dst = append(dst, ',')
		dst = AppendString(dst, f.Key)
		dst = append(dst, ':')
		dst = append(dst, f.Value...)
	}
	return append(dst, '}')
}

func appendRecords(dst []byte, records []Record) []byte {
	for i := range records {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendRecord(dst, &records[i])
	}
	return dst
}

// AppendRecord appends one record as compact JSON, keys in upstream's order.
func AppendRecord(dst []byte, r *Record) []byte {
	dst = append(dst, `{"name":`...)
	dst = AppendString(dst, r.Name)
	dst = append(dst, `,"asctime":"`...)
	dst = AppendTime(dst, r.Time, r.NoZone)
	dst = append(dst, `","message":`...)
	dst = AppendString(dst, r.Message)
	dst = append(dst, `,"levelno":`...)
	dst = strconv.AppendInt(dst, int64(r.Level), 10)
	dst = append(dst, `,"levelname":`...)
	dst = AppendString(dst, r.LevelName)
	dst = append(dst, `,"filename":`...)
	dst = AppendString(dst, r.Filename)
	dst = append(dst, `,"pathname":`...)
	dst = AppendString(dst, r.Pathname)
	dst = append(dst, `,"lineno":`...)
	dst = strconv.AppendInt(dst, int64(r.Line), 10)
	if r.FuncName != nil {
		dst = append(dst, `,"funcName":`...)
		dst = AppendString(dst, *r.FuncName)
	}
	dst = append(dst, `,"process":`...)
	dst = strconv.AppendInt(dst, int64(r.Process), 10)
	dst = append(dst, `,"processName":`...)
	dst = AppendString(dst, r.ProcessName)
	if r.ExcInfo != nil {
		dst = append(dst, `,"exc_info":`...)
		dst = AppendString(dst, *r.ExcInfo)
	}
	dst = append(dst, `,"MDC":{`...)
	for i, c := range r.MDC {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, c.Name)
		dst = append(dst, ':')
		dst = AppendString(dst, c.Value)
	}
	return append(dst, "}}"...)
}

// AppendTime appends a time as pydantic writes it: microseconds only if there are some, Z for UTC.
func AppendTime(dst []byte, t time.Time, noZone bool) []byte {
	layout := "2006-01-02T15:04:05"
	if t.Nanosecond() >= 1000 {
		layout = "2006-01-02T15:04:05.000000"
	}
	// Formats truncate, as upstream does to what is finer than a microsecond.
	dst = t.AppendFormat(dst, layout)
	if noZone {
		return dst
	}
	return t.AppendFormat(dst, "Z07:00")
}

func appendAttempts(dst []byte, attempts []Attempt) []byte {
	for i := range attempts {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		dst = appendAttemptFields(dst, &attempts[i])
		dst = append(dst, '}')
	}
	return dst
}

func appendAttemptFields(dst []byte, a *Attempt) []byte {
	dst = append(dst, `"exception":`...)
	if a.Exception == nil {
		dst = append(dst, "null"...)
	} else {
		dst = append(dst, `{"type_name":`...)
		dst = AppendString(dst, a.Exception.TypeName)
		dst = append(dst, `,"message":`...)
		dst = AppendString(dst, a.Exception.Message)
		dst = append(dst, `,"metadata":`...)
		dst = appendRaw(dst, a.Exception.Metadata, "{}")
		dst = append(dst, '}')
	}
	dst = append(dst, `,"metadata":`...)
	dst = appendRaw(dst, a.Metadata, "null")
	dst = append(dst, `,"previous_process_quanta":[`...)
	for i, q := range a.PreviousProcessQuanta {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = AppendString(dst, q)
	}
	dst = append(dst, `],"logs":[`...)
	dst = appendRecords(dst, a.Logs)
	dst = append(dst, `],"previous_attempts":[`...)
	dst = appendAttempts(dst, a.PreviousAttempts)
	return append(dst, ']')
}

func appendRaw(dst, raw []byte, none string) []byte {
	if len(raw) == 0 {
		return append(dst, none...)
	}
	return append(dst, raw...)
}
