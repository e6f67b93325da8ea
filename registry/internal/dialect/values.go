package dialect

import (
	"database/sql/driver"
	"encoding/base64"
	"fmt"
)

// AsInt reads an integer column.
func AsInt(v driver.Value) (int64, error) {
	switch t := v.(type) {
	case int64:
		return t, nil
	case bool:
		if t {
			return 1, nil
		}
		return 0, nil
	}
	return 0, fmt.Errorf("integer expected, %T found", v)
}

// AsString reads a text column; NULL is the empty string.
func AsString(v driver.Value) (string, error) {
	switch t := v.(type) {
	case string:
		return t, nil
	case []byte:
		return string(t), nil
	case nil:
		return "", nil
	}
	return "", fmt.Errorf("text expected, %T found", v)
}

// EncodeBytes and DecodeBytes are the text form of hashes and regions: standard base64 with padding (repository.md 3.1).
func EncodeBytes(b []byte) string { return base64.StdEncoding.EncodeToString(b) }

// DecodeBytes reads what EncodeBytes writes; NULL is nil.
func DecodeBytes(v driver.Value) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	s, err := AsString(v)
	if err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(s)
}
