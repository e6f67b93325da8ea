package pipeline

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"time"

	"valet/tasks"
)

// The plain scalars of YAML 1.1 as PyYAML reads them. That differs from YAML 1.2, which today's libraries read: yes and on are
// bools, 017 is octal, 1:30 is ninety, 1e3 without a sign in its exponent is a text.
var (
	intScalar   = regexp.MustCompile(`^[-+]?(?:0b[01_]+|0[0-7_]+|0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	floatScalar = regexp.MustCompile(`^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|` +
		`[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	dateScalar = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)
	timeScalar = regexp.MustCompile(`^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{2}):([0-9]{2})` +
		`(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::?[0-9]{2})?))?$`)
)

// maxNumber bounds the digits of a number: what is longer is no setting of a task, and costs more than its length to read.
const maxNumber = 1000

// scalarError says why a plain scalar has no value.
type scalarError struct{ class, message string }

// plainScalar is the value of a plain (unquoted) scalar: nil, bool, int64, *big.Int, float64, string, or for dates and times a
// tasks.Object whose name is the text.
func plainScalar(s string) (tasks.Value, *scalarError) {
	switch s {
	case "", "~", "null", "Null", "NULL":
		return nil, nil
	case "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON":
		return true, nil
	case "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF":
		return false, nil
	case "=", "<<":
		return nil, &scalarError{constructorError, "the plain text " + s + " has a special meaning in YAML: quote it"}
	}
	// All others that are no text begin like a number.
	if c := s[0]; c != '-' && c != '+' && c != '.' && (c < '0' || c > '9') {
		return s, nil
	}
	switch {
	case intScalar.MatchString(s):
		return intValue(s)
	case floatScalar.MatchString(s):
		return floatValue(s), nil
	case dateScalar.MatchString(s):
		if _, err := time.Parse(time.DateOnly, s); err != nil {
			return nil, &scalarError{"ValueError", s + " is no date"}
		}
		return tasks.Object{Name: s}, nil
	case timeScalar.MatchString(s):
		return timeValue(s)
	}
	return s, nil
}

func intValue(s string) (tasks.Value, *scalarError) {
	if len(s) > maxNumber {
		return nil, &scalarError{"ValueError", "a number of " + strconv.Itoa(len(s)) + " digits is too long"}
	}
	digits := strings.ReplaceAll(s, "_", "")
	negative := digits[0] == '-'
	digits = strings.TrimLeft(digits, "+-")
	n, ok := new(big.Int), true
	switch {
	case strings.Contains(digits, ":"):
		n = sexagesimal(digits)
	case strings.HasPrefix(digits, "0b"):
		n, ok = n.SetString(digits[2:], 2)
	case strings.HasPrefix(digits, "0x"):
		n, ok = n.SetString(digits[2:], 16)
	case digits[0] == '0':
		n, ok = n.SetString(digits, 8)
	default:
		n, ok = n.SetString(digits, 10)
	}
	if !ok {
		return nil, &scalarError{"ValueError", s + " has no digits"}
	}
	if negative {
		n.Neg(n)
	}
	if n.IsInt64() {
		return n.Int64(), nil
	}
	return n, nil
}

// sexagesimal reads digits in base 60 with colons between them.
func sexagesimal(s string) *big.Int {
	n, sixty := new(big.Int), big.NewInt(60)
	for part := range strings.SplitSeq(s, ":") {
		digit, _ := new(big.Int).SetString(part, 10)
		n.Add(n.Mul(n, sixty), digit)
	}
	return n
}

func floatValue(s string) float64 {
	s = strings.ToLower(strings.ReplaceAll(s, "_", ""))
	sign := 1.0
	switch s[0] {
	case '-':
		sign, s = -1, s[1:]
	case '+':
		s = s[1:]
	}
	if strings.HasPrefix(s, ".i") || strings.HasPrefix(s, ".n") {
		s = s[1:]
	}
	value := 0.0
	for part := range strings.SplitSeq(s, ":") {
		// Out of range is infinite or zero, as in Python. The grammar admits no other fault.
		f, _ := strconv.ParseFloat(part, 64)
		value = value*60 + f
	}
	return sign * value
}

func timeValue(s string) (tasks.Value, *scalarError) {
	part := timeScalar.FindStringSubmatch(s)
	n := make([]int, len(part))
	for i, p := range part[1:] {
		n[i], _ = strconv.Atoi(p)
	}
	at := time.Date(n[0], time.Month(n[1]), n[2], n[3], n[4], n[5], 0, time.UTC)
	if n[0] == 0 || at.Month() != time.Month(n[1]) || at.Day() != n[2] || at.Hour() != n[3] || at.Minute() != n[4] || at.Second() != n[5] {
		return nil, &scalarError{"ValueError", s + " is no time"}
	}
	return tasks.Object{Name: s}, nil
}
