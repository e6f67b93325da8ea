package datastore

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash/crc32"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"valet/datastore/vfs"
	"valet/registry/dataset"
)

// deflated packs files, compressed.
func deflated(t testing.TB, s *Store, files map[string][]byte) (p *Pack, records map[string]string, spans map[string]Span) {
	t.Helper()
	p, err := s.NewPack("u/x")
	if err != nil {
		t.Fatal(err)
	}
	var c Compressor
	records, spans = map[string]string{}, map[string]Span{}
	for name, data := range files {
		m := Member{Path: name, Data: data, CRC: crc32.ChecksumIEEE(data)}
		c.Compress(&m)
		if records[name], spans[name], err = p.Add(&dataset.FileRecord{Size: int64(len(data))}, &m); err != nil {
			t.Fatal(err)
		}
	}
	return p, records, spans
}

// TestCompressedMembers are read whichever way, by valet and by others, with sizes and checksums of the files.
func TestCompressedMembers(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		files := map[string][]byte{"u/x/t/empty.json": nil, "u/x/t/log.json": []byte(strings.Repeat(`{"name": "lsst.isr", "levelno": 20}`, 50))}
		for i, data := range rapid.SliceOfN(rapid.SliceOfN(rapid.Byte(), 0, 300), 0, 5).Draw(rt, "files") {
			files["u/x/t/"+strings.Repeat("a", i+1)+".json"] = append(data, bytes.Repeat(data, rapid.IntRange(0, 20).Draw(rt, "times"))...)
		}
		disk := vfs.NewMemory()
		if err := errors.Join(disk.Mkdir("/repo"), disk.Mkdir("/repo/u"), disk.Mkdir("/repo/u/x")); err != nil {
			t.Fatal(err)
		}
		s := packStore(t, disk)
		p, records, spans := deflated(t, s, files)
		whole := bytes.Clone(p.bytes())
		if err := s.Writer().WritePack(p); err != nil {
			t.Fatal(err)
		}
		z, err := zip.NewReader(bytes.NewReader(whole), int64(len(whole)))
		if err != nil {
			rt.Fatal(err)
		}
		for name, want := range files {
			r := &dataset.FileRecord{Path: records[name], Size: int64(len(want))}
			if got, err := s.Read(r); err != nil || !bytes.Equal(got, want) {
				rt.Fatalf("%s: %q %v", name, got, err)
			}
			path, member, _ := dataset.SplitMember(records[name])
			if got, err := s.ReadSpan(path, spans[name]); err != nil || !bytes.Equal(got, want) {
				rt.Fatalf("%s: %q %v", name, got, err)
			}
			f, err := z.Open(member)
			if err != nil {
				rt.Fatal(err)
			}
			got, err := io.ReadAll(f)
			if info, _ := f.Stat(); err != nil || !bytes.Equal(got, want) || info.Size() != int64(len(want)) {
				rt.Fatalf("%s: %q %v", name, got, err)
			}
			if r.Size++; len(want) > 0 {
				var integrity *IntegrityError
				if _, err := s.Read(r); !errors.As(err, &integrity) {
					rt.Fatal(err)
				}
			}
		}
		if at := spans["u/x/t/log.json"]; !at.Deflated || at.Stored >= at.Size {
			rt.Fatalf("%+v", at)
		}
	})
}

// TestCompressorLeavesWhatDoesNotShrink keeps small files as they are, and the bytes that it was given.
func TestCompressorLeavesWhatDoesNotShrink(t *testing.T) {
	var c Compressor
	for _, text := range []string{"", "a", "{}", "no letter twice"} {
		m := Member{Data: []byte(text)}
		if c.Compress(&m); m.Deflated || string(m.Data) != text {
			t.Errorf("%q: %+v", text, m)
		}
	}
	long := bytes.Repeat([]byte("ab"), 1000)
	m := Member{Data: long}
	c.Compress(&m)
	if !m.Deflated || m.Size != 2000 || len(m.Data) > 100 || !bytes.Equal(long, bytes.Repeat([]byte("ab"), 1000)) {
		t.Errorf("%+v", m)
	}
}

// TestInflateBelievesNoClaim takes memory for what there can be only, and notices what is cut, damaged or too long.
func TestInflateBelievesNoClaim(t *testing.T) {
	m := Member{Data: bytes.Repeat([]byte("text"), 100)}
	var c Compressor
	c.Compress(&m)
	good := bytes.Clone(m.Data)
	if got, err := inflate(good, 400); err != nil || len(got) != 400 {
		t.Fatal(err)
	}
	for _, bad := range []struct {
		stored []byte
		size   int64
	}{{good, 399}, {good, 401}, {good, 1 << 40}, {good[:len(good)-1], 400}, {nil, 0}, {nil, 1}, {[]byte{0xff}, 1}} {
		if _, err := inflate(bad.stored, bad.size); err == nil {
			t.Errorf("%d bytes are taken for %d", len(bad.stored), bad.size)
		}
	}
	// After an error the reader that is used again is as good as a new one.
	if got, err := inflate(good, 400); err != nil || len(got) != 400 {
		t.Error(err)
	}
}

func BenchmarkCompress(b *testing.B) {
	var c Compressor
	text := []byte(strings.Repeat(`{"name":"lsst.memory","asctime":"2026-11-23T17:14:09.918795Z","message":"done","levelno":20}`, 20))
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		m := Member{Data: text}
		c.Compress(&m)
	}
}
