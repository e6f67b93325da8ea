package formatter

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The plain scalars of YAML 1.1 that are no texts.
var (
	yamlBool  = regexp.MustCompile(`^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$`)
	yamlNull  = regexp.MustCompile(`^(?:~|null|Null|NULL|)$`)
	yamlInt   = regexp.MustCompile(`^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$`)
	yamlFloat = regexp.MustCompile(`^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$`)
	yamlTime  = regexp.MustCompile(`^(?:\d\d\d\d-\d\d-\d\d|\d\d\d\d-\d\d?-\d\d?(?:[Tt]|[ \t]+)\d\d?:\d\d:\d\d(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d\d?(?::\d\d)?))?)$`)
)

// resolvePlain is the value of a plain scalar. Times stay texts.
func resolvePlain(s string) (Value, error) {
	switch {
	case yamlNull.MatchString(s):
		return nil, nil
	case yamlBool.MatchString(s):
		return strings.IndexByte("yYtT", s[0]) >= 0 || strings.EqualFold(s, "on"), nil
	case yamlInt.MatchString(s):
		return plainInt(s)
	case yamlFloat.MatchString(s):
		return plainFloat(s)
	}
	return s, nil
}

func plainInt(s string) (Value, error) {
	digits := strings.ReplaceAll(s, "_", "")
	sign := int64(1)
	if digits[0] == '-' {
		sign = -1
	}
	digits = strings.TrimLeft(digits, "+-")
	var n int64
	var err error
	switch {
	case strings.Contains(digits, ":"):
		for _, part := range strings.Split(digits, ":") {
			x, _ := strconv.ParseInt(part, 10, 64)
			if n > math.MaxInt64/60-x {
				return nil, fmt.Errorf("number %s does not fit in 64 bits", s)
			}
			n = n*60 + x
		}
	case strings.HasPrefix(digits, "0b"):
		n, err = strconv.ParseInt(digits[2:], 2, 64)
	case strings.HasPrefix(digits, "0x"):
		n, err = strconv.ParseInt(digits[2:], 16, 64)
	case len(digits) > 1 && digits[0] == '0':
		n, err = strconv.ParseInt(digits[1:], 8, 64)
	default:
		n, err = strconv.ParseInt(digits, 10, 64)
	}
	if err != nil {
		return nil, fmt.Errorf("number %s does not fit in 64 bits", s)
	}
	return sign * n, nil
}

func plainFloat(s string) (Value, error) {
	digits := strings.ToLower(strings.ReplaceAll(s, "_", ""))
	sign := 1.0
	if digits[0] == '-' {
		sign = -1
	}
	digits = strings.TrimLeft(digits, "+-")
	switch {
	case digits == ".inf":
		return math.Inf(int(sign)), nil
	case digits == ".nan":
		return math.NaN(), nil
	case strings.Contains(digits, ":"):
		x := 0.0
		for _, part := range strings.Split(digits, ":") {
			f, _ := strconv.ParseFloat(part, 64)
			x = x*60 + f
		}
		return sign * x, nil
	}
	f, err := strconv.ParseFloat(digits, 64)
	if err != nil && !math.IsInf(f, 0) {
		return nil, err
	}
	return sign * f, nil
}

// appendYAMLText appends a text as a YAML 1.1 scalar on one line: plain if it reads back as itself, else in single quotes, else in
// double quotes with escapes.
func appendYAMLText(dst []byte, s string) []byte {
	printable := true
	for i, r := range s {
		if r < ' ' || r > '~' || r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			printable = false
			break
		}
	}
	switch {
	case printable && plainSafe(s):
		return append(dst, s...)
	case printable:
		dst = append(dst, '\'')
		dst = append(dst, strings.ReplaceAll(s, "'", "''")...)
		return append(dst, '\'')
	}
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r >= ' ' && r <= '~':
			dst = append(dst, byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r <= 0xff:
			dst = fmt.Appendf(dst, `\x%02X`, r)
		case r <= 0xffff:
			dst = fmt.Appendf(dst, `\u%04X`, r)
		default:
			dst = fmt.Appendf(dst, `\U%08X`, r)
		}
	}
	return append(dst, '"')
}

// plainSafe reports whether a printable text may stand without quotes.
func plainSafe(s string) bool {
	switch {
	case s == "", s == "=", s == "<<", s[0] == ' ', s[len(s)-1] == ' ':
		return false
	case yamlBool.MatchString(s), yamlNull.MatchString(s), yamlInt.MatchString(s), yamlFloat.MatchString(s), yamlTime.MatchString(s):
		return false
	case strings.HasPrefix(s, "---"), strings.HasPrefix(s, "..."):
		return false
	case strings.IndexByte("#,[]{}&*!|>'\"%@`", s[0]) >= 0:
		return false
	case strings.IndexByte("-?:", s[0]) >= 0 && (len(s) == 1 || s[1] == ' '):
		return false
	case strings.Contains(s, ": "), strings.Contains(s, " #"), s[len(s)-1] == ':':
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
