package datastore

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"
	"sync"

	"valet/datastore/vfs"
	"valet/registry/dataset"
)

// zipDirectories remembers the directories of the zip files read last, because one that was read for each of its members would cost
// as much as all members together. What it says is believed only if size and checksum of the member agree with it, so that a zip that
// was replaced is read anew. It is safe for concurrent use.
type zipDirectories struct {
	mu    sync.Mutex
	known map[string]*zipDirectory
	// entries is the number of members of all, count the clock of uses.
	entries int
	count   uint64
}

type zipDirectory struct {
	size    int64
	used    uint64
	members map[string]zipMember
}

// zipMember is a member: where its header begins, and what the directory says of it. stored is the number of its bytes in the zip.
type zipMember struct {
	header       int64
	size, stored int64
	crc          uint32
	deflated     bool
}

const (
	// maxEntries bounds the memory of remembered directories: about 200 bytes each.
	maxEntries = 250_000
	// localHeader is the size of what stands before the name of a member.
	localHeader = 30
)

func (z *zipDirectories) find(name string, size int64) *zipDirectory {
	z.mu.Lock()
	defer z.mu.Unlock()
	d := z.known[name]
	if d == nil || d.size != size {
		return nil
	}
	z.count++
	d.used = z.count
	return d
}

func (z *zipDirectories) keep(name string, d *zipDirectory) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.drop(name)
	if len(d.members) > maxEntries/2 {
		return
	}
	for z.entries+len(d.members) > maxEntries {
		oldest := ""
		for n, k := range z.known {
			if oldest == "" || k.used < z.known[oldest].used {
				oldest = n
			}
		}
		z.drop(oldest)
	}
	if z.known == nil {
		z.known = map[string]*zipDirectory{}
	}
	z.count++
	d.used = z.count
	z.known[name] = d
	z.entries += len(d.members)
}

// drop forgets a directory; the lock is held.
func (z *zipDirectories) drop(name string) {
	if d := z.known[name]; d != nil {
		z.entries -= len(d.members)
		delete(z.known, name)
	}
}

func (z *zipDirectories) forget(name string) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.drop(name)
}

// quick reads a member in one step by the remembered directory of its zip. It reports false if that cannot be done or does not
// agree with what the record or the file says: then the file has to be read as any zip.
func (z *zipDirectories) quick(file vfs.File, name, member string, r *dataset.FileRecord) ([]byte, bool) {
	d := z.find(name, file.Size())
	if d == nil {
		if d = readDirectory(file); d == nil {
			return nil, false
		}
		z.keep(name, d)
	}
	m, ok := d.members[member]
	if !ok || r.Size >= 0 && r.Size != m.size {
		return nil, false
	}
	head := localHeader + len(member)
	if m.header+int64(head)+m.stored > file.Size() {
		return nil, false
	}
	buf := make([]byte, int64(head)+m.stored)
	_, err := file.ReadAt(buf, m.header)
	data := buf[head:]
	// Without an extra field the bytes follow the name.
	if err == nil && string(buf[:4]) == "PK\x03\x04" && int(binary.LittleEndian.Uint16(buf[26:])) == len(member) && binary.LittleEndian.Uint16(buf[28:]) == 0 &&
		string(buf[localHeader:head]) == member {
		if m.deflated {
			data, err = inflate(data, m.size)
		}
		if err == nil && crc32.ChecksumIEEE(data) == m.crc {
			return slices.Clip(data), true
		}
	}
	z.forget(name)
	return nil, false
}

