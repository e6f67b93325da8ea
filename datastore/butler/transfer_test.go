package butler_test

import (
	"context"
	"database/sql/driver"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-sqlite3"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/dimension"
	"valet/registry/registrytest"
)

// refsIn are all datasets of runs.
func refsIn(t *testing.T, b *butler.Butler, runs ...string) (out []dataset.Ref) {
	t.Helper()
	for ref, err := range b.Registry.AllDatasets(t.Context(), registry.AllDatasetsQuery{Collections: runs, Bounds: registry.Bounds{AllRows: true}, Sorted: true}) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, ref.Ref)
	}
	return out
}

// imported is a repository with what Butler.export wrote.
func imported(t *testing.T) string {
	t.Helper()
	dir, _ := exported(t)
	repo := created(t)
	if _, err := importInto(t, repo, dir, butler.Copy); err != nil {
		t.Fatal(err)
	}
	return repo
}

// A dataset that is stored as a file for each component is transferred as it is, and not exported.
func TestComponents(t *testing.T) {
	repo, other := imported(t), created(t)
	id := dataset.NewID()
	var ref dataset.Ref
	with(t, repo, butler.Options{}, func(b *butler.Butler) {
		g := b.Registry.Universe().MustGroup("detector")
		ref = dataset.Ref{ID: id, Run: "r1", Type: &dataset.Type{Name: "both", Dimensions: g, StorageClass: "Composite"},
			DataID: dimension.NewDataID(g, []dimension.Value{dimension.StringValue("Cam"), dimension.IntValue(1)})}
		var records []dataset.FileRecord
		w := b.Store.Writer()
		for _, c := range []string{"a", "b"} {
			path := "r1/both." + c + "/both_" + c + "_Cam_d1_r1.yaml"
			if err := w.Write(path, []byte(c+": 1\n")); err != nil {
				t.Fatal(err)
			}
			records = append(records, dataset.FileRecord{ID: id, Path: path, Formatter: "lsst.daf.butler.formatters.yaml.YamlFormatter", StorageClass: "StructuredDataDict", Component: c, Size: 5})
		}
		err := b.Registry.Write(t.Context(), func(tx *registry.Tx) error {
			if _, err := tx.RegisterDatasetType(ref.Type); err != nil {
				return err
			}
			if err := tx.InsertRefs(time.Now(), []dataset.Ref{ref}); err != nil {
				return err
			}
			return tx.InsertRecords(b.Store.Config.Name, b.Store.Config.Table, records)
		})
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		_, err = b.Export(t.Context(), []dataset.Ref{ref}, butler.ExportOptions{Directory: dir, File: filepath.Join(dir, "export.yaml"), Transfer: butler.Copy})
		var disassembled *butler.DisassembledError
		if !errors.As(err, &disassembled) || disassembled.Ref.ID != id {
			t.Error(err)
		}
		if left := names(t, dir); len(left) > 0 {
			t.Errorf("an export that is refused leaves %q", left)
		}
		with(t, other, butler.Options{}, func(to *butler.Butler) {
			if done, err := to.TransferFrom(t.Context(), b, []dataset.Ref{ref}, butler.TransferOptions{}); err != nil || done.Datasets != 1 {
				t.Fatal(done, err)
			}
			got, err := to.Registry.Records(t.Context(), to.Store.Config.Name, to.Store.Config.Table, []dataset.ID{id})
			if err != nil || len(got) != 2 {
				t.Fatal(got, err)
			}
			for i := range got {
				data, err := to.Store.Read(&got[i])
				if err != nil || string(data) != got[i].Component+": 1\n" {
					t.Errorf("%s: %q %v", got[i].Path, data, err)
				}
			}
		})
	})
	if got := unsound(t, other); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// An ID that is that of another dataset in the other repository is a conflict.
func TestTransferOfAnotherDataset(t *testing.T) {
	dir, text := exported(t)
	repo, other := created(t), created(t)
	if _, err := importInto(t, repo, dir, butler.Copy); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "r1"), filepath.Join(dir, "r3")); err != nil {
		t.Fatal(err)
	}
	// Files have the run in their names.
	put(t, dir, strings.ReplaceAll(strings.ReplaceAll(text, "r1", "r3"), "_r3.yaml", "_r1.yaml"))
	if _, err := importInto(t, other, dir, butler.Copy); err != nil {
		t.Fatal(err)
	}
	with(t, repo, butler.Options{ReadOnly: true}, func(from *butler.Butler) {
		with(t, other, butler.Options{}, func(to *butler.Butler) {
			_, err := to.TransferFrom(t.Context(), from, refsIn(t, from, "r1"), butler.TransferOptions{})
			var conflict *butler.OtherDatasetError
			if !errors.As(err, &conflict) || conflict.There.Run != "r3" || !strings.Contains(err.Error(), `in run "r3" there`) {
				t.Error(err)
			}
		})
	})
}

// A fault at each file operation and each statement leaves a whole repository, and the same transfer ends what was begun.
func TestTransferFaults(t *testing.T) {
	source := imported(t)
	full, fresh := created(t), created(t)
	transfer := func(repo string, o butler.Options, arm func(bool)) (err error) {
		with(t, source, butler.Options{ReadOnly: true}, func(from *butler.Butler) {
			refs := refsIn(t, from, "r1", "r2")
			with(t, repo, o, func(to *butler.Butler) {
				arm(true)
				_, err = to.TransferFrom(context.Background(), from, refs, butler.TransferOptions{})
				arm(false)
			})
		})
		return err
	}
	none := func(bool) {}
	if err := transfer(full, butler.Options{}, none); err != nil {
		t.Fatal(err)
	}
	want := everything(t, full)
	faults := []error{sqlite3.Error{Code: sqlite3.ErrFull}, sqlite3.Error{Code: sqlite3.ErrReadonly},
		sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrFsync, SystemErrno: syscall.EIO}}
	stride := 4
	if testing.Short() {
		stride = 13
	}
	for n := 1; ; n += stride {
		repo := filepath.Join(t.TempDir(), "repo")
		if err := os.CopyFS(repo, os.DirFS(fresh)); err != nil {
			t.Fatal(err)
		}
		met, armed, steps := "", false, 0
		next := func(what string, fault error) error {
			if !armed {
				return nil
			}
			if steps++; steps != n {
				return nil
			}
			met = what
			return fault
		}
		sql := registrytest.NewFault(func(s registrytest.Statement) error { return next(s.Text, faults[n%len(faults)]) })
		disk := vfs.NewFault(vfs.Real{}, func(op vfs.Op) error { return next(string(op.Kind)+" "+op.Path, vfs.Errnos()[n%len(vfs.Errnos())]) })
		_ = transfer(repo, butler.Options{FS: disk, Layer: func(c driver.Conn) driver.Conn { return sql.Layer(c) }}, func(on bool) { armed = on })
		if met == "" {
			return
		}
		if err := transfer(repo, butler.Options{}, none); err != nil {
			t.Errorf("%s: again: %v", met, err)
		}
		if diff := cmp.Diff(want, everything(t, repo)); diff != "" {
			t.Errorf("%s: %s", met, diff)
		}
		if got := unsound(t, repo); len(got) > 0 {
			t.Errorf("%s: again: %q", met, got)
		}
	}
}
