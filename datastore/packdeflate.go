package datastore

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"sync"
)

// Compressor deflates members one after the other. It belongs to one goroutine; the zero value is ready.
type Compressor struct {
	writer *flate.Writer
	out    bytes.Buffer
}

// Compress deflates the bytes of a member that is not deflated yet. What does not become smaller stays as it is. The bytes are valid until the
// next call; the former ones are not changed.
func (c *Compressor) Compress(m *Member) {
	c.out.Reset()
	if c.writer == nil {
		c.writer, _ = flate.NewWriter(&c.out, flate.DefaultCompression) // fails for unknown levels only
	} else {
		c.writer.Reset(&c.out)
	}
	_, _ = c.writer.Write(m.Data) // a buffer takes everything
	_ = c.writer.Close()
	if c.out.Len() < len(m.Data) {
		m.Size, m.Data, m.Deflated = uint32(len(m.Data)), c.out.Bytes(), true
	}
}

// mostInflation is more than what deflating can make of a byte: a larger claim is a lie, for which no memory is taken.
const mostInflation = 1040

var errInflate = errors.New("the compressed member is damaged")

// inflaters are readers to use again: each has tables of tens of kilobytes.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(bytes.NewReader(nil)) }}

// inflate undoes Compress for a file of a known size.
func inflate(stored []byte, size int64) ([]byte, error) {
	if size > mostInflation*int64(len(stored)) {
		return nil, fmt.Errorf("%w: %d bytes cannot be %d", errInflate, len(stored), size)
	}
	in := inflaters.Get().(io.ReadCloser)
	defer inflaters.Put(in)
	if err := in.(flate.Resetter).Reset(bytes.NewReader(stored), nil); err != nil {
		return nil, err
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(in, data); err != nil {
		return nil, fmt.Errorf("%w: %w", errInflate, err)
	}
	// There must be an end, and no byte before it.
	if n, err := in.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		return nil, errInflate
	}
	return data, nil
}