// readDirectory reads the directory of a zip of the plain format, nil if it is none. Only members that are stored or deflated are in it.
func readDirectory(file vfs.File) *zipDirectory {
	const endHeader, headerSize = 22, 46
	size := file.Size()
	// A comment behind the directory is rare: such a zip is read the slow way.
	var end [endHeader]byte
	if size < endHeader {
		return nil
	}
	if n, _ := file.ReadAt(end[:], size-endHeader); n < endHeader || string(end[:4]) != "PK\x05\x06" {
		return nil
	}
	le := binary.LittleEndian
	count, length, start := int(le.Uint16(end[10:])), int64(le.Uint32(end[12:])), int64(le.Uint32(end[16:]))
	if count == math.MaxUint16 || start+length != size-endHeader {
		return nil
	}
	b := make([]byte, length)
	if n, _ := file.ReadAt(b, start); n < len(b) {
		return nil
	}
	d := &zipDirectory{size: size, members: make(map[string]zipMember, min(count, len(b)/headerSize))}
	for ; count > 0; count-- {
		if len(b) < headerSize || string(b[:4]) != "PK\x01\x02" {
			return nil
		}
		method, flags, crc := le.Uint16(b[10:]), le.Uint16(b[8:]), le.Uint32(b[16:])
		packed, plain, header := le.Uint32(b[20:]), le.Uint32(b[24:]), le.Uint32(b[42:])
		name := headerSize + int(le.Uint16(b[28:]))
		next := name + int(le.Uint16(b[30:])) + int(le.Uint16(b[32:]))
		if len(b) < next {
			return nil
		}
		key := string(b[headerSize:name])
		b = b[next:]
		deflated := method == zip.Deflate
		if !deflated && (method != zip.Store || packed != plain) || flags&1 != 0 || packed == math.MaxUint32 || plain == math.MaxUint32 || header == math.MaxUint32 {
			continue
		}
		if _, twice := d.members[key]; twice {
			return nil
		}
		d.members[key] = zipMember{header: int64(header), size: int64(plain), stored: int64(packed), crc: crc, deflated: deflated}
	}
	return d
}

// ReadSpan reads what Add told of a member of a zip that was written since.
func (s *Store) ReadSpan(zipPath string, at Span) ([]byte, error) {
	name := s.Config.Root + "/" + zipPath
	file, err := s.fs.Open(name)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &MissingFileError{dataset.ID{}, name, err}
		}
		return nil, &FileError{"read", name, err}
	}
	defer file.Close()
	data := make([]byte, at.Stored)
	if _, err := file.ReadAt(data, at.Offset); err != nil && !(err == io.EOF && len(data) == 0) {
		return nil, &FileError{"read", name, err}
	}
	if at.Deflated {
		if data, err = inflate(data, int64(at.Size)); err != nil {
			return nil, &FileError{"read", name, err}
		}
	}
	return data, nil
}

// Packs lists the zip files in valet's own directory of a run, by their paths relative to the root.
func (s *Store) Packs(run string) ([]string, error) {
	dir, err := PackDirectory(run)
	if err != nil {
		return nil, err
	}
	names, err := s.fs.List(s.Config.Root + "/" + dir)
	if err != nil {
		if isMissing(err) {
			return nil, nil
		}
		return nil, &FileError{"list", s.Config.Root + "/" + dir, err}
	}
	out := names[:0]
	for _, n := range names {
		if IsPackName(run, n) {
			out = append(out, dir+"/"+n)
		}
	}
	return out, nil
}

// PackedMember is a member of a zip made by valet.
type PackedMember struct {
	// Record is the path that a record names it by, Loose where it was or would be as a file of its own; empty if the zip tells no such
	// path below the directory of the run.
	Record, Loose string
}

// PackMembers lists the members of a zip of valet's own. The error is a *FileError.
func (s *Store) PackMembers(run, zipPath string) ([]PackedMember, error) {
	dir, err := RunDirectory(run)
	if err != nil {
		return nil, err
	}
	name := s.Config.Root + "/" + zipPath
	file, err := s.fs.Open(name)
	if err != nil {
		return nil, &FileError{"read", name, err}
	}
	defer file.Close()
	zr, err := zip.NewReader(file, file.Size())
	if err != nil {
		return nil, &FileError{"read", name, err}
	}
	places := readIndex(zr)
	out := make([]PackedMember, 0, len(zr.File))
	for _, f := range zr.File {
		if f.Name == indexName {
			continue
		}
		m := PackedMember{Record: zipPath + dataset.ZipFragment + f.Name}
		if p := places[f.Name]; IsLoose(dir, p) {
			m.Loose = p
		}
		out = append(out, m)
	}
	return out, nil
}

// IsLoose reports whether a path is one that a file below the directory of a run may have, other than that of a zip of valet's own. What
// a zip says of its members is not believed beyond that.
func IsLoose(dir, p string) bool {
	return strings.HasPrefix(p, dir+"/") && !strings.HasPrefix(p, dir+"/"+packDirectory+"/") && checkWritable(p) == nil
}

// MemberRange bounds the paths that record members of a zip: low is among them, high is not.
func MemberRange(zipPath string) (low, high string) {
	// '>' follows '=' in the order of characters.
	return zipPath + dataset.ZipFragment, zipPath + dataset.ZipFragment[:len(dataset.ZipFragment)-1] + ">"
}
