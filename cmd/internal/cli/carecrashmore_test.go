package cli

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"valet/datastore/vfs"
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
