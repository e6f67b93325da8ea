package datastore

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"maps"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"

	"pgregory.net/rapid"

	"valet/datastore/vfs"
	"valet/registry/dataset"
)

// packStore is a store on a disk in memory.
func packStore(t testing.TB, fs vfs.FS) *Store {
	t.Helper()
	return &Store{fs: fs, Config: Config{Class: FileClass, Root: "/repo"}, disk: newDisk(fs, "/repo", true)}
}

func packOf(t testing.TB, s *Store, run string, members ...Member) (p *Pack, records []string, spans []Span) {
	t.Helper()
	p, err := s.NewPack(run)
	if err != nil {
		t.Fatal(err)
	}
	for i := range members {
		m := &members[i]
		m.CRC = crc32.ChecksumIEEE(m.Data)
		record, at, err := p.Add(&dataset.FileRecord{Size: int64(len(m.Data))}, m)
		if err != nil {
			t.Fatal(err)
		}
		records, spans = append(records, record), append(spans, at)
	}
	return p, records, spans
}

// TestPackDirectory places zips where files of the run are.
func TestPackDirectory(t *testing.T) {
	for _, c := range []struct{ run, want string }{
		{"u/x", "u/x/valet-pack"}, {"u/me/run 1", "u/me/run_1/valet-pack"}, {"u/a#b c", "u/a#b_c/valet-pack"}, {"u/p%20q", "u/p q/valet-pack"},
		{"/abs/x", "abs/x/valet-pack"}, {"a/../b", "b/valet-pack"}, {"u/ü x", "u/ü_x/valet-pack"}, {"a.b/c.d", "a.b/c.d/valet-pack"},
	} {
		if got, err := PackDirectory(c.run); got != c.want || err != nil {
			t.Errorf("%s: %s %v", c.run, got, err)
		}
	}
	if _, err := PackDirectory("../x"); err == nil {
		t.Error("a run leads out of the datastore")
	}
	p, _, _ := packOf(t, packStore(t, vfs.NewMemory()), "u/a b")
	name := p.Path()[strings.LastIndexByte(p.Path(), '/')+1:]
	if !IsPackName("u/a b", name) || IsPackName("u/a_b", name) || IsPackName("u/a b", name+".tmp") {
		t.Error("zips of runs with the same directory are not told apart")
	}
}

// TestPack writes zips of random members, which archive/zip and the store read again.
func TestPack(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		s := packStore(t, vfs.NewMemory())
		var members []Member
		n := rapid.IntRange(1, 20).Draw(rt, "members")
		for i := range n {
			base := rapid.SampledFrom([]string{"a.json", "b_ü.yaml", "a.json", "q%41 #x?.json", "noext", ".", "..json", "a-2.json"}).Draw(rt, "base")
			members = append(members, Member{Path: fmt.Sprintf("u/x/t/%d/%s", i, base), Data: rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "data")})
		}
		p, records, spans := packOf(t, s, "u/x", members...)
		if err := s.Writer().WritePack(p); err != nil {
			rt.Fatal(err)
		}
		zr, err := zip.NewReader(bytes.NewReader(p.bytes()), int64(len(p.bytes())))
		if err != nil || len(zr.File) != n+1 {
			rt.Fatal(err)
		}
		for i, m := range members {
			f, err := zr.File[i].Open()
			if err != nil {
				rt.Fatal(err)
			}
			if data, err := io.ReadAll(f); err != nil || !bytes.Equal(data, m.Data) {
				rt.Fatal(i, err)
			}
			if data, err := s.Read(&dataset.FileRecord{Path: records[i], Size: int64(len(m.Data))}); err != nil || !bytes.Equal(data, m.Data) {
				rt.Fatal(records[i], err)
			}
			if data, err := s.ReadSpan(p.Path(), spans[i]); err != nil || !bytes.Equal(data, m.Data) {
				rt.Fatal(spans[i], err)
			}
		}
		packs, err := s.Packs("u/x")
		if err != nil || len(packs) != 1 || packs[0] != p.Path() {
			rt.Fatal(packs, err)
		}
		listed, err := s.PackMembers("u/x", packs[0])
		if err != nil || len(listed) != n {
			rt.Fatal(listed, err)
		}
		for i := range listed {
			want := members[i].Path
			if strings.HasSuffix(want, "/.") {
				want = ""
			}
			if listed[i].Loose != want || listed[i].Record != records[i] {
				rt.Fatalf("%+v", listed[i])
			}
		}
	})
}

