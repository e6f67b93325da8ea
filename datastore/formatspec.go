package datastore

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// formatSpec is a parsed format specification of a template field, in the small language in which Python formats strings,
// integers and floats: [[fill]align][sign][z][#][0][width][grouping][.precision][type].
type formatSpec struct {
	fill      rune
	align     byte // < > ^ = or 0 for the default of the value's type
	sign      byte // + - space or 0
	z, alt    bool
	width     int
	group     byte // , _ or 0
	precision int  // -1 is none
	verb      byte // 0 is none
	// zero says that the width began with 0, which means fill 0 and, for numbers, align =.
	zero bool
	text string
}

// maxWidth bounds width and precision: no path component can be longer than a few hundred bytes anyway.
const maxWidth = 4096

// parseFormatSpec reads a specification. An empty one gives nil, which formats as Python's str.
func parseFormatSpec(s string) (*formatSpec, error) {
	if s == "" {
		return nil, nil
	}
	bad := func() (*formatSpec, error) { return nil, fmt.Errorf("invalid format specifier %q", s) }
	f := &formatSpec{fill: ' ', precision: -1, text: s}
	rest := s
	first, size := utf8.DecodeRuneInString(rest)
	filled := false
	switch {
	case len(rest) > size && strings.IndexByte("<>^=", rest[size]) >= 0:
		f.fill, f.align, filled, rest = first, rest[size], true, rest[size+1:]
	case strings.IndexByte("<>^=", rest[0]) >= 0:
		f.align, rest = rest[0], rest[1:]
	}
	take := func(set string) byte {
		if rest != "" && strings.IndexByte(set, rest[0]) >= 0 {
			c := rest[0]
			rest = rest[1:]
			return c
		}
		return 0
	}
	f.sign = take("+- ")
	f.z = take("z") != 0
	f.alt = take("#") != 0
	if take("0") != 0 {
		f.zero = true
		if !filled {
			f.fill = '0'
		}
	}
	var err error
	if f.width, rest, err = takeNumber(rest, 0); err != nil {
		return nil, err
	}
	f.group = take(",_")
	if f.group != 0 && take(",_") != 0 {
		return bad()
	}
	if take(".") != 0 {
		if f.precision, rest, err = takeNumber(rest, -1); err != nil {
			return nil, err
		}
		if f.precision < 0 {
			return nil, errors.New("format specifier missing precision")
		}
	}
	if rest != "" {
		if len(rest) > 1 {
			return bad()
		}
		f.verb = rest[0]
	}
	return f, nil
}

func takeNumber(s string, none int) (int, string, error) {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	if n == 0 {
		return none, s, nil
	}
	v, err := strconv.Atoi(s[:n])
	if err != nil || v > maxWidth {
		return 0, s, fmt.Errorf("the format specifier asks for %s characters", s[:n])
	}
	return v, s[n:], nil
}

func (f *formatSpec) unknown(kind string) error {
	return fmt.Errorf("unknown format code %q for a value of type %s", f.verb, kind)
}

// appendString appends a formatted string.
func (f *formatSpec) appendString(dst []byte, s string) ([]byte, error) {
	if f == nil {
		return append(dst, s...), nil
	}
	switch {
	case f.verb != 0 && f.verb != 's':
		return dst, f.unknown("str")
	case f.sign != 0, f.z, f.alt:
		return dst, fmt.Errorf("format specifier %q has a sign, z or # for a text", f.text)
	case f.group != 0:
		return dst, fmt.Errorf("format specifier %q has a separator for a text", f.text)
	case f.align == '=':
		return dst, fmt.Errorf("format specifier %q aligns a text with =", f.text)
	}
	if f.precision >= 0 {
		n := 0
		for i := range s {
			if n == f.precision {
				s = s[:i]
				break
			}
			n++
		}
	}
	return f.pad(dst, "", s, '<'), nil
}

// appendInt appends a formatted integer.
func (f *formatSpec) appendInt(dst []byte, n int64) ([]byte, error) {
	if f == nil {
		return strconv.AppendInt(dst, n, 10), nil
	}
	base, prefix := 10, ""
	switch f.verb {
	case 0, 'd', 'n':
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x':
		base, prefix = 16, "0x"
	case 'X':
		base, prefix = 16, "0X"
	case 'c':
		return f.appendRune(dst, n)
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		return f.appendFloat(dst, float64(n))
	default:
		return dst, f.unknown("int")
	}
	switch {
	case f.precision >= 0:
		return dst, errors.New("precision not allowed in integer format specifier")
	case f.z:
		return dst, errors.New("negative zero coercion (z) not allowed in integer format specifier")
	case f.group == ',' && (base != 10 || f.verb == 'n'), f.group == '_' && f.verb == 'n':
		return dst, fmt.Errorf("cannot specify %q with %q", f.group, f.verb)
	}
	magnitude := uint64(n)
	if n < 0 {
		magnitude = -magnitude
	}
	digits := strconv.FormatUint(magnitude, base)
	if f.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if !f.alt {
		prefix = ""
	}
	every := 3
	if base != 10 {
		every = 4
	}
	return f.number(dst, n < 0, prefix, digits, "", every), nil
}

func (f *formatSpec) appendRune(dst []byte, n int64) ([]byte, error) {
	switch {
	case f.sign != 0:
		return dst, errors.New("sign not allowed with integer format specifier 'c'")
	case f.alt:
		return dst, errors.New("alternate form (#) not allowed with integer format specifier 'c'")
	case f.precision >= 0, f.z, f.group != 0:
		return dst, fmt.Errorf("format specifier %q does not fit a character", f.text)
	case n < 0 || n > utf8.MaxRune:
		return dst, fmt.Errorf("%d is no character", n)
	}
	return f.pad(dst, "", string(rune(n)), '>'), nil
}

// appendBool appends a truth value, which is an integer to all specifications but the empty one.
func (f *formatSpec) appendBool(dst []byte, b bool) ([]byte, error) {
	if f == nil {
		if b {
			return append(dst, "True"...), nil
		}
		return append(dst, "False"...), nil
	}
	if b {
		return f.appendInt(dst, 1)
	}
	return f.appendInt(dst, 0)
}
