package datastore

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"valet/datastore/vfs"
	"valet/registry/dataset"
)

func storeOn(t testing.TB, f vfs.FS, root string) *Store {
	t.Helper()
	s, err := New(f, Config{Root: root, Name: "d", Table: "t", Create: true}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// record is a record of a file of unknown size.
func record(path string) *dataset.FileRecord { return &dataset.FileRecord{Path: path, Size: -1} }

func TestWriteAndRead(t *testing.T) {
	for name, f := range map[string]vfs.FS{"memory": vfs.NewMemory(), "disk": vfs.Real{}} {
		t.Run(name, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "repo")
			if name == "memory" {
				root = "/some/repo"
			}
			s := storeOn(t, f, root)
			defer s.Close()
			w := s.Writer()
			files := map[string]string{"a": "1", "u/run 1/t/t#x.yaml": "hello", "u/run 1/t/empty.json": "", "ü/é.py": "x"}
			for p, data := range files {
				if err := w.Write(p, []byte(data)); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Write("a", []byte("22")); err != nil {
				t.Fatalf("replacing: %v", err)
			}
			files["a"] = "22"
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
			if err := w.Write("u/more", []byte("3")); err != nil {
				t.Fatal(err)
			}
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
			for p, data := range files {
				got, err := s.Read(&dataset.FileRecord{Path: p, Size: int64(len(data))})
				if err != nil || string(got) != data {
					t.Errorf("%s: %q %v", p, got, err)
				}
				var ie *IntegrityError
				if _, err := s.Read(&dataset.FileRecord{Path: p, Size: 99}); !errors.As(err, &ie) || ie.Recorded != 99 || ie.Actual != int64(len(data)) {
					t.Errorf("%s with another size: %v", p, err)
				}
				if got, err := s.Read(record("file://" + root + "/" + strings.NewReplacer("#", "%23", " ", "%20").Replace(p))); err != nil || string(got) != data {
					t.Errorf("%s as URI: %q %v", p, got, err)
				}
				if err := s.Remove(record(p)); err != nil {
					t.Error(err)
				}
				if err := s.Remove(record(p)); err != nil {
					t.Errorf("removing again: %v", err)
				}
				var me *MissingFileError
				if _, err := s.Read(record(p)); !errors.As(err, &me) || !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s after removal: %v", p, err)
				}
			}
		})
	}
}

func TestPathsThatAreRefused(t *testing.T) {
	m := vfs.NewMemory()
	s := storeOn(t, m, "/repo")
	w := s.Writer()
	if err := w.Write("x", nil); err != nil {
		t.Fatal(err)
	}
	if err := m.Create("/secret", []byte("s")); err != nil {
		t.Fatal(err)
	}
	for _, p := range []string{"", "/secret", "../secret", "a/../../secret", "..", "a//b", "a/./b", "a/..", "a/", "a\x00b", "."} {
		var pe *PathError
		if err := w.Write(p, nil); !errors.As(err, &pe) {
			t.Errorf("writing %q: %v", p, err)
		}
	}
	for _, p := range []string{"", "/secret", "../secret", "a/../../secret", "..", "s3://b/x", "https://h/x", "file://other/x", "file:///%zz"} {
		var le *LocationError
		if _, err := s.Read(record(p)); !errors.As(err, &le) {
			t.Errorf("reading %q: %v", p, err)
		}
		if err := s.Remove(record(p)); !errors.As(err, &le) {
			t.Errorf("removing %q: %v", p, err)
		}
	}
	if err := s.Remove(record("file:///secret")); err != nil {
		t.Error(err)
	}
	if got := m.Files(); !slices.Equal(got, []string{"/repo/x", "/secret"}) {
		t.Errorf("files: %v", got)
	}
}

