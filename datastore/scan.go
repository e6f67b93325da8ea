package datastore

import (
	"fmt"
	"strings"
)

// scan reads typed values out of a mapping and keeps the first error.
type scan struct {
	values map[string]any
	prefix string
	err    error
}

func (s *scan) bad(key, want string, got any) {
	if s.err == nil {
		s.err = &ConfigError{s.prefix + key, fmt.Sprintf("%s expected, found %v", want, got)}
	}
}

// text returns a string, the fallback if the key is absent or null.
func (s *scan) text(key, fallback string) string {
	switch v := s.values[key].(type) {
	case nil:
		return fallback
	case string:
		return v
	default:
		s.bad(key, "a text", v)
		return fallback
	}
}

// flag returns a truth value, false if the key is absent or null. The words of YAML 1.1 count as such.
func (s *scan) flag(key string) bool {
	switch v := s.values[key].(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		switch strings.ToLower(v) {
		case "yes", "on", "true":
			return true
		case "no", "off", "false":
			return false
		}
	}
	s.bad(key, "true or false", s.values[key])
	return false
}

// mapping returns a mapping, empty but not nil if the key is absent or null.
func (s *scan) mapping(key string) map[string]any {
	v := s.values[key]
	if v == nil {
		return map[string]any{}
	}
	m := asMapping(v)
	if m == nil {
		s.bad(key, "a mapping", v)
		return map[string]any{}
	}
	return m
}

// list returns a list, nil if the key is absent or null.
func (s *scan) list(key string) []any {
	switch v := s.values[key].(type) {
	case nil:
		return nil
	case []any:
		return v
	case []string:
		out := make([]any, len(v))
		for i, x := range v {
			out[i] = x
		}
		return out
	default:
		s.bad(key, "a list", v)
		return nil
	}
}