// TestPackReplaced reads a zip anew that was replaced by one of the same size, and tells what is wrong with others.
func TestPackReplaced(t *testing.T) {
	disk := vfs.NewMemory()
	s := packStore(t, disk)
	p, records, _ := packOf(t, s, "u/x", Member{Path: "u/x/t/a.json", Data: []byte("one")}, Member{Path: "u/x/t/b.json", Data: []byte("two")})
	if err := s.Writer().WritePack(p); err != nil {
		t.Fatal(err)
	}
	read := func(record string, size int64) (string, error) {
		data, err := s.Read(&dataset.FileRecord{Path: record, Size: size})
		return string(data), err
	}
	if got, err := read(records[0], 3); got != "one" || err != nil {
		t.Fatal(got, err)
	}
	// The other order has the same size and the same members in other places.
	q, _, _ := packOf(t, s, "u/x", Member{Path: "u/x/t/b.json", Data: []byte("owt")}, Member{Path: "u/x/t/a.json", Data: []byte("eno")})
	q.path = p.path
	if err := s.Writer().WritePack(q); err != nil {
		t.Fatal(err)
	}
	if got, err := read(records[0], 3); got != "eno" || err != nil {
		t.Error(got, err)
	}
	var integrity *IntegrityError
	if _, err := read(records[0], 4); !errors.As(err, &integrity) {
		t.Error(err)
	}
	var missing *MissingFileError
	if _, err := read(p.path+dataset.ZipFragment+"c.json", 3); !errors.As(err, &missing) {
		t.Error(err)
	}
	if err := disk.Remove("/repo/" + p.path); err != nil {
		t.Fatal(err)
	}
	if _, err := read(records[0], 3); !errors.As(err, &missing) {
		t.Error(err)
	}
	damaged := q.bytes()
	damaged[localHeader+len("b.json")]++
	if err := disk.Create("/repo/"+p.path, damaged); err != nil {
		t.Fatal(err)
	}
	var file *FileError
	if _, err := read(records[1], 3); !errors.As(err, &file) {
		t.Error(err)
	}
}

// TestPackWriteFails leaves nothing of a zip that could not be written.
func TestPackWriteFails(t *testing.T) {
	disk := vfs.NewMemory()
	s := packStore(t, vfs.NewFault(disk, func(op vfs.Op) error {
		if op.Kind == vfs.OpCreate {
			return vfs.Short{Err: syscall.ENOSPC}
		}
		return nil
	}))
	p, _, _ := packOf(t, s, "u/x", Member{Path: "u/x/t/a.json", Data: make([]byte, 1000)})
	if err := s.Writer().WritePack(p); !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if left := disk.Files(); len(left) > 0 {
		t.Error(left)
	}
}

// TestPackLimits refuses what does not fit the format.
func TestPackLimits(t *testing.T) {
	s := packStore(t, vfs.NewMemory())
	p, _, _ := packOf(t, s, "u/x")
	if _, _, err := p.Add(&dataset.FileRecord{}, &Member{Path: strings.Repeat("x", 1<<16)}); err == nil {
		t.Error("a path that is too long is taken")
	}
	for range maxPacked {
		if p.Full() {
			t.Fatal("full too early")
		}
		if _, _, err := p.Add(&dataset.FileRecord{}, &Member{Path: "a"}); err != nil {
			t.Fatal(err)
		}
	}
	if !p.Full() {
		t.Error("never full")
	}
	before := p.Path()
	if p.Reset(); p.Len() != 0 || p.Full() || p.Path() == before {
		t.Error("not reset")
	}
}

