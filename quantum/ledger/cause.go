package ledger

import (
	"database/sql/driver"
	"fmt"
	"strings"
	"unicode/utf8"

	"valet/registry"
)

// cause is why an attempt failed, or found no work (class is empty then), without what differs from quantum to quantum.
type cause struct{ class, message string }

// The longest message that is kept, and the longest that causes are told apart by. The log has all of it.
const maxMessage, maxCause = 8192, 1024

// cause finds or adds the row of a cause. message is what the attempt itself has to keep: nil if the cause says it all.
//
// Nothing is remembered between transactions: one that was undone takes its new rows with it.
func (j *Journal) cause(tx *registry.Tx, class, text string) (id int64, message driver.Value, err error) {
	return addCause(tx, j.causes, class, text)
}

func addCause(tx *registry.Tx, known map[cause]int64, class, text string) (id int64, message driver.Value, err error) {
	text = shorten(text, maxMessage)
	c := cause{class, shorten(Normalize(text), maxCause)}
	if c.message != text {
		message = text
	}
	if id = known[c]; id > 0 {
		return id, message, nil
	}
	err = one(tx.Rows, "INSERT INTO valet_cause (class, message) VALUES (?, ?) ON CONFLICT DO UPDATE SET class = class RETURNING id", []any{c.class, c.message}, &id)
	if err != nil {
		return 0, nil, fmt.Errorf("record cause %q: %w", c.message, err)
	}
	known[c] = id
	return id, message, nil
}

// shorten cuts a text at a character boundary, and mends what is no UTF-8.
func shorten(s string, limit int) string {
	if len(s) > limit {
		const mark = "…"
		end := limit - len(mark)
		for end > 0 && !utf8.RuneStart(s[end]) {
			end--
		}
		s = s[:end] + mark
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// maxReplaced is how far a path or data ID is followed: every word of a long message could be the start of one.
const maxReplaced = 512

// Normalize replaces what differs between messages of the same kind: data IDs, UUIDs, hexadecimal numbers, paths and numbers.
func Normalize(message string) string {
	out := make([]byte, 0, len(message))
	for i := 0; i < len(message); {
		rest := message[i:]
		c := message[i]
		wordBefore := i > 0 && isWord(message[i-1])
		switch {
		case c == '{':
			if n := dataIDLength(rest); n > 0 {
				out, i = append(out, "<data ID>"...), i+n
				continue
			}
		case !wordBefore && (isWord(c) || c == '/' || c == '.' || c == '-' || c == '+'):
			if n := pathLength(rest); n > 0 {
				out, i = append(out, "<path>"...), i+n
				continue
			}
			if n := uuidLength(rest); n > 0 {
				out, i = append(out, "<uuid>"...), i+n
				continue
			}
			if n, text := wordLength(rest); n > 0 {
				out, i = append(out, text...), i+n
				continue
			}
		}
		out, i = append(out, c), i+1
	}
	return string(out)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isWord(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '_' || c >= 0x80
}

func isHex(c byte) bool { return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' }

// dataIDLength is the length of a data ID in braces at the start of s, such as {instrument: 'C', visit: 3}, 0 if there is none.
func dataIDLength(s string) int {
	s = s[:min(len(s), maxReplaced)]
	i := 1
	for i < len(s) && isWord(s[i]) {
		i++
	}
	if i == 1 || i+1 >= len(s) || s[i] != ':' || s[i+1] != ' ' {
		return 0
	}
	for quote := byte(0); i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'' || c == '"':
			quote = c
		case c == '{':
			return 0
		case c == '}':
			return i + 1
		}
	}
	return 0
}

// pathLength is the length of a path at the start of s: one that starts with a slash, or holds two of them.
func pathLength(s string) int {
	s = s[:min(len(s), maxReplaced)]
	slashes, i := 0, 0
	for i < len(s) && (isWord(s[i]) || strings.IndexByte("/.-+@%~:", s[i]) >= 0) {
		if s[i] == ':' && (i+1 >= len(s) || s[i+1] == ' ' || i+1 < len(s) && s[i+1] == '/') {
			// What follows is another word, or what precedes the scheme of a URL.
			break
		}
		if s[i] == '/' {
			slashes++
		}
		i++
	}
	if slashes >= 2 || slashes == 1 && s[0] == '/' && i > 1 {
		// A full stop ends the sentence, not the path.
		for i > 1 && (s[i-1] == '.' || s[i-1] == ':') {
			i--
		}
		return i
	}
	return 0
}

// uuidLength is the length of a UUID with dashes at the start of s.
func uuidLength(s string) int {
	const n = 36
	if len(s) < n || len(s) > n && isWord(s[n]) {
		return 0
	}
	for i := range n {
		if dash := i == 8 || i == 13 || i == 18 || i == 23; dash != (s[i] == '-') || !dash && !isHex(s[i]) {
			return 0
		}
	}
	return n
}

// wordLength is the length of a word or number at the start of s, and what stands for it.
func wordLength(s string) (n int, text string) {
	i := 0
	if s[0] == '-' || s[0] == '+' {
		i++
	}
	if i < len(s) && s[i] == '.' {
		i++
	}
	if i >= len(s) || !isWord(s[i]) || i > 0 && !isDigit(s[i]) {
		return 0, ""
	}
	hex, digits := true, 0
	for i < len(s) {
		c := s[i]
		number := isDigit(s[min(startOf(s), len(s)-1)])
		switch {
		case number && c == '.' && i+1 < len(s) && isDigit(s[i+1]):
			hex = false
		case number && (c == '-' || c == '+') && (s[i-1] == 'e' || s[i-1] == 'E') && i+1 < len(s) && isDigit(s[i+1]):
			hex = false
		case !isWord(c):
			return i, wordText(s[:i], hex, digits)
		}
		if isDigit(c) {
			digits++
		} else if !isHex(c) {
			hex = false
		}
		i++
	}
	return i, wordText(s, hex, digits)
}

// startOf is where the first character of a word or number stands behind its sign and point.
func startOf(s string) int {
	i := 0
	for i < len(s) && (s[i] == '-' || s[i] == '+' || s[i] == '.') {
		i++
	}
	return i
}

// wordText is what stands for a word: the word itself if it is one. A unit at the end of a number stays.
func wordText(w string, hex bool, digits int) string {
	start := startOf(w)
	switch {
	case strings.HasPrefix(w[start:], "0x"):
		return "<hex>"
	case hex && digits > 0 && len(w)-start >= 8 && digits < len(w)-start:
		return "<hex>"
	case !isDigit(w[start]):
		return w
	}
	unit := len(w)
	for unit > 0 && isWord(w[unit-1]) && !isDigit(w[unit-1]) {
		unit--
	}
	if len(w)-unit > 4 {
		unit = len(w)
	}
	return "<n>" + w[unit:]
}
