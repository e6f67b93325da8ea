package cli

import (
	"context"
	"database/sql"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

var updateScripts = flag.Bool("update-scripts", false, "write what the commands print into the scripts")

// TestMain lets the test binary be valet, so that scripts run real processes with real signals.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"valet": func() {
		signals := make(chan os.Signal, 2)
		signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
		a := &App{Args: os.Args[1:], Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr, LookupEnv: os.LookupEnv, Now: time.Now,
			Tasks: knownTasks(), Signals: signals}
		// Tests need not wait for a minute.
		a.BusyTimeout, _ = time.ParseDuration(os.Getenv("VALET_TEST_BUSY"))
		os.Exit(a.Main(context.Background()))
	}})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *updateScripts,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			golden, err := filepath.Abs("../../../testdata")
			env.Setenv("GOLDEN", golden)
			env.Setenv("NO_COLOR", "1")
			env.Setenv("TZ", "UTC")
			return err
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exitcode": cmdExitCode,
			"copydir":  cmdCopyDir,
			"cmpjson":  cmdCompareJSON,
			"count":    cmdCount,
			"sql":      cmdSQL,
			"phases":   cmdPhases,
		},
	})
}

// exitcode N COMMAND.. runs a command that has to end with exit code N.
func cmdExitCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exitcode N COMMAND [ARG..]")
	}
	got := "0"
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		if _, after, ok := strings.Cut(err.Error(), "exit status "); ok {
			got = after
		} else {
			ts.Fatalf("%v", err)
		}
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s", got, args[0])
	}
}

// copydir FROM TO copies a directory tree, files writable.
func cmdCopyDir(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: copydir FROM TO")
	}
	from, to := ts.MkAbs(args[0]), ts.MkAbs(args[1])
	ts.Check(filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		below, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, below)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, 0o644)
	}))
}

// cmpjson GOT WANT compares JSON documents or lines of them; the string "*" in WANT stands for any value, and a key that WANT lacks
// is one that may not be there.
func cmdCompareJSON(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: cmpjson GOT WANT")
	}
	got, want := documents(ts, args[0]), documents(ts, args[1])
	problem := ""
	if len(got) != len(want) {
		problem = fmt.Sprintf("%d documents, want %d", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if problem == "" {
			problem = jsonDifference(fmt.Sprintf("%d", i), got[i], want[i])
		}
	}
	switch {
	case neg && problem == "":
		ts.Fatalf("%s and %s are the same", args[0], args[1])
	case !neg && problem != "":
		ts.Fatalf("%s and %s differ at %s", args[0], args[1], problem)
	}
}

func documents(ts *testscript.TestScript, file string) (list []any) {
	text := ts.ReadFile(file)
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	for d.More() {
		var v any
		if err := d.Decode(&v); err != nil {
			ts.Fatalf("%s: %v in %q", file, err, text)
		}
		list = append(list, v)
	}
	return list
}

func jsonDifference(path string, got, want any) string {
	if want == "*" {
		return ""
	}
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			break
		}
		for key := range g {
			if _, ok := w[key]; !ok {
				return fmt.Sprintf("%s: unexpected key %q", path, key)
			}
		}
		for key, value := range w {
			if _, ok := g[key]; !ok {
				return fmt.Sprintf("%s: no key %q", path, key)
			}
			if p := jsonDifference(path+"."+key, g[key], value); p != "" {
				return p
			}
		}
		return ""
	case []any:
		g, ok := got.([]any)
		if !ok {
			break
		}
		if len(g) != len(w) {
			return fmt.Sprintf("%s: %d elements, want %d", path, len(g), len(w))
		}
		for i := range w {
			if p := jsonDifference(fmt.Sprintf("%s[%d]", path, i), g[i], w[i]); p != "" {
				return p
			}
		}
		return ""
	case json.Number:
		if g, ok := got.(json.Number); ok {
			a, _ := g.Float64()
			b, _ := w.Float64()
			if a == b {
				return ""
			}
		}
	}
	if !reflect.DeepEqual(got, want) {
		return fmt.Sprintf("%s: %v, want %v", path, got, want)
	}
	return ""
}

// sql REPO STATEMENT.. changes the database of a repository behind valet's back. The statement FORGET takes valet's own tables out of it,
// as if an older backup without them had been restored.
func cmdSQL(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: sql REPO STATEMENT..")
	}
	db, err := sql.Open("sqlite3", "file:"+filepath.Join(ts.MkAbs(args[0]), "gen3.sqlite3")+"?_foreign_keys=on")
	ts.Check(err)
	defer db.Close()
	statements := args[1:]
	if statements[0] == "FORGET" {
		rows, err := db.Query("SELECT 'DROP TABLE ' || name FROM sqlite_master WHERE type = 'table' AND name LIKE 'valet%'")
		ts.Check(err)
		statements = []string{"PRAGMA foreign_keys = off"}
		for rows.Next() {
			var drop string
			ts.Check(rows.Scan(&drop))
			statements = append(statements, drop)
		}
		ts.Check(rows.Err())
	}
	db.SetMaxOpenConns(1)
	for _, statement := range statements {
		_, err := db.Exec(statement)
		ts.Check(err)
	}
}

// count N FILE TEXT checks that N lines of a file hold a text.
func cmdCount(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: count N FILE TEXT")
	}
	n := 0
	for _, line := range strings.Split(ts.ReadFile(args[1]), "\n") {
		if strings.Contains(line, args[2]) {
			n++
		}
	}
	if strconv.Itoa(n) != args[0] {
		ts.Fatalf("%d lines of %s hold %q, want %s", n, args[1], args[2], args[0])
	}
}