func TestLinks(t *testing.T) {
	m := vfs.NewMemory()
	s := storeOn(t, m, "/repo")
	for _, err := range []error{m.Mkdir("/repo"), m.Mkdir("/out"), m.Mkdir("/repo/inside"), m.Symlink("/out", "/repo/out"), m.Symlink("inside", "/repo/in"),
		m.Symlink("/nowhere", "/repo/dead"), m.Create("/repo/file", nil)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var pe *PathError
	if err := s.Writer().Write("out/a/x", nil); !errors.As(err, &pe) || !strings.Contains(err.Error(), "/out") {
		t.Errorf("through a link to outside: %v", err)
	}
	if err := s.Writer().Write("in/x", []byte("1")); err != nil {
		t.Errorf("through a link to inside: %v", err)
	}
	var fe *FileError
	if err := s.Writer().Write("dead/x", nil); !errors.As(err, &fe) {
		t.Errorf("through a link to nowhere: %v", err)
	}
	if err := s.Writer().Write("file/x", nil); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("below a file: %v", err)
	}
	if err := s.Writer().Write("inside", nil); !errors.Is(err, syscall.EISDIR) {
		t.Errorf("over a directory: %v", err)
	}
	if got := m.Files(); !slices.Contains(got, "/repo/inside/x") || slices.ContainsFunc(got, func(p string) bool { return strings.Contains(p, ".tmp") }) {
		t.Errorf("files: %v", got)
	}
}

