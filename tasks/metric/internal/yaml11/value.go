package yaml11

import (
	"fmt"
	"math"
	"math/big"
	"regexp"
	"time"
)

// A value is nil, bool, int64, *big.Int (beyond int64), float64, string, Bytes, *Timestamp, *Sequence, *Mapping, *Set or *Tuple.
// The pointer kinds have identity: what a document shares by an alias is shared here, and written with an alias again.

// Bytes is binary data.
type Bytes string

// Sequence is a list.
type Sequence struct{ Items []any }

// Tuple is an entry of an ordered map. The writer gives it a tag that the reader refuses, as upstream does.
type Tuple struct{ Items []any }

// Set is a set of hashable values in the order in which they were found.
type Set struct{ Items []any }

// Timestamp is a date, or a date with a time.
type Timestamp struct {
	Text string // as written: 2026-08-01, 2026-08-01 02:00:00.500000+00:00
}

// Mapping is an ordered mapping. Keys are hashable: never *Sequence, *Mapping or *Set. No two are equal as Python counts it (1, 1.0 and true are).
type Mapping struct {
	Keys   []any
	Values []any
	index  map[any]int
}

// indexFrom is the size from which a mapping keeps an index; below, comparing is quicker.
const indexFrom = 9

// Len is the number of entries.
func (m *Mapping) Len() int { return len(m.Keys) }

// Get finds the value of a key.
func (m *Mapping) Get(key any) (any, bool) {
	if i := m.find(hashKey(key)); i >= 0 {
		return m.Values[i], true
	}
	return nil, false
}

// Set puts a value under a key. A key that is there keeps its place.
func (m *Mapping) Set(key, value any) {
	h := hashKey(key)
	if i := m.find(h); i >= 0 {
		m.Values[i] = value
		return
	}
	m.Keys, m.Values = append(m.Keys, key), append(m.Values, value)
	if m.index != nil {
		m.index[h] = len(m.Keys) - 1
	} else if len(m.Keys) >= indexFrom {
		m.index = make(map[any]int, 2*indexFrom)
		for i, k := range m.Keys {
			m.index[hashKey(k)] = i
		}
	}
}

func (m *Mapping) find(h any) int {
	if m.index != nil {
		if i, ok := m.index[h]; ok {
			return i
		}
		return -1
	}
	for i, k := range m.Keys {
		if hashKey(k) == h {
			return i
		}
	}
	return -1
}

type (
	bigKey  string
	nanKey  struct{}
	timeKey string
)

// hashKey gives a comparable value that is equal for keys that Python counts as equal.
func hashKey(key any) any {
	switch k := key.(type) {
	case bool:
		if k {
			return int64(1)
		}
		return int64(0)
	case float64:
		if k != k {
			return nanKey{}
		}
		if k == math.Trunc(k) && math.Abs(k) < 1<<63 {
			return int64(k)
		}
	case *big.Int:
		return bigKey(k.String())
	case *Timestamp:
		return timeKey(k.Text)
	}
	return key
}

func hashable(v any) bool {
	switch v := v.(type) {
	case nil, bool, int64, *big.Int, float64, string, Bytes, *Timestamp:
		return true
	case *Tuple:
		for _, x := range v.Items {
			if !hashable(x) {
				return false
			}
		}
		return true
	}
	return false
}

var timestampForm = regexp.MustCompile(`^([0-9]{4})-([0-9][0-9]?)-([0-9][0-9]?)(?:(?:[Tt]|[ \t]+)([0-9][0-9]?):([0-9][0-9]):([0-9][0-9])(?:\.([0-9]*))?(?:[ \t]*(Z|([-+])([0-9][0-9]?)(?::([0-9][0-9]))?))?)?$`)

func isTimestamp(s string) bool {
	if len(s) < 8 || s[4] != '-' || !digit(s[0]) {
		return false
	}
	m := timestampForm.FindStringSubmatch(s)
	return m != nil && (m[4] != "" || len(s) == len("2026-08-01"))
}

func parseTimestamp(s string) (*Timestamp, string) {
	m := timestampForm.FindStringSubmatch(s)
	if m == nil {
		return nil, "AttributeError"
	}
	num := func(i int) int {
		n := 0
		for _, c := range m[i] {
			n = 10*n + int(c-'0')
		}
		return n
	}
	y, mo, d := num(1), num(2), num(3)
	if t := time.Date(y, time.Month(mo), d, 0, 0, 0, 0, time.UTC); y < 1 || t.Year() != y || int(t.Month()) != mo || t.Day() != d {
		return nil, "ValueError"
	}
	text := fmt.Sprintf("%04d-%02d-%02d", y, mo, d)
	if m[4] == "" {
		return &Timestamp{text}, ""
	}
	h, mi, sec := num(4), num(5), num(6)
	if h > 23 || mi > 59 || sec > 59 {
		return nil, "ValueError"
	}
	text += fmt.Sprintf(" %02d:%02d:%02d", h, mi, sec)
	if f := (m[7] + "000000")[:6]; f != "000000" {
		text += "." + f
	}
	switch {
	case m[8] == "Z":
		text += "+00:00"
	case m[8] != "":
		zh, zm := num(10), num(11)
		if zh += zm / 60; zh > 23 {
			return nil, "ValueError"
		}
		zm %= 60
		sign := m[9]
		if zh == 0 && zm == 0 {
			sign = "+"
		}
		text += fmt.Sprintf("%s%02d:%02d", sign, zh, zm)
	}
	return &Timestamp{text}, ""
}
