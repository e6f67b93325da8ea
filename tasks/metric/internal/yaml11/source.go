package yaml11

import (
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"
)

// decode gives the text as valid UTF-8 without its first byte-order mark. UTF-16 is known by its mark. Characters outside YAML's printable
// set are refused here, before anything is parsed, as upstream does.
func decode(text []byte) ([]byte, error) {
	if len(text) >= 2 && (text[0] == 0xff && text[1] == 0xfe || text[0] == 0xfe && text[1] == 0xff) {
		var err error
		if text, err = decodeUTF16(text); err != nil {
			return nil, err
		}
	}
	if len(text) >= 3 && text[0] == 0xef && text[1] == 0xbb && text[2] == 0xbf {
		text = text[3:]
	}
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c < 0x7f || c == '\n' {
			i++
			continue
		}
		r, n := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && n == 1 {
			return nil, placeOf(text, i).fail("ReaderError", "byte 0x%02x is not UTF-8", c)
		}
		if !printable(r) {
			return nil, placeOf(text, i).fail("ReaderError", "the character U+%04X is not allowed", r)
		}
		i += n
	}
	return text, nil
}

func printable(r rune) bool {
	return r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r <= '~' || r == 0x85 || r >= 0xa0 && r <= 0xd7ff || r >= 0xe000 && r <= 0xfffd || r >= 0x10000
}

func decodeUTF16(text []byte) ([]byte, error) {
	var order binary.ByteOrder = binary.LittleEndian
	if text[0] == 0xfe {
		order = binary.BigEndian
	}
	if len(text)%2 != 0 {
		return nil, &Error{Class: "ReaderError", Problem: "the UTF-16 text ends within a character"}
	}
	out := make([]byte, 0, len(text))
	for i := 2; i < len(text); i += 2 {
		r := rune(order.Uint16(text[i:]))
		if utf16.IsSurrogate(r) {
			low := rune(0)
			if i+3 < len(text) {
				low = rune(order.Uint16(text[i+2:]))
			}
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return nil, &Error{Class: "ReaderError", Problem: "the UTF-16 text holds half a surrogate pair"}
			}
			i += 2
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}

func placeOf(text []byte, at int) mark {
	var m mark
	for _, r := range string(text[:at]) {
		if m.col++; r == '\n' {
			m.line, m.col = m.line+1, 0
		}
	}
	return m
}
