package dataset

import (
	"encoding/hex"
	"fmt"
	"time"

	"github.com/gofrs/uuid/v5"
)

// ID identifies one dataset for ever. It is opaque: old repositories hold version 4, raw ingests version 5, all others 7
// (repository.md 8.1).
type ID [16]byte

// NewID makes a fresh version 7 ID of the current time.
func NewID() ID { return ID(uuid.Must(uuid.NewV7())) }

// NewIDAt makes a version 7 ID of the given time.
func NewIDAt(t time.Time) ID { return ID(uuid.Must(uuid.NewV7AtTime(t))) }

// ParseID reads 32 hexadecimal digits, with or without dashes.
func ParseID(s string) (ID, error) {
	u, err := uuid.FromString(s)
	if err != nil {
		return ID{}, fmt.Errorf("%q is no dataset ID: 32 hexadecimal digits expected", s)
	}
	return ID(u), nil
}

// String is the form with dashes.
func (id ID) String() string { return uuid.UUID(id).String() }

// Hex is the form without dashes, as SQLite stores it.
func (id ID) Hex() string { return hex.EncodeToString(id[:]) }

// IsZero reports whether id is none.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText and UnmarshalText use the form with dashes.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads either form.
func (id *ID) UnmarshalText(text []byte) (err error) {
	*id, err = ParseID(string(text))
	return err
}

// Version is the UUID version: 4, 5 or 7 in repositories that upstream wrote.
func (id ID) Version() int { return int(id[6] >> 4) }
