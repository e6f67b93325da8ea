package dimension

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Quote shows a string as Python's repr does, which is how upstream prints data IDs and saves configs: single quotes unless the
// text has some and no double ones; printable characters as they are.
func Quote(s string) string {
	quote := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	out := make([]byte, 0, len(s)+2)
	out = append(out, quote)
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			// Python keeps undecodable bytes as lone surrogates and prints those escaped.
			out = fmt.Appendf(out, `\udc%02x`, s[i])
		case r == rune(quote) || r == '\\':
			out = append(out, '\\', byte(r))
		case r == '\n':
			out = append(out, `\n`...)
		case r == '\r':
			out = append(out, `\r`...)
		case r == '\t':
			out = append(out, `\t`...)
		case r == ' ' || unicode.IsGraphic(r) && !unicode.Is(unicode.Z, r):
			out = utf8.AppendRune(out, r)
		case r < 0x100:
			out = fmt.Appendf(out, `\x%02x`, r)
		case r < 0x10000:
			out = fmt.Appendf(out, `\u%04x`, r)
		default:
			out = fmt.Appendf(out, `\U%08x`, r)
		}
		i += size
	}
	return string(append(out, quote))
}
