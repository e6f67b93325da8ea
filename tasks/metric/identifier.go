package metric

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
)

// NewIdentifier makes a random identifier: a UUID of version 4 as 32 hexadecimal digits. A nil source is the system's; tests give their own.
func NewIdentifier(source io.Reader) (string, error) {
	if source == nil {
		source = rand.Reader
	}
	var raw [16]byte
	if _, err := io.ReadFull(source, raw[:]); err != nil {
		return "", fmt.Errorf("make an identifier: %w", err)
	}
	raw[6] = raw[6]&0x0f | 0x40
	raw[8] = raw[8]&0x3f | 0x80
	return hex.EncodeToString(raw[:]), nil
}
