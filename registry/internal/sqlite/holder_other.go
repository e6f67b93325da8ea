//go:build !linux

package sqlite

// holder is known on Linux only.
func holder(string) string { return "" }
