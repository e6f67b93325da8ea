package butler_test

import (
	"bytes"
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-sqlite3"

	"valet/datastore/butler"
	"valet/datastore/vfs"
	"valet/registry"
	"valet/registry/dataset"
	"valet/registry/registrytest"
)

var pathLine = regexp.MustCompile(`(?m)^    path: (.*)$`)

// exported makes a directory with a text that Butler.export wrote, and files of its datasets.
func exported(t *testing.T) (dir, text string) {
	t.Helper()
	dir = t.TempDir()
	golden, err := os.ReadFile("../exchange/testdata/butler.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text = strings.Replace(string(golden), "file:///data/raw%201%25.yaml", "r2/raw/one.yaml", 1)
	for i, m := range pathLine.FindAllStringSubmatch(text, -1) {
		file := filepath.Join(dir, m[1])
		if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, fmt.Appendf(nil, "a: %d\n", i), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	put(t, dir, text)
	return dir, text
}

func put(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "export.yaml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func created(t *testing.T) string {
	t.Helper()
	repo := filepath.Join(t.TempDir(), "repo")
	if err := butler.Create(t.Context(), repo, butler.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	return repo
}

// with opens a repository.
func with(t *testing.T, repo string, o butler.Options, f func(b *butler.Butler)) {
	t.Helper()
	b, err := butler.Open(context.Background(), repo, o)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	f(b)
}

// importInto imports a directory.
func importInto(t *testing.T, repo, dir string, transfer butler.Transfer) (done butler.Imported, err error) {
	t.Helper()
	with(t, repo, butler.Options{}, func(b *butler.Butler) {
		done, err = b.Import(context.Background(), butler.ImportOptions{Directory: dir, File: filepath.Join(dir, "export.yaml"), Transfer: transfer})
	})
	return done, err
}

// everything is a text of all that a repository holds, with the bytes of its files.
func everything(t *testing.T, repo string) string {
	t.Helper()
	dir := t.TempDir()
	with(t, repo, butler.Options{ReadOnly: true}, func(b *butler.Butler) {
		ctx := context.Background()
		var refs []dataset.Ref
		runs, err := b.Registry.QueryCollections(ctx, registry.CollectionQuery{Expression: []string{"*"}})
		if err != nil {
			t.Fatal(err)
		}
		types, err := b.Registry.DatasetTypes(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(types) > 0 {
			for ref, err := range b.Registry.AllDatasets(ctx, registry.AllDatasetsQuery{Collections: []string{"*"}, Bounds: registry.Bounds{AllRows: true}, Sorted: true}) {
				if err != nil {
					t.Fatal(err)
				}
				if c, _ := b.Registry.Collection(ctx, ref.Run); c != nil {
					refs = append(refs, ref.Ref)
				}
			}
		}
		seen := map[dataset.ID]bool{}
		var once []dataset.Ref
		for _, ref := range refs {
			if !seen[ref.ID] {
				seen[ref.ID] = true
				once = append(once, ref)
			}
		}
		if _, err := b.Export(ctx, once, butler.ExportOptions{Directory: dir, File: filepath.Join(dir, "export.yaml"), Transfer: butler.Copy, Collections: runs, AllRecords: true}); err != nil {
			t.Fatal(err)
		}
	})
	var all bytes.Buffer
	for _, name := range names(t, dir) {
		if info, err := os.Stat(name); err == nil && info.Mode().IsRegular() {
			data, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&all, "%s:\n%s\n", strings.TrimPrefix(name, dir), data)
		}
	}
	return all.String()
}

// unsound is what Check finds.
func unsound(t *testing.T, repo string) (out []string) {
	t.Helper()
	with(t, repo, butler.Options{ReadOnly: true}, func(b *butler.Butler) { out = faultsOf(t, b) })
	return out
}

func TestImport(t *testing.T) {
	dir, _ := exported(t)
	var first string
	for _, transfer := range []butler.Transfer{butler.Copy, butler.Link, butler.Symlink, butler.RelSymlink, butler.Auto, butler.Direct} {
		repo := created(t)
		done, err := importInto(t, repo, dir, transfer)
		want := butler.Imported{Datasets: 12, Records: 24, Types: 6, Collections: 7, Members: 8}
		if err != nil || done != want {
			t.Fatalf("%s: %+v, want %+v: %v", transfer, done, want, err)
		}
		if got := unsound(t, repo); len(got) > 0 {
			t.Errorf("%s: %q", transfer, got)
		}
		all := everything(t, repo)
		if first == "" {
			first = all
		}
		// Files that stay have other names there, which their export does not keep.
		if diff := cmp.Diff(first, all); diff != "" && transfer != butler.Direct {
			t.Errorf("%s: %s", transfer, diff)
		}
		done, err = importInto(t, repo, dir, transfer)
		if want := (butler.Imported{Existing: 12}); err != nil || done != want {
			t.Errorf("%s again: %+v: %v", transfer, done, err)
		}
	}
}

// A move takes the files away, but not one of two datasets.
func TestImportMoves(t *testing.T) {
	dir, text := exported(t)
	repo := created(t)
	if _, err := importInto(t, repo, dir, butler.MoveIn); err == nil || !strings.Contains(err.Error(), "cannot be moved twice") {
		t.Fatal(err)
	}
	shared := "r2/raw/20260801/exp_7/raw_Cam_g1_exp_7_d1_r2.yaml"
	i := strings.LastIndex(text, shared)
	put(t, dir, text[:i]+"two.yaml"+text[i+len(shared):])
	if err := os.WriteFile(filepath.Join(dir, "two.yaml"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	if done, err := importInto(t, repo, dir, butler.MoveIn); err != nil || done.Datasets != 12 {
		t.Fatal(done, err)
	}
	for _, name := range names(t, dir) {
		if info, err := os.Stat(name); err == nil && !info.IsDir() && filepath.Base(name) != "export.yaml" {
			t.Errorf("%s was moved and is there", name)
		}
	}
	if done, err := importInto(t, repo, dir, butler.MoveIn); err != nil || done.Existing != 12 {
		t.Error(done, err)
	}
	if got := unsound(t, repo); len(got) > 0 {
		t.Errorf("%q", got)
	}
}

// Files that are in the directory of the repository stay there.
func TestImportInPlace(t *testing.T) {
	dir, _ := exported(t)
	repo := created(t)
	if err := os.CopyFS(repo, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	done, err := importInto(t, repo, repo, butler.Auto)
	if err != nil || done.Datasets != 12 {
		t.Fatalf("%+v %v", done, err)
	}
	with(t, repo, butler.Options{}, func(b *butler.Butler) {
		paths, err := b.Registry.RecordedPaths(t.Context(), b.Store.Config.Table, []string{"r2/raw/one.yaml"})
		if err != nil || paths["r2/raw/one.yaml"] != 1 {
			t.Error(paths, err)
		}
	})
	if got := unsound(t, repo); len(got) > 0 {
		// The text itself is no dataset.
		if len(got) != 1 || !strings.Contains(got[0], "export.yaml") {
			t.Errorf("%q", got)
		}
	}
	if _, err := importInto(t, created(t), filepath.Join(dir, "none"), butler.Auto); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// state is a repository to which nothing was done.
func state(t *testing.T, repo string) string {
	t.Helper()
	database, err := os.ReadFile(filepath.Join(repo, "gen3.sqlite3"))
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%x %q", database, names(t, repo))
}

func TestImportRefuses(t *testing.T) {
	dir, text := exported(t)
	full, empty := created(t), created(t)
	if _, err := importInto(t, full, dir, butler.Copy); err != nil {
		t.Fatal(err)
	}
	ids := regexp.MustCompile(`!uuid '[0-9a-f-]+'`).FindAllString(text, -1)
	id := func(n int) string { return ids[n] }
	const other = "!uuid '01a210a8-4001-705e-9f9e-2f2dbe95ea01'"
	change := func(old, new string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("the text has no %q", old)
		}
		return strings.Replace(text, old, new, 1)
	}
	for _, c := range []struct {
		name, repo, text, want string
	}{
		{"universe", empty, change("universe_version: 8", "universe_version: 7"), "is of universe daf_butler 7, the repository of universe daf_butler 8"},
		{"namespace", empty, change("universe_namespace: daf_butler", "universe_namespace: mine"), "is of universe mine 8"},
		{"no universe", empty, change("universe_version: 8\nuniverse_namespace: daf_butler\n", ""), "is of no named universe"},
		{"record without parent", empty, change("  - instrument: Cam\n    name: 'yes'", "  - instrument: Dam\n    name: 'yes'"), "record of physical_filter {instrument: 'Dam', physical_filter: 'yes'}: there is no instrument {instrument: 'Dam'}"},
		{"record of the same name", empty, change("name: v21", "name: v20"), "record of visit {instrument: 'Cam', visit: 21}: name is given twice, first in line"},
		{"another record", full, change("full_name: d1", "full_name: d7"), "record of detector {instrument: 'Cam', detector: 1} has another full_name in the repository"},
		{"two records", empty, change("  - instrument: Cam\n    id: 1\n    full_name: d1", "  - instrument: Cam\n    id: 0\n    full_name: d1"), "record of detector {instrument: 'Cam', detector: 0} has another full_name in line"},
		{"kind", full, change("collection_type: TAGGED\n  name: tag", "collection_type: CALIBRATION\n  name: tag"), `collection "tag" is of type TAGGED in the repository, not CALIBRATION`},
		{"bad name", empty, change("name: empty", "name: a//b"), `collection name "a//b" has an empty`},
		{"another chain", full, change("  - tag\n  - r1\n", "  - r1\n  - tag\n"), `chain "chain" is [r2, tag, r1, cal] in the repository`},
		{"unknown child", empty, change("  - tag\n  - r1\n", "  - nope\n  - r1\n"), `chain "chain" holds "nope", which is neither`},
		{"cycle", empty, change("  - tag\n  - r1\n", "  - outer\n  - r1\n"), "would contain itself"},
		{"collection twice", empty, change("- type: collection\n  collection_type: TAGGED\n  name: empty\n", "- type: collection\n  collection_type: CALIBRATION\n  name: tag\n"), `collection "tag" is another one in line`},
		{"another type", full, strings.ReplaceAll(text, "is_calibration: true", "is_calibration: false"), "is registered as DatasetType('flat', {instrument, detector}, StructuredDataDict, isCalibration=True), not as"},
		{"no type", empty, change("dataset_type: coadd", "dataset_type: nope"), `dataset type "nope" is neither registered nor described before`},
		{"no run", empty, change("run: r1", "run: nope"), `run "nope" is neither in the text nor in the repository`},
		{"no RUN", empty, change("run: r1", "run: tag"), `collection "tag" is of type TAGGED, datasets are born in a RUN`},
		{"missing file", empty, change("path: r1/coadd/0/1/g/coadd_0_1_g_sky_r1.yaml", "path: r1/nope.yaml"), "no such file or directory"},
		{"directory for a file", empty, change("path: r1/coadd/0/1/g/coadd_0_1_g_sky_r1.yaml", "path: r1/coadd"), "is no regular file"},
		{"path that leaves", empty, change("path: r1/coadd/0/1/g/coadd_0_1_g_sky_r1.yaml", "path: ../x.yaml"), `path "../x.yaml" leaves the directory`},
		{"other machine", empty, change("path: r1/coadd/0/1/g/coadd_0_1_g_sky_r1.yaml", "path: s3://a/b.yaml"), "only the transfer direct can keep it there"},
		{"ID twice", empty, strings.ReplaceAll(text, id(1), id(0)), "is that of line"},
		{"ID of another dataset", full, strings.NewReplacer(id(1), id(0), id(0), id(1)).Replace(text), "here, but flat@{instrument: 'Cam', detector: 0} in run \"r1\" in the repository"},
		{"data ID twice", empty, change("    - instrument: Cam\n      detector: 1\n", "    - instrument: Cam\n      detector: 0\n"), "is in run \"r1\" already, in line"},
		{"other ID", full, strings.ReplaceAll(text, id(0), other), "exists already in run \"r1\" with ID"},
		{"no record", empty, change("    - instrument: Cam\n      detector: 1\n", "    - instrument: Cam\n      detector: 9\n"), "there is no detector {instrument: 'Cam', detector: 9}"},
		{"dimension", empty, change("    - instrument: Cam\n      detector: 1\n", "    - instrument: Cam\n      nope: 1\n"), `"nope" is no dimension of flat`},
		{"no value", empty, change("    - instrument: Cam\n      detector: 1\n", "    - instrument: Cam\n"), "has no value for detector"},
		{"wrong value", empty, change("    - instrument: Cam\n      detector: 1\n", "    - instrument: Cam\n      detector: x\n"), "detector"},
		{"size", full, change("path: r1/coadd/0/1/g/coadd_0_1_g_sky_r1.yaml", "path: export.yaml"), "is stored with"},
		{"unknown member", empty, text + "- type: associations\n  collection: tag\n  collection_type: TAGGED\n  dataset_ids:\n  - " + other + "\n", "is neither in the text nor in the repository"},
		{"unknown tag", empty, text + "- type: associations\n  collection: nope\n  collection_type: TAGGED\n  dataset_ids:\n  - " + id(0) + "\n", `collection "nope" is neither`},
		{"tag of another kind", empty, text + "- type: associations\n  collection: cal\n  collection_type: TAGGED\n  dataset_ids:\n  - " + id(0) + "\n", `collection "cal" is of type CALIBRATION, not TAGGED`},
		{"no calibration", empty, text + "- type: associations\n  collection: cal\n  collection_type: CALIBRATION\n  validity_ranges:\n  - timespan: !lsst.daf.butler.Timespan {begin: null, end: null}\n    dataset_ids:\n    - " + id(0) + "\n", "which is no calibration"},
	} {
		put(t, dir, c.text)
		before := state(t, c.repo)
		_, err := importInto(t, c.repo, dir, butler.Copy)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
		var hinted interface{ Hint() string }
		if !errors.As(err, &hinted) || !strings.Contains(hinted.Hint(), "nothing was changed") {
			t.Errorf("%s: the hint does not say that nothing was changed", c.name)
		}
		if state(t, c.repo) != before {
			t.Errorf("%s: the repository is changed", c.name)
		}
	}
}

// Of two datasets with one data ID, or two ranges of time that overlap, a collection takes one.
func TestImportOfMembersThatConflict(t *testing.T) {
	dir, text := exported(t)
	full := created(t)
	if _, err := importInto(t, full, dir, butler.Copy); err != nil {
		t.Fatal(err)
	}
	// r1 and r2 have a flat of detector 0 each; that of r2 is in both collections.
	first := regexp.MustCompile(`(?s)dataset_type: flat\n  run: r1\n.*?(!uuid '[0-9a-f-]+')`).FindStringSubmatch(text)[1]
	tag := "- type: associations\n  collection: tag\n  collection_type: TAGGED\n  dataset_ids:\n  - " + first + "\n"
	cal := "- type: associations\n  collection: cal\n  collection_type: CALIBRATION\n  validity_ranges:\n  - timespan: !lsst.daf.butler.Timespan\n      begin: !butler_time/tai/iso '2026-03-01 00:00:00'\n      end: null\n    dataset_ids:\n    - " + first + "\n"
	for _, c := range []struct{ more, want string }{{tag, "is in its place in"}, {cal, "the validity range overlaps that of dataset"}} {
		put(t, dir, text+c.more)
		for name, repo := range map[string]string{"the repository": full, "line": created(t)} {
			if _, err := importInto(t, repo, dir, butler.Copy); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), name) {
				t.Errorf("%v, want %s %s", err, c.want, name)
			}
		}
	}
}

// A fault at each file operation and each statement leaves a whole repository, and the same import ends what was begun.
func TestImportFaults(t *testing.T) {
	dir, _ := exported(t)
	fresh := created(t)
	full := created(t)
	if _, err := importInto(t, full, dir, butler.Copy); err != nil {
		t.Fatal(err)
	}
	want := everything(t, full)
	statements := []error{sqlite3.Error{Code: sqlite3.ErrFull}, sqlite3.Error{Code: sqlite3.ErrIoErr, ExtendedCode: sqlite3.ErrIoErrFsync, SystemErrno: syscall.EIO},
		sqlite3.Error{Code: sqlite3.ErrReadonly}}
	// Neighbouring steps are much alike, and a step is tried with one fault.
	stride := 3
	if testing.Short() {
		stride = 11
	}
	failed := 0
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
		sql := registrytest.NewFault(func(s registrytest.Statement) error { return next(s.Text, statements[n%len(statements)]) })
		disk := vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
			return next(string(op.Kind)+" "+op.Path, vfs.Errnos()[n%len(vfs.Errnos())])
		})
		var err error
		with(t, repo, butler.Options{FS: disk, Layer: func(c driver.Conn) driver.Conn { return sql.Layer(c) }}, func(b *butler.Butler) {
			armed = true
			transfer := []butler.Transfer{butler.Copy, butler.Link, butler.RelSymlink}[n/stride%3]
			_, err = b.Import(context.Background(), butler.ImportOptions{Directory: dir, File: filepath.Join(dir, "export.yaml"), Transfer: transfer})
			armed = false
		})
		if met == "" {
			break
		}
		if err != nil {
			failed++
		}
		for _, f := range unsound(t, repo) {
			if !strings.HasPrefix(f, "stray") && !strings.HasPrefix(f, "file-without") && !strings.HasPrefix(f, "unrecorded") {
				t.Errorf("%s: %s", met, f)
			}
		}
		if _, err := importInto(t, repo, dir, butler.Copy); err != nil {
			t.Errorf("%s: again: %v", met, err)
		}
		if diff := cmp.Diff(want, everything(t, repo)); diff != "" {
			t.Errorf("%s: %s", met, diff)
		}
		if got := unsound(t, repo); len(got) > 0 {
			t.Errorf("%s: again: %q", met, got)
		}
	}
	if failed < 10/stride {
		t.Errorf("only %d faults ended an import", failed)
	}
}

// What an export cannot write leaves no text behind.
func TestExportFaults(t *testing.T) {
	dir, _ := exported(t)
	repo := created(t)
	if _, err := importInto(t, repo, dir, butler.Copy); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	export := func(disk vfs.FS) (err error) {
		with(t, repo, butler.Options{FS: disk, ReadOnly: true}, func(b *butler.Butler) {
			var refs []dataset.Ref
			for ref, err := range b.Registry.AllDatasets(t.Context(), registry.AllDatasetsQuery{Collections: []string{"r1"}, Bounds: registry.Bounds{AllRows: true}}) {
				if err != nil {
					t.Fatal(err)
				}
				refs = append(refs, ref.Ref)
			}
			_, err = b.Export(t.Context(), refs, butler.ExportOptions{Directory: out, File: filepath.Join(out, "export.yaml"), Transfer: butler.Copy})
		})
		return err
	}
	for n := 1; ; n++ {
		met := false
		disk := vfs.NewFault(vfs.Real{}, func(op vfs.Op) error {
			if op.N == n {
				met = true
				return vfs.Errnos()[n%len(vfs.Errnos())]
			}
			return nil
		})
		err := export(disk)
		if !met {
			if err != nil {
				t.Fatal(err)
			}
			break
		}
		if _, e := os.Stat(filepath.Join(out, "export.yaml")); err != nil && e == nil {
			t.Errorf("step %d: %v, and a text", n, err)
		}
		if err == nil {
			_ = os.Remove(filepath.Join(out, "export.yaml"))
		}
	}
	if err := os.WriteFile(filepath.Join(out, "r1/flat/flat_Cam_d0_r1.yaml"), []byte("other"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := export(vfs.Real{}); err == nil || !strings.Contains(err.Error(), "exists already with other content") {
		t.Error(err)
	}
}
