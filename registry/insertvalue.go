package registry

import (
	"database/sql/driver"
	"encoding/hex"
	"time"

	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/internal/catalog"
	"valet/registry/internal/dialect"
)

// box turns dimension values into parameters and makes the interface anew only when the value changes: the instrument hardly
// ever does.
type box struct {
	value dimension.Value
	boxed driver.Value
}

func (b *box) of(v dimension.Value) driver.Value {
	if v != b.value {
		b.value, b.boxed = v, v.Any()
	}
	return b.boxed
}

// encodeIDs encodes the IDs of refs with one string for all of them where IDs are hexadecimal text.
func encodeIDs(d dialect.Dialect, refs []dataset.Ref) []driver.Value {
	out := make([]driver.Value, len(refs))
	if !d.TextIDs() {
		for i := range refs {
			out[i] = d.EncodeID(refs[i].ID)
		}
		return out
	}
	digits := make([]byte, 32*len(refs))
	for i := range refs {
		hex.Encode(digits[32*i:], refs[i].ID[:])
	}
	text := string(digits)
	for i := range refs {
		out[i] = text[32*i : 32*i+32]
	}
	return out
}

// ingestDate is the value of dataset.ingest_date: TAI nanoseconds, or UTC text in the 1.0.0 layout; both with microseconds.
func ingestDate(l catalog.Layout, t time.Time) driver.Value {
	t = t.UTC().Truncate(time.Microsecond)
	if l.TextIngestDate {
		return catalog.IngestText(t)
	}
	return dimension.TAI(t)
}
