package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestGoldenCommands runs the query commands on the golden repository: output to the letter, exit codes and error classes.
func TestGoldenCommands(t *testing.T) {
	const dir = "../../../testdata/queries/"
	data, err := os.ReadFile(dir + "cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(data) {
		var c struct {
			ID, Kind string
			Args     struct{ Argv []string }
			Result   struct {
				ExitCode  int `json:"exit_code"`
				Stdout    []string
				Exception string
			}
		}
		// Other kinds of cases have results of other forms.
		if err := json.Unmarshal(line, &c); c.Kind != "cli" {
			continue
		} else if err != nil {
			t.Fatal(err)
		}
		t.Run(c.ID, func(t *testing.T) {
			args := slices.Clone(c.Args.Argv)
			for i, a := range args {
				args[i] = strings.ReplaceAll(a, "<REPO>", dir+"repo")
			}
			var stdout, stderr bytes.Buffer
			a := &App{Program: "valet", Args: args, Stdout: &stdout, Stderr: &stderr, Now: time.Now}
			code := a.Main(context.Background())
			if code != c.Result.ExitCode {
				t.Errorf("%q: exit code %d, want %d: %s", c.Args.Argv, code, c.Result.ExitCode, &stderr)
			}
			if diff := cmp.Diff(c.Result.Stdout, strings.Split(stdout.String(), "\n")); diff != "" {
				t.Errorf("%q: stdout, -want +got:\n%s%s", c.Args.Argv, diff, &stderr)
			}
			if c.Result.Exception != "" && !strings.HasPrefix(stderr.String(), "error: "+c.Result.Exception+": ") {
				t.Errorf("%q: %q, want class %s", c.Args.Argv, &stderr, c.Result.Exception)
			}
		})
	}
}
