package query

import (
	"fmt"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/sphere"
)

// sequence is a bound list of values of one type.
type sequence struct {
	of     Type
	values []Literal
}

// readNumber reads digits as an Int and everything else as a Float. Floats out of range are infinite.
func readNumber(n *Number) (*Literal, error) {
	if strings.ContainsAny(n.Text, ".eE") {
		v, _ := strconv.ParseFloat(n.Text, 64)
		return &Literal{Float, v}, nil
	}
	v, err := strconv.ParseInt(n.Text, 10, 64)
	if err != nil {
		return nil, &Error{Kind: Invalid, At: n.At, Reason: n.Text + " does not fit in 64 bits", Remedy: "write it with a decimal point"}
	}
	return &Literal{Int, v}, nil
}

// bound is the meaning of a bind name.
func (b *binder) bound(name string, at Span) (meaning, error) {
	value, ok := b.Binds[name]
	if !ok {
		return meaning{}, &Error{Kind: Invalid, At: at, Reason: fmt.Sprintf("no value was given for the bind name %q", name),
			Remedy: "give a value for it, or quote it if it is meant as a string"}
	}
	if l, ok := literalOf(value); ok {
		return meaning{operand: &l}, nil
	}
	if v := reflect.ValueOf(value); v.IsValid() && (v.Kind() == reflect.Slice || v.Kind() == reflect.Array) {
		s := &sequence{values: make([]Literal, 0, v.Len())}
		for i := range v.Len() {
			l, ok := literalOf(v.Index(i).Interface())
			if !ok {
				return meaning{}, badBind(name, v.Index(i).Interface(), at)
			}
			if i > 0 && l.Of != s.of {
				return meaning{}, &Error{Kind: Invalid, At: at, Reason: fmt.Sprintf("the list bound to %q mixes %s and %s", name, s.of, l.Of),
					Remedy: "give values of one type"}
			}
			s.of = l.Of
			s.values = append(s.values, l)
		}
		return meaning{sequence: s}, nil
	}
	return meaning{}, badBind(name, value, at)
}

func badBind(name string, value any, at Span) error {
	return &Error{Kind: BadType, At: at, Reason: fmt.Sprintf("the value bound to %q has the unusable type %T", name, value),
		Remedy: "bind numbers, strings, UUIDs, times, timespans, regions, or lists of these; for a missing value write NULL"}
}

// literalOf turns a bind value into a literal.
func literalOf(value any) (Literal, bool) {
	switch v := value.(type) {
	case int:
		return Literal{Int, int64(v)}, true
	case int64:
		return Literal{Int, v}, true
	case bool:
		if v {
			return Literal{Int, int64(1)}, true
		}
		return Literal{Int, int64(0)}, true
	case float64:
		return Literal{Float, v}, true
	case string:
		return Literal{String, v}, true
	case dimension.Value:
		if v.IsInt() {
			return Literal{Int, v.Int()}, true
		}
		return Literal{String, v.Text()}, !v.IsZero()
	case dataset.ID:
		return Literal{UUID, v}, true
	case []byte:
		return Literal{Hash, v}, true
	case Time:
		return Literal{DateTime, min(max(v, Time(dimension.MinTime)), Time(dimension.MaxTime))}, true
	case time.Time:
		return Literal{DateTime, TimeOf(v)}, true
	case dimension.Timespan:
		return Literal{Timespan, v}, true
	case sphere.LonLat:
		return Literal{Region, sphere.Region(sphere.NewCircle(v.Vec(), 0))}, true
	case sphere.Region:
		return Literal{Region, v}, v != nil
	}
	return Literal{}, false
}

// TimeOf converts a time of the Go clock, which counts UTC without leap seconds, and clips it to what can be stored.
func TimeOf(t time.Time) Time {
	seconds := t.Unix()
	day := seconds / 86400
	if seconds%86400 < 0 {
		day--
	}
	ofDay := new(big.Rat).Add(big.NewRat(seconds-day*86400, 1), big.NewRat(int64(t.Nanosecond()), 1e9))
	return clip(instant(day, ofDay, "utc"))
}
