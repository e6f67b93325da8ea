package butler_test

import (
	"bytes"
	"database/sql/driver"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/mattn/go-sqlite3"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/registrytest"
)

// packScene is a repository whose artifacts are on a disk in memory.
type packScene struct {
	*repository
	disk *vfs.Memory
	want map[dataset.ID]string
}

func newPackScene(t *testing.T) *packScene {
	t.Helper()
	s := &packScene{repository: &repository{t: t, dir: t.TempDir()}, disk: vfs.NewMemory()}
	for at := range strings.Split(strings.Trim(s.dir, "/"), "/") {
		if err := s.disk.Mkdir("/" + strings.Join(strings.Split(strings.Trim(s.dir, "/"), "/")[:at+1], "/")); err != nil {
			t.Fatal(err)
		}
	}
	from := os.DirFS(golden)
	err := fs.WalkDir(from, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == "." {
			return err
		}
		if d.IsDir() {
			return s.disk.Mkdir(s.dir + "/" + path)
		}
		text, err := fs.ReadFile(from, path)
		if err == nil && !strings.Contains(path, "/") {
			return os.WriteFile(filepath.Join(s.dir, path), text, 0o666)
		}
		return errors.Join(err, s.disk.Create(s.dir+"/"+path, text))
	})
	if err != nil {
		t.Fatal(err)
	}
	s.disk = s.disk.Clone()
	s.want = s.contents(s.disk)
	if len(s.want) < 20 {
		t.Fatal(len(s.want))
	}
	return s
}

// bytes are those of the database file.
func (s *packScene) bytes() []byte {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.dir, "gen3.sqlite3"))
	if err != nil {
		s.t.Fatal(err)
	}
	return text
}

func (s *packScene) restore(database []byte) {
	s.t.Helper()
	if err := errors.Join(os.WriteFile(filepath.Join(s.dir, "gen3.sqlite3"), database, 0o666), os.RemoveAll(filepath.Join(s.dir, "gen3.sqlite3-journal"))); err != nil {
		s.t.Fatal(err)
	}
}

// on opens the repository with small transactions.
func (s *packScene) on(disk vfs.FS, decide func(registrytest.Statement) error) *butler.Butler {
	s.t.Helper()
	faults := registrytest.NewFault(decide)
	b, err := butler.Open(s.t.Context(), s.dir, butler.Options{FS: disk, Layer: func(c driver.Conn) driver.Conn {
		if x, ok := c.(driver.ExecerContext); ok {
			_, _ = x.ExecContext(s.t.Context(), "PRAGMA synchronous = OFF", nil)
		}
		return faults.Layer(c)
	}})
	if err != nil {
		s.t.Fatal(err)
	}
	b.SetRemoval(30, 17)
	return b
}

