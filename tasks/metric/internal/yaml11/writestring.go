package yaml11

import "strings"

// String writes a string where a value may stand; text that continues on a further line stands at column col.
func (w *Writer) String(s string, col int) {
	if s == "" {
		w.Word("''")
		return
	}
	a := analyze(s)
	switch {
	case a.plain && resolve(s) == TagString:
		w.plain(s, col, true)
	case a.single:
		w.single(s, col, true)
	default:
		w.double(s, col, true)
	}
}

// AppendString appends a string at a column of its line; text that continues on a further line stands at column indent.
func AppendString(dst []byte, s string, column, indent int) []byte {
	w := Writer{Out: dst, line: len(dst) - column, blank: true}
	w.String(s, indent)
	return w.Out
}

// keyString writes a string as a simple key; false, and nothing written, if it is too long, empty or has line breaks.
func (w *Writer) keyString(s string) bool {
	if s == "" {
		return false
	}
	a := analyze(s)
	if a.multiline || a.runes+len("!!str") >= maxKey {
		return false
	}
	switch {
	case a.plain && resolve(s) == TagString:
		w.plain(s, 0, false)
	case a.single:
		w.single(s, 0, false)
	default:
		w.double(s, 0, false)
	}
	return true
}

// maxKey is the length, with tag and anchor, from which a key is written behind a question mark.
const maxKey = 128

func (w *Writer) plain(s string, col int, fold bool) {
	w.space()
	if !fold || w.column()+len(s) <= Width {
		w.Out = append(w.Out, s...)
		return
	}
	for start := 0; start < len(s); {
		end := start
		if s[start] == ' ' {
			for s[end] == ' ' { // plain text does not end with a blank
				end++
			}
			if end == start+1 && w.column() > Width {
				w.Indent(col)
				w.blank, w.inden = false, false
			} else {
				w.Out = append(w.Out, s[start:end]...)
			}
		} else {
			if n := strings.IndexByte(s[start:], ' '); n >= 0 {
				end += n
			} else {
				end = len(s)
			}
			w.Out = append(w.Out, s[start:end]...)
		}
		start = end
	}
}

func (w *Writer) single(s string, col int, fold bool) {
	w.space()
	w.Out = append(w.Out, '\'')
	for start := 0; start < len(s); {
		end := start
		switch s[start] {
		case ' ':
			for end < len(s) && s[end] == ' ' {
				end++
			}
			if end == start+1 && w.column() > Width && fold && start > 0 && end < len(s) {
				w.Indent(col)
			} else {
				w.Out = append(w.Out, s[start:end]...)
			}
		case '\n': // other breaks are never in single quotes
			for end < len(s) && s[end] == '\n' {
				end++
			}
			for range end - start + 1 {
				w.newline()
			}
			w.Indent(col)
		case '\'':
			w.Out = append(w.Out, "''"...)
			end++
		default:
			for end < len(s) && s[end] != ' ' && s[end] != '\n' && s[end] != '\'' {
				end++
			}
			w.Out = append(w.Out, s[start:end]...)
		}
		w.blank, w.inden = false, false
		start = end
	}
	w.Out = append(w.Out, '\'')
	w.blank, w.inden = false, false
}

const upperHex = "0123456789ABCDEF"

func shortEscape(r rune) byte {
	switch r {
	case 0:
		return '0'
	case '\a':
		return 'a'
	case '\b':
		return 'b'
	case '\t':
		return 't'
	case '\n':
		return 'n'
	case '\v':
		return 'v'
	case '\f':
		return 'f'
	case '\r':
		return 'r'
	case 0x1b:
		return 'e'
	case '"', '\\':
		return byte(r)
	case 0x85:
		return 'N'
	case 0xa0:
		return '_'
	case 0x2028:
		return 'L'
	case 0x2029:
		return 'P'
	}
	return 0
}

func (w *Writer) double(s string, col int, fold bool) {
	w.space()
	w.Out = append(w.Out, '"')
	start := 0 // text from here to the present place is not written yet; only ASCII waits
	for at := 0; at < len(s); {
		r, n := decodeRune(s[at:])
		waiting := at - start // in characters; an escape just written counts -1, as upstream counts it
		if r == '"' || r == '\\' || r < ' ' || r > '~' {
			w.Out = append(w.Out, s[start:at]...)
			w.escape(r)
			start, waiting = at+n, -1
		}
		if 0 < at && at+n < len(s) && (r == ' ' || waiting <= 0) && w.column()+waiting > Width && fold {
			if start < at {
				w.Out = append(w.Out, s[start:at]...)
				start = at
			}
			w.Out = append(w.Out, '\\')
			w.blank, w.inden = false, false
			w.Indent(col)
			w.blank, w.inden = false, false
			if s[start] == ' ' {
				w.Out = append(w.Out, '\\')
			}
		}
		at += n
	}
	w.Out = append(append(w.Out, s[start:]...), '"')
	w.blank, w.inden = false, false
}

func (w *Writer) escape(r rune) {
	w.Out = append(w.Out, '\\')
	if c := shortEscape(r); c != 0 {
		w.Out = append(w.Out, c)
		return
	}
	digits := 8
	switch {
	case r <= 0xff:
		w.Out, digits = append(w.Out, 'x'), 2
	case r <= 0xffff:
		w.Out, digits = append(w.Out, 'u'), 4
	default:
		w.Out = append(w.Out, 'U')
	}
	for digits--; digits >= 0; digits-- {
		w.Out = append(w.Out, upperHex[r>>(4*digits)&15])
	}
}
