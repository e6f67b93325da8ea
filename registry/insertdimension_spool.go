package registry

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"valet/registry/dimension"
	"valet/registry/sphere"
)

// spooledInMemory is how many bytes of prepared records are kept in memory before a file takes them.
const spooledInMemory = 16 << 20

// spool holds prepared records one behind the other: number, values, pixels. The zero value is empty.
type spool struct {
	buf  []byte
	file *os.File
}

// Kinds of values in a spool.
const (
	spoolNull = iota
	spoolInt
	spoolFloat
	spoolFalse
	spoolTrue
	spoolText
	spoolBytes
	spoolSpan
)

func (s *spool) add(in *RecordInput) error {
	b := binary.AppendVarint(s.buf, int64(in.At))
	for _, v := range in.Record.Values {
		switch v := v.(type) {
		case nil:
			b = append(b, spoolNull)
		case int64:
			b = binary.AppendVarint(append(b, spoolInt), v)
		case float64:
			b = binary.LittleEndian.AppendUint64(append(b, spoolFloat), math.Float64bits(v))
		case bool:
			if v {
				b = append(b, spoolTrue)
			} else {
				b = append(b, spoolFalse)
			}
		case string:
			b = append(binary.AppendUvarint(append(b, spoolText), uint64(len(v))), v...)
		case []byte:
			b = append(binary.AppendUvarint(append(b, spoolBytes), uint64(len(v))), v...)
		case dimension.Timespan:
			b = binary.AppendVarint(binary.AppendVarint(append(b, spoolSpan), v.Begin), v.End)
		default:
			return fmt.Errorf("a value of type %T", v) // recordFaults.check lets none through.
		}
	}
	if !in.prepared {
		b = binary.AppendUvarint(b, 0)
	} else {
		b = binary.AppendUvarint(b, uint64(len(in.pixels))+1)
		for _, r := range in.pixels {
			b = binary.AppendUvarint(binary.AppendUvarint(b, r.Begin), r.End-r.Begin)
		}
	}
	if s.buf = b; len(b) < spooledInMemory {
		return nil
	}
	return s.spill()
}

// spill moves what is in memory to the file.
func (s *spool) spill() error {
	if s.file == nil {
		f, err := os.CreateTemp("", "valet-records-*")
		if err != nil {
			return err
		}
		s.file = f
		// Without a name the file goes with the process, however that ends.
		if err := os.Remove(f.Name()); err != nil {
			return err
		}
	}
	_, err := s.file.Write(s.buf)
	s.buf = s.buf[:0]
	return err
}

// end is called when all are added.
func (s *spool) end() error {
	if s.file == nil {
		return nil
	}
	err := s.spill()
	s.buf = nil
	return err
}

// read starts reading at the first record.
func (s *spool) read() (*bufio.Reader, error) {
	if s.file == nil {
		return bufio.NewReader(bytes.NewReader(s.buf)), nil
	}
	_, err := s.file.Seek(0, io.SeekStart)
	return bufio.NewReaderSize(s.file, 1<<18), err
}

func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// readSpooled reads the next record; io.EOF is the end.
func readSpooled(in *bufio.Reader, e *dimension.Element) (out RecordInput, err error) {
	at, err := binary.ReadVarint(in)
	if err != nil {
		return out, err
	}
	out.At = int(at)
	out.Record = &dimension.Record{Element: e, Values: make([]any, len(e.Fields()))}
	for i := range out.Record.Values {
		if out.Record.Values[i], err = readSpooledValue(in); err != nil {
			return out, unexpected(err)
		}
	}
	n, err := binary.ReadUvarint(in)
	if err != nil || n == 0 {
		return out, unexpected(err)
	}
	out.prepared = true
	for range n - 1 {
		begin, err := binary.ReadUvarint(in)
		if err != nil {
			return out, unexpected(err)
		}
		length, err := binary.ReadUvarint(in)
		if err != nil {
			return out, unexpected(err)
		}
		out.pixels = append(out.pixels, sphere.Range{Begin: begin, End: begin + length})
	}
	return out, nil
}

func readSpooledValue(in *bufio.Reader) (any, error) {
	kind, err := in.ReadByte()
	if err != nil {
		return nil, err
	}
	switch kind {
	case spoolNull:
		return nil, nil
	case spoolFalse, spoolTrue:
		return kind == spoolTrue, nil
	case spoolInt:
		return binary.ReadVarint(in)
	case spoolSpan:
		begin, err := binary.ReadVarint(in)
		if err != nil {
			return nil, err
		}
		end, err := binary.ReadVarint(in)
		return dimension.Timespan{Begin: begin, End: end}, err
	case spoolFloat:
		var b [8]byte
		_, err := io.ReadFull(in, b[:])
		return math.Float64frombits(binary.LittleEndian.Uint64(b[:])), err
	}
	n, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(in, b); err != nil {
		return nil, err
	}
	if kind == spoolText {
		return string(b), nil
	}
	return b, nil
}

// unexpected makes the end within a record an error.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
