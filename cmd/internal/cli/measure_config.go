package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"valet/tasks"
)

// configPair is a field of a config and its typed value.
type configPair struct {
	field string
	value tasks.Value
}

// configPairs reads the object of --config-json in its order, because the first field at fault is the one that is told. Fields of
// the object connections are named connections.NAME.
func configPairs(text string) ([]configPair, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	pairs, err := readPairs(d, "")
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one JSON value")
	}
	return pairs, nil
}

func readPairs(d *json.Decoder, group string) ([]configPair, error) {
	start, err := d.Token()
	if err != nil {
		return nil, jsonError(err)
	}
	if start != json.Delim('{') {
		return nil, fmt.Errorf("a JSON object is expected, not %v", start)
	}
	var pairs []configPair
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return nil, jsonError(err)
		}
		field := group + name.(string) // the names of an object are strings
		if field == "connections" {
			inner, err := readPairs(d, "connections.")
			if err != nil {
				return nil, err
			}
			pairs = append(pairs, inner...)
			continue
		}
		var v any
		if err := d.Decode(&v); err != nil {
			return nil, jsonError(err)
		}
		pairs = append(pairs, configPair{field, typed(v)})
	}
	_, err = d.Token()
	return pairs, jsonError(err)
}

// jsonError says of a text that just ends what is wrong with it.
func jsonError(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the JSON text ends too early")
	}
	return err
}

// typed is a JSON value as a config value: whole numbers are integers.
func typed(v any) tasks.Value {
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n
		}
		f, _ := v.Float64() // too large a number is infinite
		return f
	case []any:
		list := make([]tasks.Value, len(v))
		for i := range v {
			list[i] = typed(v[i])
		}
		return list
	}
	return v
}
