package datastore

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// appendTail appends the last component of a path, in which periods and hash signs are not allowed.
func appendTail(dst []byte, tail []byte) []byte {
	for _, c := range tail {
		switch c {
		case '.':
			dst = append(dst, '_')
		case '#':
			dst = append(dst, "HASH"...)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// fixTail does the same to the last component of dst[start:], in place.
func fixTail(dst []byte, start int) []byte {
	from := start + bytes.LastIndexByte(dst[start:], '/') + 1
	if bytes.IndexByte(dst[from:], '#') < 0 {
		for i := from; i < len(dst); i++ {
			if dst[i] == '.' {
				dst[i] = '_'
			}
		}
		return dst
	}
	tail := bytes.Clone(dst[from:])
	return appendTail(dst[:from], tail)
}

// normalise removes empty, "." and ".." components of dst[start:] in place, as Python's normpath does, and makes an absolute path
// relative. Steps above the start of a relative path are kept, to be refused later.
func normalise(dst []byte, start int) []byte {
	path := dst[start:]
	absolute := len(path) > 0 && path[0] == '/'
	out := path[:0]
	for len(path) > 0 {
		component := path
		if i := bytes.IndexByte(path, '/'); i >= 0 {
			component, path = path[:i], path[i+1:]
		} else {
			path = nil
		}
		switch string(component) {
		case "", ".":
			continue
		case "..":
			last := bytes.LastIndexByte(out, '/')
			if len(out) > 0 && string(out[last+1:]) != ".." {
				out = out[:max(last, 0)]
				continue
			}
			if absolute {
				continue
			}
		}
		if len(out) > 0 {
			out = append(out, '/')
		}
		out = append(out, component...)
	}
	return dst[:start+len(out)]
}

// seal turns the normalised text of dst[start:] into a stored path: percent escapes are decoded, paths out of the root refused, and
// the extension is added.
func seal(dst []byte, start int, extension string) ([]byte, error) {
	if hasEscape(dst[start:]) {
		plain, err := unescape(string(dst[start:]))
		if err != nil {
			return dst, err
		}
		dst = append(dst[:start], plain...)
	}
	path := dst[start:]
	switch {
	case len(path) == 0:
		return dst, errors.New("the path is empty")
	case path[0] == '/', bytes.HasPrefix(path, []byte("../")), string(path) == "..":
		return dst, fmt.Errorf("the path %q leaves the datastore", path)
	case bytes.IndexByte(path, 0) >= 0:
		return dst, fmt.Errorf("the path %q has a zero byte", path)
	}
	return append(dst, extension...), nil
}

// hasEscape reports whether a percent sign with two hexadecimal digits occurs.
func hasEscape(s []byte) bool {
	for {
		i := bytes.IndexByte(s, '%')
		if i < 0 || i+2 >= len(s) {
			return false
		}
		if isHex(s[i+1]) && isHex(s[i+2]) {
			return true
		}
		s = s[i+1:]
	}
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

// unescape decodes percent escapes twice, which is what upstream does with a path that looks encoded (observed: a run f%2541 is
// stored under fA). Where that would make upstream lose a part of the path, or leave the directory, it is refused.
func unescape(path string) (string, error) {
	bad := func(reason string) (string, error) {
		return "", fmt.Errorf("the percent escapes of %q %s", path, reason)
	}
	if strings.ContainsAny(path, "#;") {
		return bad("stand together with # or ;, which cuts the path short")
	}
	plain := path
	for range 2 {
		plain = unescapeOnce(plain)
	}
	switch {
	case strings.ContainsRune(plain, '#'):
		return bad("make a #, which cuts the path short")
	case !utf8.ValidString(plain):
		return bad("are not UTF-8")
	}
	for _, c := range strings.Split(plain, "/") {
		if c == ".." || c == "." || c == "" {
			return bad("make an empty or relative directory")
		}
	}
	// The extension replaces what looks like one.
	last := strings.LastIndexByte(plain, '/') + 1
	if i := strings.LastIndexByte(plain[last:], '.'); i > 0 {
		plain = plain[:last+i]
	}
	return plain, nil
}

func unescapeOnce(s string) string {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			out = append(out, hexDigit(s[i+1])<<4|hexDigit(s[i+2]))
			i += 2
			continue
		}
		out = append(out, s[i])
	}
	return string(out)
}

func hexDigit(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}
