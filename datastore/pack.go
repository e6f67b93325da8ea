package datastore

import (
	"archive/zip"
	"cmp"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"path"
	"strconv"
	"strings"
	"time"

	"valet/registry/dataset"
)

// packDirectory is the directory of a run that holds zip files made by valet. The name is no dataset type's, which have no hyphen.
const packDirectory = "valet-pack"

// maxPack is the number of bytes at which a zip is full, far below where the format needs 64-bit fields; maxPacked that of members.
const (
	maxPack   = 32 << 20
	maxPacked = 50000
)

// Member is a file to be packed.
type Member struct {
	// Path is where the file would be if it was not packed; the zip keeps it, so that it can be unpacked.
	Path string
	Data []byte
	// CRC is crc32.ChecksumIEEE of the file.
	CRC uint32
	// Deflated says that Data is the file as Compressor made it; Size is then that of the file.
	Deflated bool
	Size     uint32
	// Name is that of the member; if empty, it is the last part of Path.
	Name string
}

// Span is where the bytes of a member are in its zip.
type Span struct {
	Offset int64
	// Stored is the number of bytes there, Size that of the file: more, if they are deflated.
	Stored, Size uint32
	Deflated     bool
}

// Pack is a zip file in the making: members are stored as they are, or deflated before by their Compressor, with sizes in front, so that
// it is read by everything that reads zip files. It belongs to one goroutine.
type Pack struct {
	prefix string // of the paths of zips, as far as they are the same in the whole run
	suffix string
	path   string
	buf    []byte
	done   []byte // the whole file
	list   []packed
	index  packIndex
	names  map[string]int // the names that are taken, with the number of those made of them
	// deflated says that a member is, so that the index is to be, too.
	deflated bool
	scrap    []byte
}

// packed is what the directory of a zip says of a member.
type packed struct {
	name              string
	crc, size, stored uint32
	deflated          bool
	offset            uint32
}

const packSuffix, keptSuffix = ".zip", "-kept.zip"

// NewPack returns an empty pack of a run. The error is a *PathError, or a *ChainError.
func (s *Store) NewPack(run string) (*Pack, error) { return s.newPack(run, packSuffix) }

// NewKeptPack returns an empty pack for files of datasets whose records are about to go. No record names its members.
func (s *Store) NewKeptPack(run string) (*Pack, error) { return s.newPack(run, keptSuffix) }

// IsKeptPack reports whether a zip is one of NewKeptPack.
func IsKeptPack(zipPath string) bool { return strings.HasSuffix(zipPath, keptSuffix) }

func (s *Store) newPack(run, suffix string) (*Pack, error) {
	if s.Config.Class == ChainedClass {
		return nil, &ChainError{}
	}
	dir, err := PackDirectory(run)
	if err != nil {
		return nil, err
	}
	p := &Pack{prefix: dir + "/" + packPrefix(run), suffix: suffix, names: map[string]int{}}
	p.index.universe = s.universe
	p.Reset()
	return p, nil
}

// RunDirectory is the directory that the default templates give the files of a run.
func RunDirectory(run string) (string, error) {
	b := normalise([]byte(sanitise(run, true)+"/"+packDirectory), 0)
	b, err := seal(b, 0, "")
	if err != nil {
		return "", &PathError{run, err.Error()}
	}
	return path.Dir(string(b)), nil
}

// PackDirectory is the directory of valet's zip files of a run, relative to the root.
func PackDirectory(run string) (string, error) {
	dir, err := RunDirectory(run)
	return dir + "/" + packDirectory, err
}

// packPrefix begins the names of the zips of a run. Two runs may have one directory ("a b" and "a_b"): a run must not take the
// other's zips for its own.
func packPrefix(run string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(run)) // never fails
	return hex.EncodeToString(h.Sum(nil)) + "-"
}

// IsPackName reports whether a name in the pack directory is that of a zip of the run.
func IsPackName(run, name string) bool {
	return strings.HasPrefix(name, packPrefix(run)) && strings.HasSuffix(name, packSuffix)
}

// Reset begins another zip, with a name that no other has: later ones sort behind earlier ones, which spares the database work.
func (p *Pack) Reset() {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	p.path = p.prefix + strconv.FormatInt(time.Now().UnixMilli(), 36) + "-" + strconv.FormatUint(binary.LittleEndian.Uint64(b[:])>>24, 36) + p.suffix
	p.buf, p.list, p.done, p.deflated = p.buf[:0], p.list[:0], nil, false
	p.index.reset()
	clear(p.names)
}

// Len is the number of members.
func (p *Pack) Len() int { return len(p.list) }

// Path is that of the zip, relative to the root.
func (p *Pack) Path() string { return p.path }

// Full reports whether the zip should be written before more is added.
func (p *Pack) Full() bool { return len(p.buf) >= maxPack || len(p.list) >= maxPacked }

