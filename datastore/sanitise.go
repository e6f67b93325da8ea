package datastore

import (
	"strings"
)

// odd are the characters that values may not bring into a path.
const odd = " <>:\"\\|?*"

// unsafeChars is odd and the slash as a table.
var unsafeChars = func() (t [256]bool) {
	for i := range len(odd) {
		t[odd[i]] = true
	}
	t['/'] = true
	return t
}()

// appendSanitised appends a value with odd characters, and slashes unless they are wanted, replaced by underscores.
func appendSanitised(dst []byte, s string, slashes bool) []byte {
	for i := range len(s) {
		c := s[i]
		if unsafeChars[c] && (c != '/' || !slashes) {
			c = '_'
		}
		dst = append(dst, c)
	}
	return dst
}

func sanitise(s string, slashes bool) string {
	set := odd + "/"
	if slashes {
		set = odd
	}
	if !strings.ContainsAny(s, set) {
		return s
	}
	return string(appendSanitised(nil, s, slashes))
}
