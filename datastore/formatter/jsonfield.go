package formatter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// readObject reads the members of an object in order, values compact. Of repeated keys the last counts, at the place of the first.
func readObject(text []byte) ([]ExtraField, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, notA("object", err)
	}
	var out []ExtraField
	seen := map[string]int{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, syntax(err)
		}
		key := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, syntax(err)
		}
		var small bytes.Buffer
		if err := json.Compact(&small, value); err != nil {
			return nil, syntax(err)
		}
		if i, again := seen[key]; again {
			out[i].Value = small.Bytes()
			continue
		}
		seen[key] = len(out)
		out = append(out, ExtraField{key, small.Bytes()})
	}
	return out, atEnd(d)
}

func readArray(text []byte) ([]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, notA("list", err)
	}
	var out []json.RawMessage
	for d.More() {
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, syntax(err)
		}
		out = append(out, value)
	}
	return out, atEnd(d)
}

// atEnd reads the closing delimiter and makes sure that only white space follows.
func atEnd(d *json.Decoder) error {
	if _, err := d.Token(); err != nil {
		return syntax(err)
	}
	if _, err := d.Token(); err != io.EOF {
		return errors.New("has something behind its end")
	}
	return nil
}

func notA(what string, err error) error {
	if err != nil {
		return syntax(err)
	}
	return fmt.Errorf("is no JSON %s", what)
}

func syntax(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return errors.New("ends in the middle")
	}
	return fmt.Errorf("is no JSON: %w", err)
}

func readString(v json.RawMessage) (s string, err error) {
	if len(v) == 0 || v[0] != '"' {
		return "", errors.New("is no text")
	}
	err = json.Unmarshal(v, &s)
	return s, err
}

// readInt reads a whole number in any form that upstream takes: a number without fraction, its text, or a truth value.
func readInt(v json.RawMessage) (int, error) {
	text := string(v)
	switch {
	case text == "true":
		return 1, nil
	case text == "false":
		return 0, nil
	case text != "" && text[0] == '"':
		s, err := readString(v)
		if err != nil {
			return 0, err
		}
		text = strings.TrimSpace(s)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return int(n), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return 0, errors.New("is no whole number that fits")
	}
	return int(f), nil
}

func readContext(v json.RawMessage) ([]ContextValue, error) {
	fields, err := readObject(v)
	if err != nil {
		return nil, err
	}
	var out []ContextValue
	for _, f := range fields {
		s, err := readString(f.Value)
		if err != nil {
			return nil, fmt.Errorf("%s %w", f.Key, err)
		}
		out = append(out, ContextValue{f.Key, s})
	}
	return out, nil
}
