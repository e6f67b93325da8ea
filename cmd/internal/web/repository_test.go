package web_test

import (
	"bytes"
	"context"
	"database/sql"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	_ "github.com/mattn/go-sqlite3"

	"valet/cmd/internal/cli"
	"valet/cmd/internal/web"
	"valet/datastore/butler"
	"valet/quantum/ledger"
	"valet/registry/dimension"
	"valet/tasks/verify"
)

const memory = "ap_association.DiaForcedSourceMemory"

// hostile is a message that would be a script if it were not escaped.
const hostile = `<script>alert("x")</script>`

// example makes the repository of the demo with a second run, once for all tests. The message of its failures is hostile.
var example = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "valet-web-")
	if err != nil {
		return "", err
	}
	repo := filepath.Join(dir, "demo", "repo")
	for _, args := range [][]string{
		{"demo", "--keep", filepath.Join(dir, "demo")},
		{"run", "-q", "-b", repo, "-p", filepath.Join(dir, "demo", "metrics.yaml"), "-i", "u/sci", "-o", "u/all", "-j", "2", "--register-dataset-types"},
	} {
		var out bytes.Buffer
		a := cli.App{Program: "valet", Args: args, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out, Now: time.Now, Tasks: verify.Table()}
		if code := a.Main(context.Background()); code > 1 {
			return dir, &os.PathError{Op: args[0], Path: repo, Err: os.ErrInvalid}
		}
	}
	db, err := sql.Open("sqlite3", filepath.Join(repo, "gen3.sqlite3"))
	if err != nil {
		return dir, err
	}
	defer db.Close()
	_, err = db.Exec("UPDATE valet_cause SET message = ?", hostile)
	return dir, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, _ := example(); dir != "" {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// newServer is a dashboard of the example.
func newServer(t testing.TB) *web.Server {
	t.Helper()
	dir, err := example()
	if err != nil {
		t.Fatal(err)
	}
	repo := filepath.Join(dir, "demo", "repo")
	b, err := butler.Open(t.Context(), repo, butler.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return web.New(web.Options{Butler: b, Repository: "REPO", Version: "valet test", Hosts: []string{"dash.example"},
		Untried: func(context.Context, string, string, dimension.DataID) (string, string, error) {
			return "not planned", "the inputs of the run give no such quantum", nil
		}})
}

// get asks as a browser of this machine does.
func get(t testing.TB, s http.Handler, address string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	r.Host, r.RemoteAddr = "127.0.0.1:8181", "127.0.0.1:50000"
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// setRunning has the last execution of the run of all tasks go on in this process, or end.
func setRunning(t *testing.T, running bool) {
	t.Helper()
	dir, err := example()
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", filepath.Join(dir, "demo", "repo", "gen3.sqlite3"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	exec := func(text string, args ...any) {
		if _, err := db.Exec(text, args...); err != nil {
			t.Fatal(err)
		}
	}
	const last = " WHERE id = (SELECT max(id) FROM valet_execution)"
	exec("DELETE FROM valet_lease")
	if running {
		now, self := time.Now().UnixNano(), ledger.ThisMachine().Self
		exec("INSERT INTO valet_lease (run, token, execution, host, boot, pid, process_start, acquired, heartbeat) SELECT run, 1, id, ?, ?, ?, ?, ?, ? FROM valet_execution"+last,
			self.Host, self.Boot, self.PID, self.Started, now, now)
		exec("UPDATE valet_execution SET state = 'running'" + last)
	} else {
		exec("UPDATE valet_execution SET state = 'done'" + last)
	}
}
