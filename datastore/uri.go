package datastore

import (
	"fmt"
	"net/url"
	"strings"
)

// splitScheme splits off the scheme of an absolute URI. A path with a colon somewhere in it is no URI.
func splitScheme(s string) (scheme, rest string, ok bool) {
	i := strings.Index(s, "://")
	if i < 1 {
		return "", s, false
	}
	for j := range i {
		c := s[j] | 0x20
		if !(c >= 'a' && c <= 'z' || j > 0 && (s[j] >= '0' && s[j] <= '9' || strings.IndexByte("+-.", s[j]) >= 0)) {
			return "", s, false
		}
	}
	return strings.ToLower(s[:i]), s[i+3:], true
}

// filePath is the path that a file URI names: percent escapes decoded, local host only.
func filePath(uri string) (string, error) {
	_, rest, _ := splitScheme(uri)
	slash := strings.IndexByte(rest, '/')
	if slash < 0 || rest[:slash] != "" && rest[:slash] != "localhost" {
		return "", fmt.Errorf("%q is no file on this machine", uri)
	}
	p, err := url.PathUnescape(rest[slash:])
	if err != nil {
		return "", fmt.Errorf("%q has a bad percent escape", uri)
	}
	if p != "/" {
		p = strings.TrimRight(p, "/")
	}
	return p, nil
}
