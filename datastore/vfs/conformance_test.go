package vfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// exercise is what every FS must do. dir is an empty directory of it, free of links; symlink makes one.
func exercise(t *testing.T, f FS, dir string, symlink func(target, path string) error) {
	at := func(p string) string { return dir + "/" + p }
	read := func(t *testing.T, p string) string {
		t.Helper()
		file, err := f.Open(at(p))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		data, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	fails := func(t *testing.T, err, want error) {
		t.Helper()
		if !errors.Is(err, want) {
			t.Fatalf("got %v, want %v", err, want)
		}
		var pe *fs.PathError
		var le *os.LinkError
		if !errors.As(err, &pe) && !errors.As(err, &le) {
			t.Errorf("%v (%T) names no path", err, err)
		}
	}
	t.Run("create and read", func(t *testing.T) {
		must(t, f.Create(at("a"), []byte("hello")))
		if got := read(t, "a"); got != "hello" {
			t.Errorf("got %q", got)
		}
		must(t, f.Create(at("empty"), nil))
		if got := read(t, "empty"); got != "" {
			t.Errorf("got %q", got)
		}
		fails(t, f.Create(at("a"), nil), fs.ErrExist)
		fails(t, f.Create(at("none/a"), nil), fs.ErrNotExist)
		fails(t, f.Create(at("a/b"), nil), syscall.ENOTDIR)
		file, err := f.Open(at("a"))
		must(t, err)
		defer file.Close()
		buf := make([]byte, 4)
		if n, err := file.ReadAt(buf, 3); n != 2 || err != io.EOF || string(buf[:2]) != "lo" {
			t.Errorf("read past the end: %d %v", n, err)
		}
		if n, err := file.ReadAt(buf, 99); n != 0 || err != io.EOF {
			t.Errorf("read beyond the end: %d %v", n, err)
		}
	})
	t.Run("missing", func(t *testing.T) {
		_, err := f.Open(at("none"))
		fails(t, err, fs.ErrNotExist)
		_, err = f.Stat(at("none"))
		fails(t, err, fs.ErrNotExist)
		_, err = f.Resolve(at("none"))
		fails(t, err, fs.ErrNotExist)
		fails(t, f.Remove(at("none")), fs.ErrNotExist)
		fails(t, f.Rename(at("none"), at("other")), fs.ErrNotExist)
		fails(t, f.SyncFile(at("none")), fs.ErrNotExist)
		_, err = f.List(at("none"))
		fails(t, err, fs.ErrNotExist)
	})
	t.Run("links", func(t *testing.T) {
		must(t, f.Mkdir(at("links")))
		must(t, f.Create(at("links/a"), []byte("text")))
		must(t, f.Link(at("links/a"), at("links/hard")))
		must(t, f.Symlink("a", at("links/relative")))
		must(t, f.Symlink(at("links/a"), at("links/absolute")))
		for _, name := range []string{"hard", "relative", "absolute"} {
			if got := read(t, "links/"+name); got != "text" {
				t.Errorf("%s: %q", name, got)
			}
			fails(t, f.Link(at("links/a"), at("links/"+name)), fs.ErrExist)
			fails(t, f.Symlink("a", at("links/"+name)), fs.ErrExist)
		}
		fails(t, f.Link(at("links/none"), at("links/b")), fs.ErrNotExist)
		fails(t, f.Link(at("links/a"), at("none/b")), fs.ErrNotExist)
		fails(t, f.Link(at("links"), at("b")), syscall.EPERM)
		must(t, f.Mkdir(at("links/d")))
		entries, err := f.Entries(at("links"))
		must(t, err)
		if want := []Entry{{"a", false}, {"absolute", false}, {"d", true}, {"hard", false}, {"relative", false}}; !slices.Equal(entries, want) {
			t.Errorf("entries %v", entries)
		}
		_, err = f.Entries(at("none"))
		fails(t, err, fs.ErrNotExist)
		must(t, f.Remove(at("links/a")))
		if got := read(t, "links/hard"); got != "text" {
			t.Errorf("hard: %q", got)
		}
		_, err = f.Resolve(at("links/relative"))
		fails(t, err, fs.ErrNotExist)
	})
	t.Run("directories", func(t *testing.T) {
		must(t, f.Mkdir(at("d")))
		fails(t, f.Mkdir(at("d")), fs.ErrExist)
		fails(t, f.Mkdir(at("x/y")), fs.ErrNotExist)
		must(t, f.Create(at("d/f"), []byte("1")))
		fails(t, f.Remove(at("d")), syscall.ENOTEMPTY)
		_, err := f.Open(at("d"))
		fails(t, err, syscall.EISDIR)
		must(t, f.Create(at("d/e"), nil))
		names, err := f.List(at("d"))
		if must(t, err); !slices.Equal(names, []string{"e", "f"}) {
			t.Errorf("listed %v", names)
		}
		must(t, f.Remove(at("d/e")))
		_, err = f.List(at("d/f"))
		fails(t, err, syscall.ENOTDIR)
		must(t, f.Create(at("g"), []byte("2")))
		fails(t, f.Rename(at("g"), at("d")), syscall.EISDIR)
		must(t, f.Remove(at("d/f")))
		must(t, f.Remove(at("d")))
		_, err = f.Stat(at("d"))
		fails(t, err, fs.ErrNotExist)
	})
	t.Run("rename replaces", func(t *testing.T) {
		must(t, f.Create(at("new"), []byte("new")))
		must(t, f.Create(at("old"), []byte("old")))
		file, err := f.Open(at("old"))
		must(t, err)
		defer file.Close()
		must(t, f.Rename(at("new"), at("old")))
		if got := read(t, "old"); got != "new" {
			t.Errorf("got %q", got)
		}
		data, err := io.ReadAll(io.NewSectionReader(file, 0, file.Size()))
		if err != nil || string(data) != "old" {
			t.Errorf("an open file changed under its reader: %q %v", data, err)
		}
		_, err = f.Stat(at("new"))
		fails(t, err, fs.ErrNotExist)
	})
	t.Run("stat and links", func(t *testing.T) {
		must(t, f.Mkdir(at("real")))
		must(t, f.Create(at("real/file"), []byte("xyz")))
		must(t, symlink(at("real"), at("link")))
		info, err := f.Stat(at("real/file"))
		must(t, err)
		if info.Size != 3 || info.Dir || info.Link {
			t.Errorf("file: %+v", info)
		}
		top, err := f.Stat(dir)
		must(t, err)
		if !top.Dir || top.Device != info.Device {
			t.Errorf("directory: %+v, file %+v", top, info)
		}
		if info, err = f.Stat(at("link")); err != nil || !info.Link {
			t.Errorf("link: %+v %v", info, err)
		}
		if got := read(t, "link/file"); got != "xyz" {
			t.Errorf("through the link: %q", got)
		}
		if got, err := f.Resolve(at("link/file")); err != nil || got != at("real/file") {
			t.Errorf("resolved to %q %v", got, err)
		}
		must(t, symlink("loop", at("loop")))
		_, err = f.Open(at("loop"))
		fails(t, err, syscall.ELOOP)
	})
	t.Run("sync", func(t *testing.T) {
		must(t, f.Create(at("s"), []byte("s")))
		must(t, f.SyncFile(at("s")))
		must(t, f.SyncDir(dir))
		v, err := f.Volume(dir)
		if errors.Is(err, errors.ErrUnsupported) {
			return
		}
		must(t, err)
		must(t, v.Sync())
		must(t, v.Close())
	})
}

func TestConformance(t *testing.T) {
	t.Run("real", func(t *testing.T) {
		dir, err := filepath.EvalSymlinks(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		exercise(t, Real{}, dir, os.Symlink)
	})
	memory := func(t *testing.T) *Memory {
		m := NewMemory()
		if err := m.Mkdir("/dir"); err != nil {
			t.Fatal(err)
		}
		return m
	}
	t.Run("memory", func(t *testing.T) { m := memory(t); exercise(t, m, "/dir", m.Symlink) })
	t.Run("memory without volume", func(t *testing.T) {
		m := memory(t)
		m.NoVolume = true
		exercise(t, m, "/dir", m.Symlink)
	})
	t.Run("fault layer that lets all pass", func(t *testing.T) {
		m := memory(t)
		exercise(t, NewFault(m, nil), "/dir", m.Symlink)
	})
}

func TestCrash(t *testing.T) {
	m := NewMemory()
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	holds := func(want ...string) {
		t.Helper()
		c := m.Crash()
		var got []string
		for _, p := range c.Files() {
			f, err := c.Open(p)
			step(err)
			data, _ := io.ReadAll(io.NewSectionReader(f, 0, f.Size()))
			got = append(got, p+"="+string(data))
		}
		if !slices.Equal(got, want) {
			t.Errorf("after a crash: %s, want %s", strings.Join(got, " "), strings.Join(want, " "))
		}
	}
	step(m.Mkdir("/d"))
	step(m.Create("/d/a", []byte("a")))
	holds()
	step(m.SyncFile("/d/a"))
	step(m.SyncDir("/d"))
	holds() // /d itself is not durable
	step(m.SyncDir("/"))
	holds("/d/a=a")
	step(m.Create("/d/t", []byte("new")))
	step(m.Rename("/d/t", "/d/a"))
	holds("/d/a=a")
	step(m.SyncDir("/d"))
	holds("/d/a=") // the rename is durable, the content is not
	step(m.SyncFile("/d/a"))
	holds("/d/a=new")
	step(m.Create("/d/b", []byte("b")))
	step(m.Remove("/d/a"))
	holds("/d/a=new")
	v, err := m.Volume("/d")
	step(err)
	step(v.Sync())
	holds("/d/b=b")
}

func TestFault(t *testing.T) {
	for _, errno := range Errnos() {
		m := NewMemory()
		f := NewFault(m, FailNth(OpCreate, 2, errno))
		if err := f.Create("/a", []byte("a")); err != nil {
			t.Fatal(err)
		}
		if err := f.Create("/b", []byte("b")); !errors.Is(err, errno) {
			t.Errorf("got %v, want %v", err, errno)
		}
		if err := f.Create("/b", []byte("b")); err != nil {
			t.Errorf("only the second must fail: %v", err)
		}
		if f.Count() != 3 {
			t.Errorf("counted %d operations", f.Count())
		}
	}
	m := NewMemory()
	f := NewFault(m, FailNth("", 1, Short{syscall.ENOSPC}))
	if err := f.Create("/a", []byte("1234")); !IsDiskFull(err) {
		t.Errorf("got %v", err)
	}
	if info, _ := m.Stat("/a"); info.Size != 2 {
		t.Errorf("a short write left %d bytes", info.Size)
	}
}

func TestHint(t *testing.T) {
	for _, errno := range Errnos() {
		hint := Hint(&fs.PathError{Op: "open", Path: "x", Err: errno})
		if (hint == "") != (errno == syscall.EIO) {
			t.Errorf("%v: hint %q", errno, hint)
		}
	}
}
