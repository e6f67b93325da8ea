package pipeline

import (
	"encoding/base64"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"valet/tasks"
	"valet/tasks/python"
)

// The writer of YAML: block style, two blanks for each level, the items of a list not deeper than its key. A text is written plain if
// it is read back as that text by the rules of YAML 1.1 and of 1.2.

func appendIndent(dst []byte, indent int) []byte {
	for range indent {
		dst = append(dst, "  "...)
	}
	return dst
}

// appendKey appends an indented key and its colon.
func appendKey(dst []byte, indent int, key string) []byte {
	dst = appendIndent(dst, indent)
	if utf8.RuneCountInString(key) > 120 {
		// A longer key must be marked as one, and its value goes to a line of its own.
		dst = append(appendQuoted(append(dst, "? "...), key), '\n')
		return append(appendIndent(dst, indent), ':')
	}
	return append(appendLine(dst, key), ':')
}

// appendField appends a key with its value and the end of the line.
func appendField(dst []byte, indent int, key string, v tasks.Value) []byte {
	dst = appendKey(dst, indent, key)
	return appendAfter(dst, indent, v)
}

// appendAfter appends a value after its key or dash, which is at the level of indent.
func appendAfter(dst []byte, indent int, v tasks.Value) []byte {
	switch v := v.(type) {
	case []tasks.Value:
		if len(v) == 0 {
			return append(dst, " []\n"...)
		}
		return appendItems(append(dst, '\n'), indent, v)
	case python.Tuple:
		return appendAfter(dst, indent, []tasks.Value(v))
	case *tasks.Mapping:
		if len(v.Pairs) == 0 {
			return append(dst, " {}\n"...)
		}
		return appendPairs(append(dst, '\n'), indent+1, v)
	}
	return append(appendScalar(append(dst, ' '), v, indent), '\n')
}

func appendItems(dst []byte, indent int, list []tasks.Value) []byte {
	for _, item := range list {
		start := len(dst)
		switch v := item.(type) {
		case []tasks.Value:
			if len(v) > 0 {
				dst = appendItems(dst, indent+1, v)
				dst[start+2*indent] = '-'
				continue
			}
		case *tasks.Mapping:
			if len(v.Pairs) > 0 {
				dst = appendPairs(dst, indent+1, v)
				dst[start+2*indent] = '-'
				continue
			}
		}
		dst = append(appendIndent(dst, indent), '-')
		dst = appendAfter(dst, indent, item)
	}
	return dst
}

func appendPairs(dst []byte, indent int, m *tasks.Mapping) []byte {
	for _, pair := range m.Pairs {
		if key, ok := pair.Key.(string); ok {
			dst = appendKey(dst, indent, key)
		} else {
			dst = append(appendScalar(appendIndent(dst, indent), pair.Key, indent), ':')
		}
		dst = appendAfter(dst, indent, pair.Value)
	}
	return dst
}

func appendScalar(dst []byte, v tasks.Value, indent int) []byte {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case *big.Int:
		return v.Append(dst, 10)
	case float64:
		return appendFloat(dst, v)
	case string:
		return appendText(dst, v, indent)
	case tasks.Object:
		return append(dst, v.Name...)
	case python.Bytes:
		return fmt.Appendf(dst, "!!binary %q", base64.StdEncoding.EncodeToString([]byte(v)))
	}
	return appendQuoted(dst, python.Str(v))
}

// appendFloat writes a float so that it is read as one: YAML 1.1 wants a point, and a sign in the exponent.
func appendFloat(dst []byte, f float64) []byte {
	switch {
	case math.IsNaN(f):
		return append(dst, ".nan"...)
	case math.IsInf(f, 1):
		return append(dst, ".inf"...)
	case math.IsInf(f, -1):
		return append(dst, "-.inf"...)
	}
	s := python.Repr(f)
	if !strings.Contains(s, ".") {
		if mantissa, exponent, ok := strings.Cut(s, "e"); ok {
			s = mantissa + ".0e" + exponent
		} else {
			s += ".0"
		}
	}
	return append(dst, s...)
}

// appendText appends a text, over several lines if it has them.
func appendText(dst []byte, s string, indent int) []byte {
	if !strings.Contains(s, "\n") || !blockSafe(s) {
		return appendLine(dst, s)
	}
	dst = append(dst, '|')
	if s[0] == ' ' || s[0] == '\t' || s[0] == '\n' {
		dst = append(dst, '2')
	}
	body := strings.TrimSuffix(s, "\n")
	switch {
	case body == s:
		dst = append(dst, '-')
	case strings.HasSuffix(body, "\n") || body == "":
		dst = append(dst, '+')
	}
	for line := range strings.SplitSeq(body, "\n") {
		dst = append(dst, '\n')
		if line != "" {
			dst = append(appendIndent(dst, indent+1), line...)
		}
	}
	return dst
}

// blockSafe reports whether a text can stand in a literal block: printable lines, none of blanks alone.
func blockSafe(s string) bool {
	for line := range strings.SplitSeq(s, "\n") {
		if !printable(line) || line != "" && strings.Trim(line, " \t") == "" {
			return false
		}
	}
	return true
}

// printable reports whether YAML takes all characters of a line as they are.
func printable(s string) bool {
	for _, c := range s {
		switch {
		case c == utf8.RuneError, c < 0x20 && c != '\t', 0x7f <= c && c < 0xa0, c == 0x2028, c == 0x2029, c == 0xfeff, c == 0xfffe, c == 0xffff:
			return false
		}
	}
	return true
}

// appendLine appends a text in one line: plain, in single quotes, or in double quotes with escapes.
func appendLine(dst []byte, s string) []byte {
	switch {
	case !printable(s) || strings.Contains(s, "\t"):
		return appendQuoted(dst, s)
	case plainSafe(s):
		return append(dst, s...)
	}
	dst = append(dst, '\'')
	dst = append(dst, strings.ReplaceAll(s, "'", "''")...)
	return append(dst, '\'')
}

// plainSafe reports whether a text without quotes is read back as itself.
func plainSafe(s string) bool {
	if v, fault := plainScalar(s); fault != nil || v != s {
		return false
	}
	if strings.Trim(s, " ") != s || strings.HasPrefix(s, "---") || strings.HasPrefix(s, "...") ||
		strings.Contains(s, ": ") || strings.Contains(s, " #") || strings.HasSuffix(s, ":") {
		return false
	}
	switch s[0] {
	case '-', '?', ':':
		return len(s) > 1 && s[1] != ' '
	case ',', '[', ']', '{', '}', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`':
		return false
	}
	// YAML 1.2 reads as numbers what 1.1 reads as texts: quotes serve both.
	if _, err := strconv.ParseFloat(s, 64); err == nil {
		return false
	}
	_, err := strconv.ParseInt(s, 0, 64)
	return err != nil
}

// appendQuoted appends a text in double quotes.
func appendQuoted(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for _, c := range s {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', byte(c))
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c >= 0x10000:
			dst = utf8.AppendRune(dst, c)
		case c != utf8.RuneError && printable(string(c)):
			dst = utf8.AppendRune(dst, c)
		default:
			dst = fmt.Appendf(dst, "\\u%04x", c)
		}
	}
	return append(dst, '"')
}