// TestZipDirectoriesAreBounded forgets directories that were not used for long.
func TestZipDirectoriesAreBounded(t *testing.T) {
	var z zipDirectories
	for i := range 20 {
		d := &zipDirectory{members: map[string]zipMember{}}
		for k := range maxEntries / 10 {
			d.members[fmt.Sprint(k)] = zipMember{}
		}
		z.keep(fmt.Sprint(i), d)
		if z.find("0", 0) == nil {
			t.Fatal("what is used is forgotten")
		}
	}
	if len(z.known) != 10 || z.entries > maxEntries {
		t.Errorf("%d directories, %d members", len(z.known), z.entries)
	}
}

// FuzzZipDirectory reads damaged zips: what is read is what archive/zip reads.
func FuzzZipDirectory(f *testing.F) {
	s := packStore(f, vfs.NewMemory())
	p, _, _ := packOf(f, s, "u/x", Member{Path: "u/x/t/a.json", Data: []byte("one")}, Member{Path: "u/x/t/b.json", Data: []byte("two")})
	f.Add(bytes.Clone(p.bytes()))
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range []string{"a.json", "b.json"} {
		m, _ := w.Create(name)
		_, _ = m.Write([]byte(strings.Repeat("text", 20)))
	}
	_ = w.Close()
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		disk := vfs.NewMemory()
		if err := errors.Join(disk.Mkdir("/repo"), disk.Create("/repo/z.zip", data)); err != nil {
			t.Fatal(err)
		}
		s := packStore(t, disk)
		for _, name := range []string{"a.json", "b.json"} {
			r := &dataset.FileRecord{Path: "z.zip#zip-path=" + name, Size: -1}
			file, err := disk.Open("/repo/z.zip")
			if err != nil {
				t.Fatal(err)
			}
			got, ok := s.zips.quick(file, "/repo/z.zip", name, r)
			if !ok {
				continue
			}
			if want, err := readMember(file, "/repo/z.zip", name, r); err == nil && !bytes.Equal(got, want) {
				t.Fatalf("%q, not %q", got, want)
			}
		}
		_, _ = s.PackMembers("u/x", "z.zip")
		for _, dir := range []string{"u", "u/x", "u/x/valet-pack"} {
			if err := disk.Mkdir("/repo/" + dir); err != nil {
				t.Fatal(err)
			}
		}
		const own = "u/x/valet-pack/z.zip"
		if err := disk.Create("/repo/"+own, data); err != nil {
			t.Fatal(err)
		}
		r := dataset.FileRecord{Path: own + "#zip-path=a.json", Size: -1}
		before, err := s.InspectPack(&r)
		if err := s.RepairIndex(own, []dataset.FileRecord{r}); err != nil {
			return
		}
		after, afterErr := s.InspectPack(&r)
		if err != nil || afterErr != nil || after.IndexErr != nil || !maps.Equal(before.sizes, after.sizes) {
			t.Fatalf("%v %v %v %v", before, err, after, afterErr)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	s := packStore(b, vfs.NewMemory())
	p, err := s.NewPack("u/x")
	if err != nil {
		b.Fatal(err)
	}
	data := make([]byte, 2000)
	for i := range data {
		data[i] = byte(rand.IntN(256))
	}
	m := Member{Data: data, CRC: crc32.ChecksumIEEE(data)}
	n := 0
	for b.Loop() {
		if n++; n%3000 == 0 {
			_ = p.bytes()
			p.Reset()
		}
		m.Path = fmt.Sprintf("u/x/log/20260801/g/g_03/2026080100000/log_TestCam_g_g_03_2026080100000_R00_S00_%d.json", n)
		if _, _, err := p.Add(&dataset.FileRecord{Formatter: "lsst.daf.butler.formatters.json.JsonFormatter", StorageClass: "TaskMetadata", Size: 2000}, &m); err != nil {
			b.Fatal(err)
		}
	}
}
