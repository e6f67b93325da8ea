package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// measureCase is one run of a real metric task.
type measureCase struct {
	ID, Task, Outcome, Error             string
	Config                               json.RawMessage
	Metadata, MetadataStart, MetadataEnd string
	Measurement                          map[string]any
}

// identifier finds the identifiers of the measurement and of its blob. One of digits alone, which comes once in three million, is
// quoted: YAML would read a number.
var identifier = regexp.MustCompile(`identifier: '?[0-9a-f]{32}'?`)

// Every golden case gives its outcome, measurement, error class, exact file and exit code on the command line.
func TestMeasureGolden(t *testing.T) {
	f, err := os.Open("../../../testdata/tasks/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	dir, n := t.TempDir(), 0
	for lines.Scan() {
		var c measureCase
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		n++
		t.Run(c.ID, func(t *testing.T) { c.check(t, dir) })
	}
	if n == 0 {
		t.Fatal("no cases")
	}
}

func (c *measureCase) check(t *testing.T, dir string) {
	texts := []string{c.Metadata}
	if c.Task == "PipelineTimingMetricTask" {
		texts = []string{c.MetadataStart, c.MetadataEnd}
	}
	var files []string
	for i, text := range texts {
		file := filepath.Join(dir, c.ID+string(rune('a'+i))+".json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	run := func(format string) (int, *bytes.Buffer) {
		a, stdout, _ := testApp(append([]string{"measure", "-t", c.Task, "--config-json", string(c.Config), "--format", format}, files...)...)
		return a.Main(t.Context()), stdout
	}
	code, stdout := run("json")
	want := map[string]int{measured: ExitOK, noWork: ExitOK, taskError: ExitFailure, configError: ExitUsage}[c.Outcome]
	if code != want {
		t.Errorf("exit code %d, want %d", code, want)
	}
	var got struct {
		Outcome     string
		Measurement map[string]any
		Error       *string
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, stdout)
	}
	if got.Outcome != c.Outcome {
		t.Fatalf("outcome %s (%v), want %s", got.Outcome, got.Error, c.Outcome)
	}
	if c.Error != "" {
		class, _, _ := strings.Cut(c.Error, ":")
		if got.Error == nil || !strings.HasPrefix(*got.Error, class+":") {
			t.Errorf("error %v, want %s", got.Error, c.Error)
		}
	}
	yaml, _ := c.Measurement["yaml"].(string)
	delete(c.Measurement, "yaml")
	if diff := cmp.Diff(c.Measurement, got.Measurement); diff != "" {
		t.Error(diff)
	}
	if c.Outcome == measured {
		_, stdout := run("yaml")
		wantYAML := strings.NewReplacer("identifier: "+strings.Repeat("a", 32), "identifier: X", "identifier: "+strings.Repeat("b", 32), "identifier: X").Replace(yaml)
		if diff := cmp.Diff(wantYAML, identifier.ReplaceAllString(stdout.String(), "identifier: X")); diff != "" {
			t.Error(diff)
		}
	}
}

func TestConfigPairs(t *testing.T) {
	pairs, err := configPairs(`{"target":"a.run","connections":{"package":"p","metric":4.5},"n":3,"list":["x",1],"none":null}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []configPair{{"target", "a.run"}, {"connections.package", "p"}, {"connections.metric", 4.5}, {"n", int64(3)}, {"list", []any{"x", int64(1)}}, {"none", nil}}
	if diff := cmp.Diff(want, pairs, cmp.AllowUnexported(configPair{})); diff != "" {
		t.Error(diff)
	}
	for _, bad := range []string{"", "[]", "{", `{"a":}`, `{"a":1} 2`, `{"connections":3}`, "3"} {
		if _, err := configPairs(bad); err == nil {
			t.Errorf("%q is read", bad)
		}
	}
}

func FuzzConfigPairs(f *testing.F) {
	f.Add(`{"target":"a.run","connections":{"package":"p"}}`)
	f.Add(`{"connections":{"connections":{}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := configPairs(text); err == nil && !json.Valid([]byte(text)) {
			t.Errorf("%q is read but is no JSON", text)
		}
	})
}
