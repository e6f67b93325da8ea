package formatter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

const extraLine = "###EXTRA###"

// ParseLog reads a ButlerLogRecords file in any of its forms (pipelines.md 5.4): the extended object, a list of records, one record
// per line with or without extras behind them, or nothing at all. The error is a *LogError.
func ParseLog(text []byte) (*Log, error) {
	switch {
	case len(text) == 0:
		return &Log{}, nil
	case !utf8.Valid(text):
		return nil, &LogError{Reason: "is not UTF-8"}
	case text[0] == '[':
		l := &Log{}
		var err error
		l.Records, err = readRecords(text)
		return l, err
	case bytes.HasPrefix(text, []byte(`{"extended":true`)):
		return readExtended(text)
	case text[0] == '{', bytes.HasPrefix(text, []byte(extraLine)):
		return readLines(text)
	}
	return nil, &LogError{Reason: fmt.Sprintf("starts with %q, which is no form of a log", firstRune(text))}
}

func firstRune(text []byte) string {
	r, _ := utf8.DecodeRune(text)
	return string(r)
}

func readExtended(text []byte) (*Log, error) {
	fields, err := readObject(text)
	if err != nil {
		return nil, &LogError{Reason: err.Error()}
	}
	l := &Log{}
	version := false
	for _, f := range fields {
		switch f.Key {
		case "extended":
		case "version":
			if _, err := readInt(f.Value); err != nil {
				return nil, &LogError{Field: f.Key, Reason: err.Error()}
			}
			version = true
		case "records":
			if l.Records, err = readRecords(f.Value); err != nil {
				return nil, err
			}
		default:
			l.Extra = append(l.Extra, f)
		}
	}
	if !version {
		return nil, &LogError{Field: "version", Reason: "is missing"}
	}
	return l, nil
}

func readLines(text []byte) (*Log, error) {
	l := &Log{}
	for line := 1; len(text) > 0; line++ {
		current := text
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			current, text = text[:i], text[i+1:]
		} else {
			text = nil
		}
		current = bytes.TrimSpace(current)
		switch {
		case len(current) == 0:
		case string(current) == extraLine:
			if len(bytes.TrimSpace(text)) == 0 {
				return l, nil
			}
			extra, err := readObject(text)
			if err != nil {
				return nil, &LogError{Line: line + 1, Field: "extra", Reason: err.Error()}
			}
			l.Extra = extra
			return l, nil
		default:
			r, err := readRecord(current)
			if err != nil {
				err.Line, err.Record = line, len(l.Records)+1
				return nil, err
			}
			l.Records = append(l.Records, r)
		}
	}
	return l, nil
}

func readRecords(text []byte) ([]Record, error) {
	items, err := readArray(text)
	if err != nil {
		return nil, &LogError{Field: "records", Reason: err.Error()}
	}
	out := make([]Record, 0, len(items))
	for i, item := range items {
		r, err := readRecord(item)
		if err != nil {
			err.Record = i + 1
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

func readRecord(text []byte) (Record, *LogError) {
	fields, err := readObject(text)
	if err != nil {
		return Record{}, &LogError{Reason: err.Error()}
	}
	r := Record{}
	wanted := map[string]func(json.RawMessage) error{
		"name":    func(v json.RawMessage) (err error) { r.Name, err = readString(v); return },
		"asctime": func(v json.RawMessage) (err error) { r.Time, r.NoZone, err = readTime(v); return },
		"message": func(v json.RawMessage) (err error) { r.Message, err = readString(v); return },
		"levelno": func(v json.RawMessage) (err error) { r.Level, err = readInt(v); return },

		"levelname":   func(v json.RawMessage) (err error) { r.LevelName, err = readString(v); return },
		"filename":    func(v json.RawMessage) (err error) { r.Filename, err = readString(v); return },
		"pathname":    func(v json.RawMessage) (err error) { r.Pathname, err = readString(v); return },
		"lineno":      func(v json.RawMessage) (err error) { r.Line, err = readInt(v); return },
		"process":     func(v json.RawMessage) (err error) { r.Process, err = readInt(v); return },
		"processName": func(v json.RawMessage) (err error) { r.ProcessName, err = readString(v); return },
		"MDC":         func(v json.RawMessage) (err error) { r.MDC, err = readContext(v); return },
	}
	optional := map[string]**string{"funcName": &r.FuncName, "exc_info": &r.ExcInfo}
	for _, f := range fields {
		if read := wanted[f.Key]; read != nil {
			if err := read(f.Value); err != nil {
				return r, &LogError{Field: f.Key, Reason: err.Error()}
			}
			delete(wanted, f.Key)
		} else if target := optional[f.Key]; target != nil && string(f.Value) != "null" {
			s, err := readString(f.Value)
			if err != nil {
				return r, &LogError{Field: f.Key, Reason: err.Error()}
			}
			*target = &s
		}
	}
	for _, name := range []string{"name", "asctime", "message", "levelno", "levelname", "filename", "pathname", "lineno", "process", "processName", "MDC"} {
		if wanted[name] != nil {
			return r, &LogError{Field: name, Reason: "is missing"}
		}
	}
	return r, nil
}

func readAttempt(fields map[string]json.RawMessage) (*Attempt, error) {
	a := &Attempt{}
	given := func(key string) (json.RawMessage, bool) {
		v, ok := fields[key]
		return v, ok && string(v) != "null"
	}
	bad := func(key string, err error) (*Attempt, error) {
		var le *LogError
		if errors.As(err, &le) {
			return nil, err
		}
		return nil, &LogError{Field: key, Reason: err.Error()}
	}
	if v, ok := given("exception"); ok {
		e := struct {
			TypeName string          `json:"type_name"`
			Message  string          `json:"message"`
			Metadata json.RawMessage `json:"metadata"`
		}{}
		if err := json.Unmarshal(v, &e); err != nil {
			return bad("exception", err)
		}
		a.Exception = &Exception{e.TypeName, e.Message, e.Metadata}
	}
	a.Metadata, _ = given("metadata")
	if v, ok := given("previous_process_quanta"); ok {
		if err := json.Unmarshal(v, &a.PreviousProcessQuanta); err != nil {
			return bad("previous_process_quanta", err)
		}
	}
	var err error
	if v, ok := given("logs"); ok {
		if a.Logs, err = readRecords(v); err != nil {
			return bad("logs", err)
		}
	}
	if v, ok := given("previous_attempts"); ok {
		var earlier []map[string]json.RawMessage
		if err := json.Unmarshal(v, &earlier); err != nil {
			return bad("previous_attempts", err)
		}
		for _, fields := range earlier {
			e, err := readAttempt(fields)
			if err != nil {
				return bad("previous_attempts", err)
			}
			a.PreviousAttempts = append(a.PreviousAttempts, *e)
		}
	}
	return a, nil
}