// contents are the bytes of all datasets of the run.
func (s *packScene) contents(disk vfs.FS) map[dataset.ID]string {
	s.t.Helper()
	b := s.on(disk, nil)
	defer b.Close()
	out := map[dataset.ID]string{}
	types, err := b.Registry.DatasetTypes(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	var names []string
	for _, typ := range types {
		names = append(names, typ.Name)
	}
	ids, err := b.Registry.RunDatasets(s.t.Context(), sci, names)
	if err != nil {
		s.t.Fatal(err)
	}
	records, err := b.Registry.Records(s.t.Context(), b.Store.Config.Name, b.Store.Config.Table, ids)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := range records {
		data, err := b.Store.Read(&records[i])
		if err != nil {
			s.t.Error(err)
		}
		out[records[i].ID] = string(data)
	}
	return out
}

// check compares the contents of the run with those of before, and gives its files by kind.
func (s *packScene) check(what string, disk *vfs.Memory) (zips, loose int) {
	s.t.Helper()
	got := s.contents(disk)
	for id, w := range s.want {
		if got[id] != w {
			s.t.Errorf("%s: dataset %s changed", what, id)
		}
	}
	for _, path := range disk.Files() {
		switch {
		case !strings.HasPrefix(path, s.dir+"/"+sci+"/"):
		case strings.HasSuffix(path, ".zip"):
			zips++
		default:
			loose++
		}
	}
	return zips, loose
}

func convert(t *testing.T, b *butler.Butler, pack bool, o butler.PackOptions) (butler.PackResult, error) {
	t.Helper()
	if pack {
		return b.Pack(t.Context(), sci, o)
	}
	return b.Unpack(t.Context(), sci, o)
}

// TestPackAndUnpack moves a run into zips and back.
func TestPackAndUnpack(t *testing.T) {
	s := newPackScene(t)
	_, all := s.check("before", s.disk)
	b := s.on(s.disk, nil)
	defer b.Close()
	guarded, last := 0, 0
	o := butler.PackOptions{Guard: func(*registry.Tx) error { guarded++; return nil }, Moved: func(n int) { last = n }}
	r, err := b.Pack(t.Context(), sci, o)
	if err != nil || r.Moved == 0 || r.Moved+r.Left != len(s.want) || r.Zips < 2 || guarded != r.Zips || last != r.Moved || len(r.Failed) > 0 {
		t.Fatalf("%+v %d %v", r, guarded, err)
	}
	if zips, loose := s.check("packed", s.disk); zips != r.Zips || loose != r.Left || loose+r.Moved != all {
		t.Errorf("%d zips, %d loose, %+v", zips, loose, r)
	}
	if again, err := b.Pack(t.Context(), sci, o); err != nil || again.Moved != 0 || again.Zips != 0 || again.Left != r.Left {
		t.Errorf("%+v %v", again, err)
	}
	back, err := b.Unpack(t.Context(), sci, o)
	if err != nil || back.Moved != r.Moved || back.Zips != r.Zips || back.Left != 0 {
		t.Errorf("%+v %v", back, err)
	}
	if zips, loose := s.check("unpacked", s.disk); zips != 0 || loose != all {
		t.Errorf("%d zips, %d loose", zips, loose)
	}
}

// TestPackLeavesWhatIsNotItsOwn packs neither shared files nor those elsewhere, and reports damage.
func TestPackLeavesWhatIsNotItsOwn(t *testing.T) {
	s := newPackScene(t)
	paths := s.list("SELECT path FROM file_datastore_records WHERE path LIKE '" + sci + "/%.json' ORDER BY path")
	s.exec("UPDATE file_datastore_records SET path = '" + paths[1] + "' WHERE path = '" + paths[2] + "'")
	if err := errors.Join(s.disk.Remove(s.dir+"/"+paths[3]), s.disk.Remove(s.dir+"/"+paths[4]), s.disk.Create(s.dir+"/"+paths[4], []byte("short"))); err != nil {
		t.Fatal(err)
	}
	b := s.on(s.disk, nil)
	defer b.Close()
	r, err := b.Pack(t.Context(), sci, butler.PackOptions{})
	if err != nil || r.Left < 2 || len(r.Failed) != 2 {
		t.Fatalf("%+v %v", r, err)
	}
	var missing *datastore.MissingFileError
	var integrity *datastore.IntegrityError
	if all := errors.Join(r.Failed...); !errors.As(all, &missing) || !errors.As(all, &integrity) {
		t.Error(all)
	}
	for _, p := range []string{paths[1], paths[4]} {
		if _, err := s.disk.Stat(s.dir + "/" + p); err != nil {
			t.Error(err)
		}
	}
	// A place that another dataset has by now is not taken by an unpacked one.
	taken := paths[0]
	s.exec("UPDATE file_datastore_records SET path = '" + taken + "' WHERE path = '" + paths[1] + "'")
	if err := s.disk.Create(s.dir+"/"+taken, []byte("another's")); err != nil {
		t.Fatal(err)
	}
	r, err = b.Unpack(t.Context(), sci, butler.PackOptions{})
	if err != nil || r.Left != 1 {
		t.Errorf("%+v %v", r, err)
	}
	if n := s.list("SELECT COUNT(*) FROM file_datastore_records WHERE path LIKE '%#zip-path=%'"); n[0] != "1" {
		t.Error(n)
	}
	f, err := s.disk.Open(s.dir + "/" + taken)
	if err != nil || f.Size() != int64(len("another's")) {
		t.Error("a file of another dataset was written over")
	}
}

// TestPackKeepsToTheRun believes no zip that names places elsewhere.
func TestPackKeepsToTheRun(t *testing.T) {
	s := newPackScene(t)
	b := s.on(s.disk, nil)
	defer b.Close()
	if _, err := b.Pack(t.Context(), sci, butler.PackOptions{}); err != nil {
		t.Fatal(err)
	}
	packs, err := b.Store.Packs(sci)
	if err != nil || len(packs) == 0 {
		t.Fatal(packs, err)
	}
	zip := s.dir + "/" + packs[0]
	f, err := s.disk.Open(zip)
	if err != nil {
		t.Fatal(err)
	}
	text := make([]byte, f.Size())
	if _, err := f.ReadAt(text, 0); err != nil {
		t.Fatal(err)
	}
	evil := bytes.ReplaceAll(text, []byte(sci+"/diaPipe_metadata/"), []byte(sci+"/../../../../../x/"))
	evil = bytes.ReplaceAll(evil, []byte(sci+"/isr_metadata"), []byte("u/scj"+sci[5:]+"/isr_metadata"))
	if bytes.Equal(evil, text) {
		t.Fatal("nothing was replaced")
	}
	if err := errors.Join(s.disk.Remove(zip), s.disk.Create(zip, evil)); err != nil {
		t.Fatal(err)
	}
	before := s.disk.Files()
	r, err := b.Unpack(t.Context(), sci, butler.PackOptions{})
	if err != nil || r.Left == 0 {
		t.Errorf("%+v %v", r, err)
	}
	for _, p := range s.disk.Files() {
		if !slices.Contains(before, p) && !strings.HasPrefix(p, s.dir+"/"+sci+"/") {
			t.Errorf("%s was written", p)
		}
	}
}

// TestPackFaults lets each step fail, of the disk and of the database, once or from then on. Every dataset stays readable, and a second call
// ends what was begun.
func TestPackFaults(t *testing.T) {
	t.Parallel()
	s := newPackScene(t)
	loose, before := s.disk.Clone(), s.bytes()
	b := s.on(s.disk, nil)
	if _, err := b.Pack(t.Context(), sci, butler.PackOptions{}); err != nil {
		t.Fatal(err)
	}
	b.Close()
	packed, after := s.disk, s.bytes()
	wantZips, wantLoose := s.check("packed", packed)
	for _, pack := range []bool{true, false} {
		start, database, zips, left := loose, before, wantZips, wantLoose
		if !pack {
			start, database = packed, after
			zips, left = 0, len(s.want)
		}
		for _, sick := range []string{"disk", "database"} {
			for _, once := range []bool{true, false} {
				// Each step takes a while.
				stride := 2
				if !once || testing.Short() {
					stride = 9
				}
				for n, done := 1, false; !done; n += stride {
					s.restore(database)
					disk := start.Clone()
					done = true
					hits := func(k int) bool { return k == n || k > n && !once }
					steps := 0
					var file vfs.FS = disk
					var statement func(registrytest.Statement) error
					if sick == "disk" {
						file = vfs.NewFault(disk, func(op vfs.Op) error {
							if op.Kind == vfs.OpRead || op.Kind == vfs.OpOpen && n%7 != 0 {
								return nil
							}
							if steps++; hits(steps) {
								done = false
								return vfs.Short{Err: syscall.EIO}
							}
							return nil
						})
					} else {
						statement = func(st registrytest.Statement) error {
							if !st.IsWrite() || strings.HasPrefix(st.Text, "ROLLBACK") {
								return nil
							}
							if steps++; hits(steps) {
								done = false
								return sqlite3.Error{Code: sqlite3.ErrIoErr}
							}
							return nil
						}
					}
					what := fmt.Sprintf("pack %v, %s, once %v, step %d", pack, sick, once, n)
					b := s.on(file, statement)
					_, err := convert(t, b, pack, butler.PackOptions{})
					b.Close()
					if done {
						if err != nil {
							t.Fatalf("%s: %v", what, err)
						}
						break
					}
					s.check(what, disk)
					b = s.on(disk, nil)
					if _, err := convert(t, b, pack, butler.PackOptions{}); err != nil {
						t.Errorf("%s: again: %v", what, err)
					}
					b.Close()
					z, l := s.check(what+": again", disk)
					if l != left || (z == 0) != (zips == 0) {
						t.Errorf("%s: again: %d zips and %d loose files, %d and %d expected", what, z, l, zips, left)
					}
				}
			}
		}
	}
}
