package datastore

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"valet/datastore/vfs"
)

// Every kind of link reads as its file, replaces what had its place, and leaves no temporary name.
func TestLinkKinds(t *testing.T) {
	for name, kind := range map[string]LinkKind{"hard": HardLink, "hard or symbolic": HardOrSymbolic, "symbolic": SymbolicLink, "relative": RelativeLink} {
		t.Run(name, func(t *testing.T) {
			for _, f := range []vfs.FS{vfs.NewMemory(), vfs.Real{}} {
				root := "/root"
				if _, real := f.(vfs.Real); real {
					root = t.TempDir() + "/root"
				} else if err := f.Mkdir(root); err != nil {
					t.Fatal(err)
				}
				s := storeOn(t, f, root)
				if err := f.Create(filepath.Dir(root)+"/source", []byte("text")); err != nil {
					t.Fatal(err)
				}
				w := s.Writer()
				for range 2 {
					if err := w.Link(filepath.Dir(root)+"/source", "a/b/c.yaml", kind); err != nil {
						t.Fatal(err)
					}
				}
				if err := w.Write("a/b/c.yaml", []byte("other")); err != nil {
					t.Fatal(err)
				}
				if err := w.Link(filepath.Dir(root)+"/source", "a/b/c.yaml", kind); err != nil {
					t.Fatal(err)
				}
				if err := s.Sync(); err != nil {
					t.Fatal(err)
				}
				file, err := f.Open(root + "/a/b/c.yaml")
				if err != nil || file.Size() != 4 {
					t.Fatal(err)
				}
				_ = file.Close()
				if names, err := f.List(root + "/a/b"); err != nil || len(names) != 1 {
					t.Error(names, err)
				}
				info, err := f.Stat(root + "/a/b/c.yaml")
				if err != nil || info.Link != (kind >= SymbolicLink) {
					t.Error(info, err)
				}
				if err := w.Link(root+"/none", "../c", kind); err == nil {
					t.Error("a link out of the root")
				}
			}
		})
	}
}

// A file system without hard links gets symbolic ones only where that was asked for.
func TestLinkAcrossDisks(t *testing.T) {
	m := vfs.NewMemory()
	if err := errors.Join(m.Mkdir("/root"), m.Create("/source", nil)); err != nil {
		t.Fatal(err)
	}
	count := 0
	s := storeOn(t, vfs.NewFault(m, func(op vfs.Op) error {
		if op.Kind == vfs.OpLink {
			if count++; count%2 == 1 {
				return syscall.EXDEV
			}
		}
		return nil
	}), "/root")
	if err := s.Writer().Link("/source", "a", HardOrSymbolic); err != nil {
		t.Error(err)
	}
	if info, err := m.Stat("/root/a"); err != nil || !info.Link {
		t.Error(info, err)
	}
	if err := s.Writer().Link("/source", "b", HardLink); !errors.Is(err, syscall.EXDEV) {
		t.Error(err)
	}
	if _, err := m.Stat("/root/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestRelative(t *testing.T) {
	for _, c := range [][3]string{{"/a/b", "/a/c", "../c"}, {"/a/b", "/a/b/c", "c"}, {"/", "/c", "c"}, {"/a", "/x/y/z", "../x/y/z"}, {"/a/b", "/a/b", "../b"}} {
		if got := relative(c[0], c[1]); got != c[2] {
			t.Errorf("%v: %s", c, got)
		}
	}
}
