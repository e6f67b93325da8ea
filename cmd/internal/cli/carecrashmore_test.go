package cli

import (
	"database/sql/driver"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"valet/datastore/vfs"
	"valet/registry/registrytest"
)

// moreCareScenes are the commands that undo memberships, mend a repository, and move data between repositories.
func moreCareScenes(stored []string) (out []careScene) {
	certified := append(slices.Clone(stored), "certify REPO u/y calib flat --begin-date 2026-08-01T00:00:00 --end-date 2026-10-01T00:00:00")
	foreign := []string{"register-dataset-type OTHER m StructuredDataDict instrument detector", "register-dataset-type OTHER flat StructuredDataDict instrument detector --is-calibration",
		"ingest-files OTHER m u/x TABLES/files.csv", "ingest-files OTHER flat u/y TABLES/files.csv", "collection-chain OTHER c u/y", "associate OTHER tagged m --collections u/x",
		"certify OTHER u/y calib flat --begin-date 2026-08-01T00:00:00"}
	exported := append(slices.Clone(foreign), "export OTHER EXPORT m,flat --collections u/x,c,tagged,calib")
	out = []careScene{
		{name: "disassociate", before: stored, command: "disassociate REPO tagged m", ended: "no "},
		{name: "decertify", before: certified, command: "decertify REPO calib flat --begin-date 2026-08-10T00:00:00 --end-date 2026-08-20T00:00:00"},
		{name: "repair", before: certified, command: "fsck REPO --repair", faults: "DELETE FROM run; DELETE FROM collection_summary_instrument; DELETE FROM visit_skypix_overlap WHERE visit = 2026080100001;" +
			"INSERT INTO collection_chain (parent, position, child) VALUES (2, 8, 99), (3, 0, 1); INSERT INTO run (collection_id) VALUES (98);" +
			"INSERT INTO dataset_location_trash (dataset_id, datastore_name) SELECT l.dataset_id, l.datastore_name FROM dataset_location l JOIN file_datastore_records f ON f.dataset_id = l.dataset_id WHERE f.path LIKE 'u/x/%';" +
			"DELETE FROM dataset_location WHERE dataset_id IN (SELECT dataset_id FROM dataset_location_trash)"},
	}
	for _, transfer := range []string{"copy", "hardlink"} {
		out = append(out,
			careScene{name: "transfer by " + transfer, before: foreign, command: "transfer OTHER REPO m,flat --collections u/x,u/y -t " + transfer},
			careScene{name: "export by " + transfer, before: stored, command: "export REPO EXPORT m,flat --collections u/x,c,tagged -t " + transfer},
			careScene{name: "import by " + transfer, before: exported, command: "import REPO EXPORT -t " + transfer})
	}
	return append(out, careScene{name: "import by move", before: exported, command: "import REPO EXPORT -t move"})
}

// otherRepo is another copy of the golden repository, with its artifacts on the same disk.
func otherRepo(t *testing.T, disk *vfs.Memory) string {
	t.Helper()
	dir := t.TempDir()
	mkdirs(t, disk, dir)
	golden := os.DirFS(goldenRun)
	err := fs.WalkDir(golden, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := fs.ReadFile(golden, path)
		if err != nil {
			return err
		}
		if !strings.Contains(path, "/") {
			return os.WriteFile(filepath.Join(dir, path), text, 0o666)
		}
		mkdirs(t, disk, filepath.Dir(dir+"/"+path))
		return disk.Create(dir+"/"+path, text)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestCreateKilled kills create before each of its file operations and before samples of its statements. What it leaves is no repository, or a whole
// one, and creating it again works; only of a database that has its name already the user has to say that it may go.
func TestCreateKilled(t *testing.T) {
	t.Parallel()
	dir, left := filepath.Join(t.TempDir(), "repo"), t.TempDir()
	var mu sync.Mutex
	var taken []string
	statements := 0
	take := func() {
		if _, err := os.Stat(dir); err != nil {
			return
		}
		to := filepath.Join(left, fmt.Sprint(len(taken)))
		if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
			t.Error(err)
		}
		taken = append(taken, to)
	}
	stride := 40
	if testing.Short() {
		stride = 150
	}
	sql := registrytest.NewFault(func(registrytest.Statement) error {
		if statements++; statements%stride == 0 {
			take()
		}
		return nil
	})
	a, _, stderr := testApp("create", dir)
	a.Layer = func(under driver.Conn) driver.Conn { return sql.Layer(quick(under)) }
	a.Disk = vfs.NewFault(vfs.Real{}, func(vfs.Op) error {
		mu.Lock()
		defer mu.Unlock()
		sql.Still(take)
		return nil
	})
	if code := a.Main(t.Context()); code != ExitOK {
		t.Fatal(code, stderr)
	}
	sql.Still(take)
	whole, alone := 0, 0
	for i, at := range taken {
		r := realRepoAt(at)
		if _, err := os.Stat(filepath.Join(at, "butler.yaml")); err == nil {
			whole++
		} else {
			code, stderr := r.run(t, quick, "create", at)
			if code != ExitOK && strings.Contains(stderr, "gen3.sqlite3 exists already") && strings.Contains(stderr, "interrupted 'valet create'") {
				alone++
				if err := os.Remove(r.database()); err != nil {
					t.Fatal(err)
				}
				code, stderr = r.run(t, quick, "create", at)
			}
			if code != ExitOK {
				t.Errorf("instant %d: %d %s", i, code, stderr)
				continue
			}
		}
		if f := r.faults(t); len(f) > 0 {
			t.Errorf("instant %d: %q", i, f)
		}
		if code, stderr := r.run(t, quick, "register-dataset-type", at, "m", "StructuredDataDict", "instrument"); code != ExitOK {
			t.Errorf("instant %d: %d %s", i, code, stderr)
		}
	}
	if len(taken) < 8 || whole < 1 || alone < 1 {
		t.Errorf("%d instants, %d of them whole, %d with a database alone", len(taken), whole, alone)
	}
	t.Logf("%d instants, %d statements", len(taken), statements)
}