func TestNoCreate(t *testing.T) {
	s, err := New(vfs.NewMemory(), Config{Root: "/repo"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Writer().Write("x", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if err := s.Sync(); err != nil {
		t.Errorf("nothing to make durable: %v", err)
	}
	for _, root := range []string{"", "relative"} {
		var ce *ConfigError
		if _, err := New(vfs.NewMemory(), Config{Root: root}, nil); !errors.As(err, &ce) {
			t.Errorf("root %q: %v", root, err)
		}
	}
}

// TestDirectoryThatVanishes: another program prunes empty directories while we write.
func TestDirectoryThatVanishes(t *testing.T) {
	m := vfs.NewMemory()
	s := storeOn(t, m, "/repo")
	w, other := s.Writer(), s.Writer()
	step := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	step(w.Write("a/b/x", nil))
	step(m.Remove("/repo/a/b/x"))
	step(m.Remove("/repo/a/b"))
	step(m.Remove("/repo/a"))
	step(other.Write("a/c/z", nil))
	step(w.Write("a/b/y", nil))
	if got := m.Files(); !slices.Equal(got, []string{"/repo/a/b/y", "/repo/a/c/z"}) {
		t.Errorf("files: %v", got)
	}
}

func TestTemporaryNames(t *testing.T) {
	var seen []string
	f := vfs.NewFault(vfs.NewMemory(), func(op vfs.Op) error {
		if op.Kind == vfs.OpCreate && strings.Contains(op.Path, ".tmp") {
			seen = append(seen, op.Path)
		}
		return nil
	})
	s := storeOn(t, f, "/repo")
	long := strings.Repeat("n", 250) + ".yaml"
	for _, p := range []string{"d/name.yaml", "d/name.yaml", "d/name.yaml", "noext", "noext", "d/" + long, "d/" + long} {
		if err := s.Writer().Write(p, nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(seen) != 4 {
		t.Fatalf("temporary names %v: one for each file that replaces another", seen)
	}
	for i, pattern := range []string{"/repo/d/?*name.tmp.yaml", "/repo/d/?*name.tmp.yaml", "/repo/?*noext.tmp", "/repo/d/?*n.tmp.yaml"} {
		if ok, _ := filepath.Match(pattern, seen[i]); !ok || len(filepath.Base(seen[i])) > 255 || slices.Contains(seen[:i], seen[i]) {
			t.Errorf("temporary name %s does not fit %s", seen[i], pattern)
		}
	}
}

func TestZipMembers(t *testing.T) {
	var packed bytes.Buffer
	z := zip.NewWriter(&packed)
	for name, method := range map[string]uint16{"stored.yaml": zip.Store, "deflated.yaml": zip.Deflate, "with space#x.yaml": zip.Store} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(w, "content of "+name)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := storeOn(t, vfs.NewMemory(), "/repo")
	w := s.Writer()
	for p, data := range map[string][]byte{"zips/69#8c/a.zip": packed.Bytes(), "zips/bad.zip": []byte("no zip"), "zips/cut.zip": packed.Bytes()[:packed.Len()/2]} {
		if err := w.Write(p, data); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"stored.yaml", "deflated.yaml", "with space#x.yaml"} {
		want := "content of " + name
		path := "zips/69#8c/a.zip#zip-path=" + strings.ReplaceAll(name, "#", "%23")
		got, err := s.Read(&dataset.FileRecord{Path: path, Size: int64(len(want))})
		if err != nil || string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
		var ie *IntegrityError
		if _, err := s.Read(&dataset.FileRecord{Path: path, Size: 1}); !errors.As(err, &ie) {
			t.Errorf("%s with another size: %v", name, err)
		}
	}
	var me *MissingFileError
	if _, err := s.Read(record("zips/69#8c/a.zip#zip-path=none")); !errors.As(err, &me) {
		t.Errorf("missing member: %v", err)
	}
	var fe *FileError
	for _, p := range []string{"zips/bad.zip#zip-path=x", "zips/cut.zip#zip-path=x"} {
		if _, err := s.Read(record(p)); !errors.As(err, &fe) {
			t.Errorf("%s: %v", p, err)
		}
	}
	if err := s.Remove(record("zips/69#8c/a.zip#zip-path=stored.yaml")); err != nil {
		t.Error(err)
	}
	if _, err := s.Read(record("zips/69#8c/a.zip#zip-path=deflated.yaml")); err != nil {
		t.Errorf("removing a member harmed the others: %v", err)
	}
}

func TestChecksum(t *testing.T) {
	s := storeOn(t, vfs.NewMemory(), "/repo")
	if got := s.Checksum([]byte("abc")); got != "" {
		t.Errorf("got %q without asking", got)
	}
	s.Config.Checksum = true
	// RFC 7693, appendix A.
	const want = "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d17d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"
	if got := s.Checksum([]byte("abc")); got != want {
		t.Errorf("got %s", got)
	}
}

// TestFaultAtEveryStep lets the first, second, third... file operation fail until the scenario succeeds. Whatever fails, the error
// names its cause, nothing but whole files is left behind, and trying again works.
func TestFaultAtEveryStep(t *testing.T) {
	errnos := append(vfs.Errnos(), vfs.Short{Err: syscall.ENOSPC})
	for _, noVolume := range []bool{false, true} {
		for _, errno := range errnos {
			for n := 1; ; n++ {
				m := vfs.NewMemory()
				m.NoVolume = noVolume
				f := vfs.NewFault(m, vfs.FailNth("", n, errno))
				scenario := func(s *Store) error {
					w := s.Writer()
					for _, p := range []string{"u/run/t/one.yaml", "u/run/t/two.yaml", "u/run/other/three.yaml"} {
						if err := w.Write(p, []byte("content")); err != nil {
							return err
						}
					}
					if err := s.Sync(); err != nil {
						return err
					}
					_, err := s.Read(&dataset.FileRecord{Path: "u/run/t/two.yaml", Size: 7})
					return errors.Join(err, s.Remove(record("u/run/other/three.yaml")))
				}
				err := scenario(storeOn(t, f, "/data/repo"))
				if f.Count() < n {
					if err != nil || n < 15 {
						t.Fatalf("without a fault: %d steps, %v", n, err)
					}
					break
				}
				if err == nil {
					continue // a question whose answer did not matter
				}
				want := errno
				var short vfs.Short
				if errors.As(errno, &short) {
					want = short.Err
				}
				var fe *FileError
				if !errors.Is(err, want) && !strings.Contains(err.Error(), "short write") || !errors.As(err, &fe) || !strings.HasPrefix(fe.Path, "/data/repo") {
					t.Errorf("step %d, %v: %v", n, errno, err)
				}
				for _, p := range m.Files() {
					file, err := m.Open(p)
					if err != nil || file.Size() != 7 || strings.Contains(p, ".tmp") {
						t.Errorf("step %d, %v left %s", n, errno, p)
					}
				}
				if err := scenario(storeOn(t, m, "/data/repo")); err != nil {
					t.Errorf("step %d, %v: trying again: %v", n, errno, err)
				}
			}
		}
	}
}

// TestCrashAtEveryStep takes what a power failure leaves at each file operation. A file that a successful Sync covers is there with
// all its bytes; before that it may be missing, but no whole name may hide a part of a file that a Sync covered.
func TestCrashAtEveryStep(t *testing.T) {
	for _, noVolume := range []bool{false, true} {
		m := vfs.NewMemory()
		m.NoVolume = noVolume
		var durable []string
		check := func(when string) {
			c := m.Crash()
			s := storeOn(t, c, "/data/repo")
			for _, p := range durable {
				if data, err := s.Read(&dataset.FileRecord{Path: p, Size: 7}); err != nil || string(data) != "content" {
					t.Errorf("%s: %s: %q %v", when, p, data, err)
				}
			}
		}
		f := vfs.NewFault(m, func(op vfs.Op) error { check(fmt.Sprintf("before %s %s", op.Kind, op.Path)); return nil })
		s := storeOn(t, f, "/data/repo")
		workers := []*Writer{s.Writer(), s.Writer()}
		for round := range 4 {
			var group []string
			for i, w := range workers {
				for j := range 3 {
					p := fmt.Sprintf("run%d/dir%d/file%d_%d_%d", round/2, j, round, i, j)
					if err := w.Write(p, []byte("content")); err != nil {
						t.Fatal(err)
					}
					group = append(group, p)
				}
			}
			if err := s.Sync(); err != nil {
				t.Fatal(err)
			}
			durable = append(durable, group...)
			check("after sync")
		}
	}
}

// TestSyncThatFailed: the system tells only once that it lost something, so a store must not call later files safe.
func TestSyncThatFailed(t *testing.T) {
	f := vfs.NewFault(vfs.NewMemory(), vfs.FailNth(vfs.OpSync, 3, syscall.EIO))
	s := storeOn(t, f, "/repo") // making the root takes the first sync
	w := s.Writer()
	for i := range 4 {
		if err := w.Write(fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
		err := s.Sync()
		if (err != nil) != (i >= 1) || err != nil && !errors.Is(err, syscall.EIO) {
			t.Errorf("sync %d: %v", i, err)
		}
	}
	f = vfs.NewFault(vfs.NewMemory(), vfs.FailNth(vfs.OpSync, 3, syscall.EMFILE))
	s = storeOn(t, f, "/repo")
	for i := range 4 {
		if err := s.Writer().Write(fmt.Sprint(i), nil); err != nil {
			t.Fatal(err)
		}
		if err := s.Sync(); (err != nil) != (i == 1) {
			t.Errorf("sync %d: %v", i, err)
		}
	}
}

func TestManyWriters(t *testing.T) {
	root := t.TempDir()
	s := storeOn(t, vfs.Real{}, root)
	defer s.Close()
	var wait sync.WaitGroup
	for i := range 4 {
		wait.Go(func() {
			w := s.Writer()
			for j := range 50 {
				if err := w.Write(fmt.Sprintf("r/d%d/f%d_%d.json", j%7, i, j), []byte("x")); err != nil {
					t.Error(err)
				}
				if j%20 == 0 {
					if err := s.Sync(); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	wait.Wait()
	files := 0
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files++
			if strings.Contains(p, ".tmp") {
				t.Errorf("left behind: %s", p)
			}
		}
		return err
	})
	if err != nil || files != 200 {
		t.Errorf("%d files, %v", files, err)
	}
}

func TestReadOnlyDirectory(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("the superuser may write everywhere")
	}
	root := t.TempDir()
	if err := os.Chmod(root, 0o500); err != nil {
		t.Fatal(err)
	}
	err := storeOn(t, vfs.Real{}, root).Writer().Write("a/b", nil)
	var fe *FileError
	if !errors.As(err, &fe) || !vfs.IsReadOnly(err) || fe.Hint() == "" {
		t.Errorf("got %v", err)
	}
}