// errBigMember says that a file does not fit into a zip of the plain format.
var errBigMember = errors.New("the file is too big to be packed")

const (
	// zipVersion is that of the format needed: 2.0. zipEpoch is the oldest date that a zip can tell: members have no time, so that
	// the same members make the same file.
	zipVersion, zipEpoch = 20, 1<<5 | 1
)

// Add adds a member, of a dataset that r records, apart from its path. It returns the path that records it, and its place in the zip.
func (p *Pack) Add(r *dataset.FileRecord, m *Member) (record string, at Span, err error) {
	if int64(len(m.Data))+int64(len(p.buf)) > math.MaxUint32/2 {
		return "", Span{}, &FileError{"pack", m.Path, errBigMember}
	}
	if len(m.Path) > math.MaxUint16 {
		return "", Span{}, &PathError{m.Path, "is too long to be packed"}
	}
	name := p.nameOf(cmp.Or(m.Name, m.Path))
	e := packed{name: name, crc: m.CRC, size: uint32(len(m.Data)), deflated: m.Deflated}
	if m.Deflated {
		e.size, p.deflated = m.Size, true
	}
	at = p.append(e, m.Data)
	p.index.add(name, r, m.Path)
	return p.path + dataset.ZipFragment + name, at, nil
}

// append appends a member.
func (p *Pack) append(e packed, data []byte) Span {
	e.offset, e.stored = uint32(len(p.buf)), uint32(len(data))
	p.list = append(p.list, e)
	b := append(p.buf, "PK\x03\x04"...)
	b = binary.LittleEndian.AppendUint16(b, zipVersion)
	b = p.appendCommon(b, &e)
	b = append(b, e.name...)
	at := Span{Offset: int64(len(b)), Stored: e.stored, Size: e.size, Deflated: e.deflated}
	p.buf = append(b, data...)
	return at
}

// appendCommon appends what both headers of a member have: flags to length of the extra field.
func (p *Pack) appendCommon(b []byte, e *packed) []byte {
	le := binary.LittleEndian
	b = le.AppendUint16(b, 0)
	method := uint16(zip.Store)
	if e.deflated {
		method = zip.Deflate
	}
	b = le.AppendUint16(b, method)
	b = le.AppendUint16(b, 0)
	b = le.AppendUint16(b, zipEpoch)
	b = le.AppendUint32(b, e.crc)
	b = le.AppendUint32(b, e.stored)
	b = le.AppendUint32(b, e.size)
	b = le.AppendUint16(b, uint16(len(e.name)))
	return le.AppendUint16(b, 0)
}

// nameOf is the name of a member: the last part of its path without what has a meaning in URIs, and made unique within the zip.
func (p *Pack) nameOf(loose string) string {
	base := loose[strings.LastIndexByte(loose, '/')+1:]
	for i := range len(base) {
		if !plainName(base[i]) {
			p.scrap = append(p.scrap[:0], base...)
			for k := i; k < len(base); k++ {
				if !plainName(base[k]) {
					p.scrap[k] = '_'
				}
			}
			base = string(p.scrap)
			break
		}
	}
	name := base
	for {
		_, taken := p.names[name]
		if !taken {
			p.names[name] = 1
			return name
		}
		n := p.names[base] + 1
		p.names[base] = n
		ext := path.Ext(base)
		name = fmt.Sprintf("%s-%d%s", base[:len(base)-len(ext)], n, ext)
	}
}

func plainName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '+' || c == '.'
}

// bytes ends the zip and returns the whole file, which is valid until Reset.
func (p *Pack) bytes() []byte {
	if p.done != nil {
		return p.done
	}
	le := binary.LittleEndian
	e, text := p.index.member()
	index := Member{Data: text}
	if p.deflated {
		new(Compressor).Compress(&index)
	}
	e.deflated = index.Deflated
	p.append(e, index.Data)
	b := p.buf
	start := len(b)
	for i := range p.list {
		e := &p.list[i]
		b = append(b, "PK\x01\x02"...)
		b = le.AppendUint16(b, zipVersion|3<<8) // made by Unix
		b = le.AppendUint16(b, zipVersion)
		b = p.appendCommon(b, e)
		b = le.AppendUint16(b, 0)
		b = le.AppendUint32(b, 0)            // disk, internal attributes
		b = le.AppendUint32(b, 0o100644<<16) // a plain file
		b = le.AppendUint32(b, e.offset)
		b = append(b, e.name...)
	}
	size := len(b) - start
	b = append(b, "PK\x05\x06\x00\x00\x00\x00"...)
	b = le.AppendUint16(b, uint16(len(p.list)))
	b = le.AppendUint16(b, uint16(len(p.list)))
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, uint32(start))
	b = le.AppendUint16(b, 0)
	p.buf, p.done = b, b
	return b
}

// WritePack writes a zip as Write writes a file: it is durable after the next Sync.
func (w *Writer) WritePack(p *Pack) error { return w.Write(p.path, p.bytes()) }
