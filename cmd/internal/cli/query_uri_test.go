package cli

import (
	"database/sql"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestFileURI(t *testing.T) {
	for path, want := range map[string]string{
		"r/a_1.json":               "file:///data/r/a_1.json",
		"r/a b#1.json":             "file:///data/r/a%20b%231.json",
		"r/a.zip#zip-path=x/y":     "file:///data/r/a.zip#zip-path=x/y",
		"https://host/a?b":         "https://host/a?b",
		"file:///elsewhere/a.json": "file:///elsewhere/a.json",
	} {
		if got := fileURI("/data", path); got != want {
			t.Errorf("%s: %s, want %s", path, got, want)
		}
	}
}

// TestComponentTables: a composite that is stored in parts has a table for each component.
func TestComponentTables(t *testing.T) {
	repo := filepath.Join(t.TempDir(), "repo")
	if err := os.CopyFS(repo, os.DirFS("../../../testdata/queries/repo")); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(repo, "gen3.sqlite3")
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", file)
	if err != nil {
		t.Fatal(err)
	}
	const of = " FROM file_datastore_records WHERE path LIKE 'u/alice/run1/run_config/%'"
	for _, statement := range []string{
		"INSERT INTO file_datastore_records SELECT dataset_id, path || '.b', formatter, storage_class, 'b', checksum, file_size" + of,
		"UPDATE file_datastore_records SET component = 'a', path = path || '.a' WHERE component <> 'b' AND path LIKE 'u/alice/run1/run_config/%'",
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var stdout, stderr strings.Builder
	a := &App{Program: "valet", Args: []string{"query-datasets", repo, "run_config", "--collections", "u/alice/run1", "--show-uri"}, Stdout: &stdout, Stderr: &stderr, Now: time.Now}
	if code := a.Main(t.Context()); code != ExitOK {
		t.Fatal(code, stderr.String())
	}
	lines := strings.Split(stdout.String(), "\n")
	if len(lines) != 10 || !strings.HasPrefix(lines[3], "run_config.a ") || !strings.HasSuffix(lines[3], "run_config_u_alice_run1.yaml.a") ||
		!strings.HasPrefix(lines[7], "run_config.b ") || !strings.HasSuffix(lines[7], "run_config_u_alice_run1.yaml.b") {
		t.Errorf("%q", lines)
	}
}
