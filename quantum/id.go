package quantum

import (
	"encoding/binary"
	"time"

	"github.com/gofrs/uuid/v5"
)

// ID identifies one quantum of one graph: a UUID of version 7 (pipelines.md 4.7).
type ID [16]byte

// String is the form with dashes.
func (id ID) String() string { return uuid.UUID(id).String() }

// MarshalText uses the form with dashes.
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// IsZero reports whether id is none.
func (id ID) IsZero() bool { return id == ID{} }

// idBlock makes the IDs of a task's quanta from one random ID, so that they need not be stored: the last 62 bits count up.
type idBlock struct{ first ID }

func newIDBlock(now time.Time) idBlock { return idBlock{ID(uuid.Must(uuid.NewV7AtTime(now)))} }

func (b idBlock) at(i int) ID {
	id := b.first
	const variant = uint64(0b11) << 62
	low := binary.BigEndian.Uint64(id[8:])
	binary.BigEndian.PutUint64(id[8:], low&variant|(low+uint64(i))&^variant)
	return id
}
