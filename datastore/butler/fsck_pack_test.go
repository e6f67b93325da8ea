package butler_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"valet/datastore"
	"valet/datastore/butler"
	"valet/registry"
	"valet/registry/dataset"
)

// packedRepository is a repository on disk with the files of a run in zip files; zips are those, by path.
func packedRepository(t *testing.T, compress bool) (r *repository, b *butler.Butler, zips []string) {
	t.Helper()
	r = copyRepository(t)
	b, err := butler.Open(t.Context(), r.dir, butler.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	b.SetRemoval(30, 8)
	if _, err := b.Pack(t.Context(), sci, butler.PackOptions{Compress: compress}); err != nil {
		t.Fatal(err)
	}
	if zips, err = b.Store.Packs(sci); err != nil || len(zips) < 3 {
		t.Fatal(zips, err)
	}
	return r, b, zips
}

// rewrite makes a zip anew; change may leave out a member by returning false.
func (r *repository) rewrite(path string, change func(h *zip.FileHeader, data []byte) ([]byte, bool)) {
	r.t.Helper()
	path = filepath.Join(r.dir, path)
	in, err := zip.OpenReader(path)
	if err != nil {
		r.t.Fatal(err)
	}
	defer in.Close()
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range in.File {
		reader, err := f.Open()
		if err != nil {
			r.t.Fatal(err)
		}
		data, err := io.ReadAll(reader)
		if err != nil {
			r.t.Fatal(err)
		}
		h := &zip.FileHeader{Name: f.Name, Method: f.Method}
		data, keep := change(h, data)
		if !keep {
			continue
		}
		w, err := out.CreateHeader(h)
		if err == nil {
			_, err = w.Write(data)
		}
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if err := errors.Join(out.Close(), os.WriteFile(path, b.Bytes(), 0o666)); err != nil {
		r.t.Fatal(err)
	}
}

// members are the paths of records in a zip.
func (r *repository) members(zip string) []string {
	return r.list("SELECT path FROM file_datastore_records WHERE path LIKE '" + zip + "#%' ORDER BY path")
}

// faults are the kinds of fault with what has them, repaired if repair is set and possible.
func faults(t *testing.T, b *butler.Butler, checksum, repair bool) (out []string) {
	t.Helper()
	err := b.Check(t.Context(), butler.CheckOptions{Checksum: checksum, Now: time.Now()}, func(f registry.Fault) {
		what := f.Kind + " " + f.Object
		if f.Remedy == "" {
			t.Errorf("%s: no remedy", what)
		}
		if repair && f.Repair != nil {
			if err := b.Registry.Write(t.Context(), f.Repair); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			what += " repaired"
		}
		out = append(out, what)
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestCheckFindsFaultsOfPackedFiles plants each fault in another zip and finds it, named, and nothing else.
func TestCheckFindsFaultsOfPackedFiles(t *testing.T) {
	for _, compress := range []bool{false, true} {
		t.Run(fmt.Sprint("compressed ", compress), func(t *testing.T) { checkFindsFaults(t, compress) })
	}
}

func checkFindsFaults(t *testing.T, compress bool) {
	r, b, zips := packedRepository(t, compress)
	for _, checksum := range []bool{false, true} {
		if got := faults(t, b, checksum, false); len(got) > 0 {
			t.Fatal(got)
		}
	}
	const index = "_butler_zip_index.json"
	nameOf := func(path string) string { return path[strings.Index(path, "zip-path=")+len("zip-path="):] }

	t.Run("member missing", func(t *testing.T) {
		lost := r.members(zips[0])[1]
		before, _ := os.ReadFile(filepath.Join(r.dir, zips[0]))
		r.rewrite(zips[0], func(h *zip.FileHeader, data []byte) ([]byte, bool) { return data, h.Name != nameOf(lost) })
		if got := faults(t, b, false, true); len(got) != 1 || !strings.HasPrefix(got[0], "missing-member "+lost+" (dataset ") {
			t.Errorf("%q", got)
		}
		r.put(zips[0], before)
	})
	t.Run("member of another size, and with other bytes", func(t *testing.T) {
		list := r.members(zips[1])
		before, _ := os.ReadFile(filepath.Join(r.dir, zips[1]))
		r.rewrite(zips[1], func(h *zip.FileHeader, data []byte) ([]byte, bool) {
			if h.Name == nameOf(list[0]) {
				data = append(data, ' ')
			}
			return data, true
		})
		if got := faults(t, b, false, true); len(got) != 1 || !strings.HasPrefix(got[0], "wrong-size "+list[0]+" (dataset ") {
			t.Errorf("%q", got)
		}
		r.put(zips[1], before)
		// Only who reads the bytes notices this.
		damaged := bytes.Clone(before)
		at := bytes.Index(damaged, []byte(nameOf(list[2]))) + len(nameOf(list[2])) + 3
		damaged[at] ^= 0x55
		r.put(zips[1], damaged)
		if got := faults(t, b, false, false); len(got) > 0 {
			t.Errorf("%q", got)
		}
		if got := faults(t, b, true, true); len(got) != 1 || !strings.HasPrefix(got[0], "wrong-content "+list[2]+" (dataset ") {
			t.Errorf("%q", got)
		}
		// The zip agrees with itself, not with the record.
		r.put(zips[1], before)
		r.exec("UPDATE file_datastore_records SET checksum = 'abc' WHERE path = '" + list[0] + "'")
		if got := faults(t, b, true, true); len(got) != 1 || !strings.HasPrefix(got[0], "wrong-content "+list[0]+" (dataset ") {
			t.Errorf("%q", got)
		}
		r.exec("UPDATE file_datastore_records SET checksum = NULL WHERE path = '" + list[0] + "'")
	})
	t.Run("zip missing or damaged", func(t *testing.T) {
		before, _ := os.ReadFile(filepath.Join(r.dir, zips[2]))
		if err := os.Remove(filepath.Join(r.dir, zips[2])); err != nil {
			t.Fatal(err)
		}
		list := r.members(zips[2])
		got := faults(t, b, true, true)
		for i, g := range got {
			if !strings.HasPrefix(g, "missing-file "+zips[2]+"#zip-path=") {
				t.Error(i, g)
			}
		}
		if len(got) != len(list) {
			t.Errorf("%d of %d datasets", len(got), len(list))
		}
		for _, text := range []string{"", "no zip", string(before[:len(before)/2])} {
			r.put(zips[2], []byte(text))
			if got := faults(t, b, true, true); len(got) != 1 || !strings.HasPrefix(got[0], "damaged-zip "+zips[2]+": ") {
				t.Errorf("%q", got)
			}
		}
		r.put(zips[2], before)
	})
	t.Run("index missing or otherwise", func(t *testing.T) {
		before, _ := os.ReadFile(filepath.Join(r.dir, zips[2]))
		list := r.members(zips[2])
		for _, c := range []struct {
			kind   string
			change func([]byte) ([]byte, bool)
		}{
			{"missing-index", func([]byte) ([]byte, bool) { return nil, false }},
			{"wrong-index", func([]byte) ([]byte, bool) { return []byte("{"), true }},
			{"wrong-index", func([]byte) ([]byte, bool) { return []byte("{}"), true }},
			{"wrong-index", func(b []byte) ([]byte, bool) {
				return bytes.Replace(b, []byte(`"file_size":`), []byte(`"file_size":1`), 1), true
			}},
			{"wrong-index", func(b []byte) ([]byte, bool) {
				return bytes.ReplaceAll(b, []byte(`"ids":["`), []byte(`"ids":["01890000-0000-7000-8000-000000000000","`)), true
			}},
		} {
			r.rewrite(zips[2], func(h *zip.FileHeader, data []byte) ([]byte, bool) {
				if h.Name == index {
					return c.change(data)
				}
				return data, true
			})
			want := r.contents(b)
			if got := faults(t, b, true, false); len(got) != 1 || !strings.HasPrefix(got[0], c.kind+" "+zips[2]+": ") {
				t.Errorf("%q", got)
			}
			if got := faults(t, b, true, true); len(got) != 1 || !strings.HasSuffix(got[0], " repaired") {
				t.Errorf("%q", got)
			}
			if got := faults(t, b, true, true); len(got) != 0 {
				t.Errorf("after the repair: %q", got)
			}
			if got := r.contents(b); !slices.Equal(got, want) {
				t.Error("a repair changed contents")
			}
		}
		// The places of the members are known or made up, so that they can be unpacked; an index that was there told them.
		if _, err := b.Unpack(t.Context(), sci, butler.PackOptions{}); err != nil {
			t.Fatal(err)
		}
		if left := r.list("SELECT path FROM file_datastore_records WHERE path LIKE '%#zip-path=%'"); len(left) > 0 {
			t.Error(left)
		}
		if n := r.list("SELECT path FROM file_datastore_records WHERE path LIKE '" + sci + "/unpacked/%'"); len(n) != len(list) {
			t.Errorf("%d of %d files are at places made up", len(n), len(list))
		}
		if got := faults(t, b, true, true); len(got) != 0 {
			t.Errorf("unpacked: %q", got)
		}
		r.put(zips[2], before)
		if got := faults(t, b, true, true); len(got) != 1 || got[0] != "file-without-row "+zips[2] {
			t.Errorf("%q", got)
		}
	})
}

func (r *repository) put(path string, text []byte) {
	r.t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, path), text, 0o666); err != nil {
		r.t.Fatal(err)
	}
}

// contents are the datasets of the run with their bytes.
func (r *repository) contents(b *butler.Butler) (out []string) {
	r.t.Helper()
	err := b.Registry.EachRecord(r.t.Context(), b.Store.Config.Name, b.Store.Config.Table, func(records []dataset.FileRecord) error {
		for i := range records {
			data, err := b.Store.Read(&records[i])
			if err != nil {
				return err
			}
			out = append(out, records[i].Path+" "+string(data))
		}
		return nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return out
}

// TestLeftoverMembersAreNoFault lets members stay of datasets that were removed, as long as others of the zip are there.
func TestLeftoverMembersAreNoFault(t *testing.T) {
	r, b, zips := packedRepository(t, false)
	list := r.list("SELECT dataset_id FROM file_datastore_records WHERE path LIKE '" + zips[0] + "#%' ORDER BY path")
	var ids []dataset.ID
	for _, text := range list {
		id, err := dataset.ParseID(text)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	if err := b.Purge(t.Context(), ids[1:]...); err != nil {
		t.Fatal(err)
	}
	if got := faults(t, b, true, true); len(got) > 0 {
		t.Errorf("%q", got)
	}
	// A repair keeps them, with what the index tells of them.
	r.rewrite(zips[0], func(h *zip.FileHeader, data []byte) ([]byte, bool) {
		if h.Name == "_butler_zip_index.json" {
			data = bytes.Replace(data, []byte(ids[0].String()), []byte("01890000-0000-7000-8000-000000000000"), 1)
		}
		return data, true
	})
	if got := faults(t, b, true, true); len(got) != 1 || !strings.HasSuffix(got[0], " repaired") {
		t.Errorf("%q", got)
	}
	members, err := b.Store.PackMembers(sci, zips[0])
	if err != nil || len(members) != len(ids) || slices.ContainsFunc(members, func(m datastore.PackedMember) bool { return m.Loose == "" }) {
		t.Errorf("%v %v", members, err)
	}
	if err := b.Purge(t.Context(), ids[0]); err != nil {
		t.Fatal(err)
	}
	if got := faults(t, b, true, true); len(got) > 0 {
		t.Errorf("%q", got)
	}
	if _, err := os.Stat(filepath.Join(r.dir, zips[0])); !errors.Is(err, os.ErrNotExist) {
		t.Error("the zip is left")
	}
}
